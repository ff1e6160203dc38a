//! Building the two programs, and putting them beside each other.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::{Failure, cargo, root, run};

/// How the programs are built.
#[derive(Clone, Copy, Debug)]
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

/// Builds both. The client is linked statically where that is easy: a third of its time is loading libraries.
pub(crate) fn build(profile: Profile) -> Result<Programs, Failure> {
    let profile = match profile {
        Profile::Release => "release",
        Profile::Dist => "dist",
    };
    let target = root().join("target");
    run(cargo().args(["build", "--quiet", "--package", "icpyd", "--profile", profile]))?;
    let host = host_triple()?;
    let mut client = cargo();
    client.args(["build", "--quiet", "--package", "icpy", "--profile", profile]);
    let client_folder = if host.ends_with("-linux-gnu") {
        // With a target named, the flags are not for build scripts and macros, which cannot be static.
        client.args(["--target", &host]).env("RUSTFLAGS", "-C target-feature=+crt-static -C relocation-model=static");
        target.join(&host).join(profile)
    } else {
        target.join(profile)
    };
    run(&mut client)?;

    let folder = target.join("bin").join(profile);
    let copy = |from: PathBuf, name: &str| -> Result<PathBuf, Failure> {
        let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        let (from, new, to) = (from.join(&name), folder.join(format!("{name}.new")), folder.join(&name));
        // By renaming, because the daemon may be running.
        fs::create_dir_all(&folder)
            .and_then(|()| fs::copy(&from, &new))
            .and_then(|_| fs::rename(&new, &to))
            .map_err(|error| Some(format!("cannot copy `{}`: {error}", from.display())))?;
        Ok(to)
    };
    let icpyd = copy(target.join(profile), "icpyd")?;
    let icpy = copy(client_folder, "icpy")?;
    Ok(Programs { folder, icpy, icpyd })
}

fn host_triple() -> Result<String, Failure> {
    let output = Command::new("rustc").arg("-vV").output().map_err(|error| Some(format!("rustc: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned).ok_or_else(|| Some("rustc does not name its host".to_owned()))
}
