//! One subscription's own queue, and how it reads on from the kept events when it was too slow.
//!
//! ```text
//!            publish                        poll
//!   Live ─────────────▶ queue ────────────────────────────▶ events
//!    │  queue is full                                         ▲
//!    ▼                                                        │
//!   Behind { after } ── queue empty: read the ring ── queue ──┘
//!    │                                        └── older than the ring: a gap
//!    └── the ring is read to its end: Live
//! ```
//!
//! A returning client begins as `Behind`: replay, a slow reader and resuming are one mechanism. What is older than the ring
//! may be in the event log: `replay` reads it from there first.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use futures_util::Stream;
use icpy_protocol::api::Delivery;
use icpy_protocol::topic::Pattern;
use serde_json::{Map, Value};

use super::event::Event;
use super::replay::Replay;
use super::{Bus, Ring};
use crate::caller::{Identity, Scopes};

/// The most kept events that are looked at in one go, so that a publisher never waits long for the ring.
const SCAN_EVENTS_MAX: usize = 1024;

/// Which events a subscription is for.
#[derive(Clone, Debug)]
pub struct Interest {
    /// An event is wanted when any of these matches its topic.
    pub patterns: Vec<Pattern>,
    /// Only events whose payload has these members with these values.
    pub filter: Map<String, Value>,
    /// Only events that a caller with these may receive.
    pub scopes: Scopes,
    /// Who receives them: what is outside of what it is confined to, it does not hear of. The daemon's own has none.
    pub receiver: Option<Arc<Identity>>,
}

impl Interest {
    /// All events that match a pattern, for the daemon's own use.
    pub fn all(pattern: Pattern) -> Self {
        Self { patterns: vec![pattern], filter: Map::new(), scopes: Scopes::ALL, receiver: None }
    }

    /// Whether the event is wanted, when a pattern is known to match.
    pub(super) fn accepts(&self, event: &Event) -> bool {
        self.scopes.contains(event.info.access)
            && self.filter.iter().all(|(name, value)| event.member(name) == Some(value))
            && self.receiver.as_ref().is_none_or(|receiver| receiver.may_hear(event.info.topic, || event.members()))
    }

    pub(super) fn matches(&self, event: &Event) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(event.info.topic)) && self.accepts(event)
    }
}

/// What a subscription yields.
#[derive(Clone, Debug)]
pub enum Item {
    /// An event.
    Event(Arc<Event>),
    /// Events in this range, both ends included, are no longer kept: some may have been wanted.
    Gap {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// Nothing that is wanted is missing up to this number.
    Bookmark(u64),
}

#[derive(Debug)]
enum Mode {
    Live,
    /// The queue is full, or the subscription begins in the past: events after this number are in the ring alone.
    Behind {
        after: u64,
    },
}

#[derive(Debug)]
struct State {
    mode: Mode,
    /// What waits, by number; a conflated event leaves `None`.
    waiting: VecDeque<(u64, Option<Arc<Event>>)>,
    bytes: usize,
    /// The number of the newest waiting event for each conflation key.
    newest: HashMap<(&'static str, Box<str>), u64>,
    gap: Option<(u64, u64)>,
    /// Up to where nothing is missing, by number and in the event log.
    bookmark: Option<(u64, u64)>,
    waker: Option<Waker>,
}

/// The queue of one subscription, shared by its reader and the bus.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) interest: Interest,
    bytes_max: usize,
    state: Mutex<State>,
}

/// What became of an event that was offered to a queue.
#[derive(Debug, Default)]
pub(super) struct Offered {
    pub(super) is_accepted: bool,
    pub(super) has_conflated: bool,
    pub(super) has_overflowed: bool,
    /// To be woken when the bus is no longer locked.
    pub(super) waker: Option<Waker>,
}

impl Queue {
    pub(super) fn new(interest: Interest, bytes_max: usize, after: Option<u64>) -> Self {
        let mode = after.map_or(Mode::Live, |after| Mode::Behind { after });
        let state = State {
            mode,
            waiting: VecDeque::new(),
            bytes: 0,
            newest: HashMap::new(),
            gap: None,
            bookmark: None,
            waker: None,
        };
        Self { interest, bytes_max, state: Mutex::new(state) }
    }

    /// Takes an event that matches a pattern of this subscription.
    pub(super) fn offer(&self, event: &Arc<Event>) -> Offered {
        let mut offered = Offered::default();
        if !self.interest.accepts(event) {
            return offered;
        }
        let mut state = self.lock();
        if state.waiting.back().is_some_and(|(seq, _)| *seq == event.seq) {
            // Another pattern of this subscription has brought it.
            return offered;
        }
        offered.is_accepted = true;
        if matches!(state.mode, Mode::Live) {
            offered.has_conflated = state.conflate(event);
            if state.bytes + event.cost() > self.bytes_max && !state.waiting.is_empty() {
                state.mode = Mode::Behind { after: event.seq - 1 };
                offered.has_overflowed = true;
            } else {
                state.push(event);
            }
            offered.waker = state.waker.take();
        }
        offered
    }

    /// The number after which events are read from the ring.
    pub(super) fn behind(&self) -> Option<u64> {
        match self.lock().mode {
            Mode::Behind { after } => Some(after),
            Mode::Live => None,
        }
    }

    /// Has the reader told that nothing is missing up to `seq`.
    pub(super) fn mark(&self, seq: u64, log_id: u64) -> Option<Waker> {
        let mut state = self.lock();
        state.bookmark = Some((seq, log_id));
        state.waker.take()
    }

    /// Has the reader told that events are missing before those that it reads.
    pub(super) fn miss(&self, from: u64, to: u64) {
        self.lock().gap = Some((from, to));
    }

    /// Reads on from the ring, with the bus locked so that nothing is published in between. Returns whether the
    /// reader is told of a gap.
    pub(super) fn catch_up(&self, ring: &Ring, last: u64) -> bool {
        let mut state = self.lock();
        let Mode::Behind { mut after } = state.mode else {
            return false;
        };
        let oldest = ring.oldest().unwrap_or(last + 1);
        let has_gap = after + 1 < oldest;
        if has_gap {
            let from = state.gap.map_or(after + 1, |(from, _)| from);
            state.gap = Some((from, oldest - 1));
            after = oldest - 1;
        }
        for event in ring.after(after).take(SCAN_EVENTS_MAX) {
            if self.interest.matches(event) {
                state.conflate(event);
                if state.bytes + event.cost() > self.bytes_max && !state.waiting.is_empty() {
                    break;
                }
                state.push(event);
            }
            after = event.seq;
        }
        state.mode = if after >= last { Mode::Live } else { Mode::Behind { after } };
        has_gap
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, event: &Arc<Event>) {
        if let Some(key) = &event.key {
            self.newest.insert((event.info.topic, key.clone()), event.seq);
        }
        self.bytes += event.cost();
        self.waiting.push_back((event.seq, Some(Arc::clone(event))));
        // The event itself says that nothing before it is missing.
        self.bookmark = None;
    }

    /// Drops the waiting event that `event` replaces.
    fn conflate(&mut self, event: &Event) -> bool {
        let Some(key) = event.key.as_ref().filter(|_| event.info.delivery == Delivery::Latest) else {
            return false;
        };
        let Some(seq) = self.newest.remove(&(event.info.topic, key.clone())) else {
            return false;
        };
        let place = self.waiting.partition_point(|(other, _)| *other < seq);
        match self.waiting.get_mut(place).and_then(|(_, event)| event.take()) {
            Some(replaced) => {
                self.bytes -= replaced.cost();
                true
            }
            None => false,
        }
    }

    /// The next item, and the event of the event log up to which it says that nothing is missing; 0 where it says nothing.
    fn pop(&mut self) -> Option<(Item, u64)> {
        if let Some((from, to)) = self.gap.take() {
            return Some((Item::Gap { from, to }, 0));
        }
        while let Some((seq, event)) = self.waiting.pop_front() {
            let Some(event) = event else { continue };
            self.bytes -= event.cost();
            if let Some(key) = &event.key {
                let key = (event.info.topic, key.clone());
                if self.newest.get(&key) == Some(&seq) {
                    self.newest.remove(&key);
                }
            }
            let log_id = event.log_id().unwrap_or_default();
            return Some((Item::Event(event), log_id));
        }
        match self.mode {
            Mode::Live => self.bookmark.take().map(|(seq, log_id)| (Item::Bookmark(seq), log_id)),
            Mode::Behind { .. } => None,
        }
    }

    /// Whether the reader is behind, by more than what the ring has.
    fn has_lost(&self, ring: &Ring) -> bool {
        matches!(self.mode, Mode::Behind { after } if ring.oldest().is_some_and(|oldest| after + 1 < oldest))
    }
}

/// The reading end of a subscription. Dropping it ends the subscription.
#[derive(Debug)]
pub struct Subscriber {
    pub(super) bus: Bus,
    pub(super) queue: Arc<Queue>,
    pub(super) begins_after: u64,
    /// The number up to which everything was yielded or told.
    pub(super) told: u64,
    /// What it reads from the event log, if it does.
    pub(super) replay: Option<Replay>,
}

impl Subscriber {
    /// The number of the last event that this subscription does not see.
    pub fn begins_after(&self) -> u64 {
        self.begins_after
    }

    /// Whether an event up to `seq` waits to be read.
    pub fn is_behind(&self, seq: u64) -> bool {
        let state = self.queue.lock();
        match (state.waiting.front(), &state.mode) {
            (Some((waiting, _)), _) => *waiting <= seq,
            (None, Mode::Behind { after }) => *after < seq,
            (None, Mode::Live) => false,
        }
    }

    /// The event of the event log up to which nothing is missing; `None` of a subscription that does not read there.
    pub fn log_id(&self) -> Option<u64> {
        self.replay.as_ref().map(Replay::seen)
    }

    /// Whether it reads from the event log now: what waits comes after that.
    pub fn is_replaying(&self) -> bool {
        self.replay.as_ref().is_some_and(Replay::is_on)
    }

    /// Takes what waits without waiting for more.
    pub fn take_ready(&mut self) -> Option<Item> {
        while !self.is_replaying() {
            let mut state = self.queue.lock();
            if let Some((item, log_id)) = state.pop() {
                drop(state);
                self.see(&item, log_id);
                return Some(item);
            }
            if matches!(state.mode, Mode::Live) {
                return None;
            }
            drop(state);
            let Self { bus, queue, replay, .. } = self;
            bus.with_ring(|ring, last| {
                let has_lost = queue.lock().has_lost(ring);
                let reads = has_lost && replay.as_mut().is_some_and(|replay| replay.begin(ring));
                !reads && queue.catch_up(ring, last)
            });
        }
        None
    }

    fn see(&mut self, item: &Item, log_id: u64) {
        self.told = match item {
            Item::Event(event) => event.seq,
            Item::Gap { to: seq, .. } | Item::Bookmark(seq) => *seq,
        };
        if let Some(replay) = &mut self.replay {
            replay.see(log_id);
        }
    }
}

impl Stream for Subscriber {
    type Item = Item;

    /// Never ends: the bus lives as long as the subscriber.
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        loop {
            if let Some(item) = ready!(self.poll_replay(cx)).or_else(|| self.take_ready()) {
                return Poll::Ready(Some(item));
            }
            if self.is_replaying() {
                continue;
            }
            let mut state = self.queue.lock();
            // An event may have come between the look and the lock.
            if state.waiting.is_empty() && state.bookmark.is_none() && matches!(state.mode, Mode::Live) {
                match &mut state.waker {
                    Some(waker) => waker.clone_from(cx.waker()),
                    waker => *waker = Some(cx.waker().clone()),
                }
                return Poll::Pending;
            }
        }
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.bus.unsubscribe(&self.queue);
    }
}
