//! The message broker: typed events to whoever subscribed, kept for a while, and requests between services.
//!
//! An event is serialised once and shared. Publishing never waits: each subscription has a queue of its own, and one
//! that is full reads on from the kept events. Events of all topics have one order, and each subscription sees its part
//! of it. Not here: control (shutdown never travels on the bus), and anything about connections.

mod event;
mod history;
mod log;
mod pace;
mod replay;
mod request;
mod ring;
mod subscriber;
mod trie;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::Waker;

use icpy_protocol::api::{EventInfo, Topic};
use icpy_protocol::daemon::BusStatistics;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::session::Position;
use serde::Serialize;
use serde_json::value::RawValue;

pub use event::Event;
pub use history::BusState;
use history::KeptEvent;
pub use log::{Log, LogEntry, LogEvent, LogFound, LogPage, LogPlace, Reading};
pub use pace::{Operators, Pace, Paced, Release};
pub use request::{Answer, Requester, Respond};
use ring::Ring;
pub use subscriber::{Interest, Item, Subscriber};
use subscriber::{Offered, Queue};
use trie::Trie;

/// A handle to the bus.
#[derive(Clone, Debug)]
pub struct Bus(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    epoch: String,
    queue_bytes_max: usize,
    /// The number of the last event, for readers that do not want the lock.
    last: AtomicU64,
    core: Mutex<Core>,
    responder: OnceLock<Weak<dyn Respond>>,
    log: OnceLock<Arc<dyn Log>>,
}

#[derive(Debug)]
struct Core {
    seq: u64,
    ring: Ring,
    trie: Trie<Arc<Queue>>,
    queues: Vec<Arc<Queue>>,
    /// Bytes published since the last bookmark.
    unmarked_bytes: usize,
    statistics: BusStatistics,
}

/// What became of a published event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// Its number.
    pub seq: u64,
    /// How many subscriptions it went to.
    pub receivers: u32,
}

/// The events after a place cannot be had: they are no longer kept, or the place is in another history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

impl Bus {
    /// A bus whose history is named `epoch`.
    pub fn new(epoch: String, ring_bytes_max: usize, queue_bytes_max: usize) -> Self {
        let core = Core {
            seq: 0,
            ring: Ring::new(ring_bytes_max),
            trie: Trie::default(),
            queues: Vec::new(),
            unmarked_bytes: 0,
            statistics: BusStatistics::default(),
        };
        let (responder, log) = (OnceLock::new(), OnceLock::new());
        let (last, core) = (AtomicU64::new(0), Mutex::new(core));
        Self(Arc::new(Shared { epoch, queue_bytes_max, last, core, responder, log }))
    }

    /// Has durable events read from there that are no longer kept. To be called once, while there are none.
    pub fn read_from(&self, log: Arc<dyn Log>) {
        let _ = self.0.log.set(log);
    }

    /// Names the history.
    fn epoch(&self) -> &str {
        &self.0.epoch
    }

    /// A bus that goes on with another's history.
    pub fn restore(state: BusState, ring_bytes_max: usize, queue_bytes_max: usize) -> Self {
        let bus = Self::new(state.epoch, ring_bytes_max, queue_bytes_max);
        let mut core = bus.lock();
        core.seq = state.seq;
        core.ring.lose_up_to(state.lost_log_id);
        core.ring.restore(state.events, state.seq, &bus.0.epoch);
        drop(core);
        bus.0.last.store(state.seq, Ordering::Release);
        bus
    }

    /// The history, for a bus that goes on with it.
    pub fn state(&self) -> BusState {
        let core = self.lock();
        BusState {
            epoch: self.0.epoch.clone(),
            seq: core.seq,
            events: core.ring.after(0).map(KeptEvent::of).collect(),
            lost_log_id: core.ring.lost_log_id(),
        }
    }

    /// Publishes an event of a declared topic.
    pub fn publish<T: Serialize>(&self, topic: &'static Topic<T>, payload: &T) -> Published {
        let json = serde_json::to_vec(payload).expect("wire types have string keys");
        self.send(&topic.info, topic.key(payload), &json, None)
    }

    /// Publishes an event that came as JSON: the topic must be declared and the payload of its type.
    pub fn publish_json(&self, topic: &str, payload: &RawValue) -> Result<Published> {
        let info = icpy_protocol::event_info(topic)
            .ok_or_else(|| Error::not_found(format!("no event is declared on the topic `{topic}`")))?;
        let key = (info.check)(payload)?;
        // The text is compacted: a raw value may hold newlines, which end a message on the wire.
        let members: serde_json::Map<_, _> = serde_json::from_str(payload.get())
            .map_err(|_| Error::invalid_params(format!("the payload of `{topic}` is an object")))?;
        let json = serde_json::to_vec(&members).expect("JSON text was read from JSON text");
        Ok(self.send(info, key, &json, None))
    }

    /// Publishes an event whose payload is serialised already. What is in the log is published in the log's order.
    pub(crate) fn send(
        &self,
        info: &'static EventInfo,
        key: Option<String>,
        payload: &[u8],
        log: Option<&LogEntry>,
    ) -> Published {
        let mut wakers = Vec::new();
        let event = |seq| Event::new(seq, info, key, payload, log, &self.0.epoch);
        let published = self.lock().send(&self.0, event, &mut wakers);
        wakers.into_iter().for_each(Waker::wake);
        published
    }

    /// Subscribes from now on.
    pub fn subscribe(&self, interest: Interest) -> Subscriber {
        self.insert(interest, None, &mut self.lock())
    }

    /// Subscribes to the events after a number of this history.
    pub fn subscribe_after(&self, interest: Interest, after: u64) -> std::result::Result<Subscriber, Gone> {
        let mut core = self.lock();
        if !core.has_after(after) {
            return Err(Gone);
        }
        Ok(self.insert(interest, Some(after), &mut core))
    }

    fn insert(&self, interest: Interest, after: Option<u64>, core: &mut Core) -> Subscriber {
        let queue = Arc::new(Queue::new(interest, self.0.queue_bytes_max, after));
        for pattern in &queue.interest.patterns {
            core.trie.insert(pattern, Arc::clone(&queue));
        }
        core.queues.push(Arc::clone(&queue));
        let begins_after = after.unwrap_or(core.seq);
        Subscriber { bus: self.clone(), queue, begins_after, told: begins_after, replay: None }
    }

    fn unsubscribe(&self, queue: &Arc<Queue>) {
        let mut core = self.lock();
        for pattern in &queue.interest.patterns {
            core.trie.remove(pattern, &|other| Arc::ptr_eq(other, queue));
        }
        core.queues.retain(|other| !Arc::ptr_eq(other, queue));
    }

    /// The place after the last event.
    pub fn position(&self) -> Position {
        Position { epoch: self.0.epoch.clone(), seq: self.last() }
    }

    /// The number of the last event.
    pub fn last(&self) -> u64 {
        self.0.last.load(Ordering::Acquire)
    }

    /// What the bus has done so far.
    pub fn statistics(&self) -> BusStatistics {
        let core = self.lock();
        BusStatistics {
            subscriptions: core.queues.len() as u64,
            kept_events: core.ring.len() as u64,
            kept_bytes: core.ring.bytes() as u64,
            ..core.statistics
        }
    }

    /// Reads the kept events while nothing can be published; `read` says whether it found a gap.
    fn with_ring(&self, read: impl FnOnce(&Ring, u64) -> bool) {
        let mut core = self.lock();
        if read(&core.ring, core.seq) {
            core.statistics.gaps += 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Core> {
        self.0.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Core {
    /// Whether every event after this number is kept.
    fn has_after(&self, seq: u64) -> bool {
        seq <= self.seq && seq + 1 >= self.ring.oldest().unwrap_or(self.seq + 1)
    }

    fn send(&mut self, shared: &Shared, event: impl FnOnce(u64) -> Event, wakers: &mut Vec<Waker>) -> Published {
        self.seq += 1;
        let event = Arc::new(event(self.seq));
        self.ring.push(Arc::clone(&event));
        let mut receivers = 0;
        let statistics = &mut self.statistics;
        self.trie.matches(event.info.topic, &mut |queue| {
            let Offered { is_accepted, has_conflated, has_overflowed, waker } = queue.offer(&event);
            receivers += u32::from(is_accepted);
            statistics.conflated += u64::from(has_conflated);
            statistics.overflowed += u64::from(has_overflowed);
            wakers.extend(waker);
        });
        statistics.published += 1;
        statistics.delivered += u64::from(receivers);
        self.unmarked_bytes += event.cost();
        if self.unmarked_bytes > self.ring.bytes_max() / 4 {
            self.unmarked_bytes = 0;
            let log_id = self.ring.last_log_id();
            wakers.extend(self.queues.iter().filter_map(|queue| queue.mark(event.seq, log_id)));
        }
        shared.last.store(self.seq, Ordering::Release);
        Published { seq: self.seq, receivers }
    }
}

#[cfg(test)]
mod tests;
