//! `icpy terminal`: programs in terminals of the daemon.

use std::io::Read as _;

use icpy::args::{General, TerminalAction};
use icpy::host;
use icpy_protocol::Empty;
use icpy_protocol::error::Error;
use icpy_protocol::path::FilePath;
use icpy_protocol::terminal::{
    TerminalCloseParams, TerminalCreateParams, TerminalDataInParams, TerminalExit, TerminalInfo, TerminalListResult,
    TerminalReadParams, TerminalReadResult, method,
};

use super::{Daemon, current_folder, host_of};
use crate::output::{Failure, date, print, print_json, table};

/// How long one request waits for output. The next one goes on.
const WAIT_MS: u32 = 10_000;

/// The longest text that is typed at once, in bytes.
const TEXT_BYTES_MAX: usize = 512 << 10;

pub(super) fn run(action: TerminalAction, general: &General) -> Result<(), Failure> {
    match action {
        TerminalAction::List => list(general),
        TerminalAction::New { name, command } => create(name, command, general),
        TerminalAction::Send { terminal, text } => send(&terminal, text, general),
        TerminalAction::Show { terminal, follow } => show(&terminal, follow, general),
        TerminalAction::Close { terminal } => close(&terminal, general),
    }
}

fn list(general: &General) -> Result<(), Failure> {
    let listed: TerminalListResult = Daemon::open_or_start(general)?.call(method::list, &Empty {})?;
    if general.json {
        return Ok(print_json(&listed)?);
    }
    let rows = listed.terminals.into_iter().map(|terminal| {
        let state = terminal.exit.map_or_else(|| "running".to_owned(), describe);
        let command = terminal.command.join(" ");
        [terminal.name, terminal.terminal_id, state, date(terminal.created_at_ms), command]
    });
    Ok(print(table(rows).as_bytes())?)
}

fn describe(exit: TerminalExit) -> String {
    match (exit.code, exit.signal) {
        (Some(code), _) => format!("ended with {code}"),
        (None, Some(signal)) => format!("ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}

fn create(name: Option<String>, command: Vec<String>, general: &General) -> Result<(), Failure> {
    // Another machine has its own folders and variables.
    let is_here = host_of(general).is_none();
    let params = TerminalCreateParams {
        command,
        cwd: is_here.then(|| current_folder(general)).transpose()?.map(FilePath::from),
        env: is_here.then(host::variables),
        name,
        ..TerminalCreateParams::default()
    };
    let terminal: TerminalInfo = Daemon::open_or_start(general)?.call(method::create, &params)?;
    match general.json {
        true => print_json(&terminal)?,
        false => print(format!("{}\n", terminal.terminal_id).as_bytes())?,
    }
    Ok(())
}

/// The terminal with this id, or else the youngest with this name.
fn find(daemon: &mut Daemon, name: &str) -> Result<String, Failure> {
    let listed: TerminalListResult = daemon.call(method::list, &Empty {})?;
    let with_id = listed.terminals.iter().find(|terminal| terminal.terminal_id == name);
    let found = with_id.or_else(|| listed.terminals.iter().rev().find(|terminal| terminal.name == name));
    let id = found.map(|terminal| terminal.terminal_id.clone());
    id.ok_or_else(|| {
        let error = Error::not_found(format!("there is no terminal `{name}`"));
        Failure::from(error).with_hint("`icpy terminal list` lists them")
    })
}

fn send(name: &str, text: String, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open(general)?;
    let terminal_id = find(&mut daemon, name)?;
    let text = if text == "-" { read_input()? } else { text };
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

fn show(name: &str, follow: bool, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open(general)?;
    let terminal_id = find(&mut daemon, name)?;
    let mut after = 0;
    loop {
        let wait_ms = if follow { WAIT_MS } else { 0 };
        let params = TerminalReadParams { terminal_id: terminal_id.clone(), after, wait_ms };
        let read: TerminalReadResult = daemon.call(method::read, &params)?;
        match general.json {
            true if !read.data.is_empty() || read.exit.is_some() => print_json(&read)?,
            true => {}
            false => print(read.data.as_bytes())?,
        }
        let is_all = read.data.is_empty();
        after = read.to;
        match read.exit {
            Some(exit) if follow => return end_as(exit),
            None if follow => {}
            _ if is_all || read.exit.is_some() => return Ok(()),
            _ => {}
        }
    }
}

/// Ends as the program did: a signal counts as 128 and its number.
fn end_as(exit: TerminalExit) -> Result<(), Failure> {
    let status = exit.code.or(exit.signal.map(|signal| 128 + signal)).unwrap_or(1);
    match u8::try_from(status).unwrap_or(1) {
        0 => Ok(()),
        status => Err(Failure::reported(status)),
    }
}

fn close(name: &str, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open(general)?;
    let terminal_id = find(&mut daemon, name)?;
    let _: Empty = daemon.call(method::close, &TerminalCloseParams { terminal_id })?;
    Ok(())
}
