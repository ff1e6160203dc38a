//! The reader of lines: whatever comes, in whatever pieces, the same lines come out, and no more is kept than the limit
//! allows.
//!
//! An input is what a client sends, with a `|` wherever it is cut. An empty piece is a moment in which nothing comes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use icpyd::session::{Input, LineReader};
use tokio::io::{AsyncRead, ReadBuf};

use crate::Target;

/// Limits on a line: one that is soon reached, and one above what is looked at of a line that is too long.
const LIMITS: [usize; 2] = [8, 1100];

/// How much of a line that is too long is there to be looked at, at least.
const HEAD_BYTES: usize = 1 << 10;

/// What came out.
#[derive(Debug, PartialEq)]
enum Read {
    Line(Vec<u8>),
    TooLong(Vec<u8>),
}

/// The target.
pub fn target() -> Target {
    Box::new(check)
}

fn check(input: &[u8]) {
    let pieces: Vec<&[u8]> = input.split(|byte| *byte == b'|').collect();
    let whole = pieces.concat();
    for limit in LIMITS {
        let expect = expected(&whole, limit);
        for (pieces, how) in [(&[whole.as_slice()][..], "in one piece"), (&pieces, "in pieces")] {
            let read = read(pieces, limit);
            let is_same =
                read.len() == expect.len() && read.iter().zip(&expect).all(|(read, line)| fits(read, line, limit));
            assert!(is_same, "{how}, with a limit of {limit}: {read:?}, and not {expect:?}");
        }
    }
}

/// The lines of a text, without those that are blank. What comes last without a newline counts only once it is too long.
fn expected(whole: &[u8], limit: usize) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = whole.split(|byte| *byte == b'\n').collect();
    let is_line = |line: &&[u8]| line.len() > limit || !line.iter().all(u8::is_ascii_whitespace);
    let rest = lines.pop().filter(|rest| rest.len() > limit);
    lines.into_iter().filter(is_line).chain(rest).collect()
}

/// Whether what came out is this line. Of one that is too long there is as much as had come when that was seen.
fn fits(read: &Read, line: &[u8], limit: usize) -> bool {
    match read {
        Read::Line(read) => line.len() <= limit && read == line,
        Read::TooLong(head) => line.len() > limit && line.starts_with(head) && head.len() >= HEAD_BYTES.min(limit + 1),
    }
}

fn read(pieces: &[&[u8]], limit: usize) -> Vec<Read> {
    let mut pieces = Pieces { coming: pieces.to_vec() };
    let mut reader = LineReader::new(limit);
    let mut read = Vec::new();
    let mut cx = Context::from_waker(Waker::noop());
    while !pieces.coming.is_empty() {
        let Poll::Ready(length) = reader.poll_fill(Pin::new(&mut pieces), &mut cx) else { continue };
        let buffer = reader.take_buffer();
        assert!(buffer.len() <= limit + length.unwrap(), "{} bytes are kept with a limit of {limit}", buffer.len());
        reader.put_back(buffer);
        while let Some(input) = reader.next_input() {
            let buffer = reader.take_buffer();
            read.push(match input {
                Input::Line(place) => Read::Line(buffer[place].to_vec()),
                Input::TooLong(head) => Read::TooLong(buffer[head].to_vec()),
            });
            reader.put_back(buffer);
        }
    }
    read
}

/// A connection on which these pieces come.
struct Pieces<'a> {
    coming: Vec<&'a [u8]>,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let piece = self.coming[0];
        if piece.is_empty() {
            self.coming.remove(0);
            return Poll::Pending;
        }
        let (now, later) = piece.split_at(piece.len().min(buffer.remaining()));
        buffer.put_slice(now);
        if later.is_empty() {
            self.coming.remove(0);
        } else {
            self.coming[0] = later;
        }
        Poll::Ready(Ok(()))
    }
}
