//! How long the other end is waited for once a request has begun: for the next part of its body, and to take what is sent.

use std::io;
use std::pin::Pin;
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

/// A request's body whose next part has to come in time.
#[derive(Debug)]
pub(super) struct TimedBody<B> {
    body: B,
    patience: Patience,
}

impl<B> TimedBody<B> {
    pub(super) fn new(body: B, timeout: Duration) -> Self {
        Self { body, patience: Patience::new(timeout) }
    }
}

impl<B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Unpin> HttpBody for TimedBody<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        match ready!(self.patience.poll(cx, frame)) {
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
}

impl<S> TimedStream<S> {
    pub(super) fn new(stream: S, timeout: Duration) -> Self {
        Self { stream, patience: Patience::new(timeout) }
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

impl<S: AsyncWrite + Unpin> AsyncWrite for TimedStream<S> {
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
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.bound(cx, shut)
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
        let mut body = Body::new(TimedBody::new(stopped, TIMEOUT));
        let began = Instant::now();
        assert!(body.frame().await.unwrap().is_err());
        assert_eq!(began.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_loses_its_connection() {
        let (ours, mut theirs) = tokio::io::duplex(4);
        let mut stream = TimedStream::new(ours, TIMEOUT);
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
