//! What the daemon sends to this session alone: in order, and at the pace of whoever takes it.

use std::collections::VecDeque;

use icpy_protocol::api::Topic;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::sync::{mpsc, watch};

/// Notifications that may wait to be taken. Beyond that nothing more is read from the connection.
pub(super) const NOTIFICATIONS_MAX: usize = 64;

/// What comes to one who asked for notifications.
#[derive(Debug)]
pub enum Notice {
    /// A notification.
    Notification(Notification),
    /// The connection is lost, and another is looked for.
    Lost,
    /// The connection is a new one: what was opened on the old one is to be opened anew. Nothing of the old one comes after.
    Reconnected,
}

/// A message of the daemon to this session alone.
#[derive(Debug)]
pub struct Notification {
    topic: String,
    params: Box<RawValue>,
    /// The connection that it came by.
    connection: u64,
}

/// Which connection a client has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LinkState {
    pub(super) number: u64,
    pub(super) is_lost: bool,
}

/// The notifications of some topics.
#[derive(Debug)]
pub struct Notifications {
    incoming: mpsc::Receiver<Notification>,
    /// What came by the present connection before it was known to be there.
    early: VecDeque<Notification>,
    link: watch::Receiver<LinkState>,
    seen: LinkState,
}

/// Whom the driver hands notifications over to.
#[derive(Debug, Default)]
pub(super) struct Takers(Vec<Taker>);

#[derive(Debug)]
pub(super) struct Taker {
    pub(super) topics: Vec<&'static str>,
    pub(super) notifications: mpsc::Sender<Notification>,
}

impl Notification {
    /// The payload of a notification of this topic; `None` when it is of another.
    pub fn payload<T: DeserializeOwned>(&self, topic: &Topic<T>) -> Option<T> {
        (self.topic == topic.info.topic).then(|| serde_json::from_str(self.params.get()).ok()).flatten()
    }
}

impl Notifications {
    pub(super) fn new(incoming: mpsc::Receiver<Notification>, link: watch::Receiver<LinkState>) -> Self {
        let seen = *link.borrow();
        Self { incoming, early: VecDeque::new(), link, seen }
    }

    /// The next one, or `None` when the connection has ended for good. Nothing is lost when this is dropped before it ends.
    pub async fn next(&mut self) -> Option<Notice> {
        loop {
            let now = *self.link.borrow_and_update();
            if now != self.seen {
                self.seen = now;
                self.forget_old();
                return Some(if now.is_lost { Notice::Lost } else { Notice::Reconnected });
            }
            if let Some(early) = self.early.pop_front() {
                return Some(Notice::Notification(early));
            }
            tokio::select! {
                biased;
                changed = self.link.changed() => changed.ok()?,
                notification = self.incoming.recv() => return notification.map(Notice::Notification),
            }
        }
    }

    /// Drops what came by a lost connection: it comes again, when it is asked for. Left there it would take the room of
    /// what the caller now waits for.
    fn forget_old(&mut self) {
        while let Ok(notification) = self.incoming.try_recv() {
            self.early.push_back(notification);
        }
        self.early.retain(|notification| notification.connection == self.seen.number);
    }
}

impl Takers {
    pub(super) fn insert(&mut self, taker: Taker) {
        self.0.push(taker);
    }

    /// One who has no room, if there is one.
    pub(super) fn behind(&mut self) -> Option<mpsc::Sender<Notification>> {
        self.0.retain(|taker| !taker.notifications.is_closed());
        self.0.iter().find(|taker| taker.notifications.capacity() == 0).map(|taker| taker.notifications.clone())
    }

    /// Hands a notification over to everyone who asked for its topic. Returns whether anyone did.
    pub(super) fn take(&self, topic: &str, params: &str, connection: u64) -> bool {
        let mut is_wanted = false;
        for taker in self.0.iter().filter(|taker| taker.topics.contains(&topic)) {
            is_wanted = true;
            if let Ok(params) = RawValue::from_string(params.to_owned()) {
                // Who is behind is waited for before a line is taken, so that only one who has gone has no room.
                let _ = taker.notifications.try_send(Notification { topic: topic.to_owned(), params, connection });
            }
        }
        is_wanted
    }
}
