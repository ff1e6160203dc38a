//! Saving files where there are no Unix permissions.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::windows::fs::FileExt as _;
use std::path::Path;
use std::time::UNIX_EPOCH;

pub(super) fn make_new(path: &Path, _is_replacement: bool) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).open(path)
}

/// The system begins when it thinks fit.
pub(super) fn begin_flush(_: &File) {}

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

/// Opens a file of the daemon's own, in a folder that is.
pub(super) fn open_private(path: &Path, may_make: bool) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(may_make).truncate(false).open(path)
}

pub(super) fn write_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = file.seek_write(bytes, offset)?;
        bytes = &bytes[written..];
        offset += written as u64;
    }
    Ok(())
}

/// Whether the file is to be found under any name: what is open keeps it.
pub(super) fn has_name(_: &Metadata) -> bool {
    true
}

/// Whether the file has more names than one: that is not told here.
pub(super) fn has_other_names(_: &Metadata) -> bool {
    false
}

/// Tells the file from one that takes its name later.
pub(super) fn file_id(metadata: &Metadata) -> (u64, u64) {
    let since = metadata.created().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    (since.as_secs(), since.subsec_nanos().into())
}

/// Opens a file for writing over it.
pub(super) fn open_for_change(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}
