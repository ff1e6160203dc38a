//! Files where there are no Unix permissions.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

pub(super) fn open_for_reading(path: &Path) -> io::Result<File> {
    File::open(path)
}

pub(super) fn special_kind(_: &Metadata) -> &'static str {
    "something special"
}

pub(super) fn check_writable(path: &Path) -> io::Result<()> {
    match path.metadata()?.permissions().readonly() {
        true => Err(io::ErrorKind::PermissionDenied.into()),
        false => Ok(()),
    }
}

pub(super) fn new_beside(folder: &Path, _: Option<&Metadata>) -> io::Result<NamedTempFile> {
    Builder::new().prefix(".icpy-").tempfile_in(folder)
}

pub(super) fn keep_attributes(new: &File, old: &Metadata) -> io::Result<()> {
    new.set_permissions(old.permissions())
}

/// A folder cannot be flushed here: the filesystem's own journal orders the rename.
#[expect(clippy::unnecessary_wraps, reason = "Unix has something to do here")]
pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

pub(super) fn is_same_state(old: &Metadata, now: &Metadata) -> bool {
    old.len() == now.len() && old.modified().ok() == now.modified().ok()
}

/// Whether symbolic links lead to each other.
pub(super) fn is_link_loop(_: &io::Error) -> bool {
    false
}
