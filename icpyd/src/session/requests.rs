//! The requests of one session that are under way, and the batches that some of them belong to.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::Stream as _;
use futures_util::future::{AbortHandle, Abortable, Aborted};
use futures_util::stream::FuturesUnordered;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::message::{write_error, write_result};

use crate::bus::Answer;
use crate::caller::Cleanups;

/// Bytes of answers that may wait in unfinished batches.
const BATCH_BYTES_MAX: usize = 8 << 20;

/// What a request's answer is for.
#[derive(Debug)]
pub(super) struct Ticket {
    /// The request's id as JSON text; a notification has none and gets no answer.
    pub(super) id: Option<Arc<str>>,
    /// The batch it came in, and its place there.
    pub(super) batch: Option<(u64, usize)>,
}

/// A request that has ended.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) ticket: Ticket,
    pub(super) outcome: Result<Vec<u8>>,
}

struct Running {
    ticket: Option<Ticket>,
    abort: AbortHandle,
    /// What is waited for when it is cancelled.
    cleanups: Cleanups,
    state: State,
}

enum State {
    Answering(Abortable<Answer>),
    /// Cancelled, but not all of its work has ended.
    CleaningUp(Abortable<Pin<Box<dyn Future<Output = ()> + Send>>>),
}

#[derive(Default)]
pub(super) struct Requests {
    running: FuturesUnordered<Running>,
    batches: HashMap<u64, Batch>,
    last_batch: u64,
    /// Bytes of the answers that wait in them.
    batch_bytes: usize,
    /// Why all requests are ended, if not by their caller.
    ended_because: Option<Error>,
}

#[derive(Debug)]
struct Batch {
    missing: usize,
    answers: Vec<Vec<u8>>,
}

impl Requests {
    pub(super) fn len(&self) -> usize {
        self.running.len()
    }

    /// Takes a request that was just started. Most end on the first look, which is taken here and costs no more than
    /// that look.
    pub(super) fn start(
        &mut self,
        cx: &mut Context<'_>,
        ticket: Ticket,
        cleanups: Cleanups,
        mut answer: Answer,
    ) -> Option<Finished> {
        match answer.as_mut().poll(cx) {
            Poll::Ready(outcome) => Some(Finished { ticket, outcome }),
            Poll::Pending => {
                let (abort, registration) = AbortHandle::new_pair();
                let state = State::Answering(Abortable::new(answer, registration));
                self.running.push(Running { ticket: Some(ticket), abort, cleanups, state });
                None
            }
        }
    }

    /// The next request that ends.
    pub(super) fn poll_finished(&mut self, cx: &mut Context<'_>) -> Option<Finished> {
        if self.running.is_empty() {
            return None;
        }
        match Pin::new(&mut self.running).poll_next(cx) {
            Poll::Ready(Some((ticket, outcome))) => {
                let ended = || Err(self.ended_because.clone().unwrap_or_else(cancelled));
                Some(Finished { ticket, outcome: outcome.unwrap_or_else(ended) })
            }
            _ => None,
        }
    }

    /// Ends the requests with this id.
    pub(super) fn cancel(&self, id: &str) {
        let has_id = |running: &&Running| running.ticket.as_ref().is_some_and(|it| it.id.as_deref() == Some(id));
        let is_answering = |running: &&Running| matches!(running.state, State::Answering(_));
        for running in self.running.iter().filter(has_id).filter(is_answering) {
            running.abort.abort();
        }
    }

    /// Ends all requests at once; they are answered with `because`.
    pub(super) fn end_all(&mut self, because: Error) {
        self.ended_because = Some(because);
        for running in &mut self.running {
            running.cleanups = Cleanups::default();
            running.abort.abort();
        }
    }

    /// Begins a batch that is to be answered `count` times. Returns its number.
    pub(super) fn begin_batch(&mut self, count: usize) -> u64 {
        self.last_batch += 1;
        self.batches.insert(self.last_batch, Batch { missing: count, answers: vec![Vec::new(); count] });
        self.last_batch
    }

    /// Puts an answer into its batch. Returns the whole array when it was the last that was missing.
    pub(super) fn fill_batch(
        &mut self,
        number: u64,
        place: usize,
        id: &str,
        outcome: &Result<Vec<u8>>,
    ) -> Option<Vec<u8>> {
        let mut answer = answer_text(id, outcome);
        if self.batch_bytes + answer.len() > BATCH_BYTES_MAX {
            let message = format!("the answers of a batch have over {BATCH_BYTES_MAX} bytes: ask for this one alone");
            answer = answer_text(id, &Err(Error::too_large(message).with("limit", BATCH_BYTES_MAX)));
        }
        let batch = self.batches.get_mut(&number)?;
        self.batch_bytes += answer.len();
        batch.answers[place] = answer;
        batch.missing -= 1;
        if batch.missing > 0 {
            return None;
        }
        let answers = self.batches.remove(&number)?.answers;
        self.batch_bytes -= answers.iter().map(Vec::len).sum::<usize>();
        Some([b"[", &*answers.join(&b","[..]), b"]"].concat())
    }
}

fn cancelled() -> Error {
    Error::cancelled("the caller cancelled the request")
}

/// The answer to a request as JSON text.
fn answer_text(id: &str, outcome: &Result<Vec<u8>>) -> Vec<u8> {
    let mut out = Vec::new();
    match outcome {
        Ok(result) => write_result(&mut out, id, result),
        Err(error) => write_error(&mut out, id, error),
    }
    out
}

impl Future for Running {
    type Output = (Ticket, Option<Result<Vec<u8>>>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let running = &mut *self;
        let outcome = loop {
            match &mut running.state {
                State::Answering(answer) => match ready!(Pin::new(answer).poll(cx)) {
                    Ok(outcome) => break Some(outcome),
                    Err(Aborted) => {
                        let Some(ended) = running.cleanups.ended() else { break None };
                        let (abort, registration) = AbortHandle::new_pair();
                        running.abort = abort;
                        // Dropping the handler tells its work that nobody waits for it.
                        running.state = State::CleaningUp(Abortable::new(Box::pin(ended), registration));
                    }
                },
                State::CleaningUp(ended) => {
                    let _ = ready!(Pin::new(ended).poll(cx));
                    break None;
                }
            }
        };
        let ticket = running.ticket.take().expect("a future is not polled after it ended");
        Poll::Ready((ticket, outcome))
    }
}
