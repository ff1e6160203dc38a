//! The files to search below a folder, as they are found by walking through it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::FsGrepParams;
use ignore::WalkBuilder;
use ignore::overrides::{Override, OverrideBuilder};
use ignore::types::{Types, TypesBuilder};

use super::super::error::failed;

/// The regular files below a folder that are to be searched, by their paths from there, in the order of names. What cannot
/// be listed is left out and counted, unless it is the folder itself, which was asked for by another path maybe.
pub(super) fn files<'a>(
    root: &Path,
    asked: &Path,
    params: &FsGrepParams,
    failed_folders: &'a AtomicU64,
) -> Result<impl Iterator<Item = PathBuf> + Send + use<'a>> {
    let globs = globs(root, &params.globs)?;
    root.read_dir().map_err(|error| failed("search", asked, &error))?;
    let mut walk = WalkBuilder::new(root);
    walk.hidden(!params.hidden).overrides(globs).types(types(&params.types)?).sort_by_file_name(Ord::cmp);
    if params.no_ignore {
        walk.ignore(false).git_ignore(false).git_global(false).git_exclude(false).parents(false);
    }
    let root = root.to_owned();
    let entries = walk.build().filter_map(|entry| entry.inspect_err(|error| count(error, failed_folders)).ok());
    let files = entries.filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    Ok(files.map(move |entry| entry.path().strip_prefix(&root).unwrap_or(entry.path()).to_owned()))
}

/// Counts what could not be listed. What has gone meanwhile is none.
fn count(error: &ignore::Error, failed_folders: &AtomicU64) {
    if error.io_error().is_none_or(|error| error.kind() != ErrorKind::NotFound) {
        failed_folders.fetch_add(1, Ordering::Relaxed);
        tracing::debug!(%error, "cannot be listed");
    }
}

fn types(names: &[String]) -> Result<Types> {
    let mut builder = TypesBuilder::new();
    builder.add_defaults();
    for name in names {
        builder.select(name);
    }
    builder.build().map_err(|error| Error::invalid_params(format!("the type is not known: {error}")))
}

/// The globs that say which files are searched.
pub(super) fn globs(root: &Path, globs: &[String]) -> Result<Override> {
    let unreadable = |error| Error::invalid_params(format!("the glob cannot be read: {error}"));
    let mut builder = OverrideBuilder::new(root);
    for glob in globs {
        builder.add(glob).map_err(unreadable)?;
    }
    builder.build().map_err(unreadable)
}
