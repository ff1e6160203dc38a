//! The way back from handlers to the client of one session: pieces of streams, and what it is shown.

use std::collections::{HashMap, VecDeque};
use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use icpy_protocol::error::{Error, Result};
use icpy_protocol::message::write_notification;
use icpy_protocol::signal::{PROGRESS, ProgressParams, STREAM, StreamParams};
use serde_json::value::RawValue;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of a stream that are sent before the caller acknowledges any.
pub const STREAM_CREDIT_BYTES: usize = 256 << 10;

/// Bytes of all streams of one session that may wait for the session's task.
const OUTLET_BYTES_MAX: usize = 1 << 20;

/// What one progress message takes of that.
const PROGRESS_BYTES: u32 = 256;

/// Bytes of long results of one session that may be under way at once.
const RESULTS_BYTES_MAX: usize = 4 << 20;

/// What one client is shown of something that goes on. It is asked for the next line whenever the client has room for more, so
/// that nothing waits anywhere for a client that is slow.
pub trait View: Debug + Send {
    /// Writes one whole line: `true`. When there is none yet, the task is woken as soon as there is. `false`: there will be none.
    fn poll_write(&mut self, cx: &mut Context<'_>, out: &mut Vec<u8>) -> Poll<bool>;
}

/// The way back from handlers to the client of one session: notifications that wait for the session's task.
#[derive(Debug)]
pub struct Outlet {
    state: Mutex<OutletState>,
    /// Room for messages, in bytes: a client that does not read makes its own streams wait.
    room: Arc<Semaphore>,
    /// Room for long results, in bytes.
    results: Arc<Semaphore>,
    /// Whether there are messages: asked for each answer, and mostly there are none.
    has_messages: AtomicBool,
    has_views: AtomicBool,
    /// Whether the connection has frames.
    has_frames: bool,
}

#[derive(Debug, Default)]
struct OutletState {
    messages: VecDeque<(Vec<u8>, OwnedSemaphorePermit)>,
    waker: Option<Waker>,
    /// What each streaming request may still send, by the request's id.
    credits: HashMap<Arc<str>, Arc<Semaphore>>,
    /// What was opened and is not shown yet.
    views: Vec<Box<dyn View>>,
}

impl Outlet {
    /// The way to a client whose connection has frames, or has lines alone.
    pub fn new(has_frames: bool) -> Self {
        let room = |bytes| Arc::new(Semaphore::new(bytes));
        let (room, results) = (room(OUTLET_BYTES_MAX), room(RESULTS_BYTES_MAX));
        Self {
            state: Mutex::default(),
            room,
            results,
            has_messages: AtomicBool::default(),
            has_views: AtomicBool::default(),
            has_frames,
        }
    }

    /// Whether the connection has frames.
    pub fn has_frames(&self) -> bool {
        self.has_frames
    }

    /// Has the session's task woken when there is something to take, from now on.
    pub fn register(&self, waker: &Waker) {
        self.lock().waker = Some(waker.clone());
    }

    /// Wakes the session's task.
    pub fn wake(&self) {
        let waker = self.lock().waker.clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Takes the next message that waits, a whole line.
    pub fn take(&self) -> Option<Vec<u8>> {
        if !self.has_messages.load(Ordering::Acquire) {
            return None;
        }
        let mut state = self.lock();
        let message = state.messages.pop_front();
        self.has_messages.store(!state.messages.is_empty(), Ordering::Release);
        message.map(|(message, _)| message)
    }

    /// Gives a streaming request more credit. Acknowledging what was not sent gains nothing.
    pub fn acknowledge(&self, request: &str, bytes: u32) {
        let state = self.lock();
        if let Some(credit) = state.credits.get(request) {
            let missing = STREAM_CREDIT_BYTES.saturating_sub(credit.available_permits());
            credit.add_permits(missing.min(bytes as usize));
        }
    }

    /// Takes what was opened for the request that has just been answered.
    pub fn take_views(&self) -> Vec<Box<dyn View>> {
        match self.has_views.swap(false, Ordering::AcqRel) {
            true => std::mem::take(&mut self.lock().views),
            false => Vec::new(),
        }
    }

    pub(super) fn open_view(&self, view: Box<dyn View>) {
        self.lock().views.push(view);
        self.has_views.store(true, Ordering::Release);
    }

    pub(super) async fn reserve(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        let permits = bytes.min(RESULTS_BYTES_MAX as u64).try_into().ok()?;
        Arc::clone(&self.results).acquire_many_owned(permits).await.ok()
    }

    fn send(&self, message: Vec<u8>, room: OwnedSemaphorePermit) {
        let mut state = self.lock();
        state.messages.push_back((message, room));
        self.has_messages.store(true, Ordering::Release);
        drop(state);
        self.wake();
    }

    fn lock(&self) -> MutexGuard<'_, OutletState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream of pieces to the caller of one request. It ends when it is dropped.
#[derive(Debug)]
pub struct Stream {
    outlet: Arc<Outlet>,
    request: Arc<str>,
    credit: Arc<Semaphore>,
    seq: u64,
}

impl Stream {
    pub(super) fn open(outlet: Arc<Outlet>, request: Arc<str>) -> Self {
        let credit = Arc::new(Semaphore::new(STREAM_CREDIT_BYTES));
        outlet.lock().credits.insert(Arc::clone(&request), Arc::clone(&credit));
        Self { outlet, request, credit, seq: 0 }
    }

    /// Sends one piece, as soon as the caller has taken enough of those before it. At most [`STREAM_CREDIT_BYTES`].
    pub async fn send(&mut self, data: &str) -> Result<()> {
        let bytes = u32::try_from(data.len().min(STREAM_CREDIT_BYTES)).unwrap_or(u32::MAX);
        let closed = |_| Error::internal("the stream is closed");
        self.credit.acquire_many(bytes).await.map_err(closed)?.forget();
        let room = Arc::clone(&self.outlet.room).acquire_many_owned(bytes).await.map_err(closed)?;
        let mut line = Vec::with_capacity(data.len() + 64);
        write_notification(&mut line, STREAM, &StreamParams { id: self.id(), seq: self.seq, data: data.into() });
        self.seq += 1;
        self.outlet.send(line, room);
        Ok(())
    }

    /// Says how far the request is. Dropped when too much waits for the client: the next one says it again.
    pub fn progress(&self, done: u64, total: Option<u64>, unit: &str) {
        if let Ok(room) = Arc::clone(&self.outlet.room).try_acquire_many_owned(PROGRESS_BYTES) {
            let mut line = Vec::new();
            let params = ProgressParams { id: self.id(), done, total, unit: unit.into() };
            write_notification(&mut line, PROGRESS, &params);
            self.outlet.send(line, room);
        }
    }

    fn id(&self) -> &RawValue {
        serde_json::from_str(&self.request).expect("an id is JSON text")
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.outlet.lock().credits.remove(&self.request);
    }
}
