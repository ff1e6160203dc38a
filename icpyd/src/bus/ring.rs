//! The events of the last while, bounded by bytes: what a slow or returning subscriber reads on from.

use std::collections::VecDeque;
use std::sync::Arc;

use super::event::Event;

/// Kept events, in order. Their numbers have no holes.
#[derive(Debug)]
pub(super) struct Ring {
    events: VecDeque<Arc<Event>>,
    /// Those in the event log: their ids there, which rise, and their numbers.
    logged: VecDeque<(u64, u64)>,
    /// The last id that is no longer here.
    lost_log_id: u64,
    bytes: usize,
    bytes_max: usize,
}

impl Ring {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { events: VecDeque::new(), logged: VecDeque::new(), lost_log_id: 0, bytes: 0, bytes_max }
    }

    /// Keeps an event and lets the oldest go, as far as the bound asks.
    pub(super) fn push(&mut self, event: Arc<Event>) {
        self.bytes += event.cost();
        self.logged.extend(event.log_id().map(|id| (id, event.seq)));
        self.events.push_back(event);
        while self.bytes > self.bytes_max {
            let Some(oldest) = self.events.pop_front() else { break };
            self.bytes -= oldest.cost();
            if let Some(id) = oldest.log_id() {
                self.logged.pop_front();
                self.lost_log_id = id;
            }
        }
    }

    /// Keeps nothing of what was pushed.
    pub(super) fn clear(&mut self) {
        self.lost_log_id = self.last_log_id();
        self.logged.clear();
        self.events.clear();
        self.bytes = 0;
    }

    /// Goes on where another program has lost events of the log up to this one.
    pub(super) fn lose_up_to(&mut self, log_id: u64) {
        self.lost_log_id = log_id;
    }

    /// The last id of the log that was here, and no longer is.
    pub(super) fn lost_log_id(&self) -> u64 {
        self.lost_log_id
    }

    /// The last id of the log that is here, or was.
    pub(super) fn last_log_id(&self) -> u64 {
        self.logged.back().map_or(self.lost_log_id, |(id, _)| *id)
    }

    /// The first id of the log that is here.
    pub(super) fn first_log_id(&self) -> Option<u64> {
        self.logged.front().map(|(id, _)| *id)
    }

    /// The first event of the log with a larger number.
    pub(super) fn logged_after_seq(&self, seq: u64) -> Option<(u64, u64)> {
        self.logged.get(self.logged.partition_point(|(_, other)| *other <= seq)).copied()
    }

    /// The first event of the log with a larger id.
    pub(super) fn logged_after_id(&self, id: u64) -> Option<(u64, u64)> {
        self.logged.get(self.logged.partition_point(|(other, _)| *other <= id)).copied()
    }

    /// The last event of the log with no larger id.
    pub(super) fn logged_up_to_id(&self, id: u64) -> Option<(u64, u64)> {
        self.logged.get(self.logged.partition_point(|(other, _)| *other <= id).checked_sub(1)?).copied()
    }

    /// The number of the oldest event that is kept.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.events.front().map(|event| event.seq)
    }

    /// The kept events after the one with this number.
    pub(super) fn after(&self, seq: u64) -> impl Iterator<Item = &Arc<Event>> {
        let skipped = match self.oldest() {
            Some(oldest) if seq >= oldest => usize::try_from(seq - oldest + 1).unwrap_or(usize::MAX),
            _ => 0,
        };
        self.events.range(skipped.min(self.events.len())..)
    }

    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn bytes_max(&self) -> usize {
        self.bytes_max
    }
}
