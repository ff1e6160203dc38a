//! Pseudo-terminals and their processes on Unix.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::task::{Context, Poll, ready};

use icpy_protocol::terminal::TerminalSize;
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, setrlimit};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::Winsize;
use tokio::io::unix::AsyncFd;

pub(super) use self::child::{Child, Children};
use super::Program;
use crate::host::ProgramLimits;

#[path = "unix/child.rs"]
mod child;

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

/// Behind the last signal that has a name.
const SIGNALS_END: libc::c_int = 32;

/// What of the daemon's own environment describes the user, and so is for programs too.
pub(super) const USER_VARIABLES: &[&str] = &[
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "XDG_RUNTIME_DIR",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "DBUS_SESSION_BUS_ADDRESS",
    "SSH_AUTH_SOCK",
];

/// The variables that name the user's shell and home, and what these are where there is none.
pub(super) const SHELL_VARIABLE: &str = "SHELL";
pub(super) const HOME_VARIABLE: &str = "HOME";
pub(super) const DEFAULT_SHELL: &str = "/bin/sh";
pub(super) const DEFAULT_HOME: &str = "/";

/// The variables that say which language programs speak, and so how they encode it; terminals know UTF-8 alone.
const LANGUAGE_VARIABLES: &[&str] = &["LC_ALL", "LC_CTYPE", "LANG"];

/// Says what the terminal is, and how its text is encoded where nothing else says it.
pub(super) fn describe_terminal(variables: &mut BTreeMap<String, OsString>) {
    variables.insert("TERM".to_owned(), "xterm-256color".into());
    variables.insert("COLORTERM".to_owned(), "truecolor".into());
    if !LANGUAGE_VARIABLES.iter().any(|name| variables.contains_key(*name)) {
        variables.insert("LANG".to_owned(), "C.UTF-8".into());
    }
}

/// The daemon's end of a terminal.
#[derive(Debug)]
pub(super) struct Master {
    descriptor: AsyncFd<OwnedFd>,
    /// The other end is kept open. Else a terminal that no program has open for a while would count as closed for ever, though
    /// one may open it again.
    _slave: OwnedFd,
}

/// Starts a program in a new terminal, in a session of its own.
pub(super) fn spawn(program: &Program<'_>, size: TerminalSize, limits: ProgramLimits) -> io::Result<(Master, Child)> {
    let master = open_master()?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let slave = File::from(open_slave(&master)?);
    let master = Master::new(master, slave.try_clone()?.into())?;
    master.resize(size)?;

    let mut command = Command::new(program.path);
    command.args(&program.arguments).current_dir(program.cwd).env_clear().envs(program.environment);
    command.stdin(slave.try_clone()?).stdout(slave.try_clone()?).stderr(slave);
    let prepare = move || {
        rustix::process::setsid()?;
        // SAFETY: the standard input is the terminal, and stays open here.
        #[expect(unsafe_code, reason = "the descriptor is known by its number alone")]
        rustix::process::ioctl_tiocsctty(unsafe { BorrowedFd::borrow_raw(0) })?;
        hear_all_signals();
        keep_descriptors();
        limit(limits)
    };
    #[expect(unsafe_code, reason = "the child must become the leader of the terminal's session before it runs")]
    // SAFETY: the closure makes system calls, and neither allocates nor takes a lock.
    unsafe {
        command.pre_exec(prepare);
    }
    let child = command.spawn()?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidData)?;
    Ok((master, Child::new(pid)))
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

fn open_slave(master: &OwnedFd) -> io::Result<OwnedFd> {
    let name = ptsname(master, Vec::new())?;
    // The daemon leads a session, and must not get the terminal for its own.
    Ok(rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?)
}

/// Gives every signal its usual effect: whoever has started the daemon may have ignored some, as `nohup` does, and that is
/// passed on from program to program.
fn hear_all_signals() {
    for number in 1..SIGNALS_END {
        #[expect(unsafe_code, reason = "there is no safe call")]
        // SAFETY: it replaces no handler of ours: this process is about to become another program.
        unsafe {
            libc::signal(number, libc::SIG_DFL);
        }
    }
}

/// Keeps what is open from the next program, but for the standard streams. All of ours is opened so; what a library may have
/// forgotten is not.
#[cfg(target_os = "linux")]
fn keep_descriptors() {
    #[expect(unsafe_code, reason = "there is no safe call")]
    // SAFETY: it takes numbers. A system that does not know it changes nothing.
    unsafe {
        libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC);
    }
}

/// There is no call for it elsewhere that may be made here.
#[cfg(not(target_os = "linux"))]
fn keep_descriptors() {}

/// Gives this process the limits that the daemon was started with.
fn limit(limits: ProgramLimits) -> io::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    match limits.descriptors {
        Some(_) => Ok(setrlimit(Resource::Nofile, Rlimit { current: limits.descriptors, ..limit })?),
        None => Ok(()),
    }
}

impl Master {
    fn new(descriptor: OwnedFd, slave: OwnedFd) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&descriptor, true)?;
        #[expect(unsafe_code, reason = "the type must keep its descriptor")]
        // SAFETY: an owned descriptor is the same for as long as it lives.
        let registered = unsafe { AsyncFd::register(descriptor) };
        Ok(Self { descriptor: registered?, _slave: slave })
    }

    /// Goes on with a terminal that another program has made.
    pub(super) fn adopt(descriptor: OwnedFd) -> io::Result<Self> {
        let slave = open_slave(&descriptor)?;
        Self::new(descriptor, slave)
    }

    /// Another descriptor of the terminal.
    pub(super) fn share(&self) -> io::Result<OwnedFd> {
        self.descriptor.get_ref().try_clone()
    }

    pub(super) fn resize(&self, size: TerminalSize) -> io::Result<()> {
        let size = Winsize { ws_row: size.rows.max(1), ws_col: size.columns.max(1), ws_xpixel: 0, ws_ypixel: 0 };
        Ok(rustix::termios::tcsetwinsize(self.descriptor.get_ref(), size)?)
    }

    /// Reads what was printed, as much as is there and fits. Nothing, when no program has the terminal open any more.
    pub(super) fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut filled = 0;
        while filled < buffer.len() {
            let mut ready = match self.descriptor.poll_read_ready(cx) {
                Poll::Ready(ready) => ready?,
                Poll::Pending if filled == 0 => return Poll::Pending,
                Poll::Pending => break,
            };
            let read = ready.try_io(|master| Ok(rustix::io::read(master.get_ref(), &mut buffer[filled..])?));
            match read {
                Err(_would_block) => {}
                Ok(Ok(count)) if count > 0 => filled += count,
                // It comes again the next time.
                Ok(_) if filled > 0 => break,
                // Linux says so when the other end is closed.
                Ok(Err(error)) if error.raw_os_error() == Some(libc::EIO) => return Poll::Ready(Ok(0)),
                Ok(outcome) => return Poll::Ready(outcome),
            }
        }
        Poll::Ready(Ok(filled))
    }

    /// Reads what was printed and is there now. Nothing, when that is nothing.
    pub(super) fn read_now(&self, buffer: &mut [u8]) -> usize {
        rustix::io::read(self.descriptor.get_ref(), buffer).unwrap_or(0)
    }

    /// Types something, as much as there is room for.
    pub(super) fn poll_write(&self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            let mut ready = ready!(self.descriptor.poll_write_ready(cx))?;
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
        rustix::termios::tcgetpgrp(self.descriptor.get_ref().as_fd()).ok()
    }
}
