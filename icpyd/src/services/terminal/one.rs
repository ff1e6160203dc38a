//! One terminal: a task of its own reads what its program prints, types what clients send, and sees it end.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use icpy_protocol::error::{Error, Result};
use icpy_protocol::terminal::{TerminalExit, TerminalExited, TerminalInfo, TerminalSize};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::keyboard::Keyboard;
use super::output::{Output, Part};
use super::platform::{Child, Children, Master};
use super::view::Next;
use super::viewers::{Viewer, Viewers};
use crate::keeper::Descriptor;

/// The longest piece of output that is sent at once.
const PIECE_BYTES_MAX: usize = 32 << 10;

/// How often a terminal may be shown.
const VIEWERS_MAX: usize = 64;

/// The most that is read after a program's end: what it started may print for ever.
const REST_BYTES_MAX: usize = 1 << 20;

/// How long a program may take to end when it is asked to.
const END_TIMEOUT: Duration = Duration::from_millis(500);

/// One terminal.
#[derive(Debug)]
pub(super) struct Terminal {
    /// What does not change.
    facts: TerminalInfo,
    master: Master,
    child: Child,
    state: Mutex<State>,
    progress: watch::Sender<Progress>,
    keyboard: Keyboard,
    /// Ends the task.
    stop: CancellationToken,
}

#[derive(Debug)]
struct State {
    name: String,
    size: TerminalSize,
    output: Output,
    viewers: Viewers,
    /// What was sent and is not typed yet, when the task has ended.
    untyped: Bytes,
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
}

/// A terminal as the next program takes it.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) facts: Facts,
    pub(super) output: Vec<u8>,
    /// What is not typed yet.
    pub(super) untyped: Bytes,
    pub(super) descriptor: Descriptor,
}

impl Terminal {
    /// A terminal whose program was just started. The task is to be run.
    pub(super) fn new(
        facts: TerminalInfo,
        master: Master,
        child: Child,
        stop: CancellationToken,
    ) -> (Arc<Self>, mpsc::Receiver<Bytes>) {
        let name = facts.name.clone();
        let state = State {
            name,
            size: facts.size,
            output: Output::default(),
            viewers: Viewers::default(),
            untyped: Bytes::new(),
        };
        Self::with_state(facts, master, child, stop, state)
    }

    /// A terminal that the program before has given.
    pub(super) fn restore(kept: Kept, stop: CancellationToken) -> Option<(Arc<Self>, mpsc::Receiver<Bytes>)> {
        let Kept { facts: Facts { info, end }, output, untyped, descriptor } = kept;
        let output = Output::restored(output, end);
        let name = info.name.clone();
        let state = State { name, size: info.size, output, viewers: Viewers::default(), untyped };
        let (master, child) = (Master::adopt(descriptor).ok()?, Child::adopt(info.pid)?);
        Some(Self::with_state(info, master, child, stop, state))
    }

    fn with_state(
        facts: TerminalInfo,
        master: Master,
        child: Child,
        stop: CancellationToken,
        state: State,
    ) -> (Arc<Self>, mpsc::Receiver<Bytes>) {
        let (keyboard, typed) = Keyboard::new();
        let progress = watch::Sender::new(Progress { end: state.output.end(), exit: facts.exit });
        let terminal = Self { facts, master, child, state: Mutex::new(state), progress, keyboard, stop };
        (Arc::new(terminal), typed)
    }

    /// What the next program needs to go on.
    pub(super) fn keep(&self) -> std::io::Result<Kept> {
        let info = self.info();
        let state = self.lock();
        Ok(Kept {
            facts: Facts { info, end: state.output.end() },
            output: state.output.kept(),
            untyped: state.untyped.clone(),
            descriptor: self.master.share()?,
        })
    }

    /// The terminal as clients see it.
    pub(super) fn info(&self) -> TerminalInfo {
        let (name, size) = {
            let state = self.lock();
            (state.name.clone(), state.size)
        };
        TerminalInfo { name, size, exit: self.progress.borrow().exit, ..self.facts.clone() }
    }

    /// Its name.
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
            std::io::ErrorKind::NotFound => Error::not_found(format!("nothing runs in the terminal `{}`", self.id())),
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
        self.lock().size = size;
        self.master.resize(size).map_err(|error| Error::unavailable(format!("the terminal cannot be resized: {error}")))
    }

    /// Has something typed, after what was sent before.
    pub(super) async fn type_in(&self, by: &str, data: Bytes) -> Result<()> {
        match self.keyboard.type_in(by, data).await {
            true => Ok(()),
            false => Err(Error::unavailable(format!("nothing reads the terminal `{}` any more", self.id()))),
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

    /// Shows it to one more.
    pub(super) fn attach(&self, viewer: Viewer) -> Result<()> {
        let mut state = self.lock();
        if state.viewers.len() >= VIEWERS_MAX {
            return Err(Error::too_large(format!("a terminal is shown {VIEWERS_MAX} times at most")));
        }
        state.viewers.insert(viewer);
        self.fit(state);
        Ok(())
    }

    /// Gives it the size that its viewers want.
    fn fit(&self, mut state: MutexGuard<'_, State>) {
        let wanted = state.viewers.size(self.facts.size_policy);
        if let Some(size) = wanted.filter(|wanted| *wanted != state.size) {
            state.size = size;
            // One that is gone has no size.
            let _ = self.master.resize(size);
        }
    }

    /// A viewer is active, and may have another size.
    pub(super) fn activate(&self, id: &str, session: &str, size: Option<TerminalSize>) -> Result<()> {
        let mut state = self.lock();
        let viewer = state.viewers.of_session(id, session);
        let viewer = viewer.ok_or_else(|| {
            Error::not_found(format!("this session has no viewer `{id}` of the terminal `{}`", self.id()))
        })?;
        if viewer.is_read_only {
            return Err(Error::permission_denied(format!("the viewer `{id}` only looks on")));
        }
        viewer.size = size.or(viewer.size);
        state.viewers.activate(id);
        self.fit(state);
        Ok(())
    }

    /// Changes something about the viewers.
    pub(super) fn with_viewers<T>(&self, change: impl FnOnce(&mut Viewers) -> T) -> T {
        change(&mut self.lock().viewers)
    }

    /// Where what is kept begins.
    pub(super) fn begin(&self) -> u64 {
        self.lock().output.begin()
    }

    /// What a viewer is to be shown next. When that is nothing, it is woken when there is something.
    pub(super) fn next_for(&self, id: &str, waker: &Waker) -> Next {
        let state = &mut *self.lock();
        let Some(viewer) = state.viewers.get(id) else { return Next::Detached(None) };
        let exit = self.progress.borrow().exit;
        let is_all_sent = viewer.sent >= state.output.end();
        if viewer.is_detached || self.stop.is_cancelled() || (is_all_sent && exit.is_some()) {
            return Next::Detached(exit.filter(|_| !viewer.is_detached));
        }
        let credit = usize::try_from(viewer.credit()).unwrap_or(usize::MAX);
        if credit > 0
            && !is_all_sent
            && let part = state.output.part(viewer.sent, credit.min(PIECE_BYTES_MAX))
            // The rest of a character comes, unless the program has ended.
            && (exit.is_some() || !part.begins_character())
        {
            // What the viewer was too slow for it need not acknowledge.
            viewer.shown += part.from.saturating_sub(viewer.sent);
            viewer.sent = part.from + part.bytes.len() as u64;
            return Next::Data(part);
        }
        viewer.waker = Some(waker.clone());
        Next::Nothing
    }

    pub(super) fn forget_viewer(&self, id: &str) {
        let mut state = self.lock();
        state.viewers.remove(id);
        self.fit(state);
    }

    /// The task. Ends with the daemon, or when the terminal is closed.
    pub(super) async fn run(self: Arc<Self>, mut input: mpsc::Receiver<Bytes>, exited: impl Fn(TerminalExited)) {
        let mut buffer = vec![0; 16 << 10];
        let mut untyped = std::mem::take(&mut self.lock().untyped);
        let mut is_hung_up = false;
        let Ok(mut children) = Children::new() else { return };
        self.see_end(&mut buffer, &exited);
        loop {
            tokio::select! {
                () = self.stop.cancelled() => break,
                () = children.changed() => self.see_end(&mut buffer, &exited),
                read = poll_fn(|cx| self.master.poll_read(cx, &mut buffer)), if !is_hung_up => match read {
                    Ok(count) if count > 0 => self.push(&buffer[..count]),
                    _ => is_hung_up = true,
                },
                data = input.recv(), if untyped.is_empty() => untyped = data.unwrap_or_default(),
                typed = poll_fn(|cx| self.master.poll_write(cx, &untyped)), if !untyped.is_empty() => match typed {
                    Ok(count) => untyped.advance(count),
                    // Nobody is there to read it.
                    Err(_) => untyped.clear(),
                },
            }
        }
        // What comes from now on is refused, and not lost.
        input.close();
        let mut rest = Vec::from(untyped);
        while let Ok(data) = input.try_recv() {
            rest.extend(data);
        }
        self.lock().untyped = rest.into();
    }

    /// Looks whether the program has ended, and tells it after all that it printed.
    fn see_end(&self, buffer: &mut [u8], exited: &impl Fn(TerminalExited)) {
        if self.has_ended() {
            return;
        }
        let Ok(Some(exit)) = self.child.try_wait() else { return };
        let mut rest = 0;
        while rest < REST_BYTES_MAX {
            let count = self.master.read_now(buffer);
            if count == 0 {
                break;
            }
            self.push(&buffer[..count]);
            rest += count;
        }
        self.progress.send_modify(|progress| progress.exit = Some(exit));
        self.lock().viewers.wake_all();
        exited(TerminalExited { terminal_id: self.id().to_owned(), exit });
    }

    fn push(&self, bytes: &[u8]) {
        let end = {
            let mut state = self.lock();
            state.output.push(bytes);
            state.viewers.wake_all();
            state.output.end()
        };
        self.progress.send_modify(|progress| progress.end = end);
    }

    /// Ends what runs in the terminal: asks first, and then does not ask. The task is running.
    pub(super) async fn close(&self) {
        let mut progress = self.progress.subscribe();
        self.child.hang_up(&self.master, self.has_ended());
        let _ = timeout(END_TIMEOUT, progress.wait_for(|progress| progress.exit.is_some())).await;
        self.child.kill(&self.master, self.has_ended());
        let _ = timeout(END_TIMEOUT, progress.wait_for(|progress| progress.exit.is_some())).await;
        self.stop.cancel();
        self.lock().viewers.wake_all();
    }

    /// Ends what runs in terminals whose tasks have ended.
    pub(super) async fn end_all(terminals: &[Arc<Self>]) {
        let Ok(mut children) = Children::new() else { return };
        for terminal in terminals {
            terminal.child.hang_up(&terminal.master, terminal.has_ended());
        }
        Self::wait_for_all(terminals, &mut children).await;
        for terminal in terminals {
            terminal.child.kill(&terminal.master, terminal.has_ended());
        }
        Self::wait_for_all(terminals, &mut children).await;
    }

    async fn wait_for_all(terminals: &[Arc<Self>], children: &mut Children) {
        let all_ended = async {
            while !terminals.iter().all(|terminal| terminal.reap()) {
                children.changed().await;
            }
        };
        let _ = timeout(END_TIMEOUT, all_ended).await;
    }

    /// Whether the program has ended; what the system keeps of it goes.
    fn reap(&self) -> bool {
        if !self.has_ended()
            && let Ok(Some(exit)) = self.child.try_wait()
        {
            self.progress.send_modify(|progress| progress.exit = Some(exit));
        }
        self.has_ended()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.progress.borrow().exit.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
