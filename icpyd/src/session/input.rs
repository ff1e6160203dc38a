//! From a client's lines to requests under way.

use std::sync::Arc;
use std::task::Context;

use icpy_protocol::error::{Error, Kind};
use icpy_protocol::message::{Call, Line, Message, read_id, read_line, read_usual};
use icpy_protocol::signal::{ACK, AckParams, CANCEL, CancelParams};

use serde::de::IgnoredAny;

use super::reader::Input;
use super::requests::{Finished, Ticket};
use super::{Connection, Session};
use crate::caller::Caller;

impl<C: Connection> Session<C> {
    pub(super) fn take(&mut self, cx: &mut Context<'_>, input: Input) {
        match input {
            Input::Line(place) => {
                let buffer = self.reader.take_buffer();
                self.take_line(cx, &buffer[place]);
                self.reader.put_back(buffer);
            }
            Input::TooLong(head) => {
                let buffer = self.reader.take_buffer();
                let id = read_id(&buffer[head]).unwrap_or("null").into();
                self.reader.put_back(buffer);
                let limit = self.shared.limits.line_bytes_max;
                let error = Error::invalid_request(format!("a line has at most {limit} bytes")).with("limit", limit);
                let ticket = Ticket { id: Some(id), batch: None };
                self.finish(cx, Finished { ticket, outcome: Err(error) });
            }
        }
    }

    fn take_line(&mut self, cx: &mut Context<'_>, line: &[u8]) {
        if let Some(call) = read_usual(line)
            && self.start_usual(cx, &call)
        {
            return;
        }
        match read_line(line) {
            Line::Single(message) => self.take_message(cx, message, None),
            Line::Batch(messages) => self.take_batch(cx, messages),
        }
    }

    /// Starts a call whose line has the usual form. Where it cannot be started the line is read with all care: what
    /// looked like params may not have been.
    fn start_usual(&mut self, cx: &mut Context<'_>, call: &Call<'_>) -> bool {
        let is_signal = call.method.starts_with("$/");
        if is_signal || self.requests.len() >= self.shared.limits.requests_max {
            return false;
        }
        let id: Option<Arc<str>> = call.id.map(Into::into);
        let caller = Caller::new(Arc::clone(&self.identity), id.clone());
        let cleanups = caller.cleanups().clone();
        let answer = match self.shared.router.dispatch(caller, &call.method, call.params) {
            Ok(answer) => answer,
            // Decided, whatever the params say.
            Err(error) if is_decision(&error) && serde_json::from_str::<IgnoredAny>(call.params).is_ok() => {
                self.shared.router.metrics().count_refused();
                self.finish(cx, Finished { ticket: Ticket { id, batch: None }, outcome: Err(error) });
                return true;
            }
            Err(_) => return false,
        };
        if let Some(finished) = self.requests.start(cx, Ticket { id, batch: None }, cleanups, answer) {
            self.finish(cx, finished);
        }
        true
    }

    fn take_batch(&mut self, cx: &mut Context<'_>, messages: Vec<Message<'_>>) {
        let is_answered = |message: &Message<'_>| match message {
            Message::Call(call) => call.id.is_some(),
            Message::Answer => false,
            Message::Invalid(_) => true,
        };
        let count = messages.iter().filter(|message| is_answered(message)).count();
        let batch = if count > 0 { self.requests.begin_batch(count) } else { 0 };
        let mut place = 0;
        for message in messages {
            let slot = is_answered(&message).then_some((batch, place));
            place += usize::from(slot.is_some());
            self.take_message(cx, message, slot);
        }
    }

    fn take_message(&mut self, cx: &mut Context<'_>, message: Message<'_>, batch: Option<(u64, usize)>) {
        match message {
            Message::Answer => {}
            Message::Invalid(error) => {
                let ticket = Ticket { id: Some("null".into()), batch };
                self.finish(cx, Finished { ticket, outcome: Err(error) });
            }
            Message::Call(call) if call.id.is_none() && call.method.starts_with("$/") => self.take_signal(&call),
            Message::Call(call) => self.start(cx, &call, batch),
        }
    }

    /// A notification about the protocol itself. One that is not known, or makes no sense, means nothing.
    fn take_signal(&mut self, call: &Call<'_>) {
        match &*call.method {
            CANCEL => {
                if let Ok(CancelParams { id }) = serde_json::from_str(call.params) {
                    self.requests.cancel(id.get());
                }
            }
            ACK => {
                if let Ok(AckParams { id, bytes }) = serde_json::from_str(call.params) {
                    self.handle.outlet.acknowledge(id.get(), bytes);
                }
            }
            _ => {}
        }
    }

    fn start(&mut self, cx: &mut Context<'_>, call: &Call<'_>, batch: Option<(u64, usize)>) {
        let id: Option<Arc<str>> = call.id.map(Into::into);
        let caller = Caller::new(Arc::clone(&self.identity), id.clone());
        let cleanups = caller.cleanups().clone();
        let ticket = Ticket { id, batch };
        let answer = if self.requests.len() < self.shared.limits.requests_max {
            self.shared.router.dispatch(caller, &call.method, call.params)
        } else {
            let message = format!("{} requests of this session are under way", self.requests.len());
            Err(Error::busy(message))
        };
        let finished = match answer {
            Ok(answer) => self.requests.start(cx, ticket, cleanups, answer),
            Err(error) => {
                self.shared.router.metrics().count_refused();
                Some(Finished { ticket, outcome: Err(error) })
            }
        };
        if let Some(finished) = finished {
            self.finish(cx, finished);
        }
    }
}

/// Whether an error says that the client may not ask for that.
fn is_decision(error: &Error) -> bool {
    matches!(error.kind(), Kind::PermissionDenied | Kind::Busy | Kind::MethodNotFound)
}
