//! File systems of a test's own: one that is full soon, and one of each kind.

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

/// How a disk is mounted that can be broken: nobody can write to it from then on.
const BREAKABLE: &str = "loop,errors=remount-ro";

/// A kind of file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskKind {
    /// In memory.
    Tmpfs,
    /// The usual one.
    Ext4,
    /// One that knows reflinks.
    Xfs,
    /// One that copies on write.
    Btrfs,
    /// What containers have: files come from a layer below.
    Overlay,
}

impl DiskKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Tmpfs, Self::Ext4, Self::Xfs, Self::Btrfs, Self::Overlay];

    /// The program that makes one in a file, and the bytes that it needs.
    fn maker(self) -> Option<(&'static str, u64)> {
        match self {
            Self::Tmpfs => None,
            Self::Ext4 | Self::Overlay => Some(("mkfs.ext4", 64 << 20)),
            Self::Xfs => Some(("mkfs.xfs", 320 << 20)),
            Self::Btrfs => Some(("mkfs.btrfs", 128 << 20)),
        }
    }
}

/// A mounted file system of some kind. Dropping it unmounts it.
#[derive(Debug)]
pub struct Disk {
    folder: TempDir,
    mounted: Vec<PathBuf>,
}

impl Disk {
    /// Mounts one. `None`, with the reason told, where that cannot be done.
    pub fn mount(kind: DiskKind) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("icpy-").tempdir().unwrap();
        let mut disk = Self { folder, mounted: Vec::new() };
        match disk.make(kind) {
            Ok(()) => Some(disk),
            Err(why) => {
                cannot_run(&format!("no file system of kind {kind:?} can be mounted: {why}"));
                None
            }
        }
    }

    fn make(&mut self, kind: DiskKind) -> Result<(), String> {
        let path = |name: &str| self.folder.path().join(name);
        let (image, base, top) = (path("image"), path("base"), path("top"));
        for folder in [&base, &top] {
            std::fs::create_dir(folder).unwrap();
        }
        let Some((maker, bytes)) = kind.maker() else {
            return self.mount_at(&top, &["-t", "tmpfs", "tmpfs"]);
        };
        std::fs::File::create(&image).unwrap().set_len(bytes).unwrap();
        let search_path = "/usr/sbin:/sbin:/usr/bin:/bin";
        run(Command::new(maker).env("PATH", search_path).arg("-q").arg(&image))?;
        let image = image.to_str().unwrap();
        if kind != DiskKind::Overlay {
            let options = if kind == DiskKind::Ext4 { BREAKABLE } else { "loop" };
            return self.mount_at(&top, &["-o", options, image]);
        }
        self.mount_at(&base, &["-o", "loop", image])?;
        for name in ["lower", "upper", "work"] {
            std::fs::create_dir(base.join(name)).unwrap();
        }
        std::fs::write(base.join("lower/below.txt"), "from below\n").unwrap();
        let layer = |name: &str| base.join(name).display().to_string();
        let layers = format!("lowerdir={},upperdir={},workdir={}", layer("lower"), layer("upper"), layer("work"));
        self.mount_at(&top, &["-t", "overlay", "-o", &layers, "overlay"])
    }

    fn mount_at(&mut self, at: &Path, args: &[&str]) -> Result<(), String> {
        run(Command::new("mount").args(args).arg(at))?;
        self.mounted.push(at.to_owned());
        Ok(())
    }

    /// Has the kernel find an error in it (ext4). Returns whether it could, and says why not.
    pub fn break_down(&self) -> bool {
        let at = self.folder.path().join("top");
        let found = Command::new("findmnt").args(["--noheadings", "--output", "SOURCE"]).arg(&at).output().unwrap();
        let device = String::from_utf8(found.stdout).unwrap();
        let name = Path::new(device.trim()).file_name().unwrap().to_owned();
        let trigger = Path::new("/sys/fs/ext4").join(name).join("trigger_fs_error");
        let broken = std::fs::write(&trigger, "a test");
        if let Err(error) = &broken {
            cannot_run(&format!("no error can be found in a disk: `{}`: {error}", trigger.display()));
        }
        broken.is_ok()
    }

    /// Mends it when nobody uses it any more.
    pub fn repair(&mut self) {
        let (image, top) = (self.folder.path().join("image"), self.mounted.pop().unwrap());
        crate::until_now("nobody uses the disk", || run(Command::new("umount").arg(&top)).is_ok());
        let checked = Command::new("/usr/sbin/fsck.ext4").arg("-pf").arg(&image).output().unwrap();
        // One says that errors were mended.
        assert!(checked.status.code().is_some_and(|code| code <= 1), "{checked:?}");
        self.mount_at(&top, &["-o", BREAKABLE, image.to_str().unwrap()]).unwrap();
    }

    /// A path on it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("top").join(name)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        for at in self.mounted.iter().rev() {
            // What a killed program had open is closed when it is gone.
            let unmounted = Command::new("umount").arg("--lazy").arg(at).status();
            assert!(unmounted.is_ok_and(|status| status.success()), "`{}` is still mounted", at.display());
        }
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
    }
}
