//! Managing files where there are no Unix permissions, and no way to rename without replacing.

use std::fs::{self, File, FileTimes, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

pub(super) const MODE_MAX: u32 = 0o7777;

pub(super) fn user_id() -> Option<u32> {
    None
}

pub(super) fn is_ours(_: &Metadata) -> bool {
    false
}

pub(super) fn is_sticky(_: &Metadata) -> bool {
    false
}

pub(super) fn path(bytes: Vec<u8>) -> Option<PathBuf> {
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

/// Nothing that can be known here.
pub(super) fn identity(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

pub(super) fn is_same_thing(one: &Path, other: &Path) -> io::Result<bool> {
    Ok(one.canonicalize()? == other.canonicalize()?)
}

pub(super) fn has_other_names(_: &Metadata) -> bool {
    false
}

pub(super) fn is_on_same_device(_: &Metadata, _: &Metadata) -> bool {
    true
}

pub(super) fn mode(metadata: &Metadata) -> u32 {
    if metadata.permissions().readonly() { 0o444 } else { 0o666 }
}

pub(super) fn set_mode(_: &Path, _: u32) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// Somebody who takes the name between the two calls loses what they have put there.
pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match to.symlink_metadata() {
        Ok(_) => Err(ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(from, to),
    }
}

pub(super) fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

pub(super) fn make_private_folder(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

pub(super) fn make_private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

pub(super) fn make_link(_: &Path, _: &Path) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// A folder cannot be opened like a file here.
pub(super) fn open_folder(_: &Path) -> io::Result<File> {
    Err(ErrorKind::Unsupported.into())
}

pub(super) fn make_accessible(_: &Path) {}

/// It is not told.
pub(super) fn is_mount_point(_: &Path) -> bool {
    false
}

pub(super) fn mount_at_or_below(_: &Path) -> Option<PathBuf> {
    None
}

/// Removes what is no folder; a link to a folder is removed as one.
pub(super) fn remove_thing(path: &Path, metadata: &Metadata) -> io::Result<()> {
    match metadata.is_symlink() {
        true => fs::remove_file(path).or_else(|_| fs::remove_dir(path)),
        false => fs::remove_file(path),
    }
}

pub(super) fn keep_attributes(_: &File, copy: &File, metadata: &Metadata, _: bool) -> io::Result<()> {
    let times = FileTimes::new().set_accessed(metadata.accessed()?).set_modified(metadata.modified()?);
    copy.set_times(times)?;
    copy.set_permissions(metadata.permissions())
}

#[expect(clippy::unnecessary_wraps, reason = "Unix has something to do here")]
pub(super) fn keep_link_times(_: &Path, _: &Metadata) -> io::Result<()> {
    Ok(())
}
