//! A disk that is full soon.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::cannot_run;

/// A mounted file system of a few bytes. Dropping it unmounts it.
#[derive(Debug)]
pub struct SmallDisk(TempDir);

impl SmallDisk {
    /// Mounts one of so many bytes. `None`, with the reason told, where that is not permitted.
    pub fn mount(bytes: usize) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("icpy-").tempdir().unwrap();
        let options = format!("size={bytes},mode=0700");
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder.path());
        if !command.output().is_ok_and(|output| output.status.success()) {
            cannot_run("a small file system cannot be mounted: it needs root on Linux");
            return None;
        }
        Some(Self(folder))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A path on it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(self.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "`{}` is still mounted", self.path().display());
    }
}
