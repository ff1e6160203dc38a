//! The subscriptions of a client: what each has seen, and handing their events over.

use std::collections::BTreeMap;
use std::sync::Arc;

use icpy_protocol::documents::EventMeta;
use icpy_protocol::event::EventEntry;
use icpy_protocol::session::{
    BOOKMARK, GAP, Position, SessionBookmark, SessionGap, SessionReplay, SessionSubscribeParams, SessionSubscribeResult,
};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tokio::sync::mpsc;

use super::driver::Subscribed;
use super::{Event, Update};

/// Updates that may wait to be taken by the program. Beyond that they are dropped, and the program is told of a gap: the
/// connection goes on, so that a call that the program waits for is answered.
const UPDATES_MAX: usize = 4096;

#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    epoch: String,
    last_number: u64,
    /// By the daemon's name for each.
    entries: BTreeMap<u64, Entry>,
}

#[derive(Debug)]
struct Entry {
    /// The client's own name for it.
    number: u64,
    params: SessionSubscribeParams,
    /// The last event that came.
    seen: u64,
    /// The same in the event log, of a subscription that reads there.
    logged: Option<u64>,
    /// Events that came and could not be handed over.
    lost: Option<(u64, u64)>,
    updates: mpsc::Sender<Update>,
}

impl Subscriptions {
    pub(super) fn insert(&mut self, params: SessionSubscribeParams, begun: &SessionSubscribeResult) -> Subscribed {
        let (updates, receiver) = mpsc::channel(UPDATES_MAX);
        self.last_number += 1;
        let number = self.last_number;
        // Taken up anew, it goes on from what was seen and not from where it once began.
        let replay = params.replay.map(|_| SessionReplay::default());
        let params = SessionSubscribeParams { after: None, replay, ..params };
        let entry = Entry { number, params, seen: begun.position.seq, logged: begun.log_id, lost: None, updates };
        self.epoch.clone_from(&begun.position.epoch);
        self.entries.insert(begun.subscription, entry);
        (number, begun.position.clone(), receiver)
    }

    /// Forgets a subscription; returns the daemon's name for it.
    pub(super) fn remove(&mut self, number: u64) -> Option<u64> {
        let name = self.entries.iter().find(|(_, entry)| entry.number == number).map(|(name, _)| *name)?;
        self.entries.remove(&name);
        Some(name)
    }

    /// Whether more than half of what may wait to be taken does, of one that is to miss nothing.
    pub(super) fn are_filling(&self) -> bool {
        let is_filling = |it: &Entry| it.params.replay.is_some() && it.updates.capacity() < UPDATES_MAX / 2;
        self.entries.values().any(is_filling)
    }

    pub(super) fn epoch(&self) -> &str {
        &self.epoch
    }

    /// The last event that each has seen.
    pub(super) fn seen(&self) -> BTreeMap<u64, u64> {
        self.entries.iter().map(|(name, entry)| (*name, entry.seen)).collect()
    }

    /// The last event of the log that each has seen that reads there.
    pub(super) fn logged(&self) -> BTreeMap<u64, u64> {
        self.entries.iter().filter_map(|(name, entry)| Some((*name, entry.logged?))).collect()
    }

    /// Every subscription, to be made anew: after what it has seen in the event log, if it reads there.
    pub(super) fn all(&self) -> Vec<(u64, SessionSubscribeParams)> {
        let anew = |(name, entry): (&u64, &Entry)| {
            let replay = |_| SessionReplay { after_log_id: entry.logged, since_ms: None };
            let replay = entry.params.replay.map(replay);
            (*name, SessionSubscribeParams { replay, ..entry.params.clone() })
        };
        self.entries.iter().map(anew).collect()
    }

    /// A subscription was made anew on another history.
    pub(super) fn rename(&mut self, old: u64, begun: &SessionSubscribeResult) {
        self.epoch.clone_from(&begun.position.epoch);
        if let Some(mut entry) = self.entries.remove(&old) {
            entry.logged = begun.log_id;
            entry.begin_at(&begun.position, &Arc::default());
            self.entries.insert(begun.subscription, entry);
        }
    }

    /// Subscriptions go on in the event log: what is not there and happened since is lost to them.
    pub(super) fn tell_lost(&mut self, position: &Position, snapshot: &Arc<Map<String, Value>>) {
        for entry in self.entries.values_mut().filter(|entry| entry.params.replay.is_some()) {
            entry.tell_reset(position, snapshot);
        }
    }

    /// All subscriptions go on from a place, because events before it are gone.
    pub(super) fn reset(&mut self, position: &Position, snapshot: &Arc<Map<String, Value>>) {
        self.epoch.clone_from(&position.epoch);
        for entry in self.entries.values_mut() {
            entry.begin_at(position, snapshot);
        }
    }

    /// Takes a notification of the daemon. One that belongs to no subscription is dropped.
    pub(super) fn take(&mut self, topic: &str, params: &str) {
        if topic == GAP.info.topic {
            if let Ok(gap) = serde_json::from_str::<SessionGap>(params)
                && let Some(entry) = self.entries.get_mut(&gap.subscription)
            {
                entry.lose(gap.from, gap.to);
                entry.seen = gap.to;
            }
        } else if topic == BOOKMARK.info.topic {
            if let Ok(bookmark) = serde_json::from_str::<SessionBookmark>(params)
                && let Some(entry) = self.entries.get_mut(&bookmark.subscription)
            {
                entry.seen = bookmark.seq;
                entry.logged = bookmark.log_id.or(entry.logged);
            }
        } else if let Ok(meta) = serde_json::from_str::<EventMeta>(params)
            && let Some(entry) = self.entries.get_mut(&meta.subscription)
            && let Ok(params) = RawValue::from_string(params.to_owned())
        {
            entry.take(topic, &meta, params);
        }
    }
}

impl Entry {
    fn take(&mut self, topic: &str, meta: &EventMeta, params: Box<RawValue>) {
        // What comes from the event log has the number of the event before it.
        let is_replayed = meta.log.is_some() && meta.seq == meta.prev;
        if meta.seq <= self.seen && !is_replayed {
            return;
        }
        if let Some(EventEntry { id, .. }) = meta.log
            && let Some(logged) = &mut self.logged
        {
            *logged = id;
        }
        if meta.prev > self.seen {
            self.lose(self.seen + 1, meta.prev);
        }
        self.seen = meta.seq;
        let position = Position { epoch: meta.epoch.clone(), seq: meta.seq };
        let event = Event { topic: topic.to_owned(), position, log: meta.log.clone(), params };
        if !self.hand_over(Update::Event(event)) {
            self.lose(meta.seq, meta.seq);
        }
    }

    fn begin_at(&mut self, position: &Position, snapshot: &Arc<Map<String, Value>>) {
        self.seen = position.seq;
        self.tell_reset(position, snapshot);
    }

    fn tell_reset(&mut self, position: &Position, snapshot: &Arc<Map<String, Value>>) {
        self.lost = None;
        let update = Update::Reset { position: position.clone(), snapshot: Arc::clone(snapshot) };
        if !self.hand_over(update) {
            self.lose(0, position.seq);
        }
    }

    fn lose(&mut self, from: u64, to: u64) {
        let from = self.lost.map_or(from, |(first, _)| first);
        self.lost = Some((from, to));
    }

    /// Hands an update over, behind the word of what was lost before it.
    fn hand_over(&mut self, update: Update) -> bool {
        if let Some((from, to)) = self.lost {
            if self.updates.try_send(Update::Gap { from, to }).is_err() {
                return false;
            }
            self.lost = None;
        }
        self.updates.try_send(update).is_ok()
    }
}
