//! Finding lines by a pattern below a folder. What git ignores and what is hidden is left out.

use std::path::Path;

use grep_matcher::Matcher as _;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::sinks::Bytes;
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder};
use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{FsGrepParams, FsGrepResult, FsMatch};
use icpy_protocol::path::FilePath;
use ignore::{DirEntry, WalkBuilder};
use tokio_util::sync::CancellationToken;

use super::error::failed;
use super::place::Place;

/// The most that one answer holds, of files or of lines.
const FOUND_MAX: usize = 10_000;

/// The most of a line that an answer holds, in bytes.
const LINE_BYTES_MAX: usize = 512;

/// Finds lines that match a pattern. A file that looks binary, or cannot be read, has none.
pub(super) fn grep(place: &Place, params: &FsGrepParams, stop: &CancellationToken) -> Result<FsGrepResult> {
    let matcher = RegexMatcherBuilder::new()
        .case_insensitive(params.ignore_case)
        .fixed_strings(params.is_literal)
        .build(&params.pattern)
        .map_err(|error| Error::invalid_params(format!("the pattern cannot be read: {error}")))?;
    let mut searcher = SearcherBuilder::new().line_number(true).binary_detection(BinaryDetection::quit(0)).build();
    let limit = limit(params.limit);
    let mut result = FsGrepResult { matches: Vec::new(), has_more: false };
    let root = place.path();
    if root.is_file() {
        let name = place.real().file_name().unwrap_or_default();
        grep_file(&mut searcher, &matcher, root, &FilePath::from(name), limit, &mut result);
        return Ok(result);
    }
    for (relative, entry) in files(place, stop)? {
        grep_file(&mut searcher, &matcher, entry.path(), &relative, limit, &mut result);
        if result.has_more {
            break;
        }
    }
    Ok(result)
}

fn grep_file(
    searcher: &mut Searcher,
    matcher: &RegexMatcher,
    path: &Path,
    shown: &FilePath,
    limit: usize,
    result: &mut FsGrepResult,
) {
    let sink = Bytes(|line, bytes| {
        if result.matches.len() == limit {
            result.has_more = true;
            return Ok(false);
        }
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let column = matcher.find(bytes).ok().flatten().map_or(0, |found| found.start()) as u64 + 1;
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(LINE_BYTES_MAX)]);
        let text = text[..text.floor_char_boundary(LINE_BYTES_MAX)].to_owned();
        result.matches.push(FsMatch { path: shown.clone(), line, column, text });
        Ok(true)
    });
    if let Err(error) = searcher.search_path(matcher, path, sink) {
        tracing::debug!(path = %path.display(), %error, "cannot be searched");
    }
}

fn limit(wanted: Option<u32>) -> usize {
    wanted.map_or(FOUND_MAX, |limit| (limit as usize).clamp(1, FOUND_MAX))
}

/// The files below a folder by their names, each with its path from there.
fn files<'a>(place: &'a Place, stop: &'a CancellationToken) -> Result<impl Iterator<Item = (FilePath, DirEntry)> + 'a> {
    let root = place.path();
    // The walk itself only skips what cannot be listed.
    root.read_dir().map_err(|error| failed("search", place.asked(), &error))?;
    let walk = WalkBuilder::new(root).sort_by_file_name(Ord::cmp).build();
    let entries = walk.take_while(|_| !stop.is_cancelled()).flatten();
    let files = entries.filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    Ok(files.map(move |entry| {
        let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
        (FilePath::from(relative), entry)
    }))
}
