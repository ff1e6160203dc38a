//! A terminal as it is shown: what each viewer gets next, and the size that they want together.

use std::io;
use std::task::Waker;

use icpy_protocol::error::{Error, Result};
use icpy_protocol::terminal::TerminalSize;

use super::intake::Model;
use super::one::{State, Terminal};
use super::view::Next;
use super::viewers::{Given, Viewer, Viewers, WINDOW_BYTES};

/// The longest piece of output that is sent at once.
const PIECE_BYTES_MAX: usize = 32 << 10;

/// How often a terminal may be shown.
const VIEWERS_MAX: usize = 64;

impl Terminal {
    /// Shows it to one more.
    pub(super) fn attach(&self, viewer: Viewer) -> Result<()> {
        let mut state = self.lock();
        if state.viewers.len() >= VIEWERS_MAX {
            return Err(Error::too_large(format!("a terminal is shown {VIEWERS_MAX} times at most")));
        }
        state.viewers.insert(viewer);
        drop(state);
        self.fit();
        Ok(())
    }

    /// Gives it the size that its viewers want.
    fn fit(&self) {
        let mut model = self.model();
        let wanted = self.lock().viewers.size(self.facts.size_policy);
        if let Some(size) = wanted.filter(|wanted| *wanted != model.screen.size()) {
            // One that is gone has no size.
            let _ = self.set_size(&mut model, size);
        }
    }

    /// Screen and program have the same size: nobody else changes it in between.
    pub(super) fn set_size(&self, model: &mut Model, size: TerminalSize) -> io::Result<()> {
        if size != model.screen.size() {
            self.resized.notify_one();
        }
        model.screen.resize(size);
        self.master.resize(size)
    }

    /// A viewer is active, and may have another size.
    pub(super) fn activate(&self, id: &str, session: &str, size: Option<TerminalSize>) -> Result<()> {
        let mut state = self.lock();
        let State { viewers, name, .. } = &mut *state;
        let viewer = viewers.of_session(id, session);
        let viewer = viewer
            .ok_or_else(|| Error::not_found(format!("this session has no viewer `{id}` of the terminal `{name}`")))?;
        if viewer.is_read_only {
            return Err(Error::permission_denied(format!("the viewer `{id}` only looks on")));
        }
        viewer.size = size.or(viewer.size);
        state.viewers.activate(id);
        drop(state);
        self.fit();
        Ok(())
    }

    /// Changes something about the viewers.
    pub(super) fn with_viewers<T>(&self, change: impl FnOnce(&mut Viewers) -> T) -> T {
        change(&mut self.lock().viewers)
    }

    /// Where what is kept begins, and where it ends.
    pub(super) fn kept(&self) -> (u64, u64) {
        let state = self.lock();
        (state.output.begin(), state.output.end())
    }

    /// What a viewer is to be shown next. When that is nothing, it is woken when there is something.
    pub(super) fn next_for(&self, id: &str, waker: &Waker) -> Next {
        let mut guard = self.lock();
        let state = &mut *guard;
        let Some(viewer) = state.viewers.get(id) else { return Next::Detached(None) };
        let exit = self.progress.borrow().exit;
        let is_all_sent = viewer.sent >= state.output.end() && viewer.screen != Given::Wanted;
        if viewer.is_detached || self.stop.is_cancelled() || (is_all_sent && exit.is_some()) {
            return Next::Detached(exit.filter(|_| !viewer.is_detached));
        }
        if is_all_sent {
            viewer.caught_up();
        }
        let is_behind = viewer.is_behind(state.output.begin(), state.output.end());
        // One that acknowledges nothing would be given one screen after the other.
        let is_idle = viewer.credit() == WINDOW_BYTES && viewer.screen == Given::Taken;
        if viewer.screen == Given::Wanted || (is_behind && is_idle) {
            // It was too slow for what is kept, or has seen nothing yet.
            let history = if viewer.screen == Given::Wanted { viewer.history } else { 0 };
            if is_behind {
                state.meter.note_screen();
            }
            drop(guard);
            return self.screen_for(id, history);
        }
        let credit = usize::try_from(viewer.credit()).unwrap_or(usize::MAX);
        if credit > 0
            && !is_all_sent
            && !is_behind
            && let part = state.output.part(viewer.sent, credit.min(PIECE_BYTES_MAX))
            // The rest of a character comes, unless the program has ended.
            && (exit.is_some() || !part.begins_character())
        {
            viewer.sent = part.from + part.bytes.len() as u64;
            return Next::Data(part);
        }
        viewer.waker = Some(waker.clone());
        Next::Nothing
    }

    /// Gives a viewer the screen, with some of what has scrolled out of it. What was printed since comes next.
    fn screen_for(&self, id: &str, history: usize) -> Next {
        let model = self.model();
        {
            let mut state = self.lock();
            let Some(viewer) = state.viewers.get(id) else { return Next::Detached(None) };
            (viewer.sent, viewer.shown) = (model.end, model.end);
            viewer.screen = Given::New;
        }
        Next::Screen { at: model.end, bytes: model.screen.snapshot(history, model.commands.proof()) }
    }

    pub(super) fn forget_viewer(&self, id: &str) {
        self.lock().viewers.remove(id);
        self.fit();
    }
}
