//! Staying reachable: when the socket, the lock or their folder is taken away, by hand or by who cleans up temporary files,
//! they are made again. Otherwise the next client would start a second daemon beside this one.
//!
//! The folder is watched; nothing looks at it by the clock.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use icpy_protocol::endpoint::Endpoint;
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::{LocalListener, listen};
use crate::instance::{LifeLock, NoLock};

/// How long after its start a daemon begins to watch: the client that started it comes first.
const WATCH_DELAY: Duration = Duration::from_millis(100);

/// What makes a daemon the one that clients find.
#[derive(Debug)]
pub struct Presence {
    endpoint: Endpoint,
    lock: LifeLock,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Somebody may take something away unnoticed until then.
    Unwatched(Instant),
    Watched(Watch),
    /// The place cannot be watched, or is another daemon's.
    GivenUp,
}

#[derive(Debug)]
struct Watch {
    _watcher: RecommendedWatcher,
    changed: Arc<Notify>,
}

impl Presence {
    /// The presence of who holds the lock of an endpoint.
    pub fn new(endpoint: Endpoint, lock: LifeLock) -> Self {
        Self { endpoint, lock, state: unwatched() }
    }

    /// The lock.
    pub fn lock(&self) -> &LifeLock {
        &self.lock
    }

    /// Gives the lock back.
    pub fn into_lock(self) -> LifeLock {
        self.lock
    }

    /// Waits until a listener is no longer what clients find, and returns one that is.
    pub(super) async fn restore(&mut self, listener: &LocalListener) -> LocalListener {
        loop {
            match &self.state {
                State::GivenUp => std::future::pending().await,
                State::Watched(watch) => watch.changed.notified().await,
                State::Unwatched(until) => {
                    sleep_until(*until).await;
                    self.state = self.watch();
                }
            }
            if listener.is_in_place() && self.lock.is_in_place() {
                continue;
            }
            match self.make_again(listener) {
                Ok(Some(again)) => return again,
                Ok(None) => {}
                Err(reason) => {
                    tracing::error!(reason, "new clients will not find this daemon");
                    self.state = State::GivenUp;
                }
            }
        }
    }

    fn watch(&self) -> State {
        watch(&self.endpoint.folder).map_or_else(
            |error| {
                tracing::warn!(%error, "the socket's folder cannot be watched");
                State::GivenUp
            },
            State::Watched,
        )
    }

    /// Makes what is missing. Returns another listener where the socket was.
    fn make_again(&mut self, listener: &LocalListener) -> Result<Option<LocalListener>, String> {
        let socket = self.endpoint.socket.display();
        tracing::warn!(%socket, "the socket or its lock was taken away: making it again");
        self.endpoint.prepare()?;
        if !self.lock.is_in_place() {
            self.lock = LifeLock::take(&self.endpoint).map_err(|error| match error {
                NoLock::Held(who) => format!("{who} has taken its place"),
                NoLock::Failed(message) => message,
            })?;
        }
        // The folder may be another one than the one that is watched.
        self.state = unwatched();
        if listener.is_in_place() {
            return Ok(None);
        }
        listen(&self.endpoint).map(Some).map_err(|error| format!("cannot listen again: {error}"))
    }
}

fn unwatched() -> State {
    State::Unwatched(Instant::now() + WATCH_DELAY)
}

fn watch(folder: &Path) -> notify::Result<Watch> {
    let changed = Arc::new(Notify::new());
    let tell = Arc::clone(&changed);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Opening and reading change nothing.
        if !event.is_ok_and(|event| event.kind.is_access()) {
            tell.notify_one();
        }
    })?;
    watcher.watch(folder, RecursiveMode::NonRecursive)?;
    Ok(Watch { _watcher: watcher, changed })
}
