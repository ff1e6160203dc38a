//! Listing folders: sorted, and page by page.
//!
//! A page begins behind a place that says all that the order looks at, so that it is right although the entry at that place
//! may have changed or gone. By name, only the entries of the page are looked at.

use std::cmp::Ordering;
use std::ffi::{OsStr, OsString};
use std::fs::{DirEntry, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{
    FsDetails, FsEntry, FsKind, FsListDirectoryParams, FsListDirectoryResult, FsListPlace, FsSortBy,
};
use icpy_protocol::path::names::is_misleading;

use super::metadata::{Describer, platform};
use super::place::{Place, Use};
use super::{failed, kind, kind_of_type, modified_at_ms, platform as files};
use crate::caller::{Caller, LONG_RESULT_BYTES};

/// The most entries in one answer.
const ENTRIES_MAX: usize = 10_000;

/// About what an entry takes in an answer that describes it in full.
const DETAILED_BYTES: u64 = 400;

/// The bytes that the answer may have.
pub(super) fn bytes_max(params: &FsListDirectoryParams) -> u64 {
    let limit = limit(params) as u64;
    if params.details { LONG_RESULT_BYTES.max(limit * DETAILED_BYTES) } else { LONG_RESULT_BYTES }
}

fn limit(params: &FsListDirectoryParams) -> usize {
    params.limit.map_or(ENTRIES_MAX, |limit| (limit as usize).clamp(1, ENTRIES_MAX))
}

pub(super) fn list(caller: &Caller, params: &FsListDirectoryParams) -> Result<FsListDirectoryResult> {
    let place = Place::led_to(caller, &params.path, Use::Look)?;
    let order = Order::of(params)?;
    let refused = |error| failed("list", place.asked(), &error);
    let mut found = Vec::new();
    let entries = place.path().read_dir().map_err(|error| match place.path().metadata() {
        Ok(metadata) if error.kind() == ErrorKind::NotADirectory => not_a_folder(&place, &metadata),
        _ => refused(error),
    })?;
    // What a confined caller may not use is not there for it.
    let is_seen = |name: &OsStr| caller.confinement().is_none_or(|it| it.find(&place.real().join(name)).is_some());
    for entry in entries {
        // An entry that goes away in the meantime is left out.
        if let Some(entry) = order.look_at(&entry.map_err(refused)?)
            && is_seen(&entry.name)
            && order.after.as_ref().is_none_or(|after| order.compare(&entry, after).is_gt())
        {
            found.push(entry);
        }
    }
    let limit = limit(params);
    let has_more = found.len() > limit;
    if has_more {
        // Only the page itself is sorted.
        found.select_nth_unstable_by(limit, |one, other| order.compare(one, other));
        found.truncate(limit);
    }
    found.sort_unstable_by(|one, other| order.compare(one, other));
    let next_after = found.last().filter(|_| has_more).map(|last| order.place_of(last));
    let mut describer = params.details.then(|| Describer::new(caller, place.real()));
    // One path for all: only its last step changes.
    let mut path = place.path().join("");
    let describe = |found: Found| {
        path.push(&found.name);
        let described = entry(&place, &path, found.name, describer.as_mut());
        path.pop();
        described
    };
    let entries = found.into_iter().filter_map(describe).collect();
    Ok(FsListDirectoryResult { entries, next_after })
}

/// The error when what is listed or searched is no folder.
pub(super) fn not_a_folder(place: &Place, metadata: &Metadata) -> Error {
    let what = if metadata.is_file() { "a file" } else { files::special_kind(metadata) };
    Error::unsupported(format!("`{place}` is {what}, not a folder"))
}

fn entry(folder: &Place, path: &Path, name: OsString, describer: Option<&mut Describer<'_>>) -> Option<FsEntry> {
    let metadata = path.symlink_metadata().ok()?;
    let describe = |describer: &mut Describer<'_>| {
        describer.describe(path, &folder.real().join(&name), &folder.asked().join(&name), &metadata)
    };
    let details = describer.map_or_else(FsDetails::default, describe);
    Some(FsEntry {
        kind: kind(&metadata),
        size: metadata.len(),
        modified_at_ms: modified_at_ms(&metadata),
        is_hidden: platform::is_hidden(&name, &metadata),
        is_misleading: name.to_str().is_some_and(is_misleading),
        details,
        name: PathBuf::from(name).into(),
    })
}

/// What the order looks at; the rest is zero.
#[derive(Debug)]
struct Found {
    name: OsString,
    kind: FsKind,
    /// The size, or the time.
    number: u64,
}

#[derive(Debug)]
struct Order {
    sort_by: FsSortBy,
    is_descending: bool,
    folders_first: bool,
    after: Option<Found>,
}

impl Order {
    fn of(params: &FsListDirectoryParams) -> Result<Self> {
        let FsListDirectoryParams { sort_by, is_descending, folders_first, .. } = *params;
        let mut order = Self { sort_by, is_descending, folders_first, after: None };
        order.after = params.after.as_ref().map(|place| order.found_at(place)).transpose()?;
        Ok(order)
    }

    fn needs_kind(&self) -> bool {
        self.folders_first || self.sort_by == FsSortBy::Kind
    }

    fn look_at(&self, entry: &DirEntry) -> Option<Found> {
        // Most filesystems tell the kind with the name.
        let kind = if self.needs_kind() { kind_of_type(entry.file_type().ok()?) } else { FsKind::Other };
        let number = match self.sort_by {
            FsSortBy::Size => entry.metadata().ok()?.len(),
            FsSortBy::Modified => modified_at_ms(&entry.metadata().ok()?),
            FsSortBy::Name | FsSortBy::Natural | FsSortBy::Kind => 0,
        };
        Some(Found { name: entry.file_name(), kind, number })
    }

    fn found_at(&self, place: &FsListPlace) -> Result<Found> {
        let missing = |member: &str| Error::invalid_params(format!("`after` needs `{member}` in this order"));
        let kind = match place.kind {
            None if self.needs_kind() => return Err(missing("kind")),
            kind => kind.unwrap_or(FsKind::Other),
        };
        let number = match self.sort_by {
            FsSortBy::Size => place.size.ok_or_else(|| missing("size"))?,
            FsSortBy::Modified => place.modified_at_ms.ok_or_else(|| missing("modifiedAtMs"))?,
            FsSortBy::Name | FsSortBy::Natural | FsSortBy::Kind => 0,
        };
        Ok(Found { name: place.name.as_path().into(), kind, number })
    }

    fn place_of(&self, found: &Found) -> FsListPlace {
        let is_by = |sort_by| self.sort_by == sort_by;
        FsListPlace {
            name: Path::new(&found.name).into(),
            kind: self.needs_kind().then_some(found.kind),
            size: is_by(FsSortBy::Size).then_some(found.number),
            modified_at_ms: is_by(FsSortBy::Modified).then_some(found.number),
        }
    }

    fn compare(&self, one: &Found, other: &Found) -> Ordering {
        let folders = |found: &Found| self.folders_first && found.kind != FsKind::Directory;
        let (name, other_name) = (one.name.as_encoded_bytes(), other.name.as_encoded_bytes());
        let by_key = match self.sort_by {
            FsSortBy::Name => Ordering::Equal,
            FsSortBy::Natural => natural(name, other_name),
            FsSortBy::Size | FsSortBy::Modified => one.number.cmp(&other.number),
            FsSortBy::Kind => rank(one.kind).cmp(&rank(other.kind)),
        };
        let ascending = by_key.then_with(|| name.cmp(other_name));
        folders(one).cmp(&folders(other)).then(if self.is_descending { ascending.reverse() } else { ascending })
    }
}

fn rank(kind: FsKind) -> u8 {
    match kind {
        FsKind::Directory => 0,
        FsKind::File => 1,
        FsKind::Symlink => 2,
        FsKind::Other => 3,
    }
}

/// Compares names as people do: numbers by their value, letters without their case.
fn natural(mut one: &[u8], mut other: &[u8]) -> Ordering {
    loop {
        let (Some(first), Some(second)) = (one.first(), other.first()) else {
            return one.len().cmp(&other.len());
        };
        let ordering = if first.is_ascii_digit() && second.is_ascii_digit() {
            let (number, other_number) = (take_number(&mut one), take_number(&mut other));
            number.len().cmp(&other_number.len()).then_with(|| number.cmp(other_number))
        } else {
            (one, other) = (&one[1..], &other[1..]);
            first.to_ascii_lowercase().cmp(&second.to_ascii_lowercase())
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
}

/// Takes the digits that a text begins with, and returns them without leading zeros.
fn take_number<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    *text = rest;
    let zeros = digits.iter().take_while(|byte| **byte == b'0').count();
    &digits[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_as_people_do() {
        let sorted =
            ["", "a", "a0", "a1", "a01b", "a2", "A9", "a10", "a10b", "a11", "a123456789012345678901", "b", "Ba", "é"];
        let mut names = sorted;
        names.reverse();
        names.sort_by(|one, other| natural(one.as_bytes(), other.as_bytes()));
        assert_eq!(names, sorted);
        assert_eq!(natural(b"a01", b"A1"), Ordering::Equal);
    }
}
