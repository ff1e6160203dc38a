//! Building the web UI, which becomes a part of the daemon: see `icpyd/build.rs`.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use crate::{Failure, install_packages, npm, root, run};

/// What it is made of, below its folder.
const SOURCES: [&str; 7] =
    ["src", "public", "index.html", "package-lock.json", "svelte.config.js", "tsconfig.json", "vite.config.ts"];

/// Builds it where it is older than what it is made of. Without Node.js the daemon says itself that it has none.
pub(crate) fn build() -> Result<(), Failure> {
    if !has_node() {
        eprintln!("xtask: without Node.js the daemon is built without its web UI");
        return Ok(());
    }
    let folder = root().join("icpyd/web");
    install_packages(&folder)?;
    if is_fresh(&folder).map_err(|error| Some(format!("`{}`: {error}", folder.display())))? {
        return Ok(());
    }
    run(Command::new(npm()).args(["run", "build", "--silent", "--", "--logLevel", "warn"]).current_dir(folder))
}

fn has_node() -> bool {
    let status = Command::new("node").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn is_fresh(folder: &Path) -> io::Result<bool> {
    let Ok(built) = fs::metadata(folder.join("dist/index.html")).and_then(|it| it.modified()) else { return Ok(false) };
    let mut newest = newest(&root().join("protocol/documents/icpy.ts"))?;
    for source in SOURCES {
        newest = newest.max(self::newest(&folder.join(source))?);
    }
    Ok(newest < built)
}

/// When a file changed, or the one below a folder that changed last. What was removed shows in its folder.
fn newest(path: &Path) -> io::Result<SystemTime> {
    let metadata = fs::metadata(path)?;
    let mut newest = metadata.modified()?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            newest = newest.max(self::newest(&entry?.path())?);
        }
    }
    Ok(newest)
}
