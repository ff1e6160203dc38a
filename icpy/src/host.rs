//! The client's environment: the one place of the client that asks for it.

#![expect(clippy::disallowed_methods, reason = "this is the one place that may ask the system")]

use std::collections::BTreeMap;
use std::env;
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use icpy_protocol::endpoint::{self, DAEMON_VARIABLE, Environment};

/// A moment, to see how much time has passed since.
#[derive(Clone, Copy, Debug)]
pub struct Moment(Instant);

impl Moment {
    /// This one.
    pub fn now() -> Self {
        Self(Instant::now())
    }

    /// The time since.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The time now, in milliseconds since 1970.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A variable of the environment that is set, and not empty.
pub fn variable(name: &str) -> Option<String> {
    env::var_os(name)?.into_string().ok().filter(|value| !value.is_empty())
}

/// What tells where a daemon may be.
pub fn environment() -> Environment {
    Environment::new(|name| env::var_os(name))
}

/// Checks what the user says where everything is. The error is a sentence.
pub fn check_home() -> Result<(), String> {
    endpoint::check_home(|name| env::var_os(name))
}

/// The daemon in whose terminal this process runs, if it does.
pub fn daemon_id() -> Option<String> {
    env::var_os(DAEMON_VARIABLE)?.into_string().ok()
}

/// All variables that are text.
pub fn variables() -> BTreeMap<String, String> {
    env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
}

/// The program of this process.
pub fn program() -> std::io::Result<PathBuf> {
    env::current_exe()
}

/// The program that a daemon is started from: beside the client's, else the one on the search path.
pub fn daemon_program() -> PathBuf {
    let name = format!("icpyd{}", env::consts::EXE_SUFFIX);
    let beside = env::current_exe().ok().map(|client| client.with_file_name(&name));
    beside.filter(|path| path.is_file()).or_else(|| on_search_path(&name)).unwrap_or_else(|| name.into())
}

/// The system looks itself.
#[cfg(unix)]
fn on_search_path(_: &str) -> Option<PathBuf> {
    None
}

/// The system would look in the current folder first.
#[cfg(not(unix))]
fn on_search_path(name: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_absolute() && path.is_file())
}

/// The folder that relative paths are meant from: as the shell names it, which keeps symbolic links, where that is true.
pub fn current_folder() -> std::io::Result<PathBuf> {
    let real = env::current_dir()?;
    let named = env::var_os("PWD").map(PathBuf::from).filter(|path| path.is_absolute());
    Ok(named.filter(|named| is_same_folder(named, &real)).unwrap_or(real))
}

/// Whether two open files are not the same.
pub fn is_other_file(one: &File, other: &File) -> bool {
    match (one.metadata(), other.metadata()) {
        (Ok(one), Ok(other)) => identity(&one) != identity(&other),
        _ => false,
    }
}

#[cfg(unix)]
fn is_same_folder(one: &Path, other: &Path) -> bool {
    match (one.metadata(), other.metadata()) {
        (Ok(one), Ok(other)) => identity(&one) == identity(&other),
        _ => false,
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> impl PartialEq {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino())
}

/// Files are told apart by when they were made.
#[cfg(not(unix))]
fn identity(metadata: &Metadata) -> impl PartialEq {
    metadata.created().ok()
}

#[cfg(not(unix))]
fn is_same_folder(one: &Path, other: &Path) -> bool {
    one == other
}
