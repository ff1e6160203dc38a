//! Leaving the client on Windows, where the client starts the daemon without a console and with its own handles only.

use std::fs::File;
use std::io;

use super::Forked;
use crate::host::ProgramLimits;

pub(super) fn daemonize() -> Result<Forked, String> {
    Err("on Windows `icpy start` puts it into the background".to_owned())
}

pub(super) fn leave_client() {}

#[expect(clippy::unnecessary_wraps, reason = "Unix has something to do here")]
pub(super) fn leave_streams(_: &File) -> io::Result<()> {
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "Unix has something to do here")]
pub(super) fn hide_memory() -> io::Result<()> {
    Ok(())
}

pub(super) fn raise_limits() -> ProgramLimits {
    ProgramLimits::default()
}

/// Nobody starts programs for others by elevating them.
pub(super) fn is_root() -> bool {
    false
}
