//! The files to search below a folder, as they are found by walking through it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::FsGrepParams;
use icpy_protocol::path::FilePath;
use ignore::WalkBuilder;
use ignore::overrides::{Override, OverrideBuilder};
use ignore::types::{Types, TypesBuilder};

use super::super::error::failed;

/// The regular files below a folder that are to be searched, by their paths from there, in the order of names. What cannot
/// be listed is left out and told, unless it is the folder itself, which was asked for by another path maybe.
pub(super) fn files<'a>(
    root: &Path,
    asked: &Path,
    params: &FsGrepParams,
    unread: &'a Mutex<Vec<FilePath>>,
) -> Result<impl Iterator<Item = PathBuf> + Send + use<'a>> {
    let globs = globs(root, &params.globs)?;
    root.read_dir().map_err(|error| failed("search", asked, &error))?;
    let mut walk = WalkBuilder::new(root);
    walk.hidden(!params.hidden).overrides(globs).types(types(&params.types)?).sort_by_file_name(Ord::cmp);
    if params.no_ignore {
        walk.ignore(false).git_ignore(false).git_global(false).git_exclude(false).parents(false);
    }
    let root = root.to_owned();
    let from = root.clone();
    let entries = walk.build().filter_map(move |entry| entry.inspect_err(|error| tell(error, &from, unread)).ok());
    let files = entries.filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    Ok(files.map(move |entry| entry.path().strip_prefix(&root).unwrap_or(entry.path()).to_owned()))
}

/// Tells what could not be listed. What has gone meanwhile is none.
fn tell(error: &ignore::Error, root: &Path, unread: &Mutex<Vec<FilePath>>) {
    if error.io_error().is_none_or(|error| error.kind() != ErrorKind::NotFound) {
        let path = path_of(error).map_or(Path::new(""), |path| path.strip_prefix(root).unwrap_or(path));
        unread.lock().unwrap_or_else(PoisonError::into_inner).push(FilePath::from(path));
        tracing::debug!(%error, "cannot be listed");
    }
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        _ => None,
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
