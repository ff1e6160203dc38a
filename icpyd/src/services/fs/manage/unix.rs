//! Managing files on Unix.

use std::ffi::OsString;
use std::fs::{self, File, FileTimes, Metadata, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Gid, OFlags, RenameFlags, Timespec, Timestamps, Uid, renameat_with, utimensat};
#[cfg(target_os = "linux")]
use rustix::fs::{StatxAttributes, StatxFlags, statx};
use rustix::io::Errno;

/// The permissions that can be set.
pub(super) const MODE_MAX: u32 = 0o7777;

/// Bits that let a program act as another user.
const SET_ID_BITS: u32 = 0o6000;

/// The user that we are.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere there are no users")]
pub(super) fn user_id() -> Option<u32> {
    Some(rustix::process::geteuid().as_raw())
}

/// Whether a thing belongs to us.
pub(super) fn is_ours(metadata: &Metadata) -> bool {
    Some(metadata.uid()) == user_id()
}

/// Whether users cannot take away each other's things in a folder.
pub(super) fn is_sticky(folder: &Metadata) -> bool {
    folder.mode() & 0o1000 != 0
}

/// A path from its bytes.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere not all bytes are paths")]
pub(super) fn path(bytes: Vec<u8>) -> Option<PathBuf> {
    Some(OsString::from_vec(bytes).into())
}

/// What a thing is, under whatever name: device and number.
pub(super) fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Whether two paths name one thing. Links are not followed.
pub(super) fn is_same_thing(one: &Path, other: &Path) -> io::Result<bool> {
    Ok(identity(&one.symlink_metadata()?) == identity(&other.symlink_metadata()?))
}

/// Whether a file has other names, which may be in the same tree.
pub(super) fn has_other_names(metadata: &Metadata) -> bool {
    metadata.is_file() && metadata.nlink() > 1
}

pub(super) fn is_on_same_device(one: &Metadata, other: &Metadata) -> bool {
    one.dev() == other.dev()
}

/// The permissions of a thing.
pub(super) fn mode(metadata: &Metadata) -> u32 {
    metadata.mode() & MODE_MAX
}

/// Sets the permissions of what is no symbolic link.
pub(super) fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    let flags = (NO_FOLLOW | ONLY_NAMED).bits().cast_signed();
    // Held, so that no link can take its place; a link itself is opened as well, and then refused.
    let held = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if held.metadata()?.is_symlink() {
        return Err(Errno::LOOP.into());
    }
    fs::set_permissions(held_path(&held, path), Permissions::from_mode(mode))
}

const NO_FOLLOW: OFlags = OFlags::NOFOLLOW;

/// Needs no permission to read the file, and does nothing to a device.
#[cfg(target_os = "linux")]
const ONLY_NAMED: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
const ONLY_NAMED: OFlags = OFlags::NONBLOCK.union(OFlags::NOCTTY);

#[cfg(target_os = "linux")]
fn held_path(held: &File, _: &Path) -> PathBuf {
    use std::os::fd::AsRawFd as _;
    format!("/proc/self/fd/{}", held.as_raw_fd()).into()
}

#[cfg(not(target_os = "linux"))]
fn held_path(_: &File, path: &Path) -> PathBuf {
    path.to_owned()
}

/// Renames, unless the new name is taken.
pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // The filesystem does not know how, or it is a folder that is to go into itself: the second try tells which. Somebody
        // who takes the name between the two calls loses what they have put there.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => match to.symlink_metadata() {
            Ok(_) => Err(ErrorKind::AlreadyExists.into()),
            Err(_) => fs::rename(from, to),
        },
        outcome => Ok(outcome?),
    }
}

/// Has two things change places, so that both names always name something.
pub(super) fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

/// Makes a folder that only we can use until it is finished.
pub(super) fn make_private_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().mode(0o700).create(path)
}

/// Makes a file that only we can use until it is finished.
pub(super) fn make_private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

pub(super) fn make_link(target: &Path, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

/// Opens a folder for reading what describes it.
pub(super) fn open_folder(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::DIRECTORY).bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

/// Lets its owner do everything with a folder.
pub(super) fn make_accessible(folder: &Path) {
    // Where that fails, so does what it is done for.
    let _ = set_mode(folder, 0o700);
}

/// Whether something is mounted here.
#[cfg(target_os = "linux")]
pub(super) fn is_mount_point(path: &Path) -> bool {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
    let attributes = statx(CWD, path, flags, StatxFlags::empty()).map(|it| it.stx_attributes);
    // Before Linux 5.8 it is not told.
    attributes.is_ok_and(|attributes| attributes.contains(StatxAttributes::MOUNT_ROOT))
}

/// That another device begins tells most of them.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_mount_point(_: &Path) -> bool {
    false
}

/// Where something is mounted, at a path or below, by where that really is.
#[cfg(target_os = "linux")]
pub(super) fn mount_at_or_below(real: &Path) -> Option<PathBuf> {
    // Where the table cannot be read, each folder is looked at before it is deleted from.
    let table = fs::read("/proc/self/mountinfo").ok()?;
    let path = |line: &[u8]| line.split(|byte| *byte == b' ').nth(4).map(|field| unescaped(field).into());
    table.split(|byte| *byte == b'\n').filter_map(path).find(|path: &PathBuf| path.starts_with(real))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn mount_at_or_below(_: &Path) -> Option<PathBuf> {
    None
}

/// A field of `proc_pid_mountinfo(5)`, in which a space is `\040`.
#[cfg(target_os = "linux")]
fn unescaped(field: &[u8]) -> OsString {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, behind @ ..] = rest {
        let octal = rest.strip_prefix(b"\\").and_then(|code| std::str::from_utf8(code.get(..3)?).ok());
        match octal.and_then(|code| u8::from_str_radix(code, 8).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &rest[4..];
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    OsString::from_vec(bytes)
}

/// Removes what is no folder.
pub(super) fn remove_thing(path: &Path, _: &Metadata) -> io::Result<()> {
    fs::remove_file(path)
}

/// Gives a copy what describes the original: extended attributes, permissions, times, and its owner where that is wanted.
pub(super) fn keep_attributes(original: &File, copy: &File, metadata: &Metadata, keeps_owner: bool) -> io::Result<()> {
    copy_extended(original, copy);
    let now = copy.metadata()?;
    let is_ours = (now.uid(), now.gid()) == (metadata.uid(), metadata.gid());
    let owner = (Some(Uid::from_raw(metadata.uid())), Some(Gid::from_raw(metadata.gid())));
    let has_owner = is_ours || keeps_owner && rustix::fs::fchown(copy, owner.0, owner.1).is_ok();
    let is_harmless = has_owner || metadata.is_dir();
    let mode = if is_harmless { mode(metadata) } else { mode(metadata) & !SET_ID_BITS };
    match copy.set_permissions(Permissions::from_mode(mode)) {
        // A filesystem without them; what the copy has is the least that there is.
        Err(error) if is_not_known(&error) => {}
        outcome => outcome?,
    }
    let times = FileTimes::new().set_accessed(metadata.accessed()?).set_modified(metadata.modified()?);
    copy.set_times(times)
}

fn is_not_known(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported)
}

/// Those that the other filesystem does not know or has no room for, or that we may not set, are left out.
fn copy_extended(original: &File, copy: &File) {
    let Ok(size) = rustix::fs::flistxattr_query(original) else { return };
    let mut names = vec![0u8; size];
    let size = rustix::fs::flistxattr(original, &mut names).unwrap_or(0);
    for name in names[..size].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let Ok(size) = rustix::fs::fgetxattr_query(original, name) else { continue };
        let mut value = vec![0u8; size];
        if let Ok(size) = rustix::fs::fgetxattr(original, name, &mut value) {
            let _ = rustix::fs::fsetxattr(copy, name, &value[..size], rustix::fs::XattrFlags::empty());
        }
    }
}

/// Gives a symbolic link the times of another.
pub(super) fn keep_link_times(path: &Path, original: &Metadata) -> io::Result<()> {
    let time = |seconds, nanoseconds| Timespec { tv_sec: seconds, tv_nsec: nanoseconds };
    let times = Timestamps {
        last_access: time(original.atime(), original.atime_nsec()),
        last_modification: time(original.mtime(), original.mtime_nsec()),
    };
    Ok(utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}
