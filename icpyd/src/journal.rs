//! State and the events about it as one: an event is stored with the change it reports, and published after the commit.
//!
//! Events are published on the store's thread, in the order of commits. So a state that is read there is exactly the
//! state at the bus's present position, and a client that goes on from that position misses nothing.

use std::sync::Arc;

use icpy_protocol::api::{EventInfo, Topic};
use icpy_protocol::error::Result;
use icpy_protocol::session::Position;
use rusqlite::Connection;
use serde::Serialize;

use crate::bus::{Bus, Published};
use crate::host::Host;
use crate::store::{Store, events};

/// Where services change durable state.
#[derive(Clone, Debug)]
pub struct Journal {
    store: Arc<Store>,
    bus: Bus,
    host: Host,
}

/// The events that a change will cause.
#[derive(Debug)]
pub struct Changes {
    /// The time of the change, in milliseconds since 1970.
    pub now_ms: u64,
    events: Vec<Pending>,
}

#[derive(Debug)]
struct Pending {
    info: &'static EventInfo,
    key: Option<String>,
    payload: String,
    is_logged: bool,
}

/// A change that is stored.
#[derive(Debug)]
pub struct Committed<T> {
    /// What the change returned.
    pub value: T,
    /// What became of its events, in their order.
    pub published: Vec<Published>,
    /// The place in the history of events at which the value is true.
    pub position: Position,
}

impl Changes {
    /// Publishes an event after the commit, and logs it where its topic is durable.
    pub fn publish<T: Serialize>(&mut self, topic: &'static Topic<T>, payload: &T) {
        self.push(topic, payload, topic.info.is_durable);
    }

    /// Publishes an event that reports no change of state, so that the log does not need it.
    pub fn publish_unlogged<T: Serialize>(&mut self, topic: &'static Topic<T>, payload: &T) {
        self.push(topic, payload, false);
    }

    fn push<T: Serialize>(&mut self, topic: &'static Topic<T>, payload: &T, is_logged: bool) {
        let key = topic.key(payload);
        let payload = serde_json::to_string(payload).expect("wire types have string keys");
        self.events.push(Pending { info: &topic.info, key, payload, is_logged });
    }
}

impl Journal {
    /// A journal over a store and a bus.
    pub fn new(store: Arc<Store>, bus: Bus, host: Host) -> Self {
        Self { store, bus, host }
    }

    /// Runs `change` in a transaction with its events. Also the way to read: a change that changes nothing costs no
    /// write.
    pub async fn commit<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection, &mut Changes) -> Result<T> + Send + 'static,
    ) -> Result<Committed<T>> {
        let bus = self.bus.clone();
        let mut changes = Changes { now_ms: self.host.now_ms(), events: Vec::new() };
        let work = move |connection: &Connection| {
            let value = change(connection, &mut changes)?;
            for event in changes.events.iter().filter(|event| event.is_logged) {
                events::append(connection, changes.now_ms, event.info.topic, &event.payload)?;
            }
            Ok((value, changes.events))
        };
        let publish = move |(value, events): (T, Vec<Pending>)| {
            let published = events.into_iter().map(|it| bus.send(it.info, it.key, it.payload.as_bytes())).collect();
            Committed { value, published, position: bus.position() }
        };
        self.store.transact(work, publish).await
    }
}
