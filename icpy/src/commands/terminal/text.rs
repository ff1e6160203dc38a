//! What is in a terminal, printed: `show`, `search` and `clear`.

use std::io::{self, IsTerminal as _};

use icpy::args::{General, TerminalSearch, TerminalShow};
use icpy_protocol::Empty;
use icpy_protocol::terminal::{
    TerminalFormat, TerminalLines, TerminalParams, TerminalPart, TerminalReadParams, TerminalReadResult,
    TerminalSearchParams, TerminalSearchResult, TerminalSnapshotParams, TerminalSnapshotResult, method,
};

use super::{WAIT_MS, end_as, find};
use crate::commands::Daemon;
use crate::output::{Failure, print, print_json};

/// What `grep` ends with when it finds nothing.
const NOTHING_FOUND: u8 = 1;

pub(super) fn show(show: &TerminalShow, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open(general)?;
    let terminal_id = find(&mut daemon, &show.terminal)?;
    if show.raw || show.follow {
        return show_raw(&mut daemon, &terminal_id, show.follow, general);
    }
    let format = match (show.ansi, show.html) {
        (true, _) => TerminalFormat::Ansi,
        (_, true) => TerminalFormat::Html,
        _ => TerminalFormat::Text,
    };
    let what = if show.scrollback { TerminalPart::Both } else { TerminalPart::Screen };
    let params = TerminalSnapshotParams { terminal_id, format, what, lines: None };
    let mut shown: TerminalSnapshotResult = daemon.call(method::snapshot, &params)?;
    if shown.is_cut && !general.json {
        print_before(&mut daemon, &params, &shown)?;
    }
    if general.json {
        return Ok(print_json(&shown)?);
    }
    if format == TerminalFormat::Text {
        // Rows below the last one that is written to are nothing to read.
        let length = shown.text.trim_end_matches('\n').len();
        shown.text.truncate(length);
        shown.text.push('\n');
    }
    Ok(print(shown.text.as_bytes())?)
}

/// Prints the lines before those that fitted into an answer.
fn print_before(
    daemon: &mut Daemon,
    params: &TerminalSnapshotParams,
    shown: &TerminalSnapshotResult,
) -> Result<(), Failure> {
    let mut from = shown.first_line;
    while from < shown.lines.from {
        let lines = Some(TerminalLines { from, to: shown.lines.from });
        let part: TerminalSnapshotResult =
            daemon.call(method::snapshot, &TerminalSnapshotParams { lines, ..params.clone() })?;
        print(part.text.as_bytes())?;
        // What is scrolled out meanwhile may push the oldest out of what is kept.
        from = part.lines.to.max(from + 1);
    }
    Ok(())
}

fn show_raw(daemon: &mut Daemon, terminal_id: &str, is_followed: bool, general: &General) -> Result<(), Failure> {
    let mut after = 0;
    loop {
        let wait_ms = if is_followed { WAIT_MS } else { 0 };
        let params = TerminalReadParams { terminal_id: terminal_id.to_owned(), after, wait_ms };
        let read: TerminalReadResult = daemon.call(method::read, &params)?;
        let is_all = read.data.text().is_empty();
        match general.json {
            true if !is_all || read.exit.is_some() => print_json(&read)?,
            true => {}
            false => print(read.data.text().as_bytes())?,
        }
        after = read.to;
        match read.exit {
            Some(exit) if is_followed => return end_as(exit),
            None if is_followed => {}
            _ if is_all || read.exit.is_some() => return Ok(()),
            _ => {}
        }
    }
}

pub(super) fn search(search: TerminalSearch, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open(general)?;
    let params = TerminalSearchParams {
        terminal_id: find(&mut daemon, &search.terminal)?,
        pattern: search.pattern,
        is_regex: search.regex,
        is_case_sensitive: search.case_sensitive,
        results_max: search.max_count,
        ..Default::default()
    };
    let result: TerminalSearchResult = daemon.call(method::search, &params)?;
    if general.json {
        print_json(&result)?;
    } else {
        let is_terminal = io::stdout().is_terminal();
        for found in &result.found {
            let place = if is_terminal { format!("{}:{}:", found.line, found.column + 1) } else { String::new() };
            print(format!("{place}{}\n", found.row).as_bytes())?;
        }
    }
    if result.found.is_empty() { Err(Failure::reported(NOTHING_FOUND)) } else { Ok(()) }
}

pub(super) fn clear(name: &str, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open(general)?;
    let terminal_id = find(&mut daemon, name)?;
    let _: Empty = daemon.call(method::clear, &TerminalParams { terminal_id })?;
    Ok(())
}
