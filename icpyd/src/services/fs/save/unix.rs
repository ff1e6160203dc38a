//! Saving files on Unix: what a file has beside its content.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
#[cfg(target_os = "linux")]
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::{Gid, OFlags, Uid, XattrFlags};
use rustix::io::Errno;

/// Enough for the names of the attributes that nearly every file has.
const NAMES_BYTES: usize = 512;

/// Makes a file that was not there. Until it has the old one's permissions it is for its owner alone; a file that replaces
/// none has those of the umask.
pub(super) fn make_new(path: &Path, is_replacement: bool) -> io::Result<File> {
    let mode = if is_replacement { 0o600 } else { 0o666 };
    OpenOptions::new().read(true).write(true).create_new(true).mode(mode).open(path)
}

/// Has the disk begin with what was written: flushing it later takes so much less.
#[cfg(target_os = "linux")]
pub(super) fn begin_flush(file: &File) {
    #[expect(unsafe_code, reason = "there is no safe call for it")]
    // SAFETY: it takes an open descriptor and numbers.
    // Where it fails the flush does it all.
    let _ = unsafe { libc::sync_file_range(file.as_raw_fd(), 0, 0, libc::SYNC_FILE_RANGE_WRITE) };
}

/// Only Linux can be asked to.
#[cfg(not(target_os = "linux"))]
pub(super) fn begin_flush(_: &File) {}

pub(super) fn is_same_state(old: &Metadata, now: &Metadata) -> bool {
    let state = |it: &Metadata| {
        (it.dev(), it.ino(), it.size(), it.mtime(), it.mtime_nsec(), it.ctime(), it.ctime_nsec(), it.nlink())
    };
    state(old) == state(now)
}

/// When anything about the file changed last.
pub(super) fn changed_at_ms(metadata: &Metadata) -> u64 {
    let ms = metadata.ctime().saturating_mul(1000).saturating_add(metadata.ctime_nsec() / 1_000_000);
    u64::try_from(ms).unwrap_or_default()
}

/// Gives the new file what the old one has beside its content: owner, group, extended attributes with the ACL, and mode.
pub(super) fn keep_attributes(new: &File, old_path: &Path, old: &Metadata) -> io::Result<()> {
    let now = new.metadata()?;
    if (now.uid(), now.gid()) != (old.uid(), old.gid()) {
        rustix::fs::fchown(new, Some(Uid::from_raw(old.uid())), Some(Gid::from_raw(old.gid())))?;
    }
    keep_extended_attributes(new, old_path)?;
    // The last: a change of owner takes special bits away, and an ACL changes the group's.
    new.set_permissions(old.permissions())
}

fn keep_extended_attributes(new: &File, old: &Path) -> io::Result<()> {
    let wanted = names(|buffer| rustix::fs::llistxattr(old, buffer), || rustix::fs::llistxattr_query(old))?;
    let given = names(|buffer| rustix::fs::flistxattr(new, buffer), || rustix::fs::flistxattr_query(new))?;
    // A folder may give an ACL to each new file in it.
    for name in split(&given).filter(|name| !is_label(name) && split(&wanted).all(|wanted| wanted != *name)) {
        rustix::fs::fremovexattr(new, name)?;
    }
    for name in split(&wanted).filter(|name| !is_about_content(name)) {
        let mut value = vec![0; rustix::fs::lgetxattr_query(old, name)?];
        let length = rustix::fs::lgetxattr(old, name, &mut value[..])?;
        match rustix::fs::fsetxattr(new, name, &value[..length], XattrFlags::empty()) {
            // Labels are the system's: it gives those that fit.
            Err(Errno::PERM | Errno::ACCESS | Errno::OPNOTSUPP) if is_label(name) => {}
            outcome => outcome?,
        }
    }
    Ok(())
}

/// The names of a file's attributes, each with a NUL behind it.
fn names(
    list: impl Fn(&mut [u8]) -> rustix::io::Result<usize>,
    length: impl Fn() -> rustix::io::Result<usize>,
) -> io::Result<Vec<u8>> {
    let mut names = vec![0; NAMES_BYTES];
    loop {
        match list(&mut names) {
            Ok(length) => names.truncate(length),
            // The filesystem has none.
            Err(Errno::OPNOTSUPP) => names.clear(),
            Err(Errno::RANGE) => {
                names.resize(length()?.max(names.len() * 2), 0);
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        return Ok(names);
    }
}

fn split(names: &[u8]) -> impl Iterator<Item = &[u8]> {
    names.split(|byte| *byte == 0).filter(|name| !name.is_empty())
}

fn is_label(name: &[u8]) -> bool {
    name.starts_with(b"security.")
}

/// What holds for the old content only: signatures, and rights that the kernel takes from a program whose bytes change.
fn is_about_content(name: &[u8]) -> bool {
    [&b"security.capability"[..], b"security.ima", b"security.evm"].contains(&name)
}

/// Opens a file of the daemon's own.
pub(super) fn open_private(path: &Path, may_make: bool) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(may_make).mode(0o600).open(path)
}

pub(super) fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    file.write_all_at(bytes, offset)
}

/// Whether the file is to be found under any name.
pub(super) fn has_name(metadata: &Metadata) -> bool {
    metadata.nlink() > 0
}

/// Whether the file has more names than one.
pub(super) fn has_other_names(metadata: &Metadata) -> bool {
    metadata.nlink() > 1
}

/// Names the file itself, whatever its paths are.
pub(super) fn file_id(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Opens a file for writing over it, and for reading where that is permitted. Nothing else that has taken the name is
/// waited for or followed.
pub(super) fn open_for_change(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW).bits().cast_signed();
    let open = |reads| OpenOptions::new().read(reads).write(true).custom_flags(flags).open(path);
    match open(true) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => open(false),
        opened => opened,
    }
}
