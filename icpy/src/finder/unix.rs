//! Starting the daemon on Unix: it gets the start lock, so that the lock stays held when the client is killed.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, PipeWriter};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use interprocess::local_socket::Stream;

/// A daemon that was just started.
#[derive(Debug)]
pub(super) struct Started(Child);

/// Starts the daemon. With the command go our ends of the lock and the pipe: what the daemon has is all there is.
pub(super) fn spawn(program: &Path, args: &[OsString], start_lock: File, report: PipeWriter) -> io::Result<Started> {
    let mut command = Command::new(program);
    command.args(args).stdin(start_lock).stdout(report).stderr(Stdio::null());
    command.spawn().map(Started)
}

impl Started {
    pub(super) fn kill(&mut self) -> io::Result<()> {
        self.0.kill()
    }

    /// Waits until it ends. A client that stays would keep the ended daemon as a zombie.
    pub(super) fn wait(mut self) {
        let _ = self.0.wait();
    }
}

/// The socket lies in a folder that was looked at.
#[expect(clippy::unnecessary_wraps, reason = "a pipe lies in none")]
pub(super) fn check_owner(_: &Stream) -> io::Result<()> {
    Ok(())
}
