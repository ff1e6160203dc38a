//! Who asks: the session, the principal behind it, what it may do, and the way back to it while it waits.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;

use icpy_protocol::api::Access;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::message::write_notification;
use icpy_protocol::signal::{PROGRESS, ProgressParams, STREAM, StreamParams};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::confinement::Confinement;

/// Bytes of a stream that are sent before the caller acknowledges any.
pub const STREAM_CREDIT_BYTES: usize = 256 << 10;

/// Bytes of all streams of one session that may wait for the session's task.
const OUTLET_BYTES_MAX: usize = 1 << 20;

/// What one progress message takes of that.
const PROGRESS_BYTES: u32 = 256;

/// Bytes of long results of one session that may be under way at once.
const RESULTS_BYTES_MAX: usize = 4 << 20;

/// What a result counts as that may be long, when its size is not known.
pub const LONG_RESULT_BYTES: u64 = 256 << 10;

/// Who is behind a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Principal {
    /// A process of the daemon's user, or of root.
    Peer {
        /// Its user.
        uid: Option<u32>,
        /// The process, where the system tells.
        pid: Option<u32>,
    },
    /// The daemon itself.
    Daemon,
}

/// A set of [`Access`]es.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// Everything.
    pub const ALL: Self = Self(u8::MAX);

    /// Only these, and what is open to all.
    pub fn of(accesses: &[Access]) -> Self {
        Self(accesses.iter().fold(bit(Access::Open), |bits, access| bits | bit(*access)))
    }

    /// What is in both.
    fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether the set holds `access`.
    pub fn contains(self, access: Access) -> bool {
        self.0 & bit(access) != 0
    }
}

fn bit(access: Access) -> u8 {
    1 << access as u8
}

/// Who sends requests on one connection.
#[derive(Debug)]
pub struct Identity {
    /// Names the session.
    pub session: String,
    /// Who is behind it.
    pub principal: Principal,
    /// What it may do.
    pub scopes: Scopes,
    /// The way back to the client, if there is one.
    pub outlet: Option<Arc<Outlet>>,
    /// What of the disk it may use, once it is confined.
    pub confinement: OnceLock<Arc<Confinement>>,
}

impl Identity {
    /// Who is not confined.
    pub fn new(session: String, principal: Principal, scopes: Scopes, outlet: Option<Arc<Outlet>>) -> Self {
        Self { session, principal, scopes, outlet, confinement: OnceLock::new() }
    }
}

/// The sender of one request.
#[derive(Clone, Debug)]
pub struct Caller {
    identity: Arc<Identity>,
    /// The request's id as JSON text; a notification has none.
    request: Option<Arc<str>>,
}

impl Caller {
    /// The sender of the request with this id.
    pub fn new(identity: Arc<Identity>, request: Option<Arc<str>>) -> Self {
        Self { identity, request }
    }

    /// The daemon on its own behalf.
    pub fn daemon() -> Self {
        let identity = Identity::new("daemon".to_owned(), Principal::Daemon, Scopes::ALL, None);
        Self::new(Arc::new(identity), None)
    }

    /// Names the session.
    pub fn session(&self) -> &str {
        &self.identity.session
    }

    /// Who is behind the session.
    pub fn principal(&self) -> &Principal {
        &self.identity.principal
    }

    /// What the session may do.
    pub fn scopes(&self) -> Scopes {
        match self.confinement() {
            None => self.identity.scopes,
            // Who may run programs is confined by nothing.
            Some(_) => self.identity.scopes.and(Scopes::of(&[Access::Read, Access::Write])),
        }
    }

    /// What of the disk the session may use; everything that the daemon's user may when there is none.
    pub fn confinement(&self) -> Option<&Arc<Confinement>> {
        self.identity.confinement.get()
    }

    /// Confines the session from now on, once and for all.
    pub fn confine(&self, confinement: Arc<Confinement>) -> Result<()> {
        let again = |_| Error::conflict("the session is confined already, and for as long as it lasts");
        self.identity.confinement.set(confinement).map_err(again)
    }

    /// The same caller, asking for something on the way to its own answer: what that sends does not reach the client.
    #[must_use]
    pub fn indirect(&self) -> Self {
        Self { identity: Arc::clone(&self.identity), request: None }
    }

    /// Waits for room for a long result, to be held until the handler returns. Results are made away from the session's
    /// task: without this, a client that asks and does not read could have all of its answers pile up.
    pub async fn reserve(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        let outlet = self.identity.outlet.as_ref()?;
        let permits = bytes.min(RESULTS_BYTES_MAX as u64).try_into().ok()?;
        Arc::clone(&outlet.results).acquire_many_owned(permits).await.ok()
    }

    /// Opens a stream to the caller, which carries pieces of the result before the answer.
    pub fn open_stream(&self) -> Result<Stream> {
        match (&self.identity.outlet, &self.request) {
            (Some(outlet), Some(request)) => Ok(Stream::open(Arc::clone(outlet), Arc::clone(request))),
            _ => Err(Error::unsupported("a stream needs a request with an id on a connection")),
        }
    }
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
}

#[derive(Debug, Default)]
struct OutletState {
    messages: VecDeque<(Vec<u8>, OwnedSemaphorePermit)>,
    waker: Option<Waker>,
    /// What each streaming request may still send, by the request's id.
    credits: HashMap<Arc<str>, Arc<Semaphore>>,
}

impl Default for Outlet {
    fn default() -> Self {
        let room = |bytes| Arc::new(Semaphore::new(bytes));
        let (room, results) = (room(OUTLET_BYTES_MAX), room(RESULTS_BYTES_MAX));
        Self { state: Mutex::default(), room, results, has_messages: AtomicBool::new(false) }
    }
}

impl Outlet {
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
    fn open(outlet: Arc<Outlet>, request: Arc<str>) -> Self {
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
