//! What the system's signals ask of the daemon.

#[cfg_attr(unix, path = "signal/unix.rs")]
#[cfg_attr(windows, path = "signal/windows.rs")]
mod platform;

use std::io;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To end; by the signal of this name.
    End(&'static str),
    /// To read the settings again.
    Reload,
}

/// The signals that come from now on. None is lost while this is kept.
#[derive(Debug)]
pub struct Signals(platform::Signals);

impl Signals {
    /// Takes the signals. Only inside a runtime.
    pub fn take() -> io::Result<Self> {
        platform::Signals::take().map(Self)
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) -> Asked {
        self.0.next().await
    }

    /// Waits for a signal that asks to end.
    pub async fn end(&mut self) {
        while self.next().await == Asked::Reload {}
    }
}
