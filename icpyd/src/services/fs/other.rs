//! Files where there are no Unix permissions.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

pub(super) fn open_for_reading(path: &Path) -> io::Result<File> {
    File::open(path)
}

pub(super) fn special_kind(_: &Metadata) -> &'static str {
    "something special"
}

/// A folder cannot be flushed here: the filesystem's own journal orders the rename.
#[expect(clippy::unnecessary_wraps, reason = "Unix has something to do here")]
pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Whether symbolic links lead to each other.
pub(super) fn is_link_loop(_: &io::Error) -> bool {
    false
}
