//! Where the daemon's socket, state, configuration and log are: the one lookup that daemon and client share.
//!
//! The lookup gives candidates in order. A client tries to connect to each before it starts a daemon, because the
//! daemon may have been started under other variables (cron, su, ssh without a session). This is the only module of
//! this crate that looks at the machine: both sides must look in the same way. Not here: connecting and listening.

#[cfg_attr(unix, path = "endpoint/unix.rs")]
#[cfg_attr(windows, path = "endpoint/windows.rs")]
mod platform;
mod report;

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;
use serde::{Deserialize, Serialize};

pub use report::StartReport;

/// The variable that names one folder for everything: socket, state, configuration and log.
pub const HOME_VARIABLE: &str = "ICPY_HOME";
/// The variable that hints at a socket; children of the daemon get it.
pub const SOCKET_VARIABLE: &str = "ICPY_SOCKET";
/// The variable that names the daemon to its children, so that none of them ends it.
pub const DAEMON_VARIABLE: &str = "ICPY_DAEMON_ID";

/// What the lookup needs to know of the process's environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// `ICPY_HOME`.
    pub home: Option<PathBuf>,
    /// `ICPY_SOCKET`.
    pub socket: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`.
    pub runtime: Option<PathBuf>,
}

impl Environment {
    /// Reads the environment through `variable`. Empty and relative values count as unset.
    pub fn new(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let path = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        Self { home: path(HOME_VARIABLE), socket: path(SOCKET_VARIABLE), runtime: path("XDG_RUNTIME_DIR") }
    }
}

/// Checks what the user says where everything is. The error is a sentence.
pub fn check_home(variable: impl Fn(&str) -> Option<OsString>) -> Result<(), String> {
    match variable(HOME_VARIABLE).map(PathBuf::from) {
        Some(home) if home.is_relative() && !home.as_os_str().is_empty() => Err(format!(
            "{HOME_VARIABLE} is `{}`, which is another folder wherever one is: give it an absolute path",
            home.display()
        )),
        _ => Ok(()),
    }
}

/// The folders that outlive the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// The store.
    pub state: PathBuf,
    /// The configuration.
    pub config: PathBuf,
    /// The log.
    pub log: PathBuf,
}

impl Folders {
    /// Finds the folders; none of them need exist. The error says what to set.
    pub fn find(environment: &Environment) -> Result<Self, String> {
        if let Some(home) = &environment.home {
            return Ok(Self { state: home.join("state"), config: home.join("config"), log: home.join("log") });
        }
        let dirs = ProjectDirs::from("", "", "icpy")
            .ok_or_else(|| format!("no home folder is known: set HOME or {HOME_VARIABLE}"))?;
        let state = dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir()).to_owned();
        Ok(Self { config: dirs.config_dir().to_owned(), log: state.join("log"), state })
    }

    /// Where a daemon writes down its socket, for clients whose environment leads elsewhere.
    fn record(&self) -> PathBuf {
        self.state.join("socket")
    }

    /// Writes down where the daemon listens.
    pub fn record_socket(&self, socket: &Path) -> io::Result<()> {
        std::fs::write(self.record(), socket.as_os_str().as_encoded_bytes())
    }

    /// Where the last daemon of this state wrote down that it listens: a hint, since it may have ended.
    pub fn recorded_socket(&self) -> Option<Endpoint> {
        let path = platform::path_from_bytes(std::fs::read(self.record()).ok()?)?;
        path.is_absolute().then(|| Endpoint { source: Source::Hint, ..Endpoint::named(&path) })
    }

    /// Where crashes leave reports.
    pub fn crash(&self) -> PathBuf {
        self.state.join("crash")
    }

    /// The file of the daemon's settings.
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// The daemon's log.
    pub fn log_file(&self) -> PathBuf {
        self.log.join("icpyd.log")
    }

    /// The audit log.
    pub fn audit_file(&self) -> PathBuf {
        self.log.join("audit.log")
    }
}

/// What the holder of a life lock says of itself, in the locked file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its process.
    pub pid: u32,
    /// Its version.
    pub version: String,
}

/// Why a place is a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The user named it on the command line: the only candidate.
    Flag,
    /// `ICPY_SOCKET` hints at it. Nothing is started there, and a stale hint does no harm.
    Hint,
    /// `ICPY_HOME`.
    Home,
    /// The user's runtime folder.
    Runtime,
    /// A folder of our own in the system's folder for temporary files.
    Temporary,
}

/// One place where the daemon may listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The socket, or the named pipe.
    pub socket: PathBuf,
    /// The private folder that holds the locks, and the socket.
    pub folder: PathBuf,
    /// Why this is a candidate.
    pub source: Source,
}

impl Endpoint {
    /// The endpoint of a socket that the user named.
    pub fn named(socket: &Path) -> Self {
        Self { socket: socket.to_owned(), folder: platform::folder_of(socket), source: Source::Flag }
    }

    /// The file whose lock a daemon holds for life. Nobody else may unlink the socket.
    pub fn life_lock(&self) -> PathBuf {
        self.beside("lock")
    }

    /// The file whose lock is held while a daemon starts.
    pub fn start_lock(&self) -> PathBuf {
        self.beside("start")
    }

    /// Who holds the life lock, as it says itself. A daemon that was killed is still named.
    pub fn holder(&self) -> Option<Holder> {
        serde_json::from_slice(&std::fs::read(self.life_lock()).ok()?).ok()
    }

    /// Whether a daemon lives here: it holds its lock for life.
    pub fn is_alive(&self) -> bool {
        is_held(&self.life_lock())
    }

    /// Whether a daemon is being started here.
    pub fn is_starting(&self) -> bool {
        is_held(&self.start_lock())
    }

    fn beside(&self, extension: &str) -> PathBuf {
        let stem = self.socket.file_stem().unwrap_or("icpyd".as_ref());
        self.folder.join(stem).with_extension(extension)
    }

    /// Whether every client of this user finds the place, whatever its environment says. Who has set `ICPY_HOME` for the
    /// daemon wants it to be found by nobody else.
    pub fn is_found_anyway(&self) -> bool {
        let anyway = platform::candidates(&Environment::default());
        self.source == Source::Home || anyway.iter().any(|endpoint| endpoint.socket == self.socket)
    }

    /// Whether a daemon may be started here.
    fn may_start(&self) -> bool {
        self.source != Source::Hint
    }

    /// Checks that nobody else can have put the socket there: the folder is private and ours. The error is a sentence.
    pub fn check(&self) -> Result<(), String> {
        platform::check_length(&self.socket)?;
        platform::check_private(&self.folder)
    }

    /// Makes the folder where it is missing, then checks it. The error is a sentence.
    pub fn prepare(&self) -> Result<(), String> {
        platform::check_length(&self.socket)?;
        // A folder of ours has nothing of anybody else's.
        if self.source == Source::Flag {
            platform::check_free(&self.socket)?;
        }
        // A folder that the user named is theirs to make.
        if self.source != Source::Flag || !platform::SOCKETS_ARE_IN_FOLDERS {
            platform::make_private(&self.folder)?;
        }
        platform::check_private(&self.folder)
    }
}

/// The places where the daemon may listen, the likeliest first. Never empty.
pub fn candidates(environment: &Environment, flag: Option<&Path>) -> Vec<Endpoint> {
    let known = platform::candidates(environment);
    if let Some(socket) = flag {
        // A client that starts a daemon names one of these.
        let same = known.into_iter().find(|endpoint| endpoint.socket == socket);
        return vec![same.unwrap_or_else(|| Endpoint::named(socket))];
    }
    let mut candidates = Vec::new();
    if let Some(socket) = &environment.socket {
        candidates.push(Endpoint { source: Source::Hint, ..Endpoint::named(socket) });
    }
    candidates.extend(known);
    let mut seen = Vec::new();
    candidates.retain(|candidate| {
        let is_new = !seen.contains(&candidate.socket) || candidate.may_start();
        seen.push(candidate.socket.clone());
        is_new
    });
    candidates
}

/// The place where a daemon is to be started: the first candidate that will do, with its folder made. The error says
/// what is wrong with each.
pub fn place(environment: &Environment, flag: Option<&Path>) -> Result<Endpoint, String> {
    let mut problems = Vec::new();
    for endpoint in candidates(environment, flag).into_iter().filter(Endpoint::may_start) {
        match endpoint.prepare() {
            Ok(()) => return Ok(endpoint),
            Err(problem) => problems.push(problem),
        }
    }
    Err(format!("there is no place for its socket: {}", problems.join("; ")))
}

/// Opens a lock file, making it where it is missing. It is never unlinked: that would let two hold the lock of one name.
pub fn open_lock(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Opens a lock file that is there, to see who holds it: also where it cannot be written.
pub fn look_at_lock(path: &Path) -> io::Result<File> {
    // Network filesystems lock only what is open for writing.
    OpenOptions::new().read(true).write(true).open(path).or_else(|error| match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => File::open(path),
        _ => Err(error),
    })
}

fn is_held(lock: &Path) -> bool {
    look_at_lock(lock).is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}

/// Makes a folder that only we can enter, and its parents.
pub fn make_private_folder(folder: &Path) -> Result<(), String> {
    platform::make_private(folder)
}

/// Names a folder in a few letters, the same in every build: FNV-1a, 64 bit (Fowler, Noll, Vo).
fn short_name(folder: &Path) -> String {
    let hash = folder
        .as_os_str()
        .as_encoded_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}
