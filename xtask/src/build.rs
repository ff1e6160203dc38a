//! Building the two programs, and putting them beside each other.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::{Failure, cargo, root, run, web};

/// How the programs are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Soon.
    Release,
    /// As packages ship them.
    Dist,
}

/// The two programs, in one folder: the client looks for the daemon beside itself.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) folder: PathBuf,
    pub(crate) icpy: PathBuf,
    pub(crate) icpyd: PathBuf,
}

/// Builds both, linked statically where that is possible: half of what a start takes is loading libraries.
pub(crate) fn build(profile: Profile) -> Result<Programs, Failure> {
    web::build()?;
    // While one works on it, every commit would build everything again.
    let revision = if profile == Profile::Dist { revision() } else { None };
    let profile = match profile {
        Profile::Release => "release",
        Profile::Dist => "dist",
    };
    let host = host_triple()?;
    let is_static = host.ends_with("-linux-gnu") && has_static_libc();
    let program = |name: &str| {
        let mut cargo = cargo();
        cargo.args(["rustc", "--quiet", "--package", name, "--bin", name, "--profile", profile, "--target", &host]);
        if let Some(revision) = &revision {
            // What a crash's report names.
            cargo.env("ICPY_BUILD", revision);
        }
        if is_static {
            // Named for a target, the flags are not for build scripts and macros, which cannot be static.
            cargo.env("RUSTFLAGS", "-C target-feature=+crt-static");
        }
        cargo
    };
    for name in ["icpyd", "icpy"] {
        let mut program = program(name);
        if is_static {
            // An address of its own is paid for by a change in each page of pointers: a tenth of a start.
            program.args(["--", "-C", "relocation-model=static"]);
        }
        run(&mut program)?;
    }

    let target = root().join("target");
    let built = target.join(&host).join(profile);
    let folder = target.join("bin").join(profile);
    let copy = |name: &str| -> Result<PathBuf, Failure> {
        let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        let (from, new, to) = (built.join(&name), folder.join(format!("{name}.new")), folder.join(&name));
        // By renaming, because the daemon may be running.
        fs::create_dir_all(&folder)
            .and_then(|()| fs::copy(&from, &new))
            .and_then(|_| fs::rename(&new, &to))
            .map_err(|error| Some(format!("cannot copy `{}`: {error}", from.display())))?;
        Ok(to)
    };
    let (icpy, icpyd) = (copy("icpy")?, copy("icpyd")?);
    Ok(Programs { folder, icpy, icpyd })
}

/// The commit that is built, where the sources are in a repository; with a mark when they differ from it.
fn revision() -> Option<String> {
    let mut git = Command::new("git");
    git.args(["describe", "--always", "--dirty", "--exclude=*"]).current_dir(root());
    let output = git.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

pub(crate) fn host_triple() -> Result<String, Failure> {
    let output = Command::new("rustc").arg("-vV").output().map_err(|error| Some(format!("rustc: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned).ok_or_else(|| Some("rustc does not name its host".to_owned()))
}

/// Not every distribution installs the static library with the compiler. One that is not there is named without a folder.
fn has_static_libc() -> bool {
    let output = Command::new("cc").arg("-print-file-name=libc.a").output();
    output.is_ok_and(|output| output.status.success() && output.stdout.starts_with(b"/"))
}
