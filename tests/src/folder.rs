//! A folder of a test's own, with files from one string.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A temporary folder: `files` holds the fixture, `home` what the daemon makes.
#[derive(Debug)]
pub struct Folder(TempDir);

impl Folder {
    /// Makes the files of a fixture: each begins with a line `//- /path` and goes on to the next such line.
    ///
    /// A file's last newline is the one before the next `//-`.
    #[must_use]
    pub fn new(fixture: &str) -> Self {
        // Below the system's folder and with a short name: a socket's path has little room.
        let folder = Self(tempfile::Builder::new().prefix("icpy-").tempdir().unwrap());
        fs::create_dir(folder.files()).unwrap();
        for part in fixture.split("//- /").skip(1) {
            let (path, content) = part.split_once('\n').unwrap_or((part, ""));
            let path = folder.path(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        folder
    }

    /// The folder that holds the fixture.
    pub fn files(&self) -> PathBuf {
        self.0.path().join("files")
    }

    /// A path in the fixture.
    pub fn path(&self, name: &str) -> PathBuf {
        self.files().join(name)
    }

    /// What `ICPY_HOME` is for the test.
    pub fn home(&self) -> PathBuf {
        self.0.path().join("home")
    }

    /// Makes everything belong to a user.
    #[cfg(unix)]
    pub(crate) fn give_to(&self, uid: u32) {
        fn give(path: &Path, uid: u32) {
            std::os::unix::fs::lchown(path, Some(uid), Some(uid)).unwrap();
            if path.symlink_metadata().unwrap().is_dir() {
                for entry in fs::read_dir(path).unwrap() {
                    give(&entry.unwrap().path(), uid);
                }
            }
        }
        give(self.0.path(), uid);
    }

    /// Copies the programs to where the folder's owner can run them.
    #[cfg(unix)]
    pub(crate) fn copy_programs(&self, from: &Path) -> PathBuf {
        let programs = self.0.path().join("programs");
        fs::create_dir(&programs).unwrap();
        for name in ["icpy", "icpyd"] {
            fs::copy(from.join(name), programs.join(name)).unwrap();
        }
        fs::set_permissions(&programs, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        programs
    }

    /// The temporary files that a write has left below the fixture.
    pub fn litter(&self) -> Vec<PathBuf> {
        let mut litter = Vec::new();
        collect_litter(&self.files(), &mut litter);
        litter
    }
}

fn collect_litter(folder: &Path, litter: &mut Vec<PathBuf>) {
    // A test may have taken the permission to look away.
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(".icpy-") {
            litter.push(entry.path());
        } else if entry.file_type().is_ok_and(|file_type| file_type.is_dir()) {
            collect_litter(&entry.path(), litter);
        }
    }
}
