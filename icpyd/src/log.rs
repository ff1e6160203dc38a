//! The daemon's log: JSON lines in a file that only its user can read. No line holds what a client sent as content.

use std::fs::File;
use std::io;
use std::sync::{Arc, OnceLock};

use icpy_protocol::daemon::LogLevel;
use icpy_protocol::endpoint::{Folders, make_private_folder};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Registry, reload};

use crate::crash::BUILD;
use crate::rolling::Rolling;

/// Full files that are kept.
const FULL_FILES_MAX: u32 = 4;

/// An open log.
#[derive(Debug)]
pub struct Log {
    file: Rolling,
    /// How its first failure was called: `tracing` itself tells nobody.
    failure: OnceLock<io::ErrorKind>,
}

impl Log {
    /// Opens the log, making its folder where it is missing. The error is a sentence.
    pub fn open(folders: &Folders) -> Result<Arc<Self>, String> {
        make_private_folder(&folders.log)?;
        let path = folders.log_file();
        let opened = Rolling::open(path.clone(), FULL_FILES_MAX);
        let file = opened.map_err(|error| format!("cannot open the log `{}`: {error}", path.display()))?;
        Ok(Arc::new(Self { file, failure: OnceLock::new() }))
    }

    /// The file that is written now.
    pub fn file(&self) -> io::Result<File> {
        self.file.file()
    }

    fn write(&self, line: &[u8]) -> io::Result<usize> {
        self.file.write(line)
    }
}

/// Sends everything that is traced to the log. Once in a process. Fails when the log takes no line: the
/// disk may be full.
pub fn install(log: &Arc<Log>, level: LogLevel) -> io::Result<LevelHandle> {
    let writer = Writer(Arc::clone(log));
    let (filter, handle) = reload::Layer::new(filter(level));
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(move || writer.clone());
    tracing_subscriber::registry().with(filter).with(lines).try_init().map_err(io::Error::other)?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), build = BUILD, "starting");
    match log.failure.get() {
        Some(kind) => Err((*kind).into()),
        None => Ok(LevelHandle(handle)),
    }
}

/// Changes how much is logged.
#[derive(Clone, Debug)]
pub struct LevelHandle(reload::Handle<LevelFilter, Registry>);

impl LevelHandle {
    /// Logs so much from now on.
    pub fn set(&self, level: LogLevel) {
        if let Err(error) = self.0.modify(|current| *current = filter(level)) {
            tracing::error!(%error, "the log level cannot be changed");
        }
    }
}

fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

#[derive(Clone)]
struct Writer(Arc<Log>);

impl io::Write for Writer {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write(line).inspect_err(|error| {
            self.0.failure.get_or_init(|| error.kind());
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::rolling::FILE_BYTES_MAX;

    fn folders(folder: &Path) -> Folders {
        Folders { state: folder.join("state"), config: folder.join("config"), log: folder.join("log") }
    }

    #[test]
    fn a_full_file_is_put_away_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let folders = folders(folder.path());
        let log = Log::open(&folders).unwrap();
        let line = |number: u64| format!("{number:07}{}\n", "x".repeat(1016)).into_bytes();
        // Each file holds 8192 lines of 1 KiB.
        let count = 8192 * 6 + 10;
        for number in 0..count {
            log.write(&line(number)).unwrap();
        }
        let read = |name: &str| fs::read(folders.log.join(name)).unwrap();
        assert_eq!(read("icpyd.log").len(), 10 * 1024);
        for number in 1..=FULL_FILES_MAX {
            let full = read(&format!("icpyd.log.{number}"));
            assert_eq!(full.len() as u64, FILE_BYTES_MAX);
            assert!(full.starts_with(&line(8192 * (6 - u64::from(number)))), "no line is lost between two files");
        }
        assert_eq!(fs::read_dir(&folders.log).unwrap().count(), 5);
    }

    #[test]
    fn a_log_goes_on_where_the_last_daemon_left_it() {
        let folder = tempfile::tempdir().unwrap();
        let folders = folders(folder.path());
        for part in [&b"one\n"[..], b"two\n"] {
            Log::open(&folders).unwrap().write(part).unwrap();
        }
        assert_eq!(fs::read(folders.log_file()).unwrap(), b"one\ntwo\n");
        // A file that is full already is put away by the first line.
        File::options().write(true).open(folders.log_file()).unwrap().set_len(FILE_BYTES_MAX).unwrap();
        Log::open(&folders).unwrap().write(b"three\n").unwrap();
        assert_eq!(fs::read(folders.log_file()).unwrap(), b"three\n");
    }
}
