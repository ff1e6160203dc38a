//! Files on Unix.

use std::ffi::{CStr, OsStr, OsString};
use std::fs::{File, Metadata, OpenOptions};
use std::io;
#[cfg(target_os = "linux")]
use std::os::fd::AsRawFd as _;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{Access, AtFlags, FileType, Mode, OFlags};

use super::tree::NodeKind;

/// The entries of a folder are read in pieces of so many bytes.
#[cfg(target_os = "linux")]
const READ_FOLDER_BYTES: usize = 32 << 10;

/// The longest path that is given to the system when a longer one is taken in parts, in bytes. Linux takes 4095.
#[cfg(target_os = "linux")]
const PATH_BYTES_MAX: usize = 2048;

/// Opening never waits, even when a FIFO or a terminal has taken the name, and does not follow a link that has.
pub(super) fn open_for_reading(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW).bits().cast_signed();
    at(path, |path| OpenOptions::new().read(true).custom_flags(flags).open(path))
}

/// What a path names. Links are not followed.
pub(super) fn look_at(path: &Path) -> io::Result<Metadata> {
    at(path, Path::symlink_metadata)
}

/// Does something at a path, however long that is.
fn at<T>(path: &Path, act: impl Fn(&Path) -> io::Result<T>) -> io::Result<T> {
    match act(path) {
        #[cfg(target_os = "linux")]
        Err(error) if error.raw_os_error() == Some(libc::ENAMETOOLONG) => {
            let (_held, short) = shortened(path)?;
            act(&short)
        }
        outcome => outcome,
    }
}

/// A path that leads to the same from a folder that is held open: the folders on the way are opened, each from one above.
#[cfg(target_os = "linux")]
fn shortened(path: &Path) -> io::Result<(Option<OpenFolder>, PathBuf)> {
    let (mut held, mut short) = (None, PathBuf::new());
    for name in path {
        if short.as_os_str().len() + name.len() > PATH_BYTES_MAX {
            let folder = OpenFolder::open(&short)?;
            short = folder.path();
            held = Some(folder);
        }
        short.push(name);
    }
    Ok((held, short))
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

/// Makes a rename in the folder durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Whether symbolic links lead to each other.
pub(super) fn is_link_loop(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ELOOP)
}

/// A folder that is open.
#[derive(Debug)]
pub(super) struct OpenFolder {
    folder: OwnedFd,
    #[cfg_attr(target_os = "linux", expect(dead_code, reason = "Linux has a path for what is open"))]
    path: PathBuf,
}

impl OpenFolder {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let folder = at(path, |path| Ok(rustix::fs::open(path, flags, Mode::empty())?))?;
        Ok(Self { folder, path: path.to_owned() })
    }

    /// A path that leads to this folder and no other, where there is one.
    pub(super) fn path(&self) -> PathBuf {
        #[cfg(target_os = "linux")]
        return format!("/proc/self/fd/{}/.", self.folder.as_raw_fd()).into();
        #[cfg(not(target_os = "linux"))]
        return self.path.clone();
    }

    /// The entries with what they are, in no order.
    pub(super) fn read(&self) -> io::Result<Vec<(OsString, NodeKind)>> {
        read_folder(&self.folder)
    }
}

#[cfg(target_os = "linux")]
fn read_folder(folder: &OwnedFd) -> io::Result<Vec<(OsString, NodeKind)>> {
    let mut buffer = Vec::with_capacity(READ_FOLDER_BYTES);
    let mut reader = rustix::fs::RawDir::new(folder, buffer.spare_capacity_mut());
    let mut entries = Vec::new();
    while let Some(found) = reader.next() {
        let found = found?;
        entries.extend(entry(folder, found.file_name(), found.file_type()));
    }
    Ok(entries)
}

#[cfg(not(target_os = "linux"))]
fn read_folder(folder: &OwnedFd) -> io::Result<Vec<(OsString, NodeKind)>> {
    let mut entries = Vec::new();
    for found in rustix::fs::Dir::read_from(folder)? {
        let found = found?;
        entries.extend(entry(folder, found.file_name(), found.file_type()));
    }
    Ok(entries)
}

fn entry(folder: &OwnedFd, name: &CStr, file_type: FileType) -> Option<(OsString, NodeKind)> {
    if name == c"." || name == c".." {
        return None;
    }
    let file_type = match file_type {
        // Some filesystems do not say.
        FileType::Unknown => {
            let stat = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
            FileType::from_raw_mode(stat.st_mode)
        }
        known => known,
    };
    let kind = match file_type {
        FileType::Directory => NodeKind::Folder,
        FileType::RegularFile => NodeKind::File,
        FileType::Symlink => NodeKind::Symlink,
        _ => NodeKind::Other,
    };
    Some((OsStr::from_bytes(name.to_bytes()).to_owned(), kind))
}

/// What tells files apart, and changes with everything that is done to one: device, inode, and the time of the last change.
/// That time counts for no folder: it changes with what is in it.
pub(super) type Identity = (u64, u64, i64, i64);

pub(super) fn identity(metadata: &Metadata) -> Identity {
    match metadata.is_dir() {
        true => (metadata.dev(), metadata.ino(), 0, 0),
        false => (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec()),
    }
}

/// What of that tells files apart and never changes.
pub(super) fn file(identity: &Identity) -> (u64, u64) {
    (identity.0, identity.1)
}

/// When a file or what is known of it changed last.
pub(super) fn changed_at(metadata: &Metadata) -> SystemTime {
    let seconds = Duration::from_secs(u64::try_from(metadata.ctime()).unwrap_or_default());
    UNIX_EPOCH + seconds + Duration::from_nanos(u64::try_from(metadata.ctime_nsec()).unwrap_or_default())
}

/// Whether the daemon's user may write a file, or make and remove the entries of a folder.
pub(super) fn check_writable(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(path, Access::WRITE_OK)?)
}
