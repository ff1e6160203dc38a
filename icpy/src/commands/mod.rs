//! One module for each command of the client.

mod browser;
mod call;
mod cat;
mod clients;
mod close;
mod config;
mod daemon;
mod doctor;
mod door;
mod elsewhere;
mod events;
mod find;
mod grep;
mod interactive;
mod login;
mod logs;
mod ls;
mod manage;
mod open;
mod preferences;
mod proxy;
mod rage;
mod restart;
mod start;
mod status;
mod stdin;
mod stop;
mod terminal;
mod text;
mod token;
mod wait;
mod web;
mod workspace;

use std::path::{self, Path, PathBuf};
use std::time::Duration;

use icpy::args::{Call, Command, Diff, General, Interactive, Merge};
use icpy::connection::{Connection, block_on};
use icpy::finder::Finder;
use icpy::remote::Remote;
use icpy::{host, target};
use icpy_protocol::api::{self, MethodInfo};
use icpy_protocol::error::{Error, Result};
use icpy_protocol::file::FilePurpose;
use icpy_protocol::path::FilePath;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::output::{Failure, color, say};

/// How long an answer is waited for, where the work is small.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How often a request that can be sent twice is sent in all. One daemon that dies may cost two: for a moment its socket still
/// takes connections.
const ATTEMPTS_MAX: u32 = 6;

/// Does what the command line says.
pub(crate) fn run(command: Command, general: &General) -> std::result::Result<(), Failure> {
    color::set(general.color);
    host::check_home().map_err(Failure::usage)?;
    if let Some((remote, words)) = elsewhere::find(&command, general)? {
        return elsewhere::run(&remote, &words);
    }
    match command {
        Command::Open(open) => open::run(&open, general),
        Command::Close(close) => close::run(&close, general),
        Command::Diff(Diff { wait, old, new }) => {
            open::run_for(FilePurpose::Compare { with: absolute(&old, general)? }, &new, wait, general)
        }
        Command::Merge(Merge { wait, local, remote, base, result }) => {
            let (local, remote, base) =
                (absolute(&local, general)?, absolute(&remote, general)?, absolute(&base, general)?);
            open::run_for(FilePurpose::Merge { local, remote, base }, &result, wait, general)
        }
        Command::Ls(ls) => ls::run(&ls, general),
        Command::Cat(cat) => cat::run(&cat, general),
        Command::Find(query) => find::find(query, general),
        Command::Grep(query) => grep::run(&query, general),
        command @ (Command::Cp(_) | Command::Mv(_) | Command::Rm(_) | Command::Mkdir(_) | Command::Undo(_)) => {
            manage::run(command, general)
        }
        Command::Workspace(workspace) => workspace::run(workspace, general),
        Command::Text(text) => text::run(text.action, general),
        Command::Preferences(preferences) => preferences::run(preferences, general),
        Command::Terminal(terminal) => terminal::run(terminal.action, general),
        command @ (Command::Watch(_) | Command::Log(_)) => events::run(command, general),
        command @ (Command::Web(_) | Command::Token(_) | Command::Login(_) | Command::User(_)) => {
            door::run(command, general)
        }
        Command::Call(Call { method, params }) => call::run(&method, params, general),
        Command::Proxy(proxy) => proxy::run(&proxy, general),
        Command::Interactive(Interactive {}) => interactive::run(general),
        command => daemon::run(command, general),
    }
}

/// The daemon, as the commands that ask it a few things see it.
struct Daemon {
    finder: Finder,
    connection: Connection,
    timeout: Option<Duration>,
}

impl Daemon {
    /// The daemon, started where none runs.
    fn open_or_start(general: &General) -> std::result::Result<Self, Failure> {
        let finder = finder(general)?;
        let connection = Connection::open_or_start(&finder)?;
        Ok(Self::over(finder, connection, general))
    }

    /// The running daemon.
    fn open(general: &General) -> std::result::Result<Self, Failure> {
        let finder = finder(general)?;
        let connection = Connection::open(&finder)?;
        Ok(Self::over(finder, connection, general))
    }

    fn over(finder: Finder, connection: Connection, general: &General) -> Self {
        let timeout = Some(timeout(general).unwrap_or(TIMEOUT));
        // Where a read cannot be limited it waits.
        let _ = connection.set_timeout(timeout);
        Self { finder, connection, timeout }
    }

    /// Waits until the daemon has closed this connection, and makes another.
    fn connect_again(&mut self) -> std::result::Result<(), Failure> {
        // A connection that breaks is closed too.
        let _ = self.connection.wait_for_close();
        self.connection = Connection::open(&self.finder)?;
        let _ = self.connection.set_timeout(self.timeout);
        Ok(())
    }

    /// Calls a method. When the connection is lost before the answer, and the method can be called twice, it is.
    fn call<R: DeserializeOwned + Send>(
        &mut self,
        method: &'static MethodInfo,
        params: &(impl Serialize + Sync),
    ) -> Result<R> {
        for _ in 1..ATTEMPTS_MAX {
            match block_on(api::Call::call(&self.connection, method, params)) {
                Err(error) if error.is_connection_lost() && method.is_idempotent => {
                    let Ok(again) = Connection::open_or_start(&self.finder) else {
                        return Err(error);
                    };
                    let _ = again.set_timeout(self.timeout);
                    self.connection = again;
                }
                outcome => return outcome,
            }
        }
        block_on(api::Call::call(&self.connection, method, params))
    }
}

fn finder(general: &General) -> std::result::Result<Finder, Failure> {
    // The daemon leaves the folder in which it is started.
    let absolute = |socket: &PathBuf| path::absolute(socket).unwrap_or_else(|_| socket.clone());
    let finder = Finder::default().at(general.socket.as_ref().map(absolute)).allow_root(general.allow_root);
    Ok(finder.on(host_of(general).map(|url| Remote::parse(&url)).transpose().map_err(Failure::usage)?))
}

/// Says so when the daemon is of another version than this client: both speak the same protocol, and do not know all that
/// the other does.
pub(crate) fn tell_version(general: &General) {
    let ours = env!("CARGO_PKG_VERSION");
    if general.json {
        return;
    }
    if let Some(theirs) = finder(general).ok().and_then(|finder| finder.other_version(ours)) {
        say(&format!("icpyd {theirs} is running and {ours} is installed: `icpy restart` replaces it in place"));
    }
}

fn timeout(general: &General) -> Option<Duration> {
    general.timeout.map(|seconds| Duration::from_secs(u64::from(seconds)))
}

/// A path as the daemon wants it: from the root.
fn absolute(path: &Path, general: &General) -> std::result::Result<FilePath, Failure> {
    // One that is so already needs no folder.
    let folder = if path.is_absolute() { PathBuf::new() } else { current_folder(general)? };
    Ok(target::absolute(path, &folder).into())
}

/// The folder from which relative paths are meant.
fn current_folder(general: &General) -> std::result::Result<PathBuf, Failure> {
    if host_of(general).is_some() {
        let message = "a path on another machine begins at the root: this one's folders mean nothing there";
        return Err(Failure::usage(message.to_owned()));
    }
    host::current_folder()
        .map_err(|error| Error::not_found(format!("the current folder cannot be found: {error}")).into())
}

/// The machine whose daemon is meant, where it is not this one.
fn host_of(general: &General) -> Option<String> {
    general.host.clone().or_else(|| host::variable("ICPY_HOST").filter(|_| general.socket.is_none()))
}
