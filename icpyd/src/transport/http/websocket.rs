//! `GET /ws`: a session over a WebSocket. One message is one frame of text, which is a line on the socket; a terminal's output
//! may go as binary frames.
//!
//! ```text
//!   frame ─▶ line, with `\r` for each newline in it ─▶ session ─▶ lines ─▶ frames
//! ```
//!
//! Not here: what is in the messages, but for how deep they are nested.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::{CloseCode, CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use bytes::{Buf as _, Bytes, BytesMut};
use futures_util::{Sink, Stream};
use icpy_protocol::error::Error;
use icpy_protocol::message::{BINARY, BINARY_HEAD_BYTES, write_error};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::Door;
use super::rpc::check_depth;
use crate::caller::Grant;
use crate::session::{Close, Connection, Session};

/// What the protocol is called where it is asked for.
const SUBPROTOCOL: &str = "icpy.v1";

/// Room for what comes: a connection that rests holds no more.
const READ_BYTES: usize = 4 << 10;

/// How long saying goodbye may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Begins a session.
pub(super) async fn open(
    State(door): State<Arc<Door>>,
    Extension(grant): Extension<Arc<Grant>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let limit = door.shared.limits.line_bytes_max;
    let upgrade = upgrade
        .protocols([SUBPROTOCOL])
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(0)
        .max_message_size(limit)
        .max_frame_size(limit);
    upgrade.on_upgrade(move |socket| async move { door.tasks.track_future(run(&door, socket, &grant)).await })
}

/// Serves a client until it leaves, the listener ends, or its credential does.
async fn run(door: &Door, socket: WebSocket, grant: &Arc<Grant>) {
    let connection = Lines::new(socket, door.config.ping_interval);
    let session = Session::granted(&door.shared, connection, grant);
    let closer = session.closer();
    let mut running = std::pin::pin!(session.run());
    let expiry = expiry(door, grant);
    let (reason, is_refusal) = tokio::select! {
        () = running.as_mut() => return,
        () = grant.ended.cancelled() => ("its credential has ended", true),
        () = expiry => ("its credential has expired", true),
        () = door.stop.cancelled() => ("the listener for HTTP has ended", false),
    };
    let (reason, drain_timeout) = (reason.to_owned(), Duration::ZERO);
    closer.close(Close { reason, drain_timeout, can_resume: false, is_refusal });
    running.await;
}

/// Waits until a credential ends by itself.
pub(super) async fn expiry(door: &Door, grant: &Grant) {
    match grant.expires_at_ms {
        Some(end) => {
            let left = Duration::from_millis(end.saturating_sub(door.shared.host.now_ms()));
            sleep_until(Instant::now() + left).await;
        }
        None => std::future::pending().await,
    }
}

/// A WebSocket as the bytes of lines.
#[expect(clippy::struct_excessive_bools, reason = "each is about another direction or moment")]
struct Lines {
    socket: WebSocket,
    /// What has come and was not read yet.
    incoming: Bytes,
    /// Whether a newline follows it.
    owes_newline: bool,
    /// What is to be sent and is no whole line yet.
    outgoing: BytesMut,
    /// Answers to what was not let through.
    refusals: VecDeque<Message>,
    is_unflushed: bool,
    is_over: bool,
    ping: Pin<Box<Sleep>>,
    ping_interval: Duration,
    /// Whether anything has come since the last ping.
    has_come: bool,
}

impl Lines {
    fn new(socket: WebSocket, ping_interval: Duration) -> Self {
        Self {
            socket,
            incoming: Bytes::new(),
            owes_newline: false,
            outgoing: BytesMut::new(),
            refusals: VecDeque::new(),
            is_unflushed: false,
            is_over: false,
            ping: Box::pin(sleep_until(Instant::now() + ping_interval)),
            ping_interval,
            has_come: true,
        }
    }
}

impl Connection for Lines {
    type Stream = Self;

    const HAS_FRAMES: bool = true;

    fn stream(&mut self) -> &mut Self {
        self
    }

    /// Who has closed a WebSocket reads nothing any more.
    fn poll_hangup(&mut self, _: &mut Context<'_>) -> Poll<()> {
        if self.is_over { Poll::Ready(()) } else { Poll::Pending }
    }

    async fn close(&mut self, why: &str, is_refusal: bool) {
        let code = if is_refusal { close_code::POLICY } else { close_code::AWAY };
        let _ = timeout(CLOSE_TIMEOUT, self.socket.send(close(code, why))).await;
    }
}

impl Lines {
    /// Reads the next frame that is a message. `Ok(false)`: there will be none.
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        loop {
            self.poll_tell(cx)?;
            if self.is_over {
                return Poll::Ready(Ok(false));
            }
            let Poll::Ready(message) = Pin::new(&mut self.socket).poll_next(cx) else {
                return self.poll_ping(cx).map(|result| result.map(|()| false));
            };
            self.has_come = true;
            match message {
                Some(Ok(Message::Text(text))) => match check_depth(text.as_bytes()) {
                    Ok(()) => {
                        self.incoming = line(text.into());
                        self.owes_newline = true;
                        return Poll::Ready(Ok(true));
                    }
                    Err(error) => self.refusals.push_back(refusal(&error)),
                },
                Some(Ok(Message::Binary(_))) => self.end(close_code::UNSUPPORTED, "messages are frames of text"),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => self.is_unflushed = true,
                Some(Ok(Message::Close(_))) | None => self.is_over = true,
                Some(Err(error)) => {
                    tracing::debug!(%error, "a WebSocket broke");
                    self.end(close_code::SIZE, "the message is too long, or no message");
                }
            }
        }
    }

    /// Says why nothing more is read.
    fn end(&mut self, code: CloseCode, why: &str) {
        self.refusals.push_back(close(code, why));
        self.is_over = true;
    }

    /// Sends what is to be sent beside the lines, as far as there is room for it.
    fn poll_tell(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        while !self.refusals.is_empty() {
            match Pin::new(&mut self.socket).poll_ready(cx) {
                Poll::Pending => return Ok(()),
                Poll::Ready(ready) => ready.map_err(io::Error::other)?,
            }
            if let Some(refusal) = self.refusals.pop_front() {
                self.send(refusal)?;
            }
        }
        let _ = self.poll_flushed(cx)?;
        Ok(())
    }

    /// Asks a client of whom nothing was heard whether it is still there, and gives it up when it was not the last time.
    fn poll_ping(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.ping.as_mut().poll(cx));
        let is_gone = !std::mem::take(&mut self.has_come);
        let next = Instant::now() + self.ping_interval;
        self.ping.as_mut().reset(next);
        if is_gone {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        self.refusals.push_back(Message::Ping(Bytes::new()));
        self.poll_tell(cx)?;
        self.poll_ping(cx)
    }

    fn send(&mut self, message: Message) -> io::Result<()> {
        self.is_unflushed = true;
        Pin::new(&mut self.socket).start_send(message).map_err(io::Error::other)
    }

    fn poll_flushed(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_unflushed {
            ready!(Pin::new(&mut self.socket).poll_flush(cx)).map_err(io::Error::other)?;
            self.is_unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Sends the whole lines of what is to be sent.
    fn send_lines(&mut self, cx: &mut Context<'_>, scanned: usize) -> io::Result<()> {
        let mut scanned = scanned;
        loop {
            if self.outgoing.first() == Some(&BINARY) {
                let Some(frame) = self.binary() else { break };
                self.send(Message::Binary(frame))?;
                scanned = 0;
                continue;
            }
            let Some(end) = memchr::memchr(b'\n', &self.outgoing[scanned..]) else { break };
            let line = self.outgoing.split_to(scanned + end).freeze();
            self.outgoing.advance(1);
            scanned = 0;
            let text = Utf8Bytes::try_from(line).map_err(io::Error::other)?;
            self.send(Message::Text(text))?;
        }
        // What does not go now goes before more is taken.
        let _ = self.poll_flushed(cx)?;
        Ok(())
    }
}

impl Lines {
    /// Takes a binary message, once all of it is there.
    fn binary(&mut self) -> Option<Bytes> {
        let head = self.outgoing.first_chunk::<BINARY_HEAD_BYTES>()?;
        let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
        (self.outgoing.len() >= BINARY_HEAD_BYTES + length).then(|| {
            self.outgoing.advance(BINARY_HEAD_BYTES);
            self.outgoing.split_to(length).freeze()
        })
    }
}

impl AsyncRead for Lines {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.incoming.is_empty() && !self.owes_newline && !ready!(self.poll_message(cx))? {
            return Poll::Ready(Ok(()));
        }
        let taken = self.incoming.len().min(buffer.remaining());
        buffer.put_slice(&self.incoming[..taken]);
        self.incoming.advance(taken);
        if self.incoming.is_empty() && buffer.remaining() > 0 && std::mem::take(&mut self.owes_newline) {
            self.incoming = Bytes::new();
            buffer.put_slice(b"\n");
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Lines {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[io::IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_flushed(cx))?;
        ready!(Pin::new(&mut self.socket).poll_ready(cx)).map_err(io::Error::other)?;
        let before = self.outgoing.len();
        for slice in slices {
            self.outgoing.extend_from_slice(slice);
        }
        let taken = self.outgoing.len() - before;
        self.send_lines(cx, before)?;
        Poll::Ready(Ok(taken))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flushed(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_close(cx).map_err(io::Error::other)
    }
}

/// A message as a line: a newline in it would end it, and means in JSON what `\r` does, which is nothing, or is as wrong.
fn line(text: Bytes) -> Bytes {
    if memchr::memchr(b'\n', &text).is_none() {
        return text;
    }
    text.iter().map(|byte| if *byte == b'\n' { b'\r' } else { *byte }).collect()
}

fn refusal(error: &Error) -> Message {
    let mut text = Vec::new();
    write_error(&mut text, "null", error);
    Message::Text(String::from_utf8_lossy(&text).into_owned().into())
}

/// The reason has room for 123 bytes.
fn close(code: CloseCode, why: &str) -> Message {
    let end = (0..=why.len().min(123)).rev().find(|end| why.is_char_boundary(*end)).unwrap_or(0);
    Message::Close(Some(CloseFrame { code, reason: why[..end].into() }))
}
