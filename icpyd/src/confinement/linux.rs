//! A folder held open on Linux: what is below it is reached by `openat2`, and by the name of the descriptor in `/proc`.

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::Errno;

/// A folder held open.
#[derive(Debug)]
pub struct Folder(OwnedFd);

const FLAGS: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW);

impl Folder {
    /// Opens a folder by its real path.
    pub fn open(real: &Path) -> io::Result<Self> {
        let folder = Self(openat(CWD, real, FLAGS, Mode::empty())?);
        match folder.path().symlink_metadata() {
            Ok(_) => Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(io::Error::other("a folder cannot be held without `/proc`"))
            }
            Err(error) => Err(error),
        }
    }

    /// Opens a folder below, by a path without symbolic links and `..`: where there are any, somebody has changed it since.
    pub fn open_below(&self, below: &Path) -> io::Result<Self> {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        match openat2(&self.0, below, FLAGS, Mode::empty(), resolve) {
            // Older than Linux 5.6, or inside a sandbox that does not know the call.
            Err(Errno::NOSYS | Errno::PERM) => self.step_below(below),
            opened => Ok(Self(opened?)),
        }
    }

    /// The same, folder by folder.
    fn step_below(&self, below: &Path) -> io::Result<Self> {
        let mut folder = self.0.try_clone()?;
        for part in below {
            if part == ".." {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            folder = openat(&folder, part, FLAGS, Mode::empty())?;
        }
        Ok(Self(folder))
    }

    /// A path that leads to this folder, wherever it is moved, as long as it is held.
    pub fn path(&self) -> PathBuf {
        format!("/proc/self/fd/{}/.", self.0.as_raw_fd()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_stepped_into_without_following_links() {
        let temporary = tempfile::tempdir().unwrap();
        let path = |name: &str| temporary.path().join(name);
        std::fs::create_dir_all(path("a/b")).unwrap();
        std::os::unix::fs::symlink("/", path("a/link")).unwrap();
        let folder = Folder::open(temporary.path()).unwrap();
        for open in [Folder::open_below, Folder::step_below] {
            assert!(open(&folder, Path::new("a/b")).unwrap().path().is_dir());
            for wrong in ["a/link", "a/link/etc", "..", "a/../..", "a/none"] {
                assert!(open(&folder, Path::new(wrong)).is_err(), "{wrong}");
            }
        }
    }
}
