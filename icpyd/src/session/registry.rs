//! All sessions: the connected ones, and those whose client may come back.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use icpy_protocol::error::{Error, Result};
use icpy_protocol::session::{ClientInfo, SessionInfo, SessionSubscribeParams};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::feeds::Feed;
use crate::caller::{DAEMON, Identity, Outlet, Principal, REQUESTS};

/// Lost sessions that are remembered; the oldest is forgotten first.
const SUSPENDED_MAX: usize = 256;

/// Something that a handler has the session's own task do, when the handler's answer is written: a client hears of a
/// subscription before it hears from it.
#[derive(Debug)]
pub(super) enum Command {
    /// Begin a subscription.
    Subscribe(Feed),
    /// End one.
    Unsubscribe(u64),
    /// Go on under this identity: a lost session is taken up.
    Become(Arc<Identity>),
}

/// Why and how a connection is to be closed.
#[derive(Clone, Debug)]
pub struct Close {
    /// Why, as a sentence fragment.
    pub reason: String,
    /// How long what is under way may take to end.
    pub drain_timeout: Duration,
    /// Whether the client can go on at once on another connection.
    pub can_resume: bool,
    /// Whether the client may not go on as it is: what it came with has ended.
    pub is_refusal: bool,
}

/// One connected session, as others see it.
#[derive(Debug)]
pub(super) struct Handle {
    pub(super) outlet: Arc<Outlet>,
    /// Bytes that wait to be read by the client.
    pub(super) queued_bytes: AtomicUsize,
    /// Requests under way.
    pub(super) requests: AtomicUsize,
    /// What a session asks itself for each answer is asked without a lock: mostly there is nothing.
    has_commands: AtomicBool,
    commands: Mutex<Vec<Command>>,
    has_close: AtomicBool,
    close: Mutex<Option<Close>>,
    facts: Mutex<Facts>,
}

/// What is known of a session; all of it outlives a lost connection.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Facts {
    pub(super) session: String,
    pub(super) principal: Principal,
    pub(super) connected_at_ms: u64,
    /// Set when the client has introduced itself.
    pub(super) client_info: Option<ClientInfo>,
    /// Set with it: what the client must know to come back.
    pub(super) resume_token: Option<String>,
    pub(super) subscriptions: BTreeMap<u64, SessionSubscribeParams>,
    pub(super) last_subscription: u64,
    /// Why the connection was closed, when it was the daemon who closed it.
    pub(super) closed_because: Option<String>,
}

impl Handle {
    /// Has the session's task do something. Only for the session's own handlers.
    pub(super) fn command(&self, command: Command) {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner).push(command);
        self.has_commands.store(true, Ordering::Release);
    }

    pub(super) fn take_commands(&self) -> Vec<Command> {
        if !self.has_commands.swap(false, Ordering::AcqRel) {
            return Vec::new();
        }
        std::mem::take(&mut *self.commands.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Has the session finish what is under way and close the connection.
    pub(super) fn close(&self, close: Close) {
        *self.close.lock().unwrap_or_else(PoisonError::into_inner) = Some(close);
        self.has_close.store(true, Ordering::Release);
        self.outlet.wake();
    }

    pub(super) fn take_close(&self) -> Option<Close> {
        if !self.has_close.swap(false, Ordering::AcqRel) {
            return None;
        }
        self.close.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(super) fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sessions that can be resumed, as one program leaves them to the next.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SessionsState(Vec<Facts>);

/// All sessions of the daemon.
#[derive(Debug, Default)]
pub struct Sessions {
    state: Mutex<State>,
    /// How many are connected, for those who wait for that to change.
    count: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct State {
    /// By the session's name.
    connected: BTreeMap<String, Arc<Handle>>,
    suspended: VecDeque<Facts>,
    is_closing: Option<Close>,
}

impl Sessions {
    /// How many sessions are connected.
    pub fn len(&self) -> usize {
        self.lock().connected.len()
    }

    /// Whether no session is connected.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a session is connected, or can be resumed. The daemon's own is there, and requests without a connection may
    /// always go on.
    pub fn is_known(&self, session: &str) -> bool {
        if session == DAEMON || session.starts_with(REQUESTS) {
            return true;
        }
        let state = self.lock();
        state.connected.contains_key(session) || state.suspended.iter().any(|facts| facts.session == session)
    }

    /// What the client of a session that is connected calls itself, once it has said so.
    pub fn client(&self, session: &str) -> Option<String> {
        let handle = self.lock().connected.get(session).cloned()?;
        handle.facts().client_info.as_ref().map(|client| client.name.clone())
    }

    /// How many sessions are connected, now and at every change.
    pub fn count(&self) -> watch::Receiver<usize> {
        self.count.subscribe()
    }

    /// The sessions that another program has left.
    pub fn restore(state: SessionsState) -> Self {
        let state = State { suspended: state.0.into(), ..State::default() };
        Self { state: Mutex::new(state), count: watch::Sender::default() }
    }

    /// The sessions that can be resumed, for another program.
    pub fn state(&self) -> SessionsState {
        let state = self.lock();
        let connected = state.connected.values().map(|handle| handle.facts().clone());
        let connected = connected.filter(|facts| facts.resume_token.is_some());
        SessionsState(state.suspended.iter().cloned().chain(connected).collect())
    }

    /// Finishes what is under way on every connection and closes it, and every one that still comes.
    pub fn close_all(&self, close: &Close) {
        let mut state = self.lock();
        state.is_closing = Some(close.clone());
        for handle in state.connected.values() {
            handle.close(close.clone());
        }
    }

    pub(super) fn connect(&self, outlet: Arc<Outlet>, identity: &Identity, now_ms: u64) -> Arc<Handle> {
        let facts = Facts {
            session: identity.session.clone(),
            principal: identity.principal.clone(),
            connected_at_ms: now_ms,
            client_info: None,
            resume_token: None,
            subscriptions: BTreeMap::new(),
            last_subscription: 0,
            closed_because: None,
        };
        let handle = Arc::new(Handle {
            outlet,
            queued_bytes: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
            has_commands: AtomicBool::new(false),
            commands: Mutex::default(),
            has_close: AtomicBool::new(false),
            close: Mutex::default(),
            facts: Mutex::new(facts),
        });
        let mut state = self.lock();
        if let Some(close) = &state.is_closing {
            handle.close(close.clone());
        }
        state.connected.insert(identity.session.clone(), Arc::clone(&handle));
        self.count.send_replace(state.connected.len());
        handle
    }

    /// Forgets a connection; a session that can be resumed is remembered.
    pub(super) fn disconnect(&self, handle: &Arc<Handle>, closed_because: Option<String>) {
        let mut state = self.lock();
        let mut facts = handle.facts().clone();
        // Another connection may have taken the session over.
        if state.connected.get(&facts.session).is_some_and(|other| Arc::ptr_eq(other, handle)) {
            state.connected.remove(&facts.session);
            self.count.send_replace(state.connected.len());
        }
        if facts.resume_token.is_some() {
            facts.closed_because = closed_because;
            state.suspended.push_back(facts);
            if state.suspended.len() > SUSPENDED_MAX {
                state.suspended.pop_front();
            }
        }
    }

    /// The connected session with this name.
    pub(super) fn get(&self, session: &str) -> Result<Arc<Handle>> {
        let handle = self.lock().connected.get(session).cloned();
        handle.ok_or_else(|| Error::unsupported("this needs a connection of the caller's own"))
    }

    /// Gives a connection the lost session that this token belongs to. When its old connection still seems to live, that
    /// one loses it: the client says that it is gone. The session is known at each moment.
    pub(super) fn take_over(&self, resume_token: &str, by: &Arc<Handle>) -> Option<Facts> {
        let mut state = self.lock();
        let principal = by.facts().principal.clone();
        let has_token = |facts: &Facts| {
            facts.resume_token.as_deref() == Some(resume_token) && principal.may_take_over(&facts.principal)
        };
        let suspended = state.suspended.iter().position(has_token).and_then(|place| state.suspended.remove(place));
        let facts = suspended.or_else(|| {
            let handle = state.connected.values().find(|handle| has_token(&handle.facts()))?;
            let facts = handle.facts().clone();
            handle.facts().resume_token = None;
            // What is under way is for a client that is gone.
            let reason = "the session goes on on another connection".to_owned();
            handle.close(Close { reason, drain_timeout: Duration::ZERO, can_resume: false, is_refusal: false });
            Some(facts)
        })?;
        let old = std::mem::replace(&mut *by.facts(), Facts { principal, closed_because: None, ..facts.clone() });
        state.connected.remove(&old.session);
        state.connected.insert(facts.session.clone(), Arc::clone(by));
        Some(facts)
    }

    /// The connected sessions, as `session:list` shows them to `caller`.
    pub(super) fn list(&self, caller: &str) -> Vec<SessionInfo> {
        let state = self.lock();
        let mut sessions: Vec<SessionInfo> = state.connected.values().map(|handle| describe(handle, caller)).collect();
        sessions.sort_by_key(|session| session.connected_at_ms);
        sessions
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn describe(handle: &Handle, caller: &str) -> SessionInfo {
    let facts = handle.facts();
    let pid = match facts.principal {
        Principal::Peer { pid, .. } => pid,
        Principal::Daemon | Principal::Remote { .. } => None,
    };
    SessionInfo {
        session_id: facts.session.clone(),
        client_info: facts.client_info.clone(),
        pid,
        connected_at_ms: facts.connected_at_ms,
        subscriptions: u32::try_from(facts.subscriptions.len()).unwrap_or(u32::MAX),
        requests: u32::try_from(handle.requests.load(Ordering::Relaxed)).unwrap_or(u32::MAX),
        queued_bytes: handle.queued_bytes.load(Ordering::Relaxed) as u64,
        is_caller: facts.session == caller,
    }
}
