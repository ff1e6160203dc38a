//! Saving in place: over the old content, for files that would lose something if another took their name.
//!
//! ```text
//!   record: not ready ─▶ copies of new and old content, flushed ─▶ record: ready ─▶ write the file, flush ─▶ clear record
//!   killed here: the copies are removed                           killed here: the next daemon writes the file
//! ```
//!
//! The end of longer content is written first: when the disk is full, that shows while nothing is lost yet.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::FsKind;

use super::super::failed;
use super::super::origins::Becomes;
use super::super::place::Place;
use super::super::platform::sync_folder;
use super::super::stamp::Stamp;
use super::copies::{Copies, CopyPaths};
use super::journal::{Entry, FileId, InPlaceRecord, Record};
use super::target::Target;
use super::{Saver, platform};

/// Saves a file in place. The caller holds the lock of the file itself.
pub(super) fn save(saver: &Saver, target: &Target<'_>, content: &[u8], announce: &dyn Fn(Becomes)) -> Result<()> {
    let refused = |error: &io::Error| failed("write", target.place.asked(), error);
    let mut file = platform::open_for_change(target.place.path()).map_err(|error| refused(&error))?;
    target.check_version_early()?;
    let recorded = Recorded::make(saver, target, content).map_err(|error| refused(&error))?;
    target.check_untouched()?;
    target.check_is(&file)?;
    let mut recorded = recorded.get_ready(saver).map_err(|error| refused(&error))?;
    let old_length = target.old_length();
    announce(Becomes::Any(FsKind::File));
    let written = overwrite(&mut file, old_length, content).map_err(|stopped| match stopped {
        Stopped::Unchanged(error) => refused(&error),
        Stopped::HalfWay(error) => recorded.go_back(&mut file, old_length, target.place, &error),
    });
    if let Ok(metadata) = file.metadata() {
        announce(Becomes::Holding(Stamp::from(&metadata)));
    }
    recorded.discard(saver);
    written
}

/// Why a file is not written to its end.
#[derive(Debug)]
enum Stopped {
    /// It is as it was.
    Unchanged(io::Error),
    HalfWay(io::Error),
}

/// Writes content over a file, and flushes it. The mode stays: writing takes special bits away.
fn overwrite(file: &mut File, old_length: u64, content: &[u8]) -> std::result::Result<(), Stopped> {
    let kept = usize::try_from(old_length).unwrap_or(usize::MAX).min(content.len());
    let (body, tail) = content.split_at(kept);
    let mode = file.metadata().ok().map(|metadata| metadata.permissions());
    if !tail.is_empty()
        && let Err(error) = write_all_at(file, old_length, tail).and_then(|()| file.sync_data())
    {
        return Err(match file.set_len(old_length) {
            Ok(()) => Stopped::Unchanged(error),
            Err(_) => Stopped::HalfWay(error),
        });
    }
    write_all_at(file, 0, body).and_then(|()| file.set_len(content.len() as u64)).map_err(Stopped::HalfWay)?;
    keep_mode(file, mode);
    file.sync_all().map_err(Stopped::HalfWay)
}

fn keep_mode(file: &File, mode: Option<Permissions>) {
    let Some(mode) = mode else { return };
    if file.metadata().is_ok_and(|now| now.permissions() != mode)
        && let Err(error) = file.set_permissions(mode)
    {
        tracing::debug!(%error, "a file that was saved in place has lost a part of its mode");
    }
}

/// Writes the new content of copies over a file, when it is still the one that they were made for, and nobody else has
/// written it. Done twice it is done once.
pub(super) fn complete(copies: &CopyPaths, path: &Path, id: FileId) -> io::Result<()> {
    let new = match fs::read(&copies.new) {
        // It was complete, and killed while it cleared up.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        read => read?,
    };
    put(copies, path, id, &new, &new)
}

/// Writes the old content over a file again.
pub(super) fn revert(copies: &CopyPaths, path: &Path, id: FileId) -> io::Result<()> {
    let new = fs::read(&copies.new)?;
    let old = fs::read(&copies.old)?;
    put(copies, path, id, &new, &old)
}

fn put(copies: &CopyPaths, path: &Path, id: FileId, new: &[u8], content: &[u8]) -> io::Result<()> {
    let mut file = platform::open_for_change(path)?;
    let before = file.metadata()?;
    if platform::file_id(&before) != id {
        return Err(io::Error::other("another file has its name now"));
    }
    // There is none of a file that was too long for it, or not to be read.
    if let Ok(old) = fs::read(&copies.old) {
        let mut now = Vec::new();
        file.read_to_end(&mut now)?;
        if !is_between(&now, &old, new) {
            return Err(io::Error::other("it was written by somebody else since"));
        }
    }
    match overwrite(&mut file, before.len(), content) {
        Ok(()) => Ok(()),
        Err(Stopped::Unchanged(error) | Stopped::HalfWay(error)) => Err(error),
    }
}

fn write_all_at(file: &mut File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(offset))?;
    file.write_all(bytes)
}

/// The copies, and the record that names them. Dropping it removes both, in this order: a record that names nothing asks for
/// nothing.
#[derive(Debug)]
struct Recorded {
    copies: Copies,
    record: InPlaceRecord,
    entry: Entry,
}

impl Recorded {
    fn make(saver: &Saver, target: &Target<'_>, content: &[u8]) -> io::Result<Self> {
        let id = saver.new_id();
        let record = InPlaceRecord::of(target, id.clone());
        let entry = saver.durable_journal()?.begin(&Record::InPlace(record.clone()))?;
        entry.sync()?;
        let copies = Copies::make(saver.folder(), id, target, content)?;
        Ok(Self { copies, record, entry })
    }

    /// From here on a crash leads to the new content.
    fn get_ready(mut self, saver: &Saver) -> io::Result<Self> {
        sync_folder(saver.folder())?;
        self.record.is_ready = true;
        self.entry.write(&Record::InPlace(self.record.clone()))?;
        self.entry.sync()?;
        Ok(self)
    }

    /// The file needs them no more. What is written is written: a record that stays has the next daemon write the same.
    fn discard(self, saver: &Saver) {
        let Self { copies, entry, .. } = self;
        drop(copies);
        let _ = sync_folder(saver.folder());
        drop(entry);
    }

    /// Writes the old content again; else says where both are.
    fn go_back(&mut self, file: &mut File, old_length: u64, place: &Place, error: &io::Error) -> Error {
        let paths = self.copies.paths();
        if fs::read(&paths.old).is_ok_and(|old| overwrite(file, old_length, &old).is_ok()) {
            return failed("write", place.asked(), error);
        }
        let (new, old) = (paths.new.display(), paths.old.display());
        let message =
            format!("`{place}` was written in part: {error}; the new content is in `{new}`, the old in `{old}`");
        tracing::error!(message);
        self.copies.keep();
        Error::unavailable(message)
    }
}

/// Whether a file is something between the old content and the new: every byte is that of one or the other, or one that
/// was never written.
fn is_between(now: &[u8], old: &[u8], new: &[u8]) -> bool {
    let shortest = old.len().min(new.len());
    let longest = old.len().max(new.len());
    let is_ours = |(place, byte): (usize, &u8)| {
        new.get(place) == Some(byte) || old.get(place) == Some(byte) || (place >= old.len() && *byte == 0)
    };
    (shortest..=longest).contains(&now.len()) && now.iter().enumerate().all(is_ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_between_two_contents_is_told_from_another() {
        let check = |now: &str, expect| {
            assert_eq!(is_between(now.as_bytes(), b"old text", b"new content"), expect, "{now:?}");
        };
        for ours in ["old text", "new content", "new text", "old textent", "old text\0\0\0", "new coxtent"] {
            check(ours, true);
        }
        for foreign in ["", "old tex", "old text, edited", "mew text", "old text\0\0\0\0"] {
            check(foreign, false);
        }
    }
}
