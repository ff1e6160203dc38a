//! The daemon's process, from its flags to its end.
//!
//! The order matters: descriptors are closed before any is opened, everything that can fail fails before the client is
//! told that the daemon is ready, and no thread exists before the runtime.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{self, Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use icpy_protocol::endpoint::{self, Environment, Folders, StartReport};
use icpyd::args::Args;
use icpyd::config::{Configuration, Layers};
use icpyd::daemon::{Daemon, Settings};
use icpyd::detach::{self, Forked};
use icpyd::host::Host;
use icpyd::instance::{LifeLock, NoLock, take_start_lock};
use icpyd::log::{self, Log};
use icpyd::signal::{Asked, Signals};
use icpyd::supervisor;
use icpyd::transport::local::{self, LocalListener, Presence};
use tokio::runtime::Runtime;

/// What a daemon holds when it may begin.
struct Started {
    socket: PathBuf,
    folders: Folders,
    log: Arc<Log>,
    configuration: Configuration,
    runtime: Runtime,
    listener: LocalListener,
    presence: Presence,
    signals: Signals,
    /// Held until the client is told.
    start_lock: Option<File>,
}

fn main() -> ExitCode {
    let mut args = Args::parse();
    // As it is meant here: the daemon leaves this folder.
    args.socket = args.socket.map(|socket| path::absolute(&socket).unwrap_or(socket));
    if args.started_by_client {
        detach::leave_client();
    }
    if args.daemonize {
        match detach::daemonize() {
            Ok(Forked::Child) => {}
            Ok(Forked::Parent(report)) => return tell_person(&report.unwrap_or_else(died)),
            Err(message) => return tell_person(&StartReport::Failed { message, log: None }),
        }
    }
    let host = Host::real();
    if let Some(file) = &args.check_config {
        return check_config(file.as_deref(), &host);
    }
    match start(&args, &host) {
        Ok(started) => run(started, &args, host),
        Err(report) => tell(&report, &args),
    }
}

fn died() -> StartReport {
    StartReport::Failed { message: "the daemon ended before it was ready".to_owned(), log: None }
}

fn start(args: &Args, host: &Host) -> Result<Started, StartReport> {
    let environment = Environment::new(|name| host.variable(name));
    let without_log = |message| StartReport::Failed { message, log: None };
    let folders = Folders::find(&environment).map_err(without_log)?;
    let layers = Layers { file: folders.config_file(), flags: args.set.clone(), host: host.clone() };
    let loaded = layers.load().map_err(|problems| without_log(problems.join("; ")))?;
    let log = Log::open(&folders).map_err(without_log)?;
    let failed = |message| StartReport::Failed { message, log: Some(folders.log_file().into()) };

    let inherited = if args.started_by_client { None } else { supervisor::inherited_socket().map_err(failed)? };
    let named = inherited.as_ref().map(|inherited| &*inherited.path).or(args.socket.as_deref());
    let endpoint = endpoint::place(&environment, named).map_err(failed)?;
    let start_lock = match args.started_by_client {
        true => None,
        false => Some(take_start_lock(&endpoint).map_err(failed)?),
    };
    let life_lock = LifeLock::take(&endpoint).map_err(|error| match error {
        NoLock::Held(who) => StartReport::Running { who },
        NoLock::Failed(message) => failed(message),
    })?;
    let io_failed = |what: &str| {
        let what = what.to_owned();
        move |error: io::Error| failed(format!("{what}: {error}"))
    };
    detach::raise_limits();
    detach::leave_folder().map_err(io_failed("cannot leave the folder"))?;
    let level = log::install(&log, loaded.config.log.level).map_err(io_failed("cannot write the log"))?;
    let configuration = Configuration::new(layers, loaded, move |to| level.set(to));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(io_failed("cannot start the runtime"))?;
    let inside = runtime.enter();
    let signals = Signals::take().map_err(io_failed("cannot take signals"))?;
    let listener = {
        let what = format!("cannot listen at `{}`", endpoint.socket.display());
        if !endpoint.is_found_anyway() {
            // Where the hint cannot be written, clients in another environment do without.
            let _ = endpoint::make_private_folder(&folders.state).map(|()| folders.record_socket(&endpoint.socket));
        }
        inherited.map_or_else(|| local::listen(&endpoint), local::adopt).map_err(io_failed(&what))?
    };
    let socket = endpoint.socket.clone();
    let presence = Presence::new(endpoint, life_lock);
    drop(inside);
    Ok(Started {
        socket,
        folders: folders.clone(),
        log,
        configuration,
        runtime,
        listener,
        presence,
        signals,
        start_lock,
    })
}

fn run(started: Started, args: &Args, host: Host) -> ExitCode {
    let Started { socket, folders, log, configuration, runtime, listener, presence, mut signals, start_lock } = started;
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!(pid = std::process::id(), version, socket = %socket.display(), "started");
    let unended = runtime.block_on(async {
        let daemon = Daemon::start(Settings { configuration, host, folders, socket });
        let serving = daemon.serve(listener, presence);
        tell(&StartReport::Ready, args);
        supervisor::tell_ready();
        if let Some(period) = supervisor::watchdog_period() {
            daemon.feed_watchdog(period, supervisor::tell_alive);
        }
        drop(start_lock);
        if (args.started_by_client || args.daemonize)
            && let Err(error) = log.file().and_then(|file| detach::leave_streams(&file))
        {
            tracing::warn!(%error, "cannot leave the client's streams");
        }
        wait_for_end(&daemon, &mut signals).await;
        supervisor::tell_stopping();
        tokio::select! {
            unended = daemon.shutdown() => Some((unended, serving.await)),
            () = signals.end() => None,
        }
    });
    match &unended {
        Some((unended, _)) => tracing::info!(unended, "ended"),
        None => tracing::warn!("ended at once by a second signal"),
    }
    runtime.shutdown_background();
    // With it the lock: who waits for the daemon's end goes on.
    drop(unended);
    ExitCode::SUCCESS
}

/// Returns when a client or a signal asks the daemon to end. A hangup asks to read the settings again.
async fn wait_for_end(daemon: &Daemon, signals: &mut Signals) {
    let stop = daemon.stop_token().clone();
    loop {
        let asked = tokio::select! {
            () = stop.cancelled() => return,
            asked = signals.next() => asked,
        };
        match asked {
            Asked::End(signal) => {
                tracing::info!(signal, "asked to end by a signal");
                return;
            }
            Asked::Reload => match daemon.configuration().reload() {
                Ok(reloaded) => tracing::info!(?reloaded, "settings read again"),
                Err(problems) => tracing::error!(?problems, "the settings are wrong: nothing is changed"),
            },
        }
    }
}

/// Says what is wrong with the settings, in this file or in the usual one.
fn check_config(file: Option<&Path>, host: &Host) -> ExitCode {
    let usual = || Folders::find(&Environment::new(|name| host.variable(name))).map(|folders| folders.config_file());
    let loaded = file
        .map_or_else(usual, |file| Ok(file.to_owned()))
        .map_err(|problem| vec![problem])
        .and_then(|file| Layers { file, flags: Vec::new(), host: host.clone() }.load());
    match loaded {
        Ok(_) => ExitCode::SUCCESS,
        Err(problems) => {
            let _ = writeln!(io::stderr(), "{}", problems.join("\n"));
            ExitCode::FAILURE
        }
    }
}

/// Tells who started the daemon how that went: a program by a line of JSON, a person by a sentence.
fn tell(report: &StartReport, args: &Args) -> ExitCode {
    if !args.started_by_client && !args.daemonize {
        return tell_person(report);
    }
    // Who waited may be gone, and there is nobody else to tell.
    let _ = writeln!(io::stdout(), "{}", serde_json::to_string(report).unwrap_or_default());
    status(report)
}

fn tell_person(report: &StartReport) -> ExitCode {
    let sentence = match report {
        StartReport::Ready => return status(report),
        StartReport::Running { who } => format!("{who} is running already"),
        StartReport::Failed { message, .. } => format!("icpyd: {message}"),
    };
    let _ = writeln!(io::stderr(), "{sentence}");
    status(report)
}

fn status(report: &StartReport) -> ExitCode {
    match report {
        StartReport::Failed { .. } => ExitCode::FAILURE,
        StartReport::Ready | StartReport::Running { .. } => ExitCode::SUCCESS,
    }
}
