//! A subscription that reads from the event log what the ring has lost.
//!
//! ```text
//!   log   1 2 3 4 5 6 7 8 9          ids, of durable events
//!   ring            · 6 · 7 · 8 9 ·  all events
//!         ─────────▶│                read page by page, up to the first id that the ring has behind the place
//!                   └──────────────▶ from which the subscription goes on, as every one that is behind
//! ```
//!
//! Events are logged before they are published, in the same order, and the ring knows the ids that it has and the last
//! that it has lost: so the seam is found with the bus locked, and nothing is missing or double there. Who was lost while it
//! read the log comes back with both places, and reads on to the same seam.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::future::{MaybeDone, maybe_done};
use icpy_protocol::error::{Error, Result};
use icpy_protocol::session::Position;

use super::event::Event;
use super::log::{Log, LogEvent, LogFound, LogPage, LogPlace, Reading};
use super::ring::Ring;
use super::subscriber::{Interest, Item, Subscriber};
use super::{Bus, Core};

/// What a subscription knows of the log.
pub(super) struct Replay {
    log: Arc<dyn Log>,
    /// Every event of the log up to this one was yielded, or is not wanted.
    seen: u64,
    /// Every event up to this one was read.
    read: u64,
    /// Whether it reads, and nothing else is yielded until it has read to the ring.
    is_on: bool,
    /// What is being read behind `events`.
    page: Option<MaybeDone<Reading<LogPage>>>,
    events: VecDeque<Arc<Event>>,
}

impl fmt::Debug for Replay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seen, read, is_on, events, .. } = self;
        write!(formatter, "Replay {{ seen: {seen}, read: {read}, is_on: {is_on}, events: {} }}", events.len())
    }
}

impl Replay {
    pub(super) fn is_on(&self) -> bool {
        self.is_on || !self.events.is_empty()
    }

    pub(super) fn seen(&self) -> u64 {
        self.seen
    }

    pub(super) fn see(&mut self, id: u64) {
        self.seen = self.seen.max(id);
    }

    /// Reads the log before anything else, when the ring has lost an event of it.
    pub(super) fn begin(&mut self, ring: &Ring) -> bool {
        self.is_on |= ring.lost_log_id() > self.seen;
        self.read = self.seen;
        self.is_on
    }

    /// Reads the next page.
    fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<LogPage>>> {
        let Self { log, read, page, .. } = self;
        let mut reading = Pin::new(page.get_or_insert_with(|| maybe_done(log.read(*read))));
        ready!(reading.as_mut().poll(cx));
        let outcome = reading.take_output();
        *page = None;
        Poll::Ready(outcome)
    }

    /// Begins to read the page behind the one that was taken.
    fn read_ahead(&mut self, cx: &mut Context<'_>) {
        if self.is_on {
            let reading = self.page.insert(maybe_done(self.log.read(self.read)));
            let _ = Pin::new(reading).poll(cx);
        }
    }
}

impl Bus {
    /// Subscribes to the events after a place, or where that is no longer kept, or none is given, to those after a place in
    /// the log.
    pub async fn replay(&self, interest: Interest, after: Option<&Position>, place: LogPlace) -> Result<Subscriber> {
        let log = self.0.log.get().ok_or_else(|| Error::unavailable("the daemon has no event log"))?;
        let found = log.find(place).await?;
        let mut core = self.lock();
        let here =
            after.filter(|after| after.epoch == self.0.epoch && core.has_after(after.seq)).map(|after| after.seq);
        if after.is_some() && here.is_none() && place == LogPlace::End {
            return Err(Error::gone(
                "the events after that place are no longer kept, and no place in the log is named",
            ));
        }
        let begin = match (here, place) {
            (Some(seq), LogPlace::After(log_id)) => {
                Begin { seq, log_id, is_on: core.log_id_at(seq, found.newest_id) > log_id }
            }
            (Some(seq), _) => Begin { seq, log_id: core.log_id_at(seq, found.newest_id), is_on: false },
            (None, LogPlace::End) => {
                Begin { seq: core.seq, log_id: core.log_id_at(core.seq, found.newest_id), is_on: false }
            }
            (None, _) => core.begin_in_log(found, matches!(place, LogPlace::Since(_))),
        };
        let mut subscriber = self.insert(interest, Some(begin.seq), &mut core);
        drop(core);
        if let (Some(after), None) = (after, here) {
            let is_same = after.epoch == self.0.epoch && after.seq < begin.seq;
            subscriber.queue.miss(if is_same { after.seq + 1 } else { 0 }, begin.seq);
        }
        let (log, Begin { log_id, is_on, .. }) = (Arc::clone(log), begin);
        subscriber.replay =
            Some(Replay { log, seen: log_id, read: log_id, is_on, page: None, events: VecDeque::new() });
        Ok(subscriber)
    }
}

/// Where a subscription begins.
struct Begin {
    seq: u64,
    log_id: u64,
    is_on: bool,
}

impl Core {
    /// The last event of the log that is no later than a number.
    fn log_id_at(&self, seq: u64, newest_id: u64) -> u64 {
        match self.ring.logged_after_seq(seq) {
            Some((id, _)) => id - 1,
            None => newest_id.max(self.ring.last_log_id()),
        }
    }

    /// Where the events are that follow a place in the log: there, or in the ring alone.
    fn begin_in_log(&self, found: LogFound, is_since: bool) -> Begin {
        let LogFound { after_id: log_id, newest_id } = found;
        let newest = newest_id.max(self.ring.last_log_id());
        let first = self.ring.first_log_id().unwrap_or(newest + 1);
        let is_on = first > log_id + 1;
        let next = self.ring.logged_after_id(log_id).map_or(self.seq, |(_, seq)| seq - 1);
        let oldest = self.ring.oldest().map_or(self.seq, |seq| seq - 1);
        let seq = match self.ring.logged_up_to_id(log_id) {
            _ if is_on => oldest,
            _ if is_since => next,
            Some((_, seq)) => seq,
            None => next,
        };
        Begin { seq, log_id, is_on }
    }
}

impl Subscriber {
    /// Waits for the next event from the log; `None` when it does not read there, or no more.
    pub async fn next_replayed(&mut self) -> Option<Item> {
        poll_fn(|cx| self.poll_replay(cx)).await
    }

    /// Yields what comes from the log. Without one, and when it is read to the ring, that is nothing.
    pub(super) fn poll_replay(&mut self, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        while let Some(replay) = &mut self.replay {
            if let Some(event) = replay.events.pop_front() {
                replay.see(event.log_id().unwrap_or_default());
                return Poll::Ready(Some(Item::Event(event)));
            }
            if !replay.is_on {
                break;
            }
            match ready!(replay.poll_page(cx)) {
                Some(Ok(page)) => self.take_page(page, cx),
                Some(Err(error)) => return Poll::Ready(Some(self.give_up(&error))),
                None => {}
            }
        }
        Poll::Ready(None)
    }

    /// Takes what was read, as far as the ring does not have it, and has more read meanwhile.
    fn take_page(&mut self, page: LogPage, cx: &mut Context<'_>) {
        let Self { bus, queue, replay, told, .. } = self;
        let Some(replay) = replay else { return };
        let LogPage { mut events, is_end } = page;
        let last = events.last().map_or(replay.read, |event| event.entry.id);
        bus.with_ring(|ring, seq| {
            let next = ring.logged_after_seq(queue.behind().unwrap_or(seq)).map(|(id, _)| id);
            let has_reached = match next {
                Some(next) => last + 1 >= next,
                None => is_end && ring.last_log_id() <= last,
            };
            let end = next.map_or(last, |next| last.min(next - 1));
            events.retain(|event| event.entry.id <= end);
            replay.is_on = !has_reached;
            replay.read = end;
            has_reached && queue.catch_up(ring, seq)
        });
        replay.read_ahead(cx);
        let wanted = events.into_iter().filter_map(|event| wanted(&queue.interest, event, *told, bus.epoch()));
        replay.events = wanted.collect();
        if replay.events.is_empty() && !replay.is_on {
            replay.see(replay.read);
        }
    }

    /// Goes on without the log: what it may have had is told as lost.
    fn give_up(&mut self, error: &Error) -> Item {
        tracing::error!(%error, "the event log cannot be read");
        if let Some(replay) = &mut self.replay {
            replay.is_on = false;
        }
        self.bus.with_ring(|ring, seq| self.queue.catch_up(ring, seq));
        Item::Gap { from: 0, to: self.told }
    }
}

/// An event of the log in the place of the one before it, if the subscription is for it.
fn wanted(interest: &Interest, event: LogEvent, seq: u64, epoch: &str) -> Option<Arc<Event>> {
    let LogEvent { info, payload, entry } = event;
    let info = info.filter(|info| interest.patterns.iter().any(|pattern| pattern.matches(info.topic)))?;
    let mut event = Event::new(seq, info, None, &payload, Some(&entry), epoch);
    event.is_replayed = true;
    interest.accepts(&event).then(|| Arc::new(event))
}

#[cfg(test)]
mod tests;
