//! The floor: a terminal whose other end is here.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::{SIZE, Shown};

/// A program in a terminal. It ends with its handle.
pub(super) struct Pty {
    child: Child,
    master: File,
    buffer: Vec<u8>,
}

impl Pty {
    /// Runs a script of the shell.
    pub(super) fn script(script: &str) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Self::spawn(command)
    }

    /// Runs a command as the leader of a new terminal's session.
    pub(super) fn spawn(mut command: Command) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let slave = rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).unwrap();
        let size = Winsize { ws_row: SIZE.rows, ws_col: SIZE.columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size).unwrap();
        let stream = |slave: &OwnedFd| Stdio::from(slave.try_clone().unwrap());
        command.stdin(stream(&slave)).stdout(stream(&slave)).stderr(stream(&slave));
        let lead = || {
            rustix::process::setsid()?;
            Ok(rustix::process::ioctl_tiocsctty(std::io::stdin().as_fd())?)
        };
        #[expect(unsafe_code, reason = "the child must lead the terminal's session before it runs")]
        // SAFETY: the closure makes system calls, and neither allocates nor takes a lock.
        unsafe {
            command.pre_exec(lead);
        }
        let child = command.spawn().unwrap();
        Self { child, master: master.into(), buffer: vec![0; 64 << 10] }
    }

    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Shown for Pty {
    fn type_in(&mut self, keys: &[u8]) {
        self.master.write_all(keys).unwrap();
    }

    fn read(&mut self) -> &[u8] {
        // The end of a terminal is an error.
        let count = self.master.read(&mut self.buffer).unwrap_or(0);
        &self.buffer[..count]
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
