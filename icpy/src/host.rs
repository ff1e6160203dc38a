//! The client's environment: the one place of the client that asks for it.

#![expect(clippy::disallowed_methods, reason = "this is the one place that may ask the system")]

use std::env;
use std::path::{Path, PathBuf};

use icpy_protocol::endpoint::Environment;

/// What tells where a daemon may be.
pub fn environment() -> Environment {
    Environment::new(|name| env::var_os(name))
}

/// The program that a daemon is started from: beside the client's, else the one on the search path.
pub fn daemon_program() -> PathBuf {
    let name = format!("icpyd{}", env::consts::EXE_SUFFIX);
    let beside = env::current_exe().ok().map(|client| client.with_file_name(&name));
    beside.filter(|path| path.is_file()).unwrap_or_else(|| name.into())
}

/// The folder that relative paths are meant from: as the shell names it, which keeps symbolic links, where that is true.
pub fn current_folder() -> std::io::Result<PathBuf> {
    let real = env::current_dir()?;
    let named = env::var_os("PWD").map(PathBuf::from).filter(|path| path.is_absolute());
    Ok(named.filter(|named| is_same_folder(named, &real)).unwrap_or(real))
}

#[cfg(unix)]
fn is_same_folder(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let identity = |path: &Path| path.metadata().map(|metadata| (metadata.dev(), metadata.ino())).ok();
    identity(one).is_some_and(|one| Some(one) == identity(other))
}

#[cfg(not(unix))]
fn is_same_folder(one: &Path, other: &Path) -> bool {
    one == other
}
