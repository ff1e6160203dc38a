//! The daemon's log: JSON lines in a file that only its user can read. No line holds what a client sent as content.

use std::fs::{File, OpenOptions};
use std::io;
use std::sync::{Arc, OnceLock};

use icpy_protocol::endpoint::{Folders, make_private_folder};
use tracing::Level;

use crate::host::Host;

/// Opens the log, making its folder where it is missing. The error is a sentence.
pub fn open(folders: &Folders) -> Result<File, String> {
    make_private_folder(&folders.log)?;
    let path = folders.log_file();
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&path).map_err(|error| format!("cannot open the log `{}`: {error}", path.display()))
}

/// Sends everything that is traced to the log, and panics too. Once in a process. Fails when the log takes no line: the
/// disk may be full.
pub fn install(file: File, host: &Host) -> io::Result<()> {
    let level = host.variable("ICPY_LOG").and_then(|level| level.to_str()?.parse().ok()).unwrap_or(Level::INFO);
    let log = Arc::new(Log { file, failure: OnceLock::new() });
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_max_level(level)
        .with_writer(Arc::clone(&log))
        .try_init()
        .map_err(io::Error::other)?;
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, backtrace = %std::backtrace::Backtrace::force_capture(), "panic");
    }));
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "starting");
    match log.failure.get() {
        Some(kind) => Err((*kind).into()),
        None => Ok(()),
    }
}

/// The file, and how its first failure was called: `tracing` itself tells nobody.
struct Log {
    file: File,
    failure: OnceLock<io::ErrorKind>,
}

impl io::Write for &Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&self.file).write(bytes).inspect_err(|error| {
            self.failure.get_or_init(|| error.kind());
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
