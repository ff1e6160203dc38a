//! Reactive operators on a subscription: filter, debounce, throttle, coalesce by key, buffer.
//!
//! They hold events back and drop those that a newer one replaces, and never change the order: what is released is
//! released in the order of its numbers. A gap passes after all that is held; a bookmark only when nothing is held.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::Stream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::{Event, Item};

/// Held events beyond which all are released early.
const HELD_EVENTS_MAX: usize = 1024;

/// A debounced event waits at most so many windows, however many follow it.
const DEBOUNCE_WINDOWS_MAX: u32 = 10;

/// When held events are released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// When none followed for a window.
    Debounce(Duration),
    /// The first at once, then whatever is held at the end of each window.
    Throttle(Duration),
    /// All that came within a window after the first.
    Buffer(Duration),
    /// As soon as nothing more is ready.
    Ready,
}

/// How a subscription is paced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// When held events are released.
    pub release: Release,
    /// A held event is replaced by a newer one with the same value of this member of the payload. Without a member
    /// all events count as the same, except that a buffer then keeps all.
    pub key: Option<String>,
}

/// A paced subscription.
#[derive(Debug)]
pub struct Paced<S> {
    inner: S,
    pace: Pace,
    held: BTreeMap<u64, Arc<Event>>,
    newest: HashMap<String, u64>,
    released: VecDeque<Item>,
    /// The end of the window that is open.
    timer: Option<Pin<Box<Sleep>>>,
    /// When the oldest held event came.
    held_since: Option<Instant>,
}

impl<S> Paced<S> {
    /// Paces `inner`.
    pub fn new(inner: S, pace: Pace) -> Self {
        Self {
            inner,
            pace,
            held: BTreeMap::new(),
            newest: HashMap::new(),
            released: VecDeque::new(),
            timer: None,
            held_since: None,
        }
    }

    /// What is paced.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    fn take_event(&mut self, event: Arc<Event>) {
        let now = Instant::now();
        match self.pace.release {
            Release::Throttle(window) if self.timer.is_none() => {
                self.released.push_back(Item::Event(event));
                return self.open_window(now + window);
            }
            Release::Debounce(window) => {
                let since = *self.held_since.get_or_insert(now);
                self.open_window((now + window).min(since + window * DEBOUNCE_WINDOWS_MAX));
            }
            Release::Buffer(window) if self.timer.is_none() => self.open_window(now + window),
            _ => {}
        }
        self.hold(event);
    }

    fn hold(&mut self, event: Arc<Event>) {
        if let Some(key) = self.key(&event)
            && let Some(replaced) = self.newest.insert(key, event.seq)
        {
            self.held.remove(&replaced);
        }
        self.held.insert(event.seq, event);
        if self.held.len() >= HELD_EVENTS_MAX {
            self.release_all();
        }
    }

    fn key(&self, event: &Event) -> Option<String> {
        match (&self.pace.key, self.pace.release) {
            (Some(member), _) => Some(event.member(member).map(ToString::to_string).unwrap_or_default()),
            (None, Release::Buffer(_)) => None,
            (None, _) => Some(String::new()),
        }
    }

    fn open_window(&mut self, end: Instant) {
        match &mut self.timer {
            Some(timer) => timer.as_mut().reset(end),
            None => self.timer = Some(Box::pin(sleep_until(end))),
        }
    }

    fn close_window(&mut self) {
        self.timer = None;
        if let (Release::Throttle(window), false) = (self.pace.release, self.held.is_empty()) {
            self.open_window(Instant::now() + window);
        }
        self.release_all();
    }

    fn release_all(&mut self) {
        self.newest.clear();
        self.held_since = None;
        self.released.extend(std::mem::take(&mut self.held).into_values().map(Item::Event));
    }
}

impl<S: Stream<Item = Item> + Unpin> Stream for Paced<S> {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        let this = &mut *self;
        loop {
            if let Some(item) = this.released.pop_front() {
                return Poll::Ready(Some(item));
            }
            match Pin::new(&mut this.inner).poll_next(cx) {
                Poll::Ready(Some(Item::Event(event))) => this.take_event(event),
                // What is held is older than the mark: to say that nothing is missing would be wrong.
                Poll::Ready(Some(Item::Bookmark(_))) if !this.held.is_empty() => {}
                Poll::Ready(Some(other)) => {
                    this.release_all();
                    this.released.push_back(other);
                }
                Poll::Ready(None) if this.held.is_empty() => return Poll::Ready(None),
                Poll::Ready(None) => this.release_all(),
                Poll::Pending if this.pace.release == Release::Ready && !this.held.is_empty() => this.release_all(),
                Poll::Pending => match this.timer.as_mut().map(|timer| timer.as_mut().poll(cx)) {
                    Some(Poll::Ready(())) => this.close_window(),
                    _ => return Poll::Pending,
                },
            }
        }
    }
}

/// A subscription without the events that a predicate refuses.
#[derive(Debug)]
pub struct Filtered<S, P> {
    inner: S,
    predicate: P,
}

impl<S: Stream<Item = Item> + Unpin, P: FnMut(&Event) -> bool + Unpin> Stream for Filtered<S, P> {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        let this = &mut *self;
        loop {
            match Pin::new(&mut this.inner).poll_next(cx) {
                Poll::Ready(Some(Item::Event(event))) if !(this.predicate)(&event) => {}
                other => return other,
            }
        }
    }
}

/// The operators, as methods of every subscription and of their own results.
pub trait Operators: Stream<Item = Item> + Sized {
    /// Only events for which `predicate` holds.
    fn filter_events<P: FnMut(&Event) -> bool + Unpin>(self, predicate: P) -> Filtered<Self, P> {
        Filtered { inner: self, predicate }
    }

    /// The last event, when none followed it for `window`.
    fn debounce(self, window: Duration) -> Paced<Self> {
        Paced::new(self, Pace { release: Release::Debounce(window), key: None })
    }

    /// The first event at once, then the newest at the end of each `window`.
    fn throttle(self, window: Duration) -> Paced<Self> {
        Paced::new(self, Pace { release: Release::Throttle(window), key: None })
    }

    /// Of the events that are ready, the newest for each value of a member of the payload.
    fn coalesce_by(self, member: &str) -> Paced<Self> {
        Paced::new(self, Pace { release: Release::Ready, key: Some(member.to_owned()) })
    }

    /// All events, those of a `window` together.
    fn buffer(self, window: Duration) -> Paced<Self> {
        Paced::new(self, Pace { release: Release::Buffer(window), key: None })
    }
}

impl<S: Stream<Item = Item> + Sized> Operators for S {}
