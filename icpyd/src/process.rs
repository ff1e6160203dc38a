//! What the daemon's process is before there is a daemon in it: flags, settings, folders, log, and the place to listen at.
//!
//! The order matters: descriptors are closed before any is opened, everything that can fail fails before the client is
//! told that the daemon is ready, and no thread exists before the runtime.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use icpy_protocol::endpoint::{self, Endpoint, Environment, Folders, HOME_VARIABLE, Source, StartReport};

use crate::args::Args;
use crate::config::{Configuration, Layers, Loaded};
use crate::crash;
use crate::detach;
use crate::handover::{self, DaemonState, Estate};
use crate::host::{Host, ProgramLimits};
use crate::instance::{LifeLock, NoLock, take_start_lock};
use crate::log::{self, Log};
use crate::supervisor::{self, Inherited};
use crate::transport::local::Listening;

/// What stays the same for as long as the process lives as this program.
#[derive(Debug)]
pub struct Process {
    /// The outside world.
    pub host: Host,
    /// Where state and log are.
    pub folders: Folders,
    /// The log.
    pub log: Arc<Log>,
    /// What is set.
    pub configuration: Arc<Configuration>,
    /// The program: another of that name may have taken its place since.
    pub program: PathBuf,
    /// The limits that programs get.
    pub program_limits: ProgramLimits,
}

/// What a daemon begins with.
#[derive(Debug)]
pub struct Footing {
    /// Where it listens.
    pub endpoint: Endpoint,
    /// What makes it the only one.
    pub lock: LifeLock,
    /// The socket, where one listens already.
    pub listener: Option<Listening>,
    /// Held until the client is told.
    pub start_lock: Option<File>,
    /// The daemon that is gone on with.
    pub state: Option<DaemonState>,
}

impl Footing {
    /// The footing of a daemon that was to be replaced, and goes on.
    #[must_use]
    pub fn go_on(mut self, estate: Estate, problem: String) -> Self {
        self.listener = Some(Listening { descriptor: estate.listener, is_managed: estate.is_managed });
        self.state = Some(DaemonState { restart_problem: Some(problem), ..estate.daemon });
        self
    }
}

impl Process {
    /// Prepares the process for a new daemon.
    pub fn start(args: &Args, host: &Host) -> Result<(Self, Footing), StartReport> {
        let environment = environment(host);
        let without_log = |message| StartReport::Failed { message, log: None };
        let inherited = match args.started_by_client {
            true => Inherited::default(),
            false => supervisor::inherited().map_err(without_log)?,
        };
        let (found, problem) = match handover::find(inherited.stored) {
            Ok(found) => (found, None),
            Err(error) => (None, Some(error)),
        };
        if let Some(estate) = found {
            return Self::go_on(args, host, estate).map_err(without_log);
        }
        let folders = Folders::find(&environment).map_err(without_log)?;
        let layers = Layers { file: folders.config_file(), flags: args.set.clone(), host: host.clone() };
        let loaded = layers.load().map_err(|problems| without_log(problems.join("; ")))?;
        refuse_root(args, host).map_err(without_log)?;
        let log = Log::open(&folders).map_err(without_log)?;
        let failed = |message| StartReport::Failed { message, log: Some(folders.log_file().into()) };

        let inherited = inherited.socket;
        let named = inherited.as_ref().map(|inherited| &*inherited.path).or(args.socket.as_deref());
        let endpoint = endpoint::place(&environment, named).map_err(failed)?;
        refuse_second(&endpoint, &environment, &folders).map_err(failed)?;
        let start_lock = match args.started_by_client {
            true => None,
            false => Some(take_start_lock(&endpoint).map_err(failed)?),
        };
        let lock = LifeLock::take(&endpoint).map_err(|error| match error {
            NoLock::Held(who) => StartReport::Running { who },
            NoLock::Failed(message) => failed(message),
        })?;
        let program_limits = detach::raise_limits();
        detach::leave_folder().map_err(|error| failed(format!("cannot leave the folder: {error}")))?;
        let process = Self::with_log(host, folders.clone(), log, layers, loaded, program_limits).map_err(failed)?;
        if let Some(error) = problem {
            tracing::error!(%error, "what the daemon before has left is lost");
        }
        if !endpoint.is_found_anyway() {
            // Where the hint cannot be written, clients in another environment do without.
            let _ = endpoint::make_private_folder(&folders.state).map(|()| folders.record_socket(&endpoint.socket));
        }
        let listener = inherited.map(|inherited| Listening { descriptor: inherited.descriptor, is_managed: true });
        Ok((process, Footing { endpoint, lock, listener, start_lock, state: None }))
    }

    /// Goes on with the daemon of the program before. What can be done without is no reason to fail: the user's programs
    /// would end.
    pub fn take_over(args: &Args, host: &Host, letter: i32) -> Result<(Self, Footing), String> {
        let estate = handover::receive(letter).map_err(|error| format!("cannot go on with the daemon: {error}"))?;
        Self::go_on(args, host, estate)
    }

    fn go_on(args: &Args, host: &Host, estate: Estate) -> Result<(Self, Footing), String> {
        let Estate { daemon, socket, is_managed, listener, lock, program_limits } = estate;
        let environment = environment(host);
        let folders = Folders::find(&environment)?;
        let layers = Layers { file: folders.config_file(), flags: args.set.clone(), host: host.clone() };
        let loaded = layers.load();
        let log = Log::open(&folders)?;
        let problems = loaded.as_ref().err().cloned().unwrap_or_default();
        let loaded = loaded.unwrap_or_default();
        let process = Self::with_log(host, folders, log, layers, loaded, program_limits)?;
        for problem in problems {
            tracing::error!(problem, "a setting is wrong: the defaults are used");
        }
        let endpoint = endpoint::candidates(&environment, Some(&socket)).swap_remove(0);
        let lock = LifeLock::adopt(&endpoint, lock.into());
        let listener = Some(Listening { descriptor: listener, is_managed });
        Ok((process, Footing { endpoint, lock, listener, start_lock: None, state: Some(daemon) }))
    }

    fn with_log(
        host: &Host,
        folders: Folders,
        log: Arc<Log>,
        layers: Layers,
        loaded: Loaded,
        program_limits: ProgramLimits,
    ) -> Result<Self, String> {
        let level = log::install(&log, loaded.config.log.level).map_err(cannot("write the log"))?;
        crash::install(&folders, host);
        detach::hide_memory().map_err(cannot("keep its memory to itself"))?;
        let configuration = Arc::new(Configuration::new(layers, loaded, move |to| level.set(to)));
        let program = std::env::current_exe().map_err(cannot("find the program"))?;
        Ok(Self { host: host.clone(), folders, log, configuration, program, program_limits })
    }
}

/// Root on behalf of somebody else would get files in their projects that they cannot write, and a daemon that they cannot
/// reach. The error is a sentence.
fn refuse_root(args: &Args, host: &Host) -> Result<(), String> {
    let behalf = ["SUDO_UID", "PKEXEC_UID", "DOAS_USER"].into_iter().find_map(|name| host.variable(name));
    match behalf {
        Some(user) if !args.allow_root && detach::is_root() && user != "0" && user != "root" => {
            let user = user.display();
            Err(format!("it does not start as root on behalf of user {user}; `--allow-root` is for when that is meant"))
        }
        _ => Ok(()),
    }
}

/// The state is one daemon's alone, wherever that listens. The error is a sentence.
fn refuse_second(endpoint: &Endpoint, environment: &Environment, folders: &Folders) -> Result<(), String> {
    let known = endpoint::candidates(environment, None).into_iter().filter(|it| it.source != Source::Hint);
    let other =
        known.chain(folders.recorded_socket()).filter(|it| it.socket != endpoint.socket).find(Endpoint::is_alive);
    let Some(other) = other else { return Ok(()) };
    let (socket, state) = (other.socket.display(), folders.state.display());
    let who = other.holder().map_or_else(String::new, |holder| format!(" (process {})", holder.pid));
    Err(format!(
        "the icpyd at `{socket}`{who} has its state in `{state}`: stop it by `icpy --socket {socket} stop`, or give this \
         one a folder of its own by {HOME_VARIABLE}"
    ))
}

/// What the lookup of places sees.
pub fn environment(host: &Host) -> Environment {
    Environment::new(|name| host.variable(name))
}

fn cannot(what: &str) -> impl FnOnce(io::Error) -> String {
    move |error| format!("cannot {what}: {error}")
}
