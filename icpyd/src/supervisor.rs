//! The service manager, where one started the daemon: the socket that it hands over, and telling it how the daemon does.
//!
//! Without one nothing here does anything. Not here: which manager that is; systemd's protocol is spoken by others too.

#[cfg_attr(unix, path = "supervisor/unix.rs")]
#[cfg_attr(windows, path = "supervisor/windows.rs")]
mod platform;

use std::path::PathBuf;
use std::time::Duration;

use crate::keeper::Descriptor;

/// A socket that listens already. It is the manager's: the daemon neither made it nor removes it.
#[derive(Debug)]
pub struct InheritedSocket {
    /// The socket itself.
    pub descriptor: Descriptor,
    /// Where clients find it.
    pub path: PathBuf,
}

/// The socket that the manager hands over, if it does. The error is a sentence. Only once, and before the daemon opens
/// anything.
pub fn inherited_socket() -> Result<Option<InheritedSocket>, String> {
    platform::inherited_socket()
}

/// Says that the daemon listens.
pub fn tell_ready() {
    platform::tell("READY=1");
}

/// Says that the daemon is about to end.
pub fn tell_stopping() {
    platform::tell("STOPPING=1");
}

/// Says that the daemon still answers.
pub fn tell_alive() {
    platform::tell("WATCHDOG=1");
}

/// How often at least the manager wants to be told that the daemon answers, if it does.
pub fn watchdog_period() -> Option<Duration> {
    platform::watchdog_period()
}
