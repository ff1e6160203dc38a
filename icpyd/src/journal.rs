//! State and the events about it as one: an event is stored with the change it reports, and published after the commit.
//!
//! Events are published on the store's thread, in the order of commits. So a state that is read there is exactly the
//! state at the bus's present position, and a client that goes on from that position misses nothing.

use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use icpy_protocol::api::{EventInfo, Topic};
use icpy_protocol::error::{Error, Result};
use icpy_protocol::event::EventActor;
use icpy_protocol::event_info;
use icpy_protocol::session::Position;
use rusqlite::Connection;
use serde::Serialize;

use crate::bus::{Bus, Log, LogEntry, LogEvent, LogFound, LogPage, LogPlace, Published, Reading};
use crate::caller::{Caller, Principal};
use crate::host::Host;
use crate::store::Store;
use crate::store::events::{self, Batch, Kept, Retention};

/// The most events of a page of the log, and about the most bytes. While one is sent the next is read.
const PAGE_MAX: (usize, usize) = (512, 512 << 10);

/// Where services change durable state.
#[derive(Clone, Debug)]
pub struct Journal {
    store: Arc<Store>,
    bus: Bus,
    host: Host,
    retention: Retention,
}

/// The event log, as it is read from the store.
#[derive(Debug)]
pub struct EventLog(pub Arc<Store>);

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
    pub fn new(store: Arc<Store>, bus: Bus, host: Host, retention: Retention) -> Self {
        Self { store, bus, host, retention }
    }

    /// Reads in a transaction. Also changes, on the daemon's own behalf.
    pub async fn commit<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection, &mut Changes) -> Result<T> + Send + 'static,
    ) -> Result<Committed<T>> {
        self.commit_by(&Caller::daemon(), change).await
    }

    /// Runs `change` in a transaction with its events, which the caller causes. What changes nothing costs no write.
    pub async fn commit_by<T: Send + 'static>(
        &self,
        caller: &Caller,
        change: impl FnOnce(&Connection, &mut Changes) -> Result<T> + Send + 'static,
    ) -> Result<Committed<T>> {
        let (bus, caller, host, retention) = (self.bus.clone(), caller.clone(), self.host.clone(), self.retention);
        let mut changes = Changes { now_ms: self.host.now_ms(), events: Vec::new() };
        let work = move |connection: &Connection| {
            let value = change(connection, &mut changes)?;
            let entries = changes.log(connection, || actor(&caller, &host), &retention)?;
            Ok((value, changes.events, entries))
        };
        let publish = move |(value, events, entries): (T, Vec<Pending>, Vec<LogEntry>)| {
            let mut entries = entries.iter();
            let send = |Pending { info, key, payload, is_logged }: Pending| {
                let entry = is_logged.then(|| entries.next()).flatten();
                bus.send(info, key, payload.as_bytes(), entry)
            };
            let published = events.into_iter().map(send).collect();
            Committed { value, published, position: bus.position() }
        };
        self.store.transact(work, publish).await
    }
}

impl Changes {
    /// Adds the events to the log, and returns their entries there.
    fn log(
        &self,
        connection: &Connection,
        by: impl FnOnce() -> EventActor,
        retention: &Retention,
    ) -> Result<Vec<LogEntry>> {
        let logged = self.events.iter().filter(|event| event.is_logged);
        let events: Vec<(&str, &str)> = logged.map(|event| (event.info.topic, &*event.payload)).collect();
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let by = serde_json::to_string(&by()).expect("an actor has string keys");
        let batch = Batch { time_ms: self.now_ms, caused_by: Some(&by), events: &events };
        let first = events::append(connection, &batch, retention)?;
        let entry = |id| {
            let mut json = Vec::new();
            write_entry(&mut json, id, self.now_ms, Some(&by));
            LogEntry { id, json: json.into() }
        };
        Ok((first..).take(events.len()).map(entry).collect())
    }
}

/// Writes the entry of an event in the log, as it is sent: an [`icpy_protocol::event::EventEntry`].
fn write_entry(out: &mut Vec<u8>, id: u64, time_ms: u64, by: Option<&str>) {
    let _ = write!(out, r#"{{"id":{id},"timeMs":{time_ms}"#);
    for part in by.iter().flat_map(|by| [r#","by":"#, by]) {
        out.extend_from_slice(part.as_bytes());
    }
    out.push(b'}');
}

/// Who causes what a caller asks for.
fn actor(caller: &Caller, host: &Host) -> EventActor {
    let (user, uid, pid) = match caller.principal() {
        Principal::Remote { user, .. } => (Some(user.clone()), None, None),
        Principal::Peer { uid, pid } => (None, *uid, *pid),
        Principal::Daemon => (None, None, None),
    };
    let client = caller.identity().client(|pid| host.program_of(pid)).map(str::to_owned);
    EventActor { session: caller.session().to_owned(), client, user, uid, pid }
}

impl Log for EventLog {
    fn find(&self, place: LogPlace) -> Reading<LogFound> {
        let store = Arc::clone(&self.0);
        let find = move |connection: &Connection| {
            let extent = events::extent(connection)?;
            let after_id = match place {
                LogPlace::End => extent.newest,
                LogPlace::After(id) if id > extent.newest || id + 1 < extent.oldest => {
                    let message = format!(
                        "the events after `{id}` are not in the log, which has {} to {}",
                        extent.oldest, extent.newest
                    );
                    return Err(Error::gone(message).with("oldest", extent.oldest).with("newest", extent.newest));
                }
                LogPlace::After(id) => id,
                LogPlace::Since(time_ms) => events::before(connection, time_ms)?,
            };
            Ok(LogFound { after_id, newest_id: extent.newest })
        };
        Box::pin(async move { store.transact(find, |found| found).await })
    }

    fn read(&self, after_id: u64) -> Reading<LogPage> {
        let store = Arc::clone(&self.0);
        let read = move |connection: &Connection| read_page(connection, after_id);
        Box::pin(async move {
            let page = store.transact(read, |page| page).await?;
            if page.events.first().is_some_and(|event| event.entry.id != after_id + 1) {
                return Err(Error::gone(format!("the events after `{after_id}` have gone from the log")));
            }
            Ok(page)
        })
    }
}

/// Reads a page. All of its texts are one piece of memory: what another thread frees one by one, it and this one wait for.
fn read_page(connection: &Connection, after_id: u64) -> Result<LogPage> {
    let mut text = Vec::new();
    let (places, has_more) = events::after(connection, after_id, PAGE_MAX, |event| {
        let Kept { id, time_ms, topic, payload, caused_by } = *event;
        let begin = text.len();
        text.extend_from_slice(payload.as_bytes());
        let middle = text.len();
        write_entry(&mut text, id, time_ms, caused_by);
        (id, event_info(topic), begin..middle, middle..text.len())
    })?;
    let text = Bytes::from(text);
    let events = places.into_iter().map(|(id, info, payload, entry)| LogEvent {
        info,
        payload: text.slice(payload),
        entry: LogEntry { id, json: text.slice(entry) },
    });
    Ok(LogPage { events: events.collect(), is_end: !has_more })
}
