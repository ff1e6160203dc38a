//! `icpy terminal new`: a program in a new terminal, which is shown where there is something to show it in.

use std::io::{self, IsTerminal as _};

use icpy::args::{General, TerminalAttach, TerminalNew};
use icpy::host;
use icpy_protocol::path::FilePath;
use icpy_protocol::terminal::{TerminalCreateParams, TerminalInfo, method};

use super::attach;
use crate::commands::{Daemon, absolute, current_folder, host_of};
use crate::output::{Failure, print, print_json};

pub(super) fn run(new: TerminalNew, general: &General) -> Result<(), Failure> {
    let is_shown = !new.detach && !general.json && io::stdin().is_terminal() && io::stdout().is_terminal();
    let is_shown = is_shown && attach::IS_POSSIBLE;
    if is_shown {
        // Before anything runs that nobody would see.
        attach::refuse_nested(None, &new.viewing)?;
    }
    let size = if is_shown { attach::size() } else { None };
    // Another machine has its own folders and variables.
    let is_here = host_of(general).is_none();
    let cwd = match new.cwd {
        Some(folder) => Some(absolute(&folder, general)?),
        None => is_here.then(|| current_folder(general)).transpose()?.map(FilePath::from),
    };
    let env = is_here.then(host::variables);
    let params = TerminalCreateParams { command: new.command, cwd, env, name: new.name, size, ..Default::default() };
    let terminal: TerminalInfo = Daemon::open_or_start(general)?.call(method::create, &params)?;
    match general.json {
        true => print_json(&terminal)?,
        false if is_shown => {
            let attach = TerminalAttach { terminal: terminal.terminal_id, read_only: false, viewing: new.viewing };
            return attach::run(&attach, general);
        }
        false => print(format!("{}\n", terminal.terminal_id).as_bytes())?,
    }
    Ok(())
}
