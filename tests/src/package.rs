//! Packages of the programs of this build, and a folder that is a Debian system as far as its packages go.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::process::{Output, output, programs};

/// A folder that packages are made in.
#[derive(Debug)]
pub struct Workshop(TempDir);

impl Workshop {
    /// One with the programs of this build.
    pub fn of_this_build() -> Self {
        let workshop = Self::with_programs(&programs().join("icpy"), &programs().join("icpyd"));
        // What helps with debugging is half of them, and packages are made without it.
        let stripped = Command::new("strip").arg(workshop.programs("icpy")).arg(workshop.programs("icpyd")).status();
        assert!(stripped.is_ok_and(|status| status.success()), "`strip` is missing: install the package binutils");
        workshop
    }

    /// One with other programs, which need do nothing.
    pub fn with_programs(icpy: &Path, icpyd: &Path) -> Self {
        let workshop = Self(folder());
        fs::create_dir(workshop.programs("")).unwrap();
        fs::copy(icpy, workshop.programs("icpy")).unwrap();
        fs::copy(icpyd, workshop.programs("icpyd")).unwrap();
        workshop
    }

    fn programs(&self, name: &str) -> PathBuf {
        self.0.path().join("programs").join(name)
    }

    /// Makes one package by `cargo xtask dist`; returns its file.
    pub fn dist(&self, args: &[&str]) -> PathBuf {
        let made = output(&mut self.dist_command(args));
        assert_eq!(made.status, 0, "{made:?}");
        made.stdout.lines().map(PathBuf::from).next_back().unwrap()
    }

    /// The command that makes packages of the programs.
    pub fn dist_command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(programs().join("xtask"));
        command.arg("dist").args(args).arg("--from").arg(self.programs("")).arg("--to").arg(self.0.path());
        command
    }
}

/// A folder in which packages are installed as in a system of its own. The packages that ours depend on are those of the
/// machine.
#[derive(Debug)]
pub struct Debian(TempDir);

impl Debian {
    /// An empty one. `None`, with the reason told, where packages cannot be installed.
    pub fn new() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            crate::cannot_run("only root can install packages");
            return None;
        }
        let Ok(installed) = Command::new("dpkg-query").args(["--status", "libc6", "libgcc-s1"]).output() else {
            crate::cannot_run("dpkg is missing: this is not Debian");
            return None;
        };
        let debian = Self(folder());
        for folder in ["info", "triggers", "updates"] {
            fs::create_dir_all(debian.database().join(folder)).unwrap();
        }
        fs::write(debian.database().join("status"), installed.stdout).unwrap();
        Some(debian)
    }

    /// Installs a package, or upgrades to it.
    pub fn install(&self, package: &Path) {
        let installed = self.dpkg(&["--install".as_ref(), package]);
        assert_eq!(installed.status, 0, "{installed:?}");
    }

    /// Runs `dpkg`.
    pub fn dpkg(&self, args: &[&Path]) -> Output {
        let mut dpkg = Command::new("dpkg");
        // What is deleted soon need not reach the disk.
        dpkg.arg("--force-unsafe-io")
            .arg("--root")
            .arg(self.0.path())
            .arg("--log")
            .arg(self.database().join("log"))
            .args(args);
        output(dpkg.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C"))
    }

    /// A path in it, which begins at its root.
    pub fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path.trim_start_matches('/'))
    }

    /// Everything in it, but what is known of packages.
    pub fn content(&self) -> Vec<PathBuf> {
        let mut content = content(self.0.path());
        content.retain(|path| !path.starts_with("var"));
        content
    }

    fn database(&self) -> PathBuf {
        self.path("/var/lib/dpkg")
    }
}

/// All files and folders below a folder, by their paths from there, in order.
pub fn content(folder: &Path) -> Vec<PathBuf> {
    fn collect(folder: &Path, below: &Path, content: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            content.push(path.strip_prefix(below).unwrap().to_owned());
            if entry.file_type().unwrap().is_dir() {
                collect(&path, below, content);
            }
        }
    }
    let mut content = Vec::new();
    collect(folder, folder, &mut content);
    content.sort();
    content
}

/// A folder that other users can look into.
fn folder() -> TempDir {
    let folder = tempfile::Builder::new().prefix("icpy-").tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}
