//! Pseudo-terminals and their processes on Unix.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, ExitStatus};
use std::task::{Context, Poll, ready};

use icpy_protocol::terminal::{TerminalExit, TerminalSize};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Resource, Rlimit, Signal, WaitOptions, getrlimit, setrlimit};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::Winsize;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::SignalKind;

use super::Program;
use crate::host::ProgramLimits;

/// The signals that can be sent by name.
const SIGNALS: &[(&str, Signal)] = &[
    ("HUP", Signal::HUP),
    ("INT", Signal::INT),
    ("QUIT", Signal::QUIT),
    ("KILL", Signal::KILL),
    ("USR1", Signal::USR1),
    ("USR2", Signal::USR2),
    ("TERM", Signal::TERM),
    ("CONT", Signal::CONT),
    ("STOP", Signal::STOP),
    ("TSTP", Signal::TSTP),
    ("WINCH", Signal::WINCH),
];

/// The daemon's end of a terminal.
#[derive(Debug)]
pub(super) struct Master(AsyncFd<OwnedFd>);

/// A program that was started in a terminal. It is waited for by its number, since the program that started it may have
/// been another one in the same process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Child(Pid);

/// Tells that some child may have ended.
#[derive(Debug)]
pub(super) struct Children(tokio::signal::unix::Signal);

/// Starts a program in a new terminal, in a session of its own.
pub(super) fn spawn(program: &Program<'_>, size: TerminalSize, limits: ProgramLimits) -> io::Result<(Master, Child)> {
    let master = open_master()?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let name = ptsname(&master, Vec::new())?;
    // The daemon leads a session, and must not get the terminal for its own.
    let slave: File = rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?.into();
    let master = Master::new(master)?;
    master.resize(size)?;

    let mut command = Command::new(program.path);
    command.args(&program.arguments).current_dir(program.cwd).env_clear().envs(program.environment);
    command.stdin(slave.try_clone()?).stdout(slave.try_clone()?).stderr(slave);
    let prepare = move || {
        rustix::process::setsid()?;
        // SAFETY: the standard input is the terminal, and stays open here.
        #[expect(unsafe_code, reason = "the descriptor is known by its number alone")]
        rustix::process::ioctl_tiocsctty(unsafe { BorrowedFd::borrow_raw(0) })?;
        limit(limits)
    };
    #[expect(unsafe_code, reason = "the child must become the leader of the terminal's session before it runs")]
    // SAFETY: the closure makes system calls, and neither allocates nor takes a lock.
    unsafe {
        command.pre_exec(prepare);
    }
    let child = command.spawn()?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidData)?;
    Ok((master, Child(pid)))
}

/// A new terminal, which children do not get.
#[cfg(not(target_vendor = "apple"))]
fn open_master() -> io::Result<OwnedFd> {
    Ok(openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?)
}

/// The same in two steps, since there it cannot be said while opening.
#[cfg(target_vendor = "apple")]
fn open_master() -> io::Result<OwnedFd> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    rustix::io::fcntl_setfd(&master, rustix::io::FdFlags::CLOEXEC)?;
    Ok(master)
}

/// Gives this process the limits that the daemon was started with.
fn limit(limits: ProgramLimits) -> io::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    match limits.descriptors {
        Some(_) => Ok(setrlimit(Resource::Nofile, Rlimit { current: limits.descriptors, ..limit })?),
        None => Ok(()),
    }
}

impl Master {
    fn new(descriptor: OwnedFd) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&descriptor, true)?;
        #[expect(unsafe_code, reason = "the type must keep its descriptor")]
        // SAFETY: an owned descriptor is the same for as long as it lives.
        let registered = unsafe { AsyncFd::register(descriptor) };
        registered.map(Self).map_err(io::Error::from)
    }

    /// Goes on with a terminal that another program has made.
    pub(super) fn adopt(descriptor: OwnedFd) -> io::Result<Self> {
        Self::new(descriptor)
    }

    /// Another descriptor of the terminal.
    pub(super) fn share(&self) -> io::Result<OwnedFd> {
        self.0.get_ref().try_clone()
    }

    pub(super) fn resize(&self, size: TerminalSize) -> io::Result<()> {
        let size = Winsize { ws_row: size.rows.max(1), ws_col: size.columns.max(1), ws_xpixel: 0, ws_ypixel: 0 };
        Ok(rustix::termios::tcsetwinsize(self.0.get_ref(), size)?)
    }

    /// Reads what was printed. Nothing, when no program has the terminal open any more.
    pub(super) fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            let mut ready = ready!(self.0.poll_read_ready(cx))?;
            let read = ready.try_io(|master| Ok(rustix::io::read(master.get_ref(), &mut *buffer)?));
            match read {
                // Linux says so when the other end is closed.
                Ok(Err(error)) if error.raw_os_error() == Some(libc::EIO) => return Poll::Ready(Ok(0)),
                Ok(outcome) => return Poll::Ready(outcome),
                Err(_would_block) => {}
            }
        }
    }

    /// Reads what was printed and is there now. Nothing, when that is nothing.
    pub(super) fn read_now(&self, buffer: &mut [u8]) -> usize {
        rustix::io::read(self.0.get_ref(), buffer).unwrap_or(0)
    }

    /// Types something, as much as there is room for.
    pub(super) fn poll_write(&self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            let mut ready = ready!(self.0.poll_write_ready(cx))?;
            match ready.try_io(|master| Ok(rustix::io::write(master.get_ref(), data)?)) {
                Ok(outcome) => return Poll::Ready(outcome),
                Err(_would_block) => {}
            }
        }
    }

    /// Sends a signal to the processes that read what is typed.
    pub(super) fn signal(&self, name: &str) -> io::Result<()> {
        let name = name.strip_prefix("SIG").unwrap_or(name);
        let signal = SIGNALS.iter().find(|(known, _)| *known == name).ok_or(io::ErrorKind::InvalidInput)?.1;
        let foreground = self.foreground().ok_or(io::ErrorKind::NotFound)?;
        Ok(rustix::process::kill_process_group(foreground, signal)?)
    }

    /// The process group that reads what is typed.
    fn foreground(&self) -> Option<Pid> {
        rustix::termios::tcgetpgrp(self.0.get_ref().as_fd()).ok()
    }
}

impl Child {
    pub(super) fn pid(self) -> u32 {
        self.0.as_raw_nonzero().get().unsigned_abs()
    }

    /// The program that another one has started in this process.
    pub(super) fn adopt(pid: u32) -> Option<Self> {
        i32::try_from(pid).ok().and_then(Pid::from_raw).map(Self)
    }

    /// How it ended, if it has. Once it was told the number means nothing any more.
    pub(super) fn try_wait(self) -> io::Result<Option<TerminalExit>> {
        let Some((_, status)) = rustix::process::waitpid(Some(self.0), WaitOptions::NOHANG)? else { return Ok(None) };
        let status = ExitStatus::from_raw(status.as_raw());
        Ok(Some(TerminalExit { code: status.code(), signal: status.signal() }))
    }

    /// Asks everything that runs in the terminal to end, as when the user's line is cut.
    pub(super) fn hang_up(self, master: &Master, has_ended: bool) {
        self.signal(master, Signal::HUP, has_ended);
        // One that is stopped does not hear it.
        self.signal(master, Signal::CONT, has_ended);
    }

    /// Ends everything that runs in the terminal.
    pub(super) fn kill(self, master: &Master, has_ended: bool) {
        self.signal(master, Signal::KILL, has_ended);
        if !self.is_another(has_ended) {
            for pid in members(self.0) {
                let _ = rustix::process::kill_process(pid, Signal::KILL);
            }
        }
    }

    fn signal(self, master: &Master, signal: Signal, has_ended: bool) {
        // Groups that have ended meanwhile need nothing.
        if let Some(foreground) = master.foreground() {
            let _ = rustix::process::kill_process_group(foreground, signal);
        }
        if !self.is_another(has_ended) && master.foreground() != Some(self.0) {
            let _ = rustix::process::kill_process_group(self.0, signal);
        }
    }

    /// Whether the number belongs to a process that is none of ours. While anything is left of the session the system
    /// does not give its number to another.
    fn is_another(self, has_ended: bool) -> bool {
        has_ended && rustix::process::test_kill_process(self.0) != Err(rustix::io::Errno::SRCH)
    }
}

/// The processes of a session: jobs in the background are in groups of their own.
#[cfg(target_os = "linux")]
fn members(session: Pid) -> Vec<Pid> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok().and_then(Pid::from_raw));
    pids.filter(|pid| session_of(*pid) == session.as_raw_nonzero().get()).collect()
}

/// The number of a process's session; 0 for the system's own, which rustix does not expect.
#[cfg(target_os = "linux")]
fn session_of(pid: Pid) -> libc::pid_t {
    #[expect(unsafe_code, reason = "the safe call takes every answer for a process")]
    // SAFETY: it takes and returns numbers.
    unsafe {
        libc::getsid(pid.as_raw_nonzero().get())
    }
}

/// Not to be had without elevated calls; closing the terminal hangs up on them.
#[cfg(not(target_os = "linux"))]
fn members(_: Pid) -> Vec<Pid> {
    Vec::new()
}

impl Children {
    pub(super) fn new() -> io::Result<Self> {
        tokio::signal::unix::signal(SignalKind::child()).map(Self)
    }

    pub(super) async fn changed(&mut self) {
        self.0.recv().await;
    }
}
