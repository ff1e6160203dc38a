//! A folder where none can be held open: what is below is found by its real path. Somebody who changes links at the right
//! moment can lead a confined caller elsewhere.

use std::io;
use std::path::{Component, Path, PathBuf};

/// A folder, by its real path.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Takes a folder by its real path.
    pub fn open(real: &Path) -> io::Result<Self> {
        match real.metadata()?.is_dir() {
            true => Ok(Self(real.to_owned())),
            false => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// Takes a folder below, by a path without symbolic links and `..`.
    pub fn open_below(&self, below: &Path) -> io::Result<Self> {
        let mut folder = self.0.clone();
        for part in below.components() {
            let Component::Normal(name) = part else { return Err(io::ErrorKind::InvalidInput.into()) };
            folder.push(name);
            if folder.symlink_metadata()?.is_symlink() {
                return Err(io::ErrorKind::NotADirectory.into());
            }
        }
        Self::open(&folder)
    }

    /// The path.
    pub fn path(&self) -> PathBuf {
        self.0.clone()
    }
}
