//! Replacing the daemon in place: the process becomes another program, and keeps its number, its children and what is open.
//!
//! ```text
//!   old program                                      new program
//!   sessions end, state is stored
//!   a letter says what the descriptors are  ──exec─▶ reads the letter, goes on
//! ```
//!
//! Clients see a connection that closes and a socket that never did: they wait in its queue, connect, and resume. The lock
//! stays held throughout, so that nobody starts a second daemon. Where the new program cannot be run the old one goes on.
//! A service manager that keeps descriptors is given the letter and them, and the daemon that it starts next goes on: in
//! another process, to which the system does not tell how the old one's children end. Not here: what the services keep (`keeper`), and who asks for it.

#[cfg_attr(unix, path = "handover/unix.rs")]
#[cfg_attr(windows, path = "handover/windows.rs")]
mod platform;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::args::Args;
use crate::bus::BusState;
use crate::host::ProgramLimits;
use crate::keeper::{Descriptor, Parcel};
use crate::session::SessionsState;
use crate::supervisor;

/// The form of the letter. It rises when a program that knows the old form only would misunderstand it.
pub const FORMAT: u32 = 1;

/// What a program says of itself before it is trusted with a running daemon.
#[derive(Debug, Serialize, Deserialize)]
pub struct Credentials {
    /// Its version.
    pub version: String,
    /// The forms of the letter that it understands.
    pub formats: Vec<u32>,
}

impl Credentials {
    /// Those of this program.
    pub fn ours() -> Self {
        Self { version: env!("CARGO_PKG_VERSION").to_owned(), formats: vec![FORMAT] }
    }
}

/// What a daemon is beyond one program.
#[derive(Debug)]
pub struct DaemonState {
    /// Names the daemon.
    pub daemon_id: String,
    /// When it started, in milliseconds since 1970.
    pub started_at_ms: u64,
    /// How often it was replaced in place.
    pub restarts: u32,
    /// Why it was not, when that was tried last.
    pub restart_problem: Option<String>,
    /// The history of events.
    pub bus: BusState,
    /// The sessions that may be resumed.
    pub sessions: SessionsState,
    /// What the services keep, by service.
    pub parcels: BTreeMap<String, Parcel>,
}

/// Everything that goes from one program to the next.
#[derive(Debug)]
pub struct Estate {
    /// The daemon.
    pub daemon: DaemonState,
    /// Where it listens.
    pub socket: PathBuf,
    /// Whether the socket is a service manager's.
    pub is_managed: bool,
    /// The listening socket.
    pub listener: Descriptor,
    /// The lock of the living daemon.
    pub lock: Descriptor,
    /// The limits that programs get.
    pub program_limits: ProgramLimits,
}

/// Becomes the program `program`, which gets the estate. Returns only where that fails, and then nothing has changed.
pub fn execute(program: &Path, args: &Args, estate: &Estate) -> io::Error {
    match platform::execute(program, args, estate) {
        Err(error) => error,
        Ok(never) => match never {},
    }
}

/// Reads the letter of the program before, by the number of its descriptor.
pub fn receive(letter: i32) -> io::Result<Estate> {
    platform::receive(letter)
}

/// Leaves the estate with the service manager, for the daemon that it starts next.
pub fn leave(estate: &Estate) -> io::Result<()> {
    platform::leave(estate)
}

/// The estate that the daemon before has left with the service manager, if it has. The manager does not keep it any longer.
pub fn find(stored: BTreeMap<String, Descriptor>) -> io::Result<Option<Estate>> {
    for name in stored.keys() {
        supervisor::forget(name);
    }
    platform::find(stored)
}
