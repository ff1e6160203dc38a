//! The daemon's process, from its flags to its end.

use std::io::{self, Write as _};
use std::path::{self, Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use icpy_protocol::endpoint::{Folders, StartReport, check_home};
use icpyd::args::Args;
use icpyd::config::Layers;
use icpyd::daemon::{Daemon, Settings};
use icpyd::detach::{self, Forked};
use icpyd::handover::{self, Credentials, Estate};
use icpyd::host::Host;
use icpyd::process::{Footing, Process, environment};
use icpyd::signal::{Asked, Signals};
use icpyd::supervisor;
use icpyd::transport::local::{self, Presence};
use tokio::runtime::Runtime;

/// How a daemon came to its end.
enum Ended {
    /// For good.
    Stopped,
    /// Another program is to go on with it.
    Replaced(Box<Replaced>),
}

struct Replaced {
    estate: Estate,
    successor: Successor,
    footing: Footing,
}

/// Who goes on with a daemon.
enum Successor {
    /// This program, in this process.
    Program(PathBuf),
    /// Whatever the service manager starts next.
    Managed,
}

fn main() -> ExitCode {
    let mut args = Args::parse();
    // As it is meant here: the daemon leaves this folder.
    args.socket = args.socket.map(|socket| path::absolute(&socket).unwrap_or(socket));
    args.set.extend(args.http.take().map(|address| format!("http.listen={address}")));
    let host = Host::real();
    if let Err(message) = check_home(|name| host.variable(name)) {
        return tell(&StartReport::Failed { message, log: None }, &args);
    }
    if let Some(file) = &args.check_config {
        return check_config(file.as_deref(), &args, &host);
    }
    if args.credentials {
        return show_credentials(&args, &host);
    }
    if let Some(letter) = args.take_over {
        return match Process::take_over(&args, &host, letter) {
            Ok((process, footing)) => run(&process, footing, &args),
            Err(message) => tell(&StartReport::Failed { message, log: None }, &args),
        };
    }
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
    match Process::start(&args, &host) {
        Ok((process, footing)) => run(&process, footing, &args),
        Err(report) => tell(&report, &args),
    }
}

fn died() -> StartReport {
    StartReport::Failed { message: "the daemon ended before it was ready".to_owned(), log: None }
}

/// Runs one daemon after the other: a second one only where the program that was to go on with the first cannot be run.
fn run(process: &Process, mut footing: Footing, args: &Args) -> ExitCode {
    let mut is_first = true;
    loop {
        let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return tell(&failed(process, &format!("cannot start the runtime: {error}")), args),
        };
        let ended = match serve(process, footing, args, &runtime, is_first) {
            Ok(ended) => ended,
            Err(message) => return tell(&failed(process, &message), args),
        };
        let Ended::Replaced(replaced) = ended else {
            runtime.shutdown_background();
            return ExitCode::SUCCESS;
        };
        // A file that is being written is written to its end.
        runtime.shutdown_timeout(process.configuration.watch().borrow().config.limits.drain_timeout);
        let Replaced { estate, successor, footing: old } = *replaced;
        let Successor::Program(program) = successor else {
            supervisor::tell_stopping();
            if let Err(error) = handover::leave(&estate) {
                tracing::error!(%error, "the service manager does not keep what runs in terminals");
            }
            return ExitCode::SUCCESS;
        };
        let error = handover::execute(&program, args, &estate);
        let problem = format!("cannot restart as `{}`: {error}", program.display());
        tracing::error!(problem, "the daemon goes on as it was");
        footing = old.go_on(estate, problem);
        is_first = false;
    }
}

fn failed(process: &Process, message: &str) -> StartReport {
    StartReport::Failed { message: message.to_owned(), log: Some(process.folders.log_file().into()) }
}

/// Runs a daemon until it ends. The error is a sentence.
fn serve(process: &Process, footing: Footing, args: &Args, runtime: &Runtime, is_first: bool) -> Result<Ended, String> {
    let Footing { endpoint, lock, listener, start_lock, state } = footing;
    let inside = runtime.enter();
    let mut signals = Signals::take().map_err(|error| format!("cannot take signals: {error}"))?;
    let listener = match listener {
        Some(listening) => local::adopt(listening, &endpoint.socket),
        None => local::listen(&endpoint),
    };
    let socket = endpoint.socket.clone();
    let listener = listener.map_err(|error| format!("cannot listen at `{}`: {error}", socket.display()))?;
    let presence = Presence::new(endpoint.clone(), lock);
    drop(inside);
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!(pid = std::process::id(), version, socket = %socket.display(), "started");
    runtime.block_on(async {
        let daemon = Daemon::start(settings(process, socket), state);
        let serving = daemon.serve(listener, presence);
        if is_first {
            tell_ready(process, args);
        }
        if let Some(period) = supervisor::watchdog_period() {
            daemon.feed_watchdog(period, supervisor::tell_alive);
        }
        drop(start_lock);
        let successor = wait_for_end(&daemon, &mut signals, &process.host).await;
        let (listener, presence) = serving.await.map_err(|error| format!("cannot listen: {error}"))?;
        let given = match successor {
            // Who asks to end meanwhile gets that: the next program would not hear of it.
            Some(successor) => tokio::select! {
                state = daemon.give() => Some((successor, state)),
                () = signals.end() => None,
            },
            None => None,
        };
        let Some((successor, state)) = given else {
            supervisor::tell_stopping();
            // The socket goes before the lock, and the lock when all has ended: who waits for that goes on.
            drop(listener);
            tokio::select! {
                unended = daemon.shutdown() => tracing::info!(unended, "ended"),
                () = signals.end() => tracing::warn!("ended at once by a second signal"),
            }
            drop(presence);
            return Ok(Ended::Stopped);
        };
        let listening = listener.leave().map_err(|error| format!("cannot leave the socket: {error}"))?;
        let lock = presence.lock().share().map_err(|error| format!("cannot leave the lock: {error}"))?;
        let estate = Estate {
            daemon: state,
            socket: endpoint.socket.clone(),
            is_managed: listening.is_managed,
            listener: listening.descriptor,
            lock: lock.into(),
            program_limits: process.program_limits,
        };
        let footing = Footing { endpoint, lock: presence.into_lock(), listener: None, start_lock: None, state: None };
        Ok(Ended::Replaced(Box::new(Replaced { estate, successor, footing })))
    })
}

fn settings(process: &Process, socket: PathBuf) -> Settings {
    Settings {
        configuration: Arc::clone(&process.configuration),
        host: process.host.clone(),
        folders: process.folders.clone(),
        socket,
        program: process.program.clone(),
        program_limits: process.program_limits,
    }
}

/// Tells everyone who waits for it that the daemon listens.
fn tell_ready(process: &Process, args: &Args) {
    if args.take_over.is_some() {
        return;
    }
    tell(&StartReport::Ready, args);
    supervisor::tell_ready();
    if (args.started_by_client || args.daemonize)
        && let Err(error) = process.log.file().and_then(|file| detach::leave_streams(&file))
    {
        tracing::warn!(%error, "cannot leave the client's streams");
    }
}

/// Returns when a client or a signal asks the daemon to end, with who is to go on with it, if somebody is. A service manager
/// that keeps descriptors may start it again. A hangup asks to read the settings again.
async fn wait_for_end(daemon: &Daemon, signals: &mut Signals, host: &Host) -> Option<Successor> {
    let stop = daemon.stop_token().clone();
    loop {
        let asked = tokio::select! {
            () = stop.cancelled() => return daemon.successor().map(Successor::Program),
            asked = signals.next() => asked,
        };
        match asked {
            Asked::End(signal) => {
                tracing::info!(signal, "asked to end by a signal");
                stop.cancel();
                return supervisor::can_store(host).then_some(Successor::Managed);
            }
            Asked::Reload => match daemon.configuration().reload() {
                Ok(reloaded) => tracing::info!(?reloaded, "settings read again"),
                Err(problems) => tracing::error!(?problems, "the settings are wrong: nothing is changed"),
            },
        }
    }
}

/// Says what is wrong with the settings, in this file or in the usual one.
fn check_config(file: Option<&Path>, args: &Args, host: &Host) -> ExitCode {
    let usual = || Folders::find(&environment(host)).map(|folders| folders.config_file());
    let loaded = file
        .map_or_else(usual, |file| Ok(file.to_owned()))
        .map_err(|problem| vec![problem])
        .and_then(|file| Layers { file, flags: args.set.clone(), host: host.clone() }.load());
    match loaded {
        Ok(_) => ExitCode::SUCCESS,
        Err(problems) => {
            let _ = writeln!(io::stderr(), "{}", problems.join("\n"));
            ExitCode::FAILURE
        }
    }
}

/// Tells the daemon that is to be replaced by this program whether it can be.
fn show_credentials(args: &Args, host: &Host) -> ExitCode {
    let status = check_config(None, args, host);
    if status == ExitCode::SUCCESS {
        let _ = writeln!(io::stdout(), "{}", serde_json::to_string(&Credentials::ours()).unwrap_or_default());
    }
    status
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
