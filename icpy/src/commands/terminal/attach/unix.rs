//! The user's terminal on Unix: raw while another is shown in it, and as it was afterwards, whatever happens.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use icpy_protocol::terminal::TerminalSize;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::{Errno, read, write};
use rustix::stdio::{stdin, stdout};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr, ttyname};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use crate::commands::terminal::modes::Modes;

/// The most that is read from the keyboard at once, and how many such pieces may wait.
const KEYS_BYTES_MAX: usize = 16 << 10;
const KEYS_MAX: usize = 4;

/// How long a terminal that takes nothing is waited for at the end.
const LEAVE_TIMEOUT_MS: i64 = 300;

/// What is set while a terminal is shown.
#[derive(Clone)]
pub(super) struct Raw(Termios);

impl Raw {
    /// Sets it: also again, when the user has stopped this program and gone on with it.
    pub(super) fn set(&self) -> io::Result<()> {
        Ok(tcsetattr(stdin(), OptionalActions::Now, &self.0)?)
    }
}

/// The user's terminal, made raw. Dropping it makes it what it was.
pub(super) struct Screen {
    before: Termios,
    raw: Raw,
    modes: Modes,
    /// To the thread that writes: a terminal may take its time, and keys are read meanwhile.
    pieces: SyncSender<Vec<u8>>,
    written: mpsc::Receiver<io::Result<()>>,
    is_writing: bool,
}

impl Screen {
    pub(super) fn open() -> io::Result<Self> {
        let before = tcgetattr(stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        let (pieces, queue) = sync_channel::<Vec<u8>>(1);
        let (tell, written) = mpsc::channel(1);
        thread::Builder::new().name("screen".to_owned()).spawn(move || {
            for piece in queue {
                if tell.blocking_send(write_all(stdout(), &piece)).is_err() {
                    return;
                }
            }
        })?;
        let raw = Raw(raw);
        let screen = Self { before, raw, modes: Modes::default(), pieces, written, is_writing: false };
        screen.raw.set()?;
        Ok(screen)
    }

    pub(super) fn raw(&self) -> Raw {
        self.raw.clone()
    }

    /// Begins to write a piece. The one before is written.
    pub(super) fn begin_write(&mut self, piece: Vec<u8>) {
        self.modes.note(&piece);
        // The thread lives as long as this, and takes one piece at a time.
        self.is_writing = self.pieces.try_send(piece).is_ok();
    }

    /// Whether the terminal was told to mark pastes.
    pub(super) fn are_pastes_marked(&self) -> bool {
        self.modes.are_pastes_marked()
    }

    pub(super) fn is_writing(&self) -> bool {
        self.is_writing
    }

    /// Waits until the piece is written. Nothing is lost when this is dropped before it ends.
    pub(super) async fn written(&mut self) -> io::Result<()> {
        let written = self.written.recv().await;
        self.is_writing = false;
        written.unwrap_or_else(|| Err(io::ErrorKind::BrokenPipe.into()))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // By a way of its own, which does not block: a terminal that takes nothing must not keep this program.
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let own = ttyname(stdout(), Vec::new()).and_then(|name| open(name, flags, Mode::empty()));
        let terminal = own.as_ref().map_or(stdout(), AsFd::as_fd);
        let mut rest = &*self.modes.leave();
        while !rest.is_empty() && is_ready(terminal) {
            match write(terminal, rest) {
                Ok(count) => rest = &rest[count..],
                Err(Errno::INTR) => {}
                Err(_) => break,
            }
        }
        // A terminal that is gone needs no more.
        let _ = tcsetattr(stdin(), OptionalActions::Now, &self.before);
    }
}

fn is_ready(terminal: BorrowedFd<'_>) -> bool {
    let timeout = Timespec { tv_sec: 0, tv_nsec: LEAVE_TIMEOUT_MS * 1_000_000 };
    let mut asked = [PollFd::from_borrowed_fd(terminal, PollFlags::OUT)];
    matches!(poll(&mut asked, Some(&timeout)), Ok(1..)) && asked[0].revents().contains(PollFlags::OUT)
}

fn write_all(terminal: BorrowedFd<'_>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match write(terminal, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::INTR) => {}
            // Somebody else has made it so.
            Err(Errno::AGAIN) => {
                poll(&mut [PollFd::from_borrowed_fd(terminal, PollFlags::OUT)], None)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// What the user types. Ends when the terminal is gone. The thread ends with the process.
pub(super) fn keyboard() -> io::Result<mpsc::Receiver<Vec<u8>>> {
    let (keys, typed) = mpsc::channel(KEYS_MAX);
    thread::Builder::new().name("keyboard".to_owned()).spawn(move || {
        let mut buffer = vec![0; KEYS_BYTES_MAX];
        loop {
            match read(stdin(), &mut buffer[..]) {
                Ok(count @ 1..) => {
                    if keys.blocking_send(buffer[..count].to_vec()).is_err() {
                        return;
                    }
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    let _ = poll(&mut [PollFd::from_borrowed_fd(stdin(), PollFlags::IN)], None);
                }
                _ => return,
            }
        }
    })?;
    Ok(typed)
}

/// The size of the user's terminal, if it has one.
pub(in super::super) fn size() -> Option<TerminalSize> {
    let size = tcgetwinsize(stdout()).ok()?;
    (size.ws_col > 0 && size.ws_row > 0).then_some(TerminalSize { columns: size.ws_col, rows: size.ws_row })
}

/// What this program is told by signals.
pub(super) struct Signals {
    ends: [(Signal, u8); 4],
    resized: Signal,
    continued: Signal,
}

/// A signal.
pub(super) enum Told {
    /// The program is to end, by this signal.
    End(u8),
    /// The user's terminal has another size.
    Resized,
    /// The program was stopped, and goes on.
    Continued,
}

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        let end = |kind: SignalKind| -> io::Result<(Signal, u8)> {
            Ok((signal(kind)?, u8::try_from(kind.as_raw_value()).unwrap_or_default()))
        };
        let kinds = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt(), SignalKind::quit()];
        let [terminate, hangup, interrupt, quit] = kinds.map(end);
        let continued = SignalKind::from_raw(rustix::process::Signal::CONT.as_raw());
        Ok(Self {
            ends: [terminate?, hangup?, interrupt?, quit?],
            resized: signal(SignalKind::window_change())?,
            continued: signal(continued)?,
        })
    }

    pub(super) async fn next(&mut self) -> Told {
        let [(one, first), (two, second), (three, third), (four, fourth)] = &mut self.ends;
        tokio::select! {
            _ = one.recv() => Told::End(*first),
            _ = two.recv() => Told::End(*second),
            _ = three.recv() => Told::End(*third),
            _ = four.recv() => Told::End(*fourth),
            _ = self.resized.recv() => Told::Resized,
            _ = self.continued.recv() => Told::Continued,
        }
    }
}
