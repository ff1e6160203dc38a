//! `icpy terminal new`: a program in a new terminal, which is shown where there is something to show it in.

use std::io::{self, IsTerminal as _};

use icpy::args::{General, TerminalAttach, TerminalNew};
use icpy::host;
use icpy_protocol::Empty;
use icpy_protocol::daemon::{self, DaemonGetConfigResult};
use icpy_protocol::path::FilePath;
use icpy_protocol::terminal::{TerminalCreateParams, TerminalInfo, method};

use super::attach;
use crate::commands::{Daemon, absolute, current_folder, host_of, workspace};
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
    let mut daemon = Daemon::open_or_start(general)?;
    let workspace = workspace::find_if(&mut daemon, new.workspace, general)?;
    let cwd = match new.cwd {
        Some(folder) => Some(absolute(&folder, general)?),
        None if workspace.is_some() || names_folder(&mut daemon, new.profile.as_deref())? => None,
        None => is_here.then(|| current_folder(general)).transpose()?.map(FilePath::from),
    };
    let env = is_here.then(host::variables);
    let (command, name, profile) = (new.command, new.name, new.profile);
    let params = TerminalCreateParams { command, cwd, env, name, size, workspace, profile, ..Default::default() };
    let terminal: TerminalInfo = daemon.call(method::create, &params)?;
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

/// Whether a profile says where a terminal starts.
fn names_folder(daemon: &mut Daemon, profile: Option<&str>) -> Result<bool, Failure> {
    let Some(profile) = profile else { return Ok(false) };
    let config: DaemonGetConfigResult = daemon.call(daemon::method::get_config, &Empty {})?;
    Ok(config.settings.contains_key(&format!("terminal.profiles.{profile}.cwd")))
}
