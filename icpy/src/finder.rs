//! Finding the daemon, and starting it: connect, lock, connect, start.
//!
//! A client that finds no daemon takes the start lock and looks again: another may have started one meanwhile. If not it
//! starts one and, where the system can do that, hands it the lock, so that nobody starts a second before this one listens,
//! even when the client is killed. Nothing polls: who waits, waits for a lock or for the daemon's report.

#[cfg_attr(unix, path = "finder/unix.rs")]
#[cfg_attr(windows, path = "finder/windows.rs")]
mod platform;

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, PipeReader};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use icpy_protocol::endpoint::{self, Endpoint, Environment, Folders, StartReport, candidates, look_at_lock, open_lock};
use icpy_protocol::path::FilePath;
use interprocess::local_socket::prelude::*;
use interprocess::local_socket::{GenericFilePath, Stream};

use crate::host;
use crate::remote::Remote;

/// How long a daemon may take to say that it is ready.
const START_TIMEOUT: Duration = Duration::from_secs(15);

/// How long another daemon that holds the lock, and does not listen, may take to end.
const END_TIMEOUT: Duration = Duration::from_secs(6);

/// A daemon that dies while it starts is started again so many times in all.
const ATTEMPTS_MAX: u32 = 3;

/// Knows where a daemon may be and how to start one.
#[derive(Clone, Debug)]
pub struct Finder {
    environment: Environment,
    socket: Option<PathBuf>,
    allow_root: bool,
    remote: Option<Remote>,
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoDaemon {
    /// No daemon listens at any candidate.
    NotRunning,
    /// A daemon could not be started.
    NotStarted {
        /// Why, as a sentence.
        message: String,
        /// Where to read more, if there is a log.
        log: Option<PathBuf>,
    },
    /// There is no way to the other machine.
    NotReached {
        /// Which one.
        host: String,
        /// Why, as a sentence.
        message: String,
    },
}

impl fmt::Display for NoDaemon {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRunning => formatter.write_str("icpyd is not running"),
            Self::NotStarted { message, .. } => write!(formatter, "icpyd cannot start: {message}"),
            Self::NotReached { host, message } => write!(formatter, "`{host}` cannot be reached: {message}"),
        }
    }
}

impl std::error::Error for NoDaemon {}

impl Default for Finder {
    /// Looks where this process's environment says.
    fn default() -> Self {
        Self { environment: host::environment(), socket: None, allow_root: false, remote: None }
    }
}

impl Finder {
    /// Looks at this socket and nowhere else.
    #[must_use]
    pub fn at(mut self, socket: Option<PathBuf>) -> Self {
        self.socket = socket;
        self
    }

    /// Looks on another machine, and nowhere else.
    #[must_use]
    pub fn on(mut self, remote: Option<Remote>) -> Self {
        self.remote = remote;
        self
    }

    /// Whether it looks on another machine.
    pub fn is_remote(&self) -> bool {
        self.remote.is_some()
    }

    /// Starts a daemon as root also where that is by `sudo` and its like.
    #[must_use]
    pub fn allow_root(mut self, allow_root: bool) -> Self {
        self.allow_root = allow_root;
        self
    }

    /// The version of the daemon that lives where this one looks first, when it is not `ours`.
    pub fn other_version(&self, ours: &str) -> Option<String> {
        if self.is_remote() {
            return None;
        }
        let first = candidates(&self.environment, self.socket.as_deref()).into_iter().next()?;
        let version = first.holder()?.version;
        // What a killed daemon has left says nothing.
        (version != ours && first.is_alive()).then_some(version)
    }

    /// Connects to a running daemon.
    pub fn connect(&self) -> Result<Stream, NoDaemon> {
        self.look().map(|(stream, _)| stream)
    }

    /// Connects to a running daemon, or to one that is started for it.
    pub fn connect_or_start(&self) -> Result<Stream, NoDaemon> {
        self.find_or_start().map(|(stream, _)| stream)
    }

    /// Finds a running daemon of this machine, and says where it listens.
    pub fn locate(&self) -> Result<PathBuf, NoDaemon> {
        self.look().map(|(_, socket)| socket)
    }

    /// Finds a running daemon of this machine, or starts one, and says where it listens.
    pub fn locate_or_start(&self) -> Result<PathBuf, NoDaemon> {
        self.find_or_start().map(|(_, socket)| socket)
    }

    /// Waits until the daemon that listens at a socket has ended. Returns whether it has.
    pub fn wait_for_end(&self, socket: &Path) -> bool {
        let all = candidates(&self.environment, self.socket.as_deref());
        let known = all.into_iter().find(|endpoint| endpoint.socket == socket);
        wait_for_end(&known.unwrap_or_else(|| Endpoint::named(socket)))
    }

    fn look(&self) -> Result<(Stream, PathBuf), NoDaemon> {
        if let Some(remote) = &self.remote {
            return remote.connect(false).map(|stream| (stream, PathBuf::new()));
        }
        let connect = |endpoint: &Endpoint| endpoint.check().ok().and_then(|()| connect(endpoint).ok());
        candidates(&self.environment, self.socket.as_deref())
            .iter()
            .find_map(connect)
            .or_else(|| self.recorded().as_ref().and_then(connect))
            .ok_or(NoDaemon::NotRunning)
    }

    /// Where a daemon that was started in another environment may listen.
    fn recorded(&self) -> Option<Endpoint> {
        if self.socket.is_some() {
            return None;
        }
        Folders::find(&self.environment).ok()?.recorded_socket()
    }

    fn find_or_start(&self) -> Result<(Stream, PathBuf), NoDaemon> {
        if let Some(remote) = &self.remote {
            return remote.connect(true).map(|stream| (stream, PathBuf::new()));
        }
        match self.look() {
            Err(NoDaemon::NotRunning) => self.start(),
            outcome => outcome,
        }
    }

    fn start(&self) -> Result<(Stream, PathBuf), NoDaemon> {
        let endpoint = endpoint::place(&self.environment, self.socket.as_deref())
            .map_err(|message| NoDaemon::NotStarted { message, log: None })?;
        let log = Folders::find(&self.environment).ok().map(|folders| folders.log_file());
        let not_started = |message: String| {
            let log = log.clone().filter(|log| log.exists());
            NoDaemon::NotStarted { message, log }
        };
        for _ in 0..ATTEMPTS_MAX {
            let start_lock = lock_start(&endpoint).map_err(not_started)?;
            if let Ok(found) = self.look() {
                return Ok(found);
            }
            match self.start_program(&endpoint, start_lock).map_err(not_started)? {
                Some(StartReport::Ready) => {
                    if let Ok(found) = connect(&endpoint) {
                        return Ok(found);
                    }
                }
                Some(StartReport::Running { who }) if !wait_for_end(&endpoint) => {
                    let (socket, lock) = (endpoint.socket.display(), endpoint.life_lock());
                    let message = format!("{who} holds `{}` and does not answer at `{socket}`", lock.display());
                    return self.look().map_err(|_| not_started(message));
                }
                Some(StartReport::Failed { message, log }) => {
                    return Err(NoDaemon::NotStarted { message, log: log.map(FilePath::into_path_buf) });
                }
                // It was killed, or the one that was there has ended meanwhile.
                Some(StartReport::Running { .. }) | None => {}
            }
        }
        Err(not_started("it ends each time before it is ready".to_owned()))
    }

    fn daemon_args(&self, endpoint: &Endpoint) -> Vec<OsString> {
        let mut args = vec!["--started-by-client".into(), "--socket".into(), endpoint.socket.clone().into()];
        args.extend(self.allow_root.then_some("--allow-root".into()));
        args
    }

    /// Starts the program, under the lock, and waits for its report. `None` when it ended without one.
    fn start_program(&self, endpoint: &Endpoint, start_lock: File) -> Result<Option<StartReport>, String> {
        let program = host::daemon_program();
        let (report, writer) = io::pipe().map_err(|error| format!("cannot make a pipe: {error}"))?;
        let mut daemon = platform::spawn(&program, &self.daemon_args(endpoint), start_lock, writer)
            .map_err(|error| cannot_run(&program, &error))?;
        let read = within(START_TIMEOUT, move || read_report(report));
        if read.is_none() {
            // It holds the start lock: nobody else could start one.
            let _ = daemon.kill();
        }
        thread::spawn(move || daemon.wait());
        read.ok_or_else(|| format!("`{}` did not become ready within {START_TIMEOUT:?}", program.display()))
    }
}

fn cannot_run(program: &Path, error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::NotFound && program.parent() == Some(Path::new("")) {
        return format!("`{}` is neither beside icpy nor in the PATH", program.display());
    }
    format!("cannot run `{}`: {error}", program.display())
}

fn connect(endpoint: &Endpoint) -> io::Result<(Stream, PathBuf)> {
    let stream = Stream::connect(endpoint.socket.as_path().to_fs_name::<GenericFilePath>()?)?;
    platform::check_owner(&stream)?;
    Ok((stream, endpoint.socket.clone()))
}

fn read_report(report: PipeReader) -> Option<StartReport> {
    let mut line = String::new();
    BufReader::new(report).read_line(&mut line).ok()?;
    serde_json::from_str(&line).ok()
}

/// Takes the start lock: at once, or when whoever starts a daemon is done.
fn lock_start(endpoint: &Endpoint) -> Result<File, String> {
    let path = endpoint.start_lock();
    let failed = |error: io::Error| format!("cannot use the lock `{}`: {error}", path.display());
    let file = open_lock(&path).map_err(failed)?;
    if file.try_lock().is_ok() {
        return Ok(file);
    }
    match within(START_TIMEOUT, move || file.lock().map(|()| file)) {
        Some(outcome) => outcome.map_err(failed),
        None => {
            Err(format!("another process has been starting icpyd for {START_TIMEOUT:?}: it holds `{}`", path.display()))
        }
    }
}

/// Waits until the daemon that lives at an endpoint ends. Returns whether it did.
fn wait_for_end(endpoint: &Endpoint) -> bool {
    let file = match look_at_lock(&endpoint.life_lock()) {
        Ok(file) => file,
        Err(error) => return error.kind() == io::ErrorKind::NotFound,
    };
    matches!(within(END_TIMEOUT, move || file.lock()), Some(Ok(())))
}

/// Runs what may block for ever, and waits for it only so long. The thread that is left then ends with the process.
fn within<T: Send + 'static>(timeout: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (tell, told) = mpsc::sync_channel(1);
    thread::spawn(move || tell.send(work()));
    told.recv_timeout(timeout).ok()
}
