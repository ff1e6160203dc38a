//! Files where there are no Unix permissions.

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::tree::NodeKind;

pub(super) fn open_for_reading(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// What a path names. Links are not followed.
pub(super) fn look_at(path: &Path) -> io::Result<Metadata> {
    path.symlink_metadata()
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

/// A folder, by its path.
#[derive(Debug)]
pub(super) struct OpenFolder(PathBuf);

impl OpenFolder {
    #[expect(clippy::unnecessary_wraps, reason = "Unix opens it")]
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(path.to_owned()))
    }

    pub(super) fn path(&self) -> PathBuf {
        self.0.clone()
    }

    /// The entries with what they are, in no order.
    pub(super) fn read(&self) -> io::Result<Vec<(OsString, NodeKind)>> {
        read_folder(&self.0)
    }
}

fn read_folder(path: &Path) -> io::Result<Vec<(OsString, NodeKind)>> {
    let known = path.read_dir()?.flatten().filter_map(|entry| {
        let file_type = entry.file_type().ok()?;
        let kind = match () {
            () if file_type.is_dir() => NodeKind::Folder,
            () if file_type.is_file() => NodeKind::File,
            () if file_type.is_symlink() => NodeKind::Symlink,
            () => NodeKind::Other,
        };
        Some((entry.file_name(), kind))
    });
    Ok(known.collect())
}

/// Nothing tells files apart here.
pub(super) type Identity = ();

pub(super) fn identity(_: &Metadata) -> Identity {}

/// What of that never changes.
pub(super) fn file(_: &Identity) {}

/// When a file changed last.
pub(super) fn changed_at(metadata: &Metadata) -> SystemTime {
    metadata.modified().unwrap_or(UNIX_EPOCH)
}

/// Whether the daemon's user may write a file, or make and remove the entries of a folder.
pub(super) fn check_writable(path: &Path) -> io::Result<()> {
    match path.metadata()?.permissions().readonly() {
        true => Err(io::ErrorKind::PermissionDenied.into()),
        false => Ok(()),
    }
}
