//! The history of events as one program leaves it to the next.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::event::Event;
use super::ring::Ring;

/// The history, as far as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BusState {
    pub(super) epoch: String,
    /// The number of the last event.
    pub(super) seq: u64,
    /// The kept events. The last one has the number `seq`.
    pub(super) events: Vec<KeptEvent>,
}

impl BusState {
    /// A history in which nothing has happened.
    pub fn new(epoch: String) -> Self {
        Self { epoch, seq: 0, events: Vec::new() }
    }
}

/// One event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct KeptEvent {
    topic: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    payload: Box<RawValue>,
}

impl KeptEvent {
    pub(super) fn of(event: &Arc<Event>) -> Self {
        let payload = String::from_utf8(event.payload_json()).ok().and_then(|json| RawValue::from_string(json).ok());
        Self {
            topic: event.info.topic.to_owned(),
            key: event.key.as_deref().map(str::to_owned),
            payload: payload.unwrap_or_default(),
        }
    }
}

impl Ring {
    /// Keeps the events of another program, the last of which has the number `last`. An event whose topic is not known here
    /// leaves a hole, and nothing before a hole is kept.
    pub(super) fn restore(&mut self, events: Vec<KeptEvent>, last: u64, epoch: &str) {
        let first = last - events.len() as u64;
        for (seq, KeptEvent { topic, key, payload }) in (first + 1..).zip(events) {
            match icpy_protocol::event_info(&topic) {
                Some(info) => self.push(Arc::new(Event::new(seq, info, key, payload.get().as_bytes(), epoch))),
                None => self.clear(),
            }
        }
    }
}
