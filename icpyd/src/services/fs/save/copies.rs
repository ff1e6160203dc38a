//! The content of before and after, in the daemon's own folder, for a file that is written in place.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::super::platform::open_for_reading;
use super::platform;
use super::target::Target;

/// Old content is copied up to this size, for going back to it, and for telling after a crash whether somebody else has
/// written the file since.
const OLD_BYTES_MAX: u64 = 64 << 20;

/// Where the copies are.
#[derive(Debug)]
pub(super) struct CopyPaths {
    /// The new content.
    pub(super) new: PathBuf,
    /// The old content. There is none of a file that is too long for it, or not to be read.
    pub(super) old: PathBuf,
}

/// Copies that were made. Dropping them removes them.
#[derive(Debug)]
pub(super) struct Copies {
    id: String,
    paths: CopyPaths,
    is_kept: bool,
}

impl CopyPaths {
    pub(super) fn new(folder: &Path, id: &str) -> Self {
        Self { new: folder.join(format!("{id}.new")), old: folder.join(format!("{id}.old")) }
    }

    /// Removes what is there.
    pub(super) fn remove(&self) {
        for path in [&self.new, &self.old] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    tracing::warn!(path = %path.display(), %error, "a copy of a saved file cannot be removed");
                }
                _ => {}
            }
        }
    }
}

impl Copies {
    /// Makes the one of the new content, which is empty yet.
    pub(super) fn begin(folder: &Path, id: String) -> io::Result<(Self, File)> {
        let copies = Self { paths: CopyPaths::new(folder, &id), id, is_kept: false };
        let new = platform::make_new(&copies.paths.new, true)?;
        Ok((copies, new))
    }

    /// Makes them, flushed.
    pub(super) fn make(folder: &Path, id: String, target: &Target<'_>, content: &[u8]) -> io::Result<Self> {
        let (copies, mut new) = Self::begin(folder, id)?;
        new.write_all(content)?;
        new.sync_all()?;
        if target.old_length() <= OLD_BYTES_MAX {
            copies.copy_old(target)?;
        }
        Ok(copies)
    }

    /// Names them.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn paths(&self) -> &CopyPaths {
        &self.paths
    }

    /// Leaves them where they are, for a person.
    pub(super) fn keep(&mut self) {
        self.is_kept = true;
    }

    /// Whoever may write a file and not read it saves it without a way back.
    fn copy_old(&self, target: &Target<'_>) -> io::Result<()> {
        let old = match open_for_reading(target.place.path()) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Ok(()),
            opened => opened?,
        };
        let mut copy = platform::make_new(&self.paths.old, true)?;
        io::copy(&mut old.take(OLD_BYTES_MAX), &mut copy)?;
        copy.sync_all()
    }
}

impl Drop for Copies {
    fn drop(&mut self) {
        if !self.is_kept {
            self.paths.remove();
        }
    }
}
