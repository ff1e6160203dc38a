//! The history of events as one program leaves it to the next.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::event::Event;
use super::log::LogEntry;
use super::ring::Ring;

/// The history, as far as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BusState {
    pub(super) epoch: String,
    /// The number of the last event.
    pub(super) seq: u64,
    /// The kept events. The last one has the number `seq`.
    pub(super) events: Vec<KeptEvent>,
    /// The last id in the event log of those that are no longer kept.
    #[serde(default)]
    pub(super) lost_log_id: u64,
}

impl BusState {
    /// A history in which nothing has happened.
    pub fn new(epoch: String) -> Self {
        Self { epoch, seq: 0, events: Vec::new(), lost_log_id: 0 }
    }
}

/// One event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct KeptEvent {
    topic: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    payload: Box<RawValue>,
    /// Its entry in the event log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log: Option<Box<RawValue>>,
}

/// What a program needs to know of an entry in the event log.
#[derive(Deserialize)]
struct EntryId {
    id: u64,
}

impl KeptEvent {
    pub(super) fn of(event: &Arc<Event>) -> Self {
        let payload = String::from_utf8(event.payload_json()).ok().and_then(|json| RawValue::from_string(json).ok());
        let log = event.log_json().and_then(|json| RawValue::from_string(json.to_owned()).ok());
        Self {
            topic: event.info.topic.to_owned(),
            key: event.key.as_deref().map(str::to_owned),
            payload: payload.unwrap_or_default(),
            log,
        }
    }

    fn entry(&self) -> Option<LogEntry> {
        let json = self.log.as_ref()?.get();
        let EntryId { id } = serde_json::from_str(json).ok()?;
        Some(LogEntry { id, json: json.to_owned().into() })
    }
}

impl Ring {
    /// Keeps the events of another program, the last of which has the number `last`. An event whose topic is not known here
    /// leaves a hole, and nothing before a hole is kept.
    pub(super) fn restore(&mut self, events: Vec<KeptEvent>, last: u64, epoch: &str) {
        let first = last - events.len() as u64;
        for (seq, kept) in (first + 1..).zip(events) {
            let (entry, KeptEvent { topic, key, payload, .. }) = (kept.entry(), kept);
            match icpy_protocol::event_info(&topic) {
                Some(info) => {
                    let payload = payload.get().as_bytes();
                    self.push(Arc::new(Event::new(seq, info, key, payload, entry.as_ref(), epoch)));
                }
                None => self.clear(),
            }
        }
    }
}
