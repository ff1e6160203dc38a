//! Leaving the client that started the daemon: its terminal, its descriptors, its standard streams.

#[cfg_attr(unix, path = "detach/unix.rs")]
#[cfg_attr(windows, path = "detach/windows.rs")]
mod platform;

use std::fs::File;
use std::io;

use icpy_protocol::endpoint::StartReport;

use crate::host::ProgramLimits;

/// Who goes on after a daemon was put into the background.
#[derive(Debug)]
pub enum Forked {
    /// The process that was started, with the daemon's report; without one the daemon has died.
    Parent(Option<StartReport>),
    /// The daemon. Its report goes to standard output.
    Child,
}

/// Goes on in the background, in a session of its own. Only before there are threads.
pub fn daemonize() -> Result<Forked, String> {
    platform::daemonize()
}

/// Leaves the terminal's session and closes what the client had open by chance: a shell that waits for the end of a
/// pipe would wait for the daemon's. Only before there are threads, and before anything is opened.
pub fn leave_client() {
    platform::leave_client();
}

/// Leaves the folder in which the daemon was started, so that it can be unmounted.
pub fn leave_folder() -> io::Result<()> {
    std::env::set_current_dir(if cfg!(windows) { "C:\\" } else { "/" })
}

/// Points standard input and output to nothing, and errors to the log. This releases the start lock and tells the
/// client that no more will come.
pub fn leave_streams(log: &File) -> io::Result<()> {
    platform::leave_streams(log)
}

/// Whether this is the system's most powerful user.
pub fn is_root() -> bool {
    platform::is_root()
}

/// Keeps what is in memory, which are secrets too, out of core files and from other processes of the user. What the daemon starts is
/// not concerned.
pub fn hide_memory() -> io::Result<()> {
    platform::hide_memory()
}

/// Allows as many descriptors as the system permits: each client takes one, and the usual limit is meant for programs that
/// cannot count beyond 1024. What the daemon starts gets the old limit back, which is returned.
pub fn raise_limits() -> ProgramLimits {
    platform::raise_limits()
}
