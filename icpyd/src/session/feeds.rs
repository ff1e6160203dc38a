//! The subscriptions of one session, and how their events become lines.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream as _;
use icpy_protocol::message::{write_event_prefix, write_notification};
use icpy_protocol::session::{BOOKMARK, GAP, SessionBookmark, SessionGap};

use super::outbox::Outbox;
use crate::bus::{Item, Pace, Paced, Subscriber};

/// One subscription of a session.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) id: u64,
    source: Source,
    /// The `seq` that the client has seen last on this subscription.
    prev: u64,
}

#[derive(Debug)]
enum Source {
    Plain(Subscriber),
    Paced(Box<Paced<Subscriber>>),
}

impl Feed {
    pub(super) fn new(id: u64, subscriber: Subscriber, pace: Option<Pace>) -> Self {
        let prev = subscriber.begins_after();
        let source = match pace {
            None => Source::Plain(subscriber),
            Some(pace) => Source::Paced(Box::new(Paced::new(subscriber, pace))),
        };
        Self { id, source, prev }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Option<Item> {
        let polled = match &mut self.source {
            Source::Plain(subscriber) => Pin::new(subscriber).poll_next(cx),
            Source::Paced(paced) => Pin::new(&mut **paced).poll_next(cx),
        };
        match polled {
            Poll::Ready(item) => item,
            Poll::Pending => None,
        }
    }

    fn subscriber(&self) -> &Subscriber {
        match &self.source {
            Source::Plain(subscriber) => subscriber,
            Source::Paced(paced) => paced.inner(),
        }
    }

    fn write(&mut self, item: &Item, epoch: &str, outbox: &mut Outbox) {
        let subscription = self.id;
        match item {
            Item::Event(event) => {
                outbox.push(|out| write_event_prefix(out, subscription, self.prev));
                outbox.push_shared(event.suffix());
                self.prev = event.seq;
            }
            Item::Gap { from, to } => {
                let gap = SessionGap { subscription, epoch: epoch.to_owned(), from: *from, to: *to };
                outbox.push(|out| write_notification(out, GAP.info.topic, &gap));
                self.prev = *to;
            }
            Item::Bookmark(seq) => {
                let (epoch, log_id) = (epoch.to_owned(), self.subscriber().log_id());
                let bookmark = SessionBookmark { subscription, epoch, seq: *seq, log_id };
                outbox.push(|out| write_notification(out, BOOKMARK.info.topic, &bookmark));
                self.prev = *seq;
            }
        }
    }
}

/// All subscriptions of a session.
#[derive(Debug)]
pub(super) struct Feeds {
    all: Vec<Feed>,
    epoch: String,
    outbox_bytes_max: usize,
}

impl Feeds {
    pub(super) fn new(epoch: String, outbox_bytes_max: usize) -> Self {
        Self { all: Vec::new(), epoch, outbox_bytes_max }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn insert(&mut self, feed: Feed) {
        self.all.push(feed);
    }

    pub(super) fn remove(&mut self, id: u64) {
        self.all.retain(|feed| feed.id != id);
    }

    /// Writes what waits, as far as the outbox has room. Returns whether anything was written.
    pub(super) fn deliver(&mut self, cx: &mut Context<'_>, outbox: &mut Outbox) -> bool {
        let mut has_moved = false;
        for feed in &mut self.all {
            while outbox.len() < self.outbox_bytes_max
                && let Some(item) = feed.poll(cx)
            {
                feed.write(&item, &self.epoch, outbox);
                has_moved = true;
            }
        }
        if has_moved && outbox.len() >= self.outbox_bytes_max {
            // The one that filled the outbox is last the next time.
            self.all.rotate_left(1);
        }
        has_moved
    }

    /// Writes the events up to `seq`, as far as the outbox has room. Returns whether all are written.
    pub(super) fn deliver_up_to(&mut self, seq: u64, cx: &mut Context<'_>, outbox: &mut Outbox) -> bool {
        for feed in &mut self.all {
            while feed.subscriber().is_behind(seq) {
                if outbox.len() >= self.outbox_bytes_max {
                    return false;
                }
                let Some(item) = feed.poll(cx) else { break };
                feed.write(&item, &self.epoch, outbox);
            }
        }
        true
    }
}
