//! What the client of one session is shown: the views that it has opened.

use std::task::{Context, Poll};

use super::outbox::Outbox;
use crate::caller::View;

/// All views of a session.
#[derive(Debug, Default)]
pub(super) struct Views(Vec<Box<dyn View>>);

impl Views {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn open(&mut self, views: Vec<Box<dyn View>>) {
        self.0.extend(views);
    }

    /// Writes a line of each that has one, while the outbox has room. Returns whether anything was written.
    pub(super) fn deliver(&mut self, cx: &mut Context<'_>, outbox: &mut Outbox, bytes_max: usize) -> bool {
        let mut has_moved = false;
        self.0.retain_mut(|view| {
            if outbox.len() >= bytes_max {
                return true;
            }
            let mut polled = Poll::Pending;
            outbox.push(|out| polled = view.poll_write(cx, out));
            has_moved |= polled == Poll::Ready(true);
            polled != Poll::Ready(false)
        });
        if has_moved && outbox.len() >= bytes_max {
            // The first one is the last the next time.
            self.0.rotate_left(1);
        }
        has_moved
    }
}
