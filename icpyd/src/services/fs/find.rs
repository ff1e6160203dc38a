//! Finding files by name below a folder. What git ignores and what is hidden is left out.

use globset::GlobBuilder;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{FsFindParams, FsFindResult};
use icpy_protocol::path::FilePath;
use ignore::{DirEntry, WalkBuilder};
use tokio_util::sync::CancellationToken;

use super::error::failed;
use super::place::Place;

/// The most files that one answer holds.
const FOUND_MAX: usize = 10_000;

/// Whether a file is wanted, by its path below the folder.
type NameTest = Box<dyn Fn(&FilePath) -> bool>;

/// Finds files whose path below the folder has the query in it, or fits it as a glob.
pub(super) fn find(place: &Place, params: &FsFindParams, stop: &CancellationToken) -> Result<FsFindResult> {
    let fits = name_test(&params.query)?;
    let limit = limit(params.limit);
    let mut result = FsFindResult { files: Vec::new(), has_more: false };
    for (relative, _) in files(place, stop)? {
        if fits(&relative) {
            if result.files.len() == limit {
                result.has_more = true;
                break;
            }
            result.files.push(relative);
        }
    }
    Ok(result)
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

/// Whether a path fits a query. Upper and lower case are the same, unless the query has upper case.
fn name_test(query: &str) -> Result<NameTest> {
    let is_exact = query.chars().any(char::is_uppercase);
    if query.contains(['*', '?', '[']) {
        let glob = GlobBuilder::new(query).case_insensitive(!is_exact).literal_separator(false).build();
        let glob = glob.map_err(|error| Error::invalid_params(format!("the glob cannot be read: {error}")))?;
        let matcher = glob.compile_matcher();
        let fits = move |path: &FilePath| {
            let path = path.as_path();
            matcher.is_match(path) || path.file_name().is_some_and(|name| matcher.is_match(name))
        };
        return Ok(Box::new(fits));
    }
    let query = query.to_owned();
    Ok(Box::new(move |path| {
        let path = path.as_path().to_string_lossy();
        if is_exact { path.contains(&query) } else { path.to_lowercase().contains(&query) }
    }))
}
