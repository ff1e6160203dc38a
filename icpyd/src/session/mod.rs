//! One connected peer: reads its requests, runs them, and sends answers and events, in one task.
//!
//! ```text
//!   connection ─▶ reader ─▶ router ─▶ requests under way ─▶ answers ─┐
//!                                                                    ▼
//!   bus ─▶ feeds (one a subscription) ───────────────────────────▶ outbox ─▶ connection
//!   handlers ─▶ outlet (pieces of streams) ──────────────────────────▲
//!   handlers ─▶ views (what goes on, as fast as the client reads) ───▲
//! ```
//!
//! Everything a session does is done when its task is polled; dropping the task cancels all that it started. When the
//! outbox is full nothing more is read from the client or made for it, so that a client that does not read costs a
//! bounded amount of memory and nobody else any time. Events that a request caused are written before its answer.
//!
//! Not here: what methods mean, and what kind of connection this is.

mod feeds;
mod input;
mod outbox;
mod output;
mod reader;
mod registry;
mod requests;
mod service;
mod views;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Sleep;

use self::feeds::Feeds;
use self::outbox::Outbox;
use self::output::{Closing, Waiting};
pub use self::reader::{Input, LineReader};
use self::registry::Handle;
pub use self::registry::{Close, Sessions, SessionsState};
use self::requests::Requests;
pub use self::service::SessionService;
use self::views::Views;
use crate::bus::Bus;
use crate::caller::{Grant, Identity, Outlet, Principal, Scopes};
use crate::config::Limits;
use crate::host::Host;
use crate::router::Router;

/// Lines that are taken before others get a turn.
const LINES_PER_ROUND: usize = 64;

/// Rounds before other tasks get a turn.
const ROUNDS_MAX: usize = 8;

/// A connection to a client.
pub trait Connection: Send {
    /// What carries the bytes.
    type Stream: AsyncRead + AsyncWrite + Unpin;

    /// Whether what is sent goes in frames, so that some may be binary: see [`icpy_protocol::message::write_binary`].
    const HAS_FRAMES: bool = false;

    /// What carries the bytes.
    fn stream(&mut self) -> &mut Self::Stream;

    /// Waits until the client is gone for good, after it said that it sends no more: it may still be reading.
    fn poll_hangup(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Says why the connection ends, where its kind has a way to, and whether the client may not go on as it is.
    fn close(&mut self, _why: &str, _is_refusal: bool) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

/// What all sessions share.
#[derive(Debug)]
pub struct Shared {
    /// Where requests go.
    pub router: Arc<Router>,
    /// Where events come from.
    pub bus: Bus,
    /// All sessions.
    pub sessions: Arc<Sessions>,
    /// What one session may have.
    pub limits: Limits,
    /// The outside world.
    pub host: Host,
}

/// Has a session closed.
#[derive(Clone, Debug)]
pub struct Closer(Arc<Handle>);

impl Closer {
    /// Has the session finish what is under way and close the connection.
    pub fn close(&self, close: Close) {
        self.0.close(close);
    }
}

/// Why a session ended.
#[derive(Debug)]
enum Ended {
    /// The client is gone.
    Left,
    /// The connection failed.
    Broken(std::io::Error),
    /// The daemon closed it.
    Closed { reason: String, is_refusal: bool },
}

/// One connected peer.
pub struct Session<C> {
    connection: C,
    reader: LineReader,
    requests: Requests,
    answers: VecDeque<Waiting>,
    feeds: Feeds,
    views: Views,
    outbox: Outbox,
    identity: Arc<Identity>,
    handle: Arc<Handle>,
    shared: Arc<Shared>,
    /// The client has said that it sends no more.
    is_input_over: bool,
    closing: Option<Closing>,
    /// Runs while the client takes nothing of what waits for it.
    stalled: Option<Pin<Box<Sleep>>>,
    /// The waker that others wake the task by.
    waker: Option<Waker>,
}

impl<C: Connection> Session<C> {
    /// A session on a connection that was just made.
    pub fn new(shared: &Arc<Shared>, connection: C, principal: Principal, scopes: Scopes) -> Self {
        Self::of(shared, connection, |session, outlet| Identity::new(session, principal, scopes, outlet))
    }

    /// The same for somebody whose credential allows so much.
    pub fn granted(shared: &Arc<Shared>, connection: C, grant: &Arc<Grant>) -> Self {
        Self::of(shared, connection, |session, outlet| Identity::granted(session, grant, outlet))
    }

    fn of(shared: &Arc<Shared>, connection: C, identity: impl FnOnce(String, Option<Arc<Outlet>>) -> Identity) -> Self {
        let outlet = Arc::new(Outlet::new(C::HAS_FRAMES));
        let identity = Arc::new(identity(shared.host.new_id(), Some(Arc::clone(&outlet))));
        let handle = shared.sessions.connect(outlet, &identity, shared.host.now_ms());
        Self {
            connection,
            reader: LineReader::new(shared.limits.line_bytes_max),
            requests: Requests::default(),
            answers: VecDeque::new(),
            feeds: Feeds::new(shared.bus.position().epoch, shared.limits.outbox_bytes_max),
            views: Views::default(),
            outbox: Outbox::default(),
            identity,
            handle,
            shared: Arc::clone(shared),
            is_input_over: false,
            closing: None,
            stalled: None,
            waker: None,
        }
    }

    /// What has the session closed from elsewhere.
    pub fn closer(&self) -> Closer {
        Closer(Arc::clone(&self.handle))
    }

    /// Serves the client until it leaves or is closed.
    pub async fn run(mut self) {
        let ended = poll_fn(|cx| self.poll(cx)).await;
        if let Ended::Closed { reason, is_refusal } = &ended {
            self.connection.close(reason, *is_refusal).await;
        }
        let session = &self.identity.session;
        match &ended {
            Ended::Left => tracing::debug!(session, "the client left"),
            Ended::Broken(error) => tracing::debug!(session, %error, "the connection broke"),
            Ended::Closed { reason, .. } => tracing::info!(session, reason, "closed"),
        }
        let closed_because = match ended {
            Ended::Closed { reason, .. } => Some(reason),
            _ => None,
        };
        self.shared.sessions.disconnect(&self.handle, closed_because);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ended> {
        if !self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            self.handle.outlet.register(cx.waker());
            self.waker = Some(cx.waker().clone());
        }
        for _ in 0..ROUNDS_MAX {
            match self.round(cx) {
                Ok(true) => {}
                Ok(false) => return Poll::Pending,
                Err(ended) => return Poll::Ready(ended),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Does all that can be done now. Returns whether there may be more at once.
    fn round(&mut self, cx: &mut Context<'_>) -> std::result::Result<bool, Ended> {
        if let Some(close) = self.handle.take_close() {
            self.closing.get_or_insert_with(|| Closing::new(close));
        }
        let mut has_moved = self.read(cx)?;
        has_moved |= self.finish_requests(cx);
        has_moved |= self.take_pieces(self.shared.limits.outbox_bytes_max);
        has_moved |= self.write_answers(cx);
        has_moved |= self.views.deliver(cx, &mut self.outbox, self.shared.limits.outbox_bytes_max);
        has_moved |= self.feeds.deliver(cx, &mut self.outbox);
        has_moved |= self.write(cx)?;
        has_moved |= self.end(cx)?;
        self.handle.queued_bytes.store(self.outbox.len(), Ordering::Relaxed);
        self.handle.requests.store(self.requests.len(), Ordering::Relaxed);
        Ok(has_moved)
    }

    /// Whether the client has to read before it gets or is asked for more.
    fn is_full(&self) -> bool {
        self.outbox.len() >= self.shared.limits.outbox_bytes_max || !self.answers.is_empty()
    }

    fn read(&mut self, cx: &mut Context<'_>) -> std::result::Result<bool, Ended> {
        if self.closing.is_some() {
            return self.drop_input(cx).map(|()| false);
        }
        let mut lines = 0;
        while lines < LINES_PER_ROUND && !self.is_full() && !self.is_input_over {
            if let Some(input) = self.reader.next_input() {
                self.take(cx, input);
                lines += 1;
                continue;
            }
            match self.reader.poll_fill(Pin::new(self.connection.stream()), cx) {
                Poll::Pending => break,
                Poll::Ready(Ok(0)) => self.is_input_over = true,
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Err(Ended::Broken(error)),
            }
        }
        Ok(lines > 0)
    }

    /// Reads on only to see the client leave: what still comes is not served any more.
    fn drop_input(&mut self, cx: &mut Context<'_>) -> std::result::Result<(), Ended> {
        while !self.is_input_over {
            match self.reader.poll_fill(Pin::new(self.connection.stream()), cx) {
                Poll::Pending => break,
                Poll::Ready(Ok(0)) => self.is_input_over = true,
                Poll::Ready(Ok(_)) => self.reader.drop_all(),
                Poll::Ready(Err(error)) => return Err(Ended::Broken(error)),
            }
        }
        Ok(())
    }

    fn finish_requests(&mut self, cx: &mut Context<'_>) -> bool {
        let mut has_moved = false;
        while !self.is_full()
            && let Some(finished) = self.requests.poll_finished(cx)
        {
            self.finish(cx, finished);
            has_moved = true;
        }
        has_moved
    }
}
