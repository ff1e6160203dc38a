//! What is looked at.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use icpy::args::General;
use icpy::connection::{Connection, block_on};
use icpy::finder::{Finder, NoDaemon};
use icpy::host;
use icpy_protocol::Empty;
use icpy_protocol::daemon::{DaemonClient, DaemonStatusResult};
use icpy_protocol::endpoint::{Endpoint, Folders, HOME_VARIABLE, Holder, SOCKET_VARIABLE, candidates};
use icpy_protocol::error::Error;

use super::Check;
use crate::commands::finder;
use crate::output::Failure;

/// How long a daemon may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Watches that a big project takes.
#[cfg(target_os = "linux")]
const WATCHES_MIN: u64 = 65_536;

/// Descriptors that many clients take.
#[cfg(target_os = "linux")]
const DESCRIPTORS_MIN: u64 = 4096;

/// Where things are.
pub(super) struct Place {
    finder: Finder,
    folders: Folders,
    candidates: Vec<Endpoint>,
}

impl Place {
    pub(super) fn find(general: &General) -> Result<Self, Failure> {
        let environment = host::environment();
        let folders = Folders::find(&environment).map_err(Error::unavailable)?;
        let candidates = candidates(&environment, general.socket.as_deref());
        Ok(Self { finder: finder(general)?, folders, candidates })
    }

    /// The daemon's program.
    pub(super) fn program() -> Check {
        let program = host::daemon_program();
        let shown = program.display();
        let output = Command::new(&program).arg("--version").stdin(Stdio::null()).output();
        let version = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        match version {
            Ok(version) if version == concat!("icpyd ", env!("CARGO_PKG_VERSION")) => {
                Check::ok("program", format!("{version} is `{shown}`"))
            }
            Ok(version) => Check::warning(
                "program",
                format!("`{shown}` says that it is `{version}`, and this is icpy {}", env!("CARGO_PKG_VERSION")),
                "install both programs of one version beside each other",
            ),
            Err(error) => Check::wrong(
                "program",
                format!("`{shown}` cannot be run: {error}"),
                "install icpyd beside icpy, or in the PATH",
            ),
        }
    }

    /// The places where a daemon may listen.
    pub(super) fn candidates(&self) -> Vec<Check> {
        let mut checks = Vec::new();
        for endpoint in &self.candidates {
            let folder = endpoint.folder.display();
            if !endpoint.folder.exists() {
                continue;
            }
            checks.push(match endpoint.check() {
                Ok(()) => Check::ok("place", format!("`{folder}` is private")),
                Err(problem) => {
                    Check::warning("place", problem, "it is not used; where it should be, `chmod 700` it or remove it")
                }
            });
        }
        if let Some(hint) = host::variable(SOCKET_VARIABLE)
            && !PathBuf::from(&hint).exists()
        {
            let says = format!("{SOCKET_VARIABLE} names `{hint}`, where nothing is");
            checks.push(Check::warning("place", says, "it does no harm; `unset ICPY_SOCKET` in this shell"));
        }
        checks
    }

    /// The daemon itself.
    pub(super) fn daemon(&self) -> Vec<Check> {
        let connection = match Connection::open(&self.finder) {
            Ok(connection) => connection,
            Err(NoDaemon::NotRunning) => return self.no_daemon(),
            Err(error) => return vec![Check::wrong("daemon", error.to_string(), "look at its log: `icpy logs`")],
        };
        let began = host::Moment::now();
        let _ = connection.set_timeout(Some(TIMEOUT));
        let status: Result<DaemonStatusResult, Error> = block_on(DaemonClient::new(connection).status(&Empty {}));
        let status = match status {
            Ok(status) => status,
            Err(error) => return vec![self.silent_daemon(&error)],
        };
        let (version, pid, took) = (&status.version, status.pid, began.elapsed());
        let mut checks =
            vec![Check::ok("daemon", format!("icpyd {version}, process {pid}, answers in {} us", took.as_micros()))];
        if version != env!("CARGO_PKG_VERSION") {
            let says = format!("icpyd {version} runs, and this is icpy {}", env!("CARGO_PKG_VERSION"));
            checks.push(Check::warning("daemon", says, "`icpy restart` replaces it in place"));
        }
        let problem = |problem: &String| Check::wrong("daemon", problem, "see `icpy logs`");
        checks.extend(status.problems.iter().map(problem));
        checks
    }

    /// Why one does not answer.
    fn silent_daemon(&self, error: &Error) -> Check {
        let holder = self.candidates.iter().filter(|it| it.is_alive()).find_map(Endpoint::holder);
        let Some(Holder { pid, .. }) = holder else {
            return Check::wrong("daemon", error.message(), "look at its log: `icpy logs`");
        };
        if is_stopped(pid) {
            let says = format!("process {pid} is stopped, as by `kill -STOP` or a debugger");
            return Check::wrong("daemon", says, format!("`kill -CONT {pid}` lets it go on"));
        }
        let says = format!("process {pid} does not answer: {}", error.message());
        Check::wrong("daemon", says, format!("look at its log: `icpy logs`; as the last resort, `kill -9 {pid}`"))
    }

    /// Whether there is none, or one that cannot be reached.
    fn no_daemon(&self) -> Vec<Check> {
        for endpoint in &self.candidates {
            if endpoint.is_starting() {
                let says = format!("somebody has been starting it: `{}` is held", endpoint.start_lock().display());
                return vec![Check::warning("daemon", says, "look again in a few seconds")];
            }
            if endpoint.is_alive() {
                let pid = endpoint.holder().map_or_else(|| "unknown".to_owned(), |holder| holder.pid.to_string());
                let says = format!("process {pid} holds `{}` and does not listen", endpoint.life_lock().display());
                return vec![Check::wrong("daemon", says, format!("wait for its end, or `kill {pid}`"))];
            }
        }
        vec![Check::ok("daemon", "none runs; a command that needs one starts it")]
    }

    /// The settings.
    pub(super) fn settings(&self) -> Check {
        let file = self.folders.config_file();
        let shown = file.display();
        let mut command = Command::new(host::daemon_program());
        match command.arg("--check-config").stdin(Stdio::null()).output() {
            Ok(output) if output.status.success() && file.exists() => Check::ok("settings", format!("`{shown}`")),
            Ok(output) if output.status.success() => Check::ok("settings", format!("no file `{shown}`: the defaults")),
            Ok(output) => {
                let problems = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                Check::wrong("settings", problems, "correct them; `icpy config check` looks again")
            }
            Err(error) => Check::wrong("settings", format!("cannot be checked: {error}"), "see `program`"),
        }
    }

    /// Where the daemon keeps its state.
    pub(super) fn state(&self) -> Check {
        let folder = &self.folders.state;
        let shown = folder.display();
        if !folder.exists() {
            return match can_make(folder) {
                Ok(()) => Check::ok("state", format!("`{shown}` is made when it is needed")),
                Err(error) => {
                    let says = format!("`{shown}` cannot be made: {error}");
                    Check::wrong("state", says, format!("make it, or set {HOME_VARIABLE} to a folder of yours"))
                }
            };
        }
        let probe = folder.join(format!(".doctor-{}", std::process::id()));
        let written =
            File::create(&probe).and_then(|mut file| file.write_all(&[0; 4096]).and_then(|()| file.sync_all()));
        let _ = fs::remove_file(&probe);
        match written {
            Ok(()) => Check::ok("state", format!("`{shown}` can be written")),
            Err(error) => {
                let advice = match error.kind() {
                    ErrorKind::ReadOnlyFilesystem => {
                        "the system's log (`journalctl -k`) says why; end the daemon by `icpy stop`, and mend the disk"
                    }
                    ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room on the disk",
                    _ => "own the folder",
                };
                Check::wrong("state", format!("`{shown}`: {error}"), advice)
            }
        }
    }

    /// What the daemon has written of itself since it was started last.
    pub(super) fn log(&self) -> Check {
        let path = self.folders.log_file();
        let shown = path.display();
        let Ok(file) = File::open(&path) else { return Check::ok("log", format!("no log `{shown}` yet")) };
        let lines = BufReader::new(file).lines().map_while(Result::ok);
        let count = lines.fold(0, |count, line| match line.contains("\"message\":\"starting\"") {
            true => 0,
            false => count + usize::from(line.contains("\"level\":\"ERROR\"")),
        });
        match count {
            0 => Check::ok("log", format!("`{shown}` has no errors since the daemon was started")),
            count => Check::warning("log", format!("`{shown}` has {count} errors"), "`icpy logs` shows them"),
        }
    }

    /// What crashes have left.
    pub(super) fn crashes(&self) -> Check {
        let folder = self.folders.crash();
        match fs::read_dir(&folder).map_or(0, Iterator::count) {
            0 => Check::ok("crashes", "no reports"),
            count => {
                let says = format!("{count} reports in `{}`", folder.display());
                Check::warning("crashes", says, "`icpy rage` bundles them for a bug report; then remove them")
            }
        }
    }
}

/// What the system allows.
#[cfg(target_os = "linux")]
pub(super) fn system() -> Vec<Check> {
    let number = |text: String| text.split_whitespace().next().and_then(|number| number.parse::<u64>().ok());
    let watches = fs::read_to_string("/proc/sys/fs/inotify/max_user_watches").ok().and_then(number);
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let descriptors = limits.lines().find(|line| line.starts_with("Max open files"));
    // Soft and hard limit; the daemon takes the hard one.
    let descriptors = descriptors.and_then(|line| line.split_whitespace().nth(4)?.parse::<u64>().ok());
    let mut checks = Vec::new();
    if let Some(watches) = watches {
        checks.push(match watches < WATCHES_MIN {
            false => Check::ok("system", format!("{watches} folders can be watched")),
            true => Check::warning(
                "system",
                format!("only {watches} folders can be watched"),
                format!("`sysctl fs.inotify.max_user_watches={}`", WATCHES_MIN * 8),
            ),
        });
    }
    if let Some(descriptors) = descriptors {
        checks.push(match descriptors < DESCRIPTORS_MIN {
            false => Check::ok("system", format!("{descriptors} descriptors can be open")),
            true => Check::warning(
                "system",
                format!("only {descriptors} descriptors can be open, and each client takes one"),
                format!("raise the hard limit: `ulimit -Hn {DESCRIPTORS_MIN}`"),
            ),
        });
    }
    checks
}

/// Other systems have no such limits to look at.
#[cfg(not(target_os = "linux"))]
pub(super) fn system() -> Vec<Check> {
    Vec::new()
}

/// Whether a process does nothing until it is told to go on, as far as the system tells.
fn is_stopped(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['T', 't']))
}

/// Whether a folder can be made, by making a file where the first of its parents would be.
fn can_make(folder: &Path) -> io::Result<()> {
    let above = folder.ancestors().find(|it| it.exists()).unwrap_or(Path::new("/"));
    let probe = above.join(format!(".doctor-{}", std::process::id()));
    File::create(&probe)?;
    fs::remove_file(probe)
}
