//! Finding lines by pattern below a folder. What git ignores and what is hidden is left out.

use std::path::Path;

use grep_matcher::Matcher as _;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::sinks::Bytes;
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder};
use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{FsGrepParams, FsGrepResult, FsMatch};
use icpy_protocol::path::FilePath;
use tokio_util::sync::CancellationToken;

use super::find::{files, limit};
use super::place::Place;

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
