//! One published event: serialised once, shared by everyone who receives it.

use std::fmt;
use std::sync::OnceLock;

use bytes::Bytes;
use icpy_protocol::api::EventInfo;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::message::{EVENT_LOG, event_suffix};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::log::LogEntry;

/// What an event costs beside its bytes: its place in the ring and its allocations.
const OVERHEAD_BYTES: usize = 160;

/// An event as it was published.
pub struct Event {
    /// Its number in the history.
    pub seq: u64,
    /// Its declaration.
    pub info: &'static EventInfo,
    /// What a newer event must share to replace this one while it waits.
    pub key: Option<Box<str>>,
    suffix: Bytes,
    /// How much of the suffix is the payload's members, without braces.
    payload_bytes: usize,
    pub(super) is_replayed: bool,
    /// Its id in the event log, and how long its entry there is as JSON.
    log: Option<(u64, usize)>,
    members: OnceLock<Map<String, Value>>,
}

impl Event {
    pub(super) fn new(
        seq: u64,
        info: &'static EventInfo,
        key: Option<String>,
        payload: &[u8],
        log: Option<&LogEntry>,
        epoch: &str,
    ) -> Self {
        let suffix = event_suffix(payload, log.map(|log| &*log.json), epoch, seq, info.topic).into();
        let payload_bytes = payload.len().saturating_sub(2);
        let log = log.map(|log| (log.id, log.json.len()));
        let (key, is_replayed, members) = (key.map(Into::into), false, OnceLock::new());
        Self { seq, info, key, suffix, payload_bytes, is_replayed, log, members }
    }

    /// Whether it comes from the event log, and has the number of the event before it.
    pub fn is_replayed(&self) -> bool {
        self.is_replayed
    }

    /// Its id in the event log, if it is there.
    pub fn log_id(&self) -> Option<u64> {
        self.log.map(|(id, _)| id)
    }

    /// Its entry in the event log as JSON text.
    pub fn log_json(&self) -> Option<&str> {
        let (_, bytes) = self.log?;
        let begin = self.payload_bytes + usize::from(self.payload_bytes > 0) + EVENT_LOG.len();
        std::str::from_utf8(self.suffix.get(begin..begin + bytes)?).ok()
    }

    /// The part of the event's line that all receivers share: see [`event_suffix`].
    pub fn suffix(&self) -> &Bytes {
        &self.suffix
    }

    /// The payload as JSON text.
    pub fn payload_json(&self) -> Vec<u8> {
        let members = match self.payload_bytes {
            0 => &[],
            // The suffix begins with a comma.
            bytes => &self.suffix[1..=bytes],
        };
        [b"{", members, b"}"].concat()
    }

    /// The payload, in its declared type.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.payload_json())
            .map_err(|error| Error::internal(format!("the payload of `{}` has another type: {error}", self.info.topic)))
    }

    /// One member of the payload.
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.members().get(name)
    }

    /// The payload, which is parsed once, for the first who asks.
    pub fn members(&self) -> &Map<String, Value> {
        self.members.get_or_init(|| serde_json::from_slice(&self.payload_json()).unwrap_or_default())
    }

    /// What the event takes of a bound in bytes.
    pub fn cost(&self) -> usize {
        self.suffix.len() + OVERHEAD_BYTES
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} {}", self.seq, self.info.topic, String::from_utf8_lossy(&self.payload_json()))
    }
}
