//! `icpy terminal`: programs in terminals of the daemon.

mod asciicast;
mod attach;
mod command;
mod follow;
mod list;
mod modes;
mod new;
mod record;
mod replay;
mod text;

use std::io::Read as _;

use icpy::Client;
use icpy::args::{General, TerminalAction};
use icpy::host::Moment;
use icpy_protocol::Empty;
use icpy_protocol::error::Error;
use icpy_protocol::session::ClientInfo;
use icpy_protocol::terminal::{
    TerminalClient, TerminalCloseParams, TerminalDataInParams, TerminalExit, TerminalInfo, TerminalListParams,
    TerminalListResult, TerminalRenameParams, TerminalSignalParams, TerminalWaitParams, TerminalWaitResult, method,
};

use super::{Daemon, finder, timeout};
use crate::output::{Failure, print_json};

/// The variable that tells a program its terminal.
const TERMINAL_VARIABLE: &str = "ICPY_TERMINAL_ID";

/// How long one request waits for output, or for an end. The next one goes on.
const WAIT_MS: u32 = 10_000;

/// The longest text that is typed at once, in bytes.
const TEXT_BYTES_MAX: usize = 512 << 10;

pub(super) fn run(action: Option<TerminalAction>, general: &General) -> Result<(), Failure> {
    match action.unwrap_or_else(|| TerminalAction::New(icpy::args::TerminalNew::default())) {
        TerminalAction::New(new) => new::run(new, general),
        TerminalAction::Attach(attach) => attach::run(&attach, general),
        TerminalAction::Ls { workspace } => list::run(workspace, general),
        TerminalAction::Send { terminal, text, enter } => send(&terminal, text, enter, general),
        TerminalAction::Show(show) => text::show(&show, general),
        TerminalAction::Search(search) => text::search(search, general),
        TerminalAction::Run(run) => command::run(&run, general),
        TerminalAction::Last(last) => command::last(&last, general),
        TerminalAction::Clear { terminal } => text::clear(&terminal, general),
        TerminalAction::Wait { terminal } => wait(&terminal, general),
        TerminalAction::Rename { terminal, name } => rename(&terminal, name, general),
        TerminalAction::Signal { terminal, signal } => send_signal(&terminal, &signal, general),
        TerminalAction::Kill { terminal } => close(&terminal, general),
        TerminalAction::Record { terminal, file, format } => record::run(&terminal, &file, format, general),
        TerminalAction::Replay { file, speed, idle_limit } => replay::run(&file, speed, idle_limit),
    }
}

fn describe(exit: TerminalExit) -> String {
    match (exit.code, exit.signal) {
        (Some(code), _) => format!("ended with {code}"),
        (None, Some(signal)) => format!("ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}

/// The terminal with this id, or else the one with this name: the one that runs, where others have ended.
fn find(daemon: &mut Daemon, name: &str) -> Result<String, Failure> {
    let listed = daemon.call(method::list, &TerminalListParams::default())?;
    Ok(found(&listed, name)?.terminal_id)
}

fn found(listed: &TerminalListResult, name: &str) -> Result<TerminalInfo, Failure> {
    if let Some(with_id) = listed.terminals.iter().find(|terminal| terminal.terminal_id == name) {
        return Ok(with_id.clone());
    }
    let of_name = || listed.terminals.iter().filter(|terminal| terminal.name == name);
    let running: Vec<&TerminalInfo> = of_name().filter(|terminal| terminal.exit.is_none()).collect();
    if running.len() > 1 {
        let message = format!("`{name}` means {} terminals that run", running.len());
        return Err(Failure::usage(message).with_hint("name it by its id, which `icpy terminal ls` shows"));
    }
    // Of those that have ended the last is meant.
    running.first().copied().or_else(|| of_name().next_back()).cloned().ok_or_else(|| {
        let error = Error::not_found(format!("there is no terminal `{name}`"));
        Failure::from(error).with_hint("`icpy terminal ls` lists them")
    })
}

/// A client that stays with a terminal for as long as the daemon runs.
async fn connect(general: &General) -> Result<(Client, TerminalClient<Client>), Failure> {
    let client_info = ClientInfo { name: "icpy terminal".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
    let connected = Client::connect_while_it_runs(finder(general)?, client_info).await;
    let client = connected.map_err(|error| Failure::from(error).no_daemon())?;
    Ok((client.clone(), TerminalClient::new(client)))
}

fn send(name: &str, text: String, enter: bool, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open(general)?;
    let terminal_id = find(&mut daemon, name)?;
    let mut text = if text == "-" { read_input()? } else { text };
    text.push_str(if enter { "\r" } else { "" });
    let mut rest = &*text;
    while !rest.is_empty() {
        let (piece, left) = rest.split_at(rest.floor_char_boundary(TEXT_BYTES_MAX));
        let params = TerminalDataInParams::text(&terminal_id, piece);
        let _: Empty = daemon.call(method::data_in, &params)?;
        rest = left;
    }
    Ok(())
}

fn read_input() -> Result<String, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    read.map_err(|error| Failure::usage(format!("standard input is no text: {error}")))?;
    Ok(text)
}

/// The daemon has ended, and its terminals with it.
fn gone(name: &str, error: &Error) -> Failure {
    Failure::from(Error::unavailable(format!("the terminal `{name}` is gone with its daemon: {error}"))).no_daemon()
}

/// Ends as the program did.
fn end_as(exit: TerminalExit) -> Result<(), Failure> {
    match status(exit) {
        0 => Ok(()),
        status => Err(Failure::reported(status)),
    }
}

/// The exit status of a program: a signal counts as 128 and its number.
fn status(exit: TerminalExit) -> u8 {
    let status = exit.code.or(exit.signal.map(|signal| 128 + signal)).unwrap_or(1);
    u8::try_from(status).unwrap_or(1)
}

fn wait(name: &str, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open(general)?;
    let terminal_id = find(&mut daemon, name)?;
    let (begun, longest) = (Moment::now(), timeout(general));
    loop {
        let rest_ms = longest.map(|longest| longest.saturating_sub(begun.elapsed()).as_millis());
        let wait_ms =
            rest_ms.and_then(|rest| u64::try_from(rest).ok()).map_or(WAIT_MS.into(), |it| it.min(WAIT_MS.into()));
        let params = TerminalWaitParams { terminal_id: terminal_id.clone(), timeout_ms: Some(wait_ms) };
        let waited: TerminalWaitResult = daemon.call(method::wait, &params)?;
        match waited.exit {
            Some(exit) => {
                if general.json {
                    print_json(&waited)?;
                }
                return end_as(exit);
            }
            None if rest_ms == Some(0) => {
                return Err(Error::timeout(format!("the program in the terminal `{name}` goes on")).into());
            }
            None => {}
        }
    }
}

fn rename(terminal: &str, name: String, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open(general)?;
    let terminal_id = find(&mut daemon, terminal)?;
    let renamed: TerminalInfo = daemon.call(method::rename, &TerminalRenameParams { terminal_id, name })?;
    if general.json {
        print_json(&renamed)?;
    }
    Ok(())
}

fn send_signal(name: &str, signal: &str, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open(general)?;
    let terminal_id = find(&mut daemon, name)?;
    // The system's own name for it means the same.
    let signal = signal.trim_start_matches("SIG").to_owned();
    let _: Empty = daemon.call(method::signal, &TerminalSignalParams { terminal_id, signal })?;
    Ok(())
}

fn close(name: &str, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open(general)?;
    let terminal_id = find(&mut daemon, name)?;
    let _: Empty = daemon.call(method::close, &TerminalCloseParams { terminal_id })?;
    Ok(())
}
