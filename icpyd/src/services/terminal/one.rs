//! One terminal: what is known of it, and what is asked of it. Not here: the task that reads, types, and sees it end (`task`).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::terminal::{TerminalExit, TerminalExited, TerminalInfo, TerminalSize};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::commands::{CommandNews, Commands};
use super::cutter::Cutter;
use super::intake::{Intake, Model};
use super::keyboard::Keyboard;
use super::output::{Output, Part};
use super::owner::Owner;
use super::platform::{Child, Master};
use super::screen::{Effect, Screen, ScreenLimits};
use super::scrollback::Share;
use super::statistics::Meter;
use super::viewers::Viewers;
use crate::keeper::Descriptor;

/// One terminal.
#[derive(Debug)]
pub(super) struct Terminal {
    /// What does not change.
    pub(super) facts: TerminalInfo,
    pub(super) origin: Origin,
    pub(super) master: Master,
    pub(super) child: Child,
    state: Mutex<State>,
    pub(super) model: Mutex<Model>,
    /// Held while news are told. To be locked before the model.
    pub(super) telling: Mutex<()>,
    pub(super) progress: watch::Sender<Progress>,
    pub(super) keyboard: Keyboard,
    /// Held while a command is run for somebody.
    pub(super) running: tokio::sync::Mutex<()>,
    /// The size is another one.
    pub(super) resized: Notify,
    /// Ends the task.
    pub(super) stop: CancellationToken,
    pub(super) share: Share,
}

/// What a terminal has of the service's.
#[derive(Debug)]
pub(super) struct Bounds {
    /// Ends it.
    pub(super) stop: CancellationToken,
    /// Of what all terminals may hold.
    pub(super) share: Share,
}

/// Where a terminal comes from.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Origin {
    pub(super) owner: Owner,
    /// What its shell proves its marks with.
    pub(super) nonce: Option<String>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) name: String,
    pub(super) output: Output,
    pub(super) viewers: Viewers,
    pub(super) cutter: Cutter,
    pub(super) intake: Intake,
    pub(super) meter: Meter,
    /// What was sent and is not typed yet, when the task has ended.
    pub(super) untyped: Bytes,
}

/// What others are told of a terminal.
#[derive(Debug)]
pub(super) enum News {
    /// Something that its output has led to.
    Effect(Effect),
    /// Something that its shell has told.
    Command(CommandNews),
    /// Its size is another one.
    Resized(TerminalSize),
    /// Its program has ended.
    Exited(TerminalExited),
}

/// How far a terminal is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    /// Bytes printed.
    pub(super) end: u64,
    pub(super) exit: Option<TerminalExit>,
}

/// What the next program must know of a terminal, beside its bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Facts {
    info: TerminalInfo,
    end: u64,
    #[serde(default)]
    origin: Origin,
    #[serde(default)]
    commands: Commands,
    /// What the cutter holds.
    #[serde(default)]
    held: Vec<u8>,
}

/// A terminal as the next program takes it.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) facts: Facts,
    pub(super) output: Vec<u8>,
    /// The screen's state.
    pub(super) screen: Vec<u8>,
    /// What is not typed yet.
    pub(super) untyped: Bytes,
    pub(super) descriptor: Descriptor,
}

impl Terminal {
    /// A terminal whose program was just started. The task is to be run.
    pub(super) fn new(
        facts: TerminalInfo,
        origin: Origin,
        master: Master,
        child: Child,
        bounds: Bounds,
    ) -> (Arc<Self>, mpsc::Receiver<Bytes>) {
        let name = facts.name.clone();
        let screen = Screen::new(facts.size, ScreenLimits::default());
        let commands = Commands::new(origin.nonce.clone());
        let state = State {
            name,
            output: Output::default(),
            viewers: Viewers::default(),
            cutter: Cutter::default(),
            intake: Intake::default(),
            meter: Meter::new(0),
            untyped: Bytes::new(),
        };
        Self::with_state((facts, origin), (master, child), bounds, state, Model::new(screen, commands, 0))
    }

    /// A terminal that the program before has given.
    pub(super) fn restore(kept: Kept, bounds: Bounds) -> Option<(Arc<Self>, mpsc::Receiver<Bytes>)> {
        let Kept { facts, output, screen, untyped, descriptor } = kept;
        let Facts { info, end, origin, commands, held } = facts;
        let screen = Screen::restore(&screen).unwrap_or_else(|| {
            // Better than nothing: what is kept of the output.
            let mut screen = Screen::new(info.size, ScreenLimits::default());
            screen.feed(&output, &mut Vec::new());
            screen
        });
        let (name, output) = (info.name.clone(), Output::restored(output, end));
        let (meter, end) = (Meter::new(output.end()), output.end());
        let cutter = Cutter::restored(held);
        let (viewers, intake) = (Viewers::default(), Intake::default());
        let state = State { name, output, viewers, cutter, intake, meter, untyped };
        let (master, child) = (Master::adopt(descriptor).ok()?, Child::adopt(info.pid)?);
        Some(Self::with_state((info, origin), (master, child), bounds, state, Model::new(screen, commands, end)))
    }

    fn with_state(
        (facts, origin): (TerminalInfo, Origin),
        (master, child): (Master, Child),
        bounds: Bounds,
        state: State,
        model: Model,
    ) -> (Arc<Self>, mpsc::Receiver<Bytes>) {
        let (keyboard, typed) = Keyboard::new();
        let progress = watch::Sender::new(Progress { end: state.output.end(), exit: facts.exit });
        let terminal = Self {
            facts,
            origin,
            master,
            child,
            state: Mutex::new(state),
            model: Mutex::new(model),
            telling: Mutex::default(),
            progress,
            keyboard,
            running: tokio::sync::Mutex::default(),
            resized: Notify::new(),
            stop: bounds.stop,
            share: bounds.share,
        };
        (Arc::new(terminal), typed)
    }

    /// What the next program needs to go on.
    pub(super) fn keep(&self) -> std::io::Result<Kept> {
        let info = self.info();
        let (screen, commands) = {
            let model = self.model();
            (model.screen.save(), model.commands.clone())
        };
        let state = self.lock();
        let held = state.cutter.held().to_vec();
        Ok(Kept {
            facts: Facts { info, end: state.output.end(), origin: self.origin.clone(), commands, held },
            output: state.output.kept(),
            screen,
            untyped: state.untyped.clone(),
            descriptor: self.master.share()?,
        })
    }

    /// The terminal as clients see it.
    pub(super) fn info(&self) -> TerminalInfo {
        let size = self.model().screen.size();
        TerminalInfo { name: self.name(), size, exit: self.progress.borrow().exit, ..self.facts.clone() }
    }

    /// What its user calls it.
    pub(super) fn name(&self) -> String {
        self.lock().name.clone()
    }

    /// What names it for ever.
    pub(super) fn id(&self) -> &str {
        &self.facts.terminal_id
    }

    /// By what the terminals are in order.
    pub(super) fn age(&self) -> (u64, &str) {
        (self.facts.created_at_ms, self.id())
    }

    pub(super) fn rename(&self, name: String) {
        self.lock().name = name;
    }

    /// Sends a signal to the program in the foreground.
    pub(super) fn signal(&self, name: &str) -> Result<()> {
        self.master.signal(name).map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidInput => Error::invalid_params(format!("no signal is named `{name}`")),
            std::io::ErrorKind::NotFound => Error::not_found(format!("nothing runs in the terminal `{}`", self.name())),
            _ => Error::unavailable(format!("the signal cannot be sent: {error}")),
        })
    }

    /// Waits until the program has ended.
    pub(super) async fn ended(&self) -> Option<TerminalExit> {
        let mut progress = self.progress.subscribe();
        tokio::select! {
            ended = progress.wait_for(|progress| progress.exit.is_some()) => ended.ok().and_then(|ended| ended.exit),
            () = self.stop.cancelled() => None,
        }
    }

    pub(super) fn resize(&self, size: TerminalSize) -> Result<()> {
        let resized = self.set_size(&mut self.model(), size);
        resized.map_err(|error| Error::unavailable(format!("the terminal cannot be resized: {error}")))
    }

    /// Has something typed, after what was sent before.
    pub(super) async fn type_in(&self, by: &str, data: Bytes) -> Result<()> {
        match !self.has_ended() && self.keyboard.type_in(by, data.clone()).await {
            true => {
                let mut state = self.lock();
                state.meter.note_input(data.len());
                state.viewers.note_typed(&data);
                Ok(())
            }
            false => Err(Error::unavailable(format!("nothing reads the terminal `{}` any more", self.name()))),
        }
    }

    /// Waits until something is printed after a place, or nothing can come. Returns how far the terminal is.
    pub(super) async fn wait_for_output(&self, after: u64, wait: Duration) -> Progress {
        let mut progress = self.progress.subscribe();
        let has_more = progress.wait_for(|progress| progress.end > after || progress.exit.is_some());
        tokio::select! {
            // Without anything new the answer is empty.
            _ = timeout(wait, has_more) => {}
            () = self.stop.cancelled() => {}
        }
        *self.progress.borrow()
    }

    /// What was printed after a place, up to the size of an answer.
    pub(super) fn output_after(&self, after: u64) -> Part {
        self.lock().output.after(after)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.progress.borrow().exit.is_some()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
