//! From ended requests, streams and subscriptions to the connection; and the connection's end.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::message::{write_error, write_notification, write_result, write_result_head};
use icpy_protocol::session::{CLOSING, SessionClosing};
use tokio::time::{Instant, Sleep, sleep_until};

use super::registry::{Close, Command};
use super::requests::Finished;
use super::{Connection, Ended, Session};
use crate::caller::View;

/// A result from this length on is sent from where it is, without being copied.
const RESULT_COPIED_BYTES_MAX: usize = 8 << 10;

/// An answer that waits until the events before it are written.
pub(super) struct Waiting {
    /// The last event that comes first.
    after: u64,
    body: Body,
    /// What is done when it is written.
    commands: Vec<Command>,
    /// What is shown from then on.
    views: Vec<Box<dyn View>>,
}

enum Body {
    Single { id: Arc<str>, outcome: Result<Vec<u8>> },
    Batch(Vec<u8>),
}

/// A session that is to be closed when what is under way has ended.
pub(super) struct Closing {
    reason: String,
    can_resume: bool,
    is_refusal: bool,
    /// What is still under way then is ended.
    deadline: Pin<Box<Sleep>>,
    is_told: bool,
}

impl Closing {
    pub(super) fn new(close: Close) -> Self {
        let Close { reason, drain_timeout, can_resume, is_refusal } = close;
        let deadline = Box::pin(sleep_until(Instant::now() + drain_timeout));
        Self { reason, can_resume, is_refusal, deadline, is_told: false }
    }
}

impl<C: Connection> Session<C> {
    /// Answers a request that has ended. A notification is not answered.
    pub(super) fn finish(&mut self, cx: &mut Context<'_>, finished: Finished) {
        let Finished { ticket, outcome } = finished;
        let Some(id) = ticket.id else {
            let commands = self.handle.take_commands();
            self.obey(commands);
            if let Err(error) = outcome {
                tracing::debug!(session = self.identity.session, %error, "a notification failed");
            }
            return;
        };
        let body = match ticket.batch {
            None => Body::Single { id, outcome },
            Some((number, place)) => match self.requests.fill_batch(number, place, &id, &outcome) {
                Some(array) => Body::Batch(array),
                None => return,
            },
        };
        let commands = self.handle.take_commands();
        let views = self.handle.outlet.take_views();
        let waiting = Waiting { after: self.shared.bus.last(), body, commands, views };
        if self.answers.is_empty() && self.write_before(cx, waiting.after) {
            self.write_answer(waiting);
        } else {
            self.answers.push_back(waiting);
        }
    }

    fn obey(&mut self, commands: Vec<Command>) {
        for command in commands {
            match command {
                Command::Subscribe(feed) => self.feeds.insert(feed),
                Command::Unsubscribe(id) => self.feeds.remove(id),
                Command::Become(identity) => self.identity = identity,
            }
        }
    }

    /// Moves answers to the outbox, each behind the events that came before it.
    pub(super) fn write_answers(&mut self, cx: &mut Context<'_>) -> bool {
        let mut has_moved = false;
        while let Some(after) = self.answers.front().map(|waiting| waiting.after)
            && self.write_before(cx, after)
            && let Some(waiting) = self.answers.pop_front()
        {
            self.write_answer(waiting);
            has_moved = true;
        }
        has_moved
    }

    /// Writes what comes before an answer: pieces of its stream, and events up to `after`. Returns whether all is written.
    fn write_before(&mut self, cx: &mut Context<'_>, after: u64) -> bool {
        self.take_pieces(usize::MAX);
        self.feeds.deliver_up_to(after, cx, &mut self.outbox)
    }

    fn write_answer(&mut self, waiting: Waiting) {
        self.write_body(waiting.body);
        self.obey(waiting.commands);
        self.views.open(waiting.views);
    }

    fn write_body(&mut self, body: Body) {
        match body {
            Body::Single { id, outcome: Ok(result) } if result.len() > RESULT_COPIED_BYTES_MAX => {
                self.outbox.push(|out| write_result_head(out, &id));
                self.outbox.push_shared(&Bytes::from(result));
                self.outbox.push(|out| out.extend_from_slice(b"}\n"));
            }
            Body::Single { id, outcome } => self.outbox.push(|out| {
                match outcome {
                    Ok(result) => write_result(out, &id, &result),
                    Err(error) => write_error(out, &id, &error),
                }
                out.push(b'\n');
            }),
            Body::Batch(array) => {
                self.outbox.push_shared(&Bytes::from(array));
                self.outbox.push(|out| out.push(b'\n'));
            }
        }
    }

    /// Moves pieces of streams to the outbox while it holds less than `outbox_bytes_max`.
    pub(super) fn take_pieces(&mut self, outbox_bytes_max: usize) -> bool {
        let mut has_moved = false;
        while self.outbox.len() < outbox_bytes_max
            && let Some(line) = self.handle.outlet.take()
        {
            self.outbox.push_shared(&Bytes::from(line));
            has_moved = true;
        }
        has_moved
    }

    pub(super) fn write(&mut self, cx: &mut Context<'_>) -> std::result::Result<bool, Ended> {
        let mut has_moved = false;
        while !self.outbox.is_empty() {
            match self.outbox.poll_write(Pin::new(self.connection.stream()), cx) {
                Poll::Ready(Ok(_)) => has_moved = true,
                Poll::Ready(Err(error)) => return Err(Ended::Broken(error)),
                Poll::Pending => return self.wait_for_client(cx, has_moved).map(|()| has_moved),
            }
        }
        self.stalled = None;
        Ok(has_moved)
    }

    /// Gives up on a client that has taken nothing for too long.
    fn wait_for_client(&mut self, cx: &mut Context<'_>, has_moved: bool) -> std::result::Result<(), Ended> {
        let timeout = self.shared.limits.stall_timeout;
        let deadline = || Instant::now() + timeout;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep_until(deadline())));
        if has_moved {
            stalled.as_mut().reset(deadline());
        }
        match stalled.as_mut().poll(cx) {
            Poll::Pending => Ok(()),
            Poll::Ready(()) => {
                let reason = format!("the client read nothing for {timeout:?}");
                Err(Ended::Closed { reason, is_refusal: true })
            }
        }
    }

    /// Whether the session is over: the client has left, or all is done before closing.
    pub(super) fn end(&mut self, cx: &mut Context<'_>) -> std::result::Result<bool, Ended> {
        let has_answered = self.requests.len() == 0 && self.answers.is_empty();
        let Some(closing) = &mut self.closing else {
            // Who sends no more may still wait for answers and events.
            let is_done = has_answered && self.outbox.is_empty() && self.feeds.is_empty() && self.views.is_empty();
            let is_over = self.is_input_over && (is_done || self.connection.poll_hangup(cx).is_ready());
            return if is_over { Err(Ended::Left) } else { Ok(false) };
        };
        if has_answered && closing.is_told && self.outbox.is_empty() {
            let reason = std::mem::take(&mut closing.reason);
            return Err(Ended::Closed { reason, is_refusal: closing.is_refusal });
        }
        if has_answered && !closing.is_told {
            closing.is_told = true;
            let notice = SessionClosing { reason: closing.reason.clone(), can_resume: closing.can_resume };
            self.outbox.push(|out| write_notification(out, CLOSING.info.topic, &notice));
            return Ok(true);
        }
        if self.is_input_over && self.connection.poll_hangup(cx).is_ready() {
            return Err(Ended::Left);
        }
        if !has_answered && closing.deadline.as_mut().poll(cx).is_ready() {
            self.requests.end_all(Error::connection_lost(closing.reason.clone()));
        }
        Ok(false)
    }
}
