//! The event log as the bus sees it: where the durable events are that the ring has lost.

use std::fmt;
use std::pin::Pin;

use bytes::Bytes;
use icpy_protocol::api::EventInfo;
use icpy_protocol::error::Result;

/// An answer of the log.
pub type Reading<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// The event log. Events get there before they are published, and in the same order.
pub trait Log: fmt::Debug + Send + Sync {
    /// Finds a place.
    fn find(&self, place: LogPlace) -> Reading<LogFound>;

    /// Reads on after the event with this id, oldest first.
    fn read(&self, after_id: u64) -> Reading<LogPage>;
}

/// A place in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogPlace {
    /// Its end.
    End,
    /// Behind the event with this id.
    After(u64),
    /// Before the first event that happened at this time or later, in milliseconds since 1970.
    Since(u64),
}

/// A place that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogFound {
    /// The event behind which it is.
    pub after_id: u64,
    /// The last event of the log.
    pub newest_id: u64,
}

/// Some events, in order and without holes.
#[derive(Clone, Debug, Default)]
pub struct LogPage {
    /// The events.
    pub events: Vec<LogEvent>,
    /// Whether there were none behind them.
    pub is_end: bool,
}

/// An event of the log.
#[derive(Clone, Debug)]
pub struct LogEvent {
    /// Its declaration. What has none was written by another version.
    pub info: Option<&'static EventInfo>,
    /// Its payload, a JSON object as text.
    pub payload: Bytes,
    /// What is written down of it.
    pub entry: LogEntry,
}

/// What the log has of an event beside the event itself.
#[derive(Clone, Debug)]
pub struct LogEntry {
    /// Its place in the log.
    pub id: u64,
    /// All of it, as JSON text: an [`icpy_protocol::event::EventEntry`].
    pub json: Bytes,
}
