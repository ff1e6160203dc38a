//! What all terminals together keep of what was scrolled out of them. Each has a bound of its own too (`screen`).
//!
//! Whoever goes beyond the bound has room made before it goes on: the terminals that have printed nothing for longest
//! are compressed, and then give up their oldest lines. The newest lines of each go last.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::one::Terminal;
use super::screen::Screen;

/// So much of the bound is free when room was made, so that it is not made for every line.
const ROOM: usize = 16;

/// The bound, and what is held.
#[derive(Debug)]
pub(super) struct Scrollback {
    bytes_max: usize,
    bytes: AtomicUsize,
    terminals: Mutex<Vec<Weak<Terminal>>>,
}

/// What one terminal holds of it.
#[derive(Debug)]
pub(super) struct Share {
    all: Arc<Scrollback>,
    bytes: AtomicUsize,
}

/// What a terminal may do to hold less. It is told how much is too much.
type Way = fn(&mut Screen, usize);

impl Scrollback {
    pub(super) fn new(bytes_max: usize) -> Arc<Self> {
        Arc::new(Self { bytes_max, bytes: AtomicUsize::new(0), terminals: Mutex::default() })
    }

    /// A share for a terminal that is about to be.
    pub(super) fn share(self: &Arc<Self>) -> Share {
        Share { all: Arc::clone(self), bytes: AtomicUsize::new(0) }
    }

    fn excess(&self, bytes_max: usize) -> usize {
        self.bytes.load(Ordering::Relaxed).saturating_sub(bytes_max)
    }

    /// Makes room, if there is none.
    fn make_room(&self) {
        if self.excess(self.bytes_max) == 0 {
            return;
        }
        let terminals = self.terminals.lock().unwrap_or_else(PoisonError::into_inner);
        let mut quietest: Vec<Arc<Terminal>> = terminals.iter().filter_map(Weak::upgrade).collect();
        quietest.sort_by_cached_key(|terminal| terminal.lock().meter.last_printed());
        let wanted = self.bytes_max - self.bytes_max / ROOM;
        let freed_by = |way: Way| -> usize { quietest.iter().map(|terminal| self.free(terminal, wanted, way)).sum() };
        // Again for as long as that helps: what prints meanwhile gives up its own before any other loses all.
        while freed_by(|screen, _| screen.compress_idle()) + freed_by(Screen::give_up_scrollback) > 0 {}
        freed_by(|screen, _| screen.clear_scrollback());
    }

    /// Has a terminal hold less, where all hold too much. Returns how much less.
    fn free(&self, terminal: &Terminal, wanted: usize, way: Way) -> usize {
        let excess = self.excess(wanted);
        if excess == 0 {
            return 0;
        }
        let mut model = terminal.model();
        // What was printed since it was noted last is no part of what it gives up.
        terminal.share.note(&model.screen);
        let before = model.screen.scrollback_bytes();
        way(&mut model.screen, excess);
        terminal.share.note(&model.screen);
        before.saturating_sub(model.screen.scrollback_bytes())
    }
}

impl Share {
    /// Has room made, if all hold too much. No model may be locked.
    pub(super) fn make_room(&self) {
        self.all.make_room();
    }

    /// Takes note of what the terminal holds now.
    pub(super) fn note(&self, screen: &Screen) {
        let bytes = screen.scrollback_bytes();
        let before = self.bytes.swap(bytes, Ordering::Relaxed);
        // In one step: others would see too much of it in between, and make room for that.
        match bytes.checked_sub(before) {
            Some(more) => self.all.bytes.fetch_add(more, Ordering::Relaxed),
            None => self.all.bytes.fetch_sub(before - bytes, Ordering::Relaxed),
        };
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.all.bytes.fetch_sub(*self.bytes.get_mut(), Ordering::Relaxed);
    }
}

impl Terminal {
    /// Holds within the bound from now on.
    pub(super) fn enter_scrollback(self: &Arc<Self>) {
        let mut terminals = self.share.all.terminals.lock().unwrap_or_else(PoisonError::into_inner);
        // As long as one is named here, its place in memory stays.
        terminals.retain(|terminal| terminal.strong_count() > 0);
        terminals.push(Arc::downgrade(self));
        drop(terminals);
        self.share.note(&self.model().screen);
        self.share.make_room();
    }
}
