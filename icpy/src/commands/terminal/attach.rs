//! `icpy terminal attach`: shows a terminal of the daemon in the user's own.
//!
//! Bytes go both ways unchanged; what the program has set in the user's terminal is set back at the end.

#[cfg(unix)]
mod keys;
#[cfg(unix)]
mod paste;
#[cfg_attr(unix, path = "attach/unix.rs")]
#[cfg_attr(windows, path = "attach/windows.rs")]
mod platform;
#[cfg(unix)]
mod show;
#[cfg(unix)]
mod typing;
#[cfg(unix)]
mod viewer;

use std::io::{self, IsTerminal as _};

use icpy::args::{General, TerminalAttach, Viewing};
use icpy::host;
use icpy_protocol::error::Error;

use super::TERMINAL_VARIABLE;
use crate::output::Failure;

pub(super) use self::platform::size;

/// Whether there is such a thing on this system.
pub(super) const IS_POSSIBLE: bool = cfg!(unix);

pub(super) fn run(attach: &TerminalAttach, general: &General) -> Result<(), Failure> {
    if !IS_POSSIBLE {
        let error = Error::unsupported("a terminal cannot be shown in another on this system yet");
        return Err(Failure::from(error).with_hint("`icpy terminal show --follow` prints what it prints"));
    }
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        let error = Failure::usage("standard input and output must be a terminal to show another in".to_owned());
        return Err(error.with_hint("`icpy terminal show --follow` and `icpy terminal send` need none"));
    }
    refuse_nested(None, &attach.viewing)?;
    #[cfg(unix)]
    viewer::run(attach, general)?;
    #[cfg(windows)]
    let _ = general;
    Ok(())
}

/// Refuses to show a terminal in itself, and without `--nested` any inside of another.
pub(super) fn refuse_nested(terminal_id: Option<&str>, viewing: &Viewing) -> Result<(), Failure> {
    let Some(own) = host::variable(TERMINAL_VARIABLE) else { return Ok(()) };
    if terminal_id == Some(&own) {
        return Err(Failure::usage("this is the terminal that is to be shown: it would show itself".to_owned()));
    }
    if viewing.nested {
        return Ok(());
    }
    let error = Failure::usage(format!("this runs in a terminal of icpyd already: `{own}`"));
    Err(error.with_hint("`--nested` shows another one inside of it; `icpy terminal new --detach` shows none"))
}
