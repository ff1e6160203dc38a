//! Who is shown a terminal: how far each has got, and what size they want.

use std::task::Waker;
use std::time::Duration;

use icpy_protocol::terminal::{TerminalSize, TerminalSizePolicy};
use tokio::time::Instant;

/// Bytes that are sent to a viewer before it says that it has shown any. So much may still come after its ^C.
pub(super) const WINDOW_BYTES: u64 = 48 << 10;

/// Somebody who has interrupted the program does not wait for more of what it printed before: beyond this the screen is
/// shown instead.
const INTERRUPTED_BYTES_MAX: u64 = 16 << 10;

/// How long an interrupted program may go on printing.
const INTERRUPTED_TIME: Duration = Duration::from_millis(200);

/// What interrupts a program.
const CTRL_C: u8 = 0x03;
const CTRL_Z: u8 = 0x1a;
const CTRL_BACKSLASH: u8 = 0x1c;

/// All viewers of a terminal, the one who was active last at the end.
#[derive(Debug, Default)]
pub(super) struct Viewers(Vec<Viewer>);

/// One of them.
#[derive(Debug)]
pub(super) struct Viewer {
    pub(super) id: String,
    /// Whose it is.
    pub(super) session: String,
    pub(super) size: Option<TerminalSize>,
    pub(super) is_read_only: bool,
    /// What was sent, and what of that was shown, in bytes of the terminal's output.
    pub(super) sent: u64,
    pub(super) shown: u64,
    pub(super) screen: Given,
    /// When the program was interrupted. Until it has ended, and all is sent.
    pub(super) interrupted_at: Option<Instant>,
    /// How many lines that have scrolled out come with a screen that it wants.
    pub(super) history: usize,
    /// To be woken when there is something to send.
    pub(super) waker: Option<Waker>,
    pub(super) is_detached: bool,
}

/// Whether a viewer was given the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// It is to be, before anything else.
    Wanted,
    /// It was, and has acknowledged nothing since: it is not given another one.
    New,
    /// It knows it.
    Taken,
}

impl Viewer {
    pub(super) fn new(id: String, session: String, after: u64) -> Self {
        Self {
            id,
            session,
            size: None,
            is_read_only: false,
            sent: after,
            shown: after,
            screen: Given::Taken,
            interrupted_at: None,
            history: usize::MAX,
            waker: None,
            is_detached: false,
        }
    }

    /// Bytes that it takes now.
    pub(super) fn credit(&self) -> u64 {
        WINDOW_BYTES.saturating_sub(self.sent - self.shown)
    }

    /// Whether it is too far behind to be sent all up to `end`, of which what is kept begins at `begin`.
    pub(super) fn is_behind(&self, begin: u64, end: u64) -> bool {
        self.sent < begin || (self.interrupted_at.is_some() && self.sent + INTERRUPTED_BYTES_MAX < end)
    }

    /// It has been sent all that there is.
    pub(super) fn caught_up(&mut self) {
        self.interrupted_at = self.interrupted_at.filter(|at| at.elapsed() < INTERRUPTED_TIME);
    }

    /// It has shown all up to a byte. Saying so of what was not sent gains nothing.
    fn acknowledge(&mut self, to: u64) {
        self.shown = to.clamp(self.shown, self.sent);
        if self.screen == Given::New {
            self.screen = Given::Taken;
        }
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl Viewers {
    pub(super) fn insert(&mut self, viewer: Viewer) {
        self.0.push(viewer);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn get(&mut self, id: &str) -> Option<&mut Viewer> {
        self.0.iter_mut().find(|viewer| viewer.id == id)
    }

    /// The viewer of this name, if it is this session's.
    pub(super) fn of_session(&mut self, id: &str, session: &str) -> Option<&mut Viewer> {
        self.get(id).filter(|viewer| viewer.session == session)
    }

    pub(super) fn remove(&mut self, id: &str) {
        self.0.retain(|viewer| viewer.id != id);
    }

    /// Takes note that a viewer does something.
    pub(super) fn activate(&mut self, id: &str) {
        if let Some(place) = self.0.iter().position(|viewer| viewer.id == id) {
            self.0[place..].rotate_left(1);
        }
    }

    /// The size that they want together, if they want any.
    pub(super) fn size(&self, policy: TerminalSizePolicy) -> Option<TerminalSize> {
        let mut sizes = self.0.iter().filter(|viewer| !viewer.is_read_only).filter_map(|viewer| viewer.size);
        match policy {
            TerminalSizePolicy::Latest => sizes.next_back(),
            TerminalSizePolicy::Smallest => sizes.reduce(|one, other| TerminalSize {
                columns: one.columns.min(other.columns),
                rows: one.rows.min(other.rows),
            }),
            TerminalSizePolicy::Fixed => None,
        }
    }

    pub(super) fn acknowledge(&mut self, id: &str, session: &str, to: u64) -> bool {
        let Some(viewer) = self.of_session(id, session) else { return false };
        viewer.acknowledge(to);
        viewer.wake();
        true
    }

    /// Shows it to a viewer no longer.
    pub(super) fn detach(&mut self, id: &str, session: &str) -> bool {
        let Some(viewer) = self.of_session(id, session) else { return false };
        viewer.is_detached = true;
        viewer.wake();
        true
    }

    /// Takes note of what was typed: an interrupt hurries all.
    pub(super) fn note_typed(&mut self, data: &[u8]) {
        if memchr::memchr3(CTRL_C, CTRL_Z, CTRL_BACKSLASH, data).is_some() {
            let now = Some(Instant::now());
            self.0.iter_mut().for_each(|viewer| viewer.interrupted_at = now);
        }
    }

    /// All are given the screen before anything else.
    pub(super) fn show_anew(&mut self) {
        self.0.iter_mut().for_each(|viewer| viewer.screen = Given::Wanted);
        self.wake_all();
    }

    /// There is something for all.
    pub(super) fn wake_all(&mut self) {
        self.0.iter_mut().for_each(Viewer::wake);
    }
}
