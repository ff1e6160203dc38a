//! The events of the last while, bounded by bytes: what a slow or returning subscriber reads on from.

use std::collections::VecDeque;
use std::sync::Arc;

use super::event::Event;

/// Kept events, in order. Their numbers have no holes.
#[derive(Debug)]
pub(super) struct Ring {
    events: VecDeque<Arc<Event>>,
    bytes: usize,
    bytes_max: usize,
}

impl Ring {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { events: VecDeque::new(), bytes: 0, bytes_max }
    }

    /// Keeps an event and lets the oldest go, as far as the bound asks.
    pub(super) fn push(&mut self, event: Arc<Event>) {
        self.bytes += event.cost();
        self.events.push_back(event);
        while self.bytes > self.bytes_max {
            let Some(oldest) = self.events.pop_front() else { break };
            self.bytes -= oldest.cost();
        }
    }

    /// Keeps nothing of what was pushed.
    pub(super) fn clear(&mut self) {
        self.events.clear();
        self.bytes = 0;
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
