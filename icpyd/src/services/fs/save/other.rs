//! Saving files where there are no Unix permissions.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

pub(super) fn check_writable(path: &Path) -> io::Result<()> {
    match path.metadata()?.permissions().readonly() {
        true => Err(io::ErrorKind::PermissionDenied.into()),
        false => Ok(()),
    }
}

pub(super) fn make_new(path: &Path, _is_replacement: bool) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).open(path)
}

pub(super) fn is_same_state(old: &Metadata, now: &Metadata) -> bool {
    old.len() == now.len() && old.modified().ok() == now.modified().ok()
}

/// When the content changed last.
pub(super) fn changed_at_ms(metadata: &Metadata) -> u64 {
    let since = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

pub(super) fn keep_attributes(new: &File, _old_path: &Path, old: &Metadata) -> io::Result<()> {
    new.set_permissions(old.permissions())
}
