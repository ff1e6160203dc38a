//! `icpy terminal ls`: the terminals, the oldest first.

use std::ffi::OsString;
use std::time::Duration;

use icpy::args::General;
use icpy::host;
use icpy_protocol::terminal::{TerminalInfo, TerminalListParams, TerminalListResult, method};

use super::describe;
use crate::commands::{Daemon, workspace};
use crate::output::{Failure, print, print_json, table};

/// The names of the columns, where a person looks.
const HEAD: [&str; 7] = ["NAME", "ID", "STATE", "SIZE", "AGE", "FOLDER", "COMMAND"];

pub(super) fn run(workspace: Option<OsString>, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open_or_start(general)?;
    let workspace = workspace::find_if(&mut daemon, workspace, general)?;
    let listed: TerminalListResult = daemon.call(method::list, &TerminalListParams { workspace })?;
    if general.json {
        return Ok(print_json(&listed)?);
    }
    if listed.terminals.is_empty() {
        return Ok(());
    }
    let now_ms = host::now_ms();
    let rows = listed.terminals.into_iter().map(|terminal| row(terminal, now_ms));
    Ok(print(table(std::iter::once(HEAD.map(str::to_owned)).chain(rows)).as_bytes())?)
}

fn row(terminal: TerminalInfo, now_ms: u64) -> [String; 7] {
    let state = terminal.exit.map_or_else(|| "running".to_owned(), describe);
    let size = format!("{}x{}", terminal.size.columns, terminal.size.rows);
    let age = age(now_ms.saturating_sub(terminal.created_at_ms));
    let cells =
        [terminal.name, terminal.terminal_id, state, size, age, terminal.cwd.to_string(), terminal.command.join(" ")];
    // A name or an argument may hold anything.
    cells.map(|cell| cell.chars().map(|it| if it.is_control() { '?' } else { it }).collect())
}

/// A time in its largest unit.
fn age(ms: u64) -> String {
    let seconds = Duration::from_millis(ms).as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_age_has_one_unit() {
        for (seconds, text) in [(0, "0s"), (59, "59s"), (60, "1m"), (3599, "59m"), (7200, "2h"), (200_000, "2d")] {
            assert_eq!(super::age(seconds * 1000), text);
        }
    }
}
