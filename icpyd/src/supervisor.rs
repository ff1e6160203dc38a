//! The service manager, where one started the daemon: the socket that it hands over, and telling it how the daemon does.
//!
//! Without one nothing here does anything. Not here: which manager that is; systemd's protocol is spoken by others too.

#[cfg_attr(unix, path = "supervisor/unix.rs")]
#[cfg_attr(windows, path = "supervisor/windows.rs")]
mod platform;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::host::Host;
use crate::keeper::Descriptor;

/// A socket that listens already. It is the manager's: the daemon neither made it nor removes it.
#[derive(Debug)]
pub struct InheritedSocket {
    /// The socket itself.
    pub descriptor: Descriptor,
    /// Where clients find it.
    pub path: PathBuf,
}

/// What the manager hands over to the daemon that it starts.
#[derive(Debug, Default)]
pub struct Inherited {
    /// Its socket.
    pub socket: Option<InheritedSocket>,
    /// What the daemon before has stored with it, by name.
    pub stored: BTreeMap<String, Descriptor>,
}

/// What the manager hands over. The error is a sentence. Only once, and before the daemon opens anything.
pub fn inherited() -> Result<Inherited, String> {
    platform::inherited()
}

/// Whether the manager keeps descriptors until it starts the daemon again. systemd says so since its version 254.
pub fn can_store(host: &Host) -> bool {
    let most = host.variable("FDSTORE").and_then(|most| most.to_str()?.parse().ok());
    most.is_some_and(|most: u32| most > 0)
}

/// Has the manager keep a descriptor for the daemon that it starts next.
pub fn store(name: &str, descriptor: &Descriptor) -> io::Result<()> {
    platform::store(name, descriptor)
}

/// Has the manager close a descriptor that it keeps.
pub fn forget(name: &str) {
    platform::forget(name);
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
