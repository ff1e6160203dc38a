//! Programs that run in terminals, on Unix: how they end, and ending them with all that they have started.

use std::collections::HashSet;
use std::future::poll_fn;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::task::Poll;

use icpy_protocol::terminal::TerminalExit;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitOptions};
#[cfg(target_os = "linux")]
use rustix::{
    event::{PollFd, PollFlags, Timespec},
    process::PidfdFlags,
};
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::SignalKind;

use super::Master;

/// How often it is looked for processes that others have started meanwhile.
const SEARCHES_MAX: usize = 16;

/// A program that was started in a terminal. It is waited for by its number, since the program that started it may have
/// been another one in the same process.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Child(Pid);

/// Tells that some child may have ended.
#[derive(Debug)]
pub(in super::super) struct Children {
    signal: tokio::signal::unix::Signal,
    /// The ends of those that another process has started, which the system tells nobody by a signal.
    foreign: Vec<AsyncFd<OwnedFd>>,
}

impl Child {
    pub(super) fn new(pid: Pid) -> Self {
        Self(pid)
    }

    pub(in super::super) fn pid(self) -> u32 {
        self.0.as_raw_nonzero().get().unsigned_abs()
    }

    /// The program that another one has started in this process.
    pub(in super::super) fn adopt(pid: u32) -> Option<Self> {
        i32::try_from(pid).ok().and_then(Pid::from_raw).map(Self)
    }

    /// How it ended, if it has. Once it was told the number means nothing any more.
    pub(in super::super) fn try_wait(self) -> io::Result<Option<TerminalExit>> {
        match rustix::process::waitpid(Some(self.0), WaitOptions::NOHANG) {
            Ok(None) => Ok(None),
            Ok(Some((_, status))) => {
                let status = ExitStatus::from_raw(status.as_raw());
                Ok(Some(TerminalExit { code: status.code(), signal: status.signal() }))
            }
            // Another process has started it: how it ends is told to nobody here.
            Err(Errno::CHILD) => Ok(self.is_gone().then_some(TerminalExit { code: None, signal: None })),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether it is a child of this process, which may have ended.
    fn is_own(self) -> bool {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !matches!(rustix::process::waitid(WaitId::Pid(self.0), look), Err(Errno::CHILD))
    }

    /// Whether it has ended, whoever is to be told.
    #[cfg(target_os = "linux")]
    fn is_gone(self) -> bool {
        let end = match end_of(self.0) {
            Ok(end) => end,
            // Where there are no descriptors left nothing is known.
            Err(error) => return error == Errno::SRCH,
        };
        let mut ends = [PollFd::new(&end, PollFlags::IN)];
        rustix::event::poll(&mut ends, Some(&Timespec::default())).is_ok_and(|count| count > 0)
    }

    /// The same: one that nobody has waited for yet still counts.
    #[cfg(not(target_os = "linux"))]
    fn is_gone(self) -> bool {
        rustix::process::test_kill_process(self.0) == Err(Errno::SRCH)
    }

    /// Asks everything that runs in the terminal to end, as when the user's line is cut.
    pub(in super::super) fn hang_up(self, master: &Master, has_ended: bool) {
        self.signal(master, Signal::HUP, has_ended);
        // One that is stopped does not hear it.
        self.signal(master, Signal::CONT, has_ended);
    }

    /// Ends everything that runs in the terminal.
    pub(in super::super) fn kill(self, master: &Master, has_ended: bool) {
        self.signal(master, Signal::KILL, has_ended);
        if self.is_another(has_ended) {
            return;
        }
        // One that is ended stays to be seen until it is waited for.
        let mut ended = HashSet::new();
        for _ in 0..SEARCHES_MAX {
            let found: Vec<Pid> = members(self.0).into_iter().filter(|pid| ended.insert(*pid)).collect();
            if found.is_empty() {
                break;
            }
            for pid in found {
                let _ = rustix::process::kill_process(pid, Signal::KILL);
            }
        }
    }

    /// Ends everything that runs in the terminal, and waits for the program: nobody else will.
    pub(in super::super) fn abandon(self, master: &Master) {
        self.kill(master, false);
        let _ = rustix::process::waitpid(Some(self.0), WaitOptions::empty());
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
        has_ended && rustix::process::test_kill_process(self.0) != Err(Errno::SRCH)
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
    /// The system does not say which one has.
    pub(in super::super) fn of<'a>(children: impl IntoIterator<Item = &'a Child>) -> io::Result<Self> {
        let signal = tokio::signal::unix::signal(SignalKind::child())?;
        let foreign = children.into_iter().filter(|child| !child.is_own());
        // One that has ended by now is seen by asking.
        Ok(Self { signal, foreign: foreign.filter_map(|child| watched(end_of(child.0).ok()?)).collect() })
    }

    pub(in super::super) async fn changed(&mut self) {
        poll_fn(|cx| {
            let before = self.foreign.len();
            self.foreign.retain(|end| end.poll_read_ready(cx).is_pending());
            match self.foreign.len() < before {
                true => Poll::Ready(()),
                false => self.signal.poll_recv(cx).map(drop),
            }
        })
        .await;
    }
}

fn watched(end: OwnedFd) -> Option<AsyncFd<OwnedFd>> {
    #[expect(unsafe_code, reason = "the type must keep its descriptor")]
    // SAFETY: an owned descriptor is the same for as long as it lives.
    let registered = unsafe { AsyncFd::register(end) };
    registered.ok()
}

/// What can be read from when a process has ended.
#[cfg(target_os = "linux")]
fn end_of(pid: Pid) -> rustix::io::Result<OwnedFd> {
    rustix::process::pidfd_open(pid, PidfdFlags::NONBLOCK)
}

/// Not to be had: a daemon goes on with what another process has started under systemd alone.
#[cfg(not(target_os = "linux"))]
fn end_of(_: Pid) -> rustix::io::Result<OwnedFd> {
    Err(Errno::NOSYS)
}
