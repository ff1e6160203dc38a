//! What waits to be sent to one client: whole messages, counted in bytes.
//!
//! Small messages are copied together so that one write takes many. What many clients receive and is long is held as
//! shared bytes and written beside the rest.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use tokio::io::AsyncWrite;

/// From this length on, shared bytes are not copied.
const SHARED_BYTES_MIN: usize = 2 << 10;

/// Pieces in one write.
const SLICES_MAX: usize = 32;

/// An empty buffer larger than this is given back.
const KEPT_BYTES_MAX: usize = 16 << 10;

#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// What comes before `tail`.
    pieces: VecDeque<Bytes>,
    /// What is written last.
    tail: Vec<u8>,
    /// How much of `tail` is written already.
    tail_written: usize,
    bytes: usize,
}

impl Outbox {
    /// Bytes that wait.
    pub(super) fn len(&self) -> usize {
        self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Adds whatever `write` writes.
    pub(super) fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let before = self.tail.len();
        write(&mut self.tail);
        self.bytes += self.tail.len() - before;
    }

    /// Adds bytes that others receive too.
    pub(super) fn push_shared(&mut self, shared: &Bytes) {
        if shared.len() < SHARED_BYTES_MIN {
            return self.push(|out| out.extend_from_slice(shared));
        }
        self.end_piece();
        self.bytes += shared.len();
        self.pieces.push_back(shared.clone());
    }

    /// What is written from here on is a piece of its own.
    fn end_piece(&mut self) {
        let mut piece = Bytes::from(std::mem::take(&mut self.tail));
        piece.advance(std::mem::take(&mut self.tail_written));
        if !piece.is_empty() {
            self.pieces.push_back(piece);
        }
    }

    /// Writes once. Returns how many bytes the connection took.
    pub(super) fn poll_write(
        &mut self,
        connection: Pin<&mut impl AsyncWrite>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let written = if self.pieces.is_empty() {
            ready!(connection.poll_write(cx, &self.tail[self.tail_written..]))?
        } else {
            let mut slices = [IoSlice::new(&[]); SLICES_MAX];
            let last = [&self.tail[self.tail_written..]];
            let pieces = self.pieces.iter().map(|piece| &piece[..]).chain(last);
            let count = slices.iter_mut().zip(pieces).map(|(slice, piece)| *slice = IoSlice::new(piece)).count();
            ready!(connection.poll_write_vectored(cx, &slices[..count]))?
        };
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.advance(written);
        Poll::Ready(Ok(written))
    }

    fn advance(&mut self, written: usize) {
        self.bytes -= written;
        let mut left = written;
        while let Some(piece) = self.pieces.front_mut() {
            let taken = left.min(piece.len());
            piece.advance(taken);
            left -= taken;
            if !piece.is_empty() {
                return;
            }
            self.pieces.pop_front();
        }
        self.tail_written += left;
        if self.tail_written == self.tail.len() {
            self.tail.clear();
            self.tail_written = 0;
            if self.tail.capacity() > KEPT_BYTES_MAX {
                self.tail = Vec::new();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::poll_fn;
    use proptest::prelude::*;
    use tokio::io::AsyncReadExt as _;

    proptest! {
        #[test]
        fn what_goes_in_comes_out_in_order(
            messages in proptest::collection::vec((any::<bool>(), 1usize..5000), 1..60),
            pipe_bytes in 1usize..3000,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let (mut ours, mut theirs) = tokio::io::duplex(pipe_bytes);
                let mut outbox = Outbox::default();
                let mut expect = Vec::new();
                for (number, (is_shared, length)) in messages.iter().enumerate() {
                    let byte = b'a' + u8::try_from(number % 26).unwrap();
                    let message = vec![byte; *length];
                    expect.extend_from_slice(&message);
                    match is_shared {
                        true => outbox.push_shared(&message.into()),
                        false => outbox.push(|out| out.extend_from_slice(&message)),
                    }
                }
                assert_eq!(outbox.len(), expect.len());
                let write = async {
                    while !outbox.is_empty() {
                        poll_fn(|cx| outbox.poll_write(Pin::new(&mut ours), cx)).await.unwrap();
                    }
                    drop(ours);
                };
                let mut read = Vec::new();
                let ((), outcome) = tokio::join!(write, theirs.read_to_end(&mut read));
                outcome.unwrap();
                assert_eq!(read, expect);
            });
        }
    }
}
