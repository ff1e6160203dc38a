//! How long the other end is waited for once a request has begun: for the next part of its body, to take what is sent, and to
//! read an answer that came before all of the body had.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// A wait that begins when nothing goes on, and ends when something does.
#[derive(Debug)]
struct Patience {
    timeout: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    fn new(timeout: Duration) -> Self {
        Self { timeout, waiting: None }
    }

    /// What was waited for, or nothing once that took too long.
    fn poll<T>(&mut self, cx: &mut Context<'_>, happens: Poll<T>) -> Poll<Option<T>> {
        if let Poll::Ready(value) = happens {
            self.waiting = None;
            return Poll::Ready(Some(value));
        }
        let end = Instant::now() + self.timeout;
        ready!(self.waiting.get_or_insert_with(|| Box::pin(sleep_until(end))).as_mut().poll(cx));
        Poll::Ready(None)
    }
}

/// How long a client that was answered may go on sending: it reads the answer when it has sent everything, or when it looks.
const LINGER: Duration = Duration::from_secs(2);

/// Whether a request on a connection was answered before all of its body had come. The system resets a connection that is
/// closed then, and the client may never see the answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Unread(Arc<AtomicBool>);

/// A request's body whose next part has to come in time.
#[derive(Debug)]
pub(super) struct TimedBody<B> {
    body: B,
    patience: Patience,
    unread: Unread,
    has_ended: bool,
}

impl<B: HttpBody> TimedBody<B> {
    pub(super) fn new(body: B, timeout: Duration, unread: Unread) -> Self {
        let has_ended = body.is_end_stream();
        Self { body, patience: Patience::new(timeout), unread, has_ended }
    }
}

impl<B> Drop for TimedBody<B> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.unread.0.store(true, Ordering::Relaxed);
        }
    }
}

impl<B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Unpin> HttpBody for TimedBody<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        let frame = ready!(self.patience.poll(cx, frame));
        self.has_ended = matches!(frame, Some(None)) || self.body.is_end_stream();
        match frame {
            Some(frame) => Poll::Ready(frame.map(|frame| frame.map_err(Into::into))),
            None => Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::TimedOut).into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection that breaks when the other end takes nothing for too long of what waits for it.
#[derive(Debug)]
pub(super) struct TimedStream<S> {
    stream: S,
    patience: Patience,
    unread: Unread,
    /// What is left of [`LINGER`], once nothing more is sent.
    lingering: Option<Pin<Box<Sleep>>>,
}

impl<S> TimedStream<S> {
    pub(super) fn new(stream: S, timeout: Duration, unread: Unread) -> Self {
        Self { stream, patience: Patience::new(timeout), unread, lingering: None }
    }

    fn bound<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        self.patience.poll(cx, written).map(|it| it.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into())))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TimedStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + Unpin> TimedStream<S> {
    /// Takes what still comes until the client has seen the answer, which it shows by closing.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let end = self.lingering.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + LINGER)));
        let mut discarded = [0; 4096];
        while end.as_mut().poll(cx).is_pending() {
            let mut buffer = ReadBuf::new(&mut discarded);
            if ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer)).is_err() || buffer.filled().is_empty() {
                break;
            }
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TimedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.bound(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.bound(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.bound(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
            ready!(self.bound(cx, shut))?;
        }
        if self.unread.0.load(Ordering::Relaxed) {
            ready!(self.poll_linger(cx));
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use futures_util::stream;
    use http_body_util::{BodyExt as _, StreamBody};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_coming_breaks() {
        let stopped = StreamBody::new(stream::pending::<Result<Frame<Bytes>, BoxError>>());
        let mut body = Body::new(TimedBody::new(stopped, TIMEOUT, Unread::default()));
        let began = Instant::now();
        assert!(body.frame().await.unwrap().is_err());
        assert_eq!(began.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_loses_its_connection() {
        let (ours, mut theirs) = tokio::io::duplex(4);
        let mut stream = TimedStream::new(ours, TIMEOUT, Unread::default());
        let sending = async { stream.write_all(b"123456789012").await.map_err(|error| error.kind()) };
        // Who takes something each time goes on.
        let taking = async {
            for _ in 0..2 {
                sleep_until(Instant::now() + TIMEOUT.mul_f32(0.9)).await;
                theirs.read_exact(&mut [0; 4]).await.unwrap();
            }
        };
        assert_eq!(tokio::join!(sending, taking).0, Ok(()));
        assert_eq!(stream.write_all(b"3").await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
