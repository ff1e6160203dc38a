//! A connection inside the process: for a program that embeds the daemon, and for tests.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::sync::oneshot;

use crate::session::Connection;

/// Bytes that are under way in each direction.
const PIPE_BYTES: usize = 64 << 10;

/// The daemon's end.
#[derive(Debug)]
pub struct MemoryConnection {
    stream: DuplexStream,
    /// Ends when the client's end is dropped.
    client: oneshot::Receiver<()>,
}

/// The client's end.
#[derive(Debug)]
pub struct MemoryStream {
    stream: DuplexStream,
    _alive: oneshot::Sender<()>,
}

/// Makes a connection: the daemon's end and the client's.
pub fn pair() -> (MemoryConnection, MemoryStream) {
    let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
    let (alive, client) = oneshot::channel();
    (MemoryConnection { stream: ours, client }, MemoryStream { stream: theirs, _alive: alive })
}

impl Connection for MemoryConnection {
    type Stream = DuplexStream;

    fn stream(&mut self) -> &mut DuplexStream {
        &mut self.stream
    }

    fn poll_hangup(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.client).poll(cx).map(drop)
    }
}

impl AsyncRead for MemoryStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for MemoryStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
