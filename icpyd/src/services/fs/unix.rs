//! Files on Unix.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::{Access, Gid, OFlags, Uid};
use tempfile::{Builder, NamedTempFile};

/// Opening never waits, even when a FIFO or a terminal has taken the name, and does not follow a link that has.
pub(super) fn open_for_reading(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW).bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

pub(super) fn special_kind(metadata: &Metadata) -> &'static str {
    let file_type = metadata.file_type();
    if file_type.is_fifo() {
        "a FIFO"
    } else if file_type.is_socket() {
        "a socket"
    } else if file_type.is_char_device() || file_type.is_block_device() {
        "a device"
    } else {
        "something special"
    }
}

pub(super) fn check_writable(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(path, Access::WRITE_OK)?)
}

/// A temporary file that can take the old file's place, or a new one's: that has the permissions of the umask.
pub(super) fn new_beside(folder: &Path, old: Option<&Metadata>) -> io::Result<NamedTempFile> {
    let mode = if old.is_some() { 0o600 } else { 0o666 };
    Builder::new().prefix(".icpy-").permissions(Permissions::from_mode(mode)).tempfile_in(folder)
}

/// Gives the new file the owner and the permissions of the old one.
pub(super) fn keep_attributes(new: &File, old: &Metadata) -> io::Result<()> {
    let now = new.metadata()?;
    if (now.uid(), now.gid()) != (old.uid(), old.gid()) {
        rustix::fs::fchown(new, Some(Uid::from_raw(old.uid())), Some(Gid::from_raw(old.gid())))?;
    }
    new.set_permissions(old.permissions())
}

/// Makes a rename in the folder durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

pub(super) fn is_same_state(old: &Metadata, now: &Metadata) -> bool {
    let state = |it: &Metadata| (it.dev(), it.ino(), it.size(), it.mtime(), it.mtime_nsec(), it.ctime_nsec());
    state(old) == state(now)
}

/// Whether symbolic links lead to each other.
pub(super) fn is_link_loop(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ELOOP)
}
