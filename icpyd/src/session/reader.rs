//! Splits what a client sends into lines, with a limit that holds while a line is read.
//!
//! A line ends with `\n` or `\r\n`; blank lines are skipped; what follows the last newline is dropped at the end. A line
//! over the limit is reported once, as soon as it is too long, and skipped to its end.

use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncRead;
use tokio_util::io::poll_read_buf;

/// Room for the first bytes: an idle connection holds no more.
const READ_BYTES_MIN: usize = 4 << 10;

/// Room when a client sends much at once.
const READ_BYTES_MAX: usize = 64 << 10;

/// How much of a line that is too long is looked at.
const HEAD_BYTES: usize = 1 << 10;

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub enum Input {
    /// A line, without its end: where it stands in the buffer.
    Line(Range<usize>),
    /// A line over the limit: where its beginning stands in the buffer.
    TooLong(Range<usize>),
}

/// Reads what a client sends, as much as there is, and finds the lines in it.
#[derive(Debug)]
pub struct LineReader {
    buffer: Vec<u8>,
    /// Where the next line begins.
    begin: usize,
    /// Up to where the buffer is known to hold no newline behind `begin`.
    scanned: usize,
    is_skipping: bool,
    line_bytes_max: usize,
    read_bytes: usize,
}

impl LineReader {
    /// A reader of lines of at most so many bytes.
    pub fn new(line_bytes_max: usize) -> Self {
        let (buffer, read_bytes) = (Vec::new(), READ_BYTES_MIN);
        Self { buffer, begin: 0, scanned: 0, is_skipping: false, line_bytes_max, read_bytes }
    }

    /// Reads once. Returns how many bytes came; none means that the client sends no more.
    pub fn poll_fill(&mut self, connection: Pin<&mut impl AsyncRead>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.give_back();
        self.buffer.reserve(self.read_bytes);
        let room = self.buffer.capacity() - self.buffer.len();
        let read = ready!(poll_read_buf(connection, cx, &mut self.buffer))?;
        self.read_bytes = if read == room { READ_BYTES_MAX } else { READ_BYTES_MIN };
        Poll::Ready(Ok(read))
    }

    /// Drops what is done with, and an empty buffer that a long line has made large.
    fn give_back(&mut self) {
        self.buffer.drain(..self.begin);
        self.scanned -= self.begin;
        self.begin = 0;
        if self.buffer.is_empty() && self.buffer.capacity() > READ_BYTES_MAX {
            self.buffer = Vec::new();
        }
    }

    /// Drops what was read.
    pub(super) fn drop_all(&mut self) {
        self.begin = self.buffer.len();
        self.scanned = self.begin;
    }

    /// The buffer, taken for as long as a line is looked at. It must be put back.
    pub fn take_buffer(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.buffer)
    }

    /// Puts the buffer back.
    pub fn put_back(&mut self, buffer: Vec<u8>) {
        self.buffer = buffer;
    }

    /// The next line of what was read, if a whole one is there.
    pub fn next_input(&mut self) -> Option<Input> {
        while let Some(place) = memchr::memchr(b'\n', &self.buffer[self.scanned..]) {
            let line = self.begin..self.scanned + place;
            self.begin = line.end + 1;
            self.scanned = self.begin;
            if std::mem::take(&mut self.is_skipping) {
                continue;
            }
            if line.len() > self.line_bytes_max {
                return Some(Input::TooLong(head(&line)));
            }
            if !self.buffer[line.clone()].iter().all(u8::is_ascii_whitespace) {
                return Some(Input::Line(line));
            }
        }
        self.scanned = self.buffer.len();
        if self.is_skipping || self.buffer.len() - self.begin > self.line_bytes_max {
            let line = self.begin..self.buffer.len();
            self.begin = line.end;
            let is_news = !std::mem::replace(&mut self.is_skipping, true);
            return is_news.then(|| Input::TooLong(head(&line)));
        }
        None
    }
}

fn head(line: &Range<usize>) -> Range<usize> {
    line.start..line.end.min(line.start + HEAD_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Feeds `pieces` and describes what comes out, with a limit of ten bytes.
    fn read(pieces: &[&[u8]]) -> Vec<String> {
        let mut reader = LineReader::new(10);
        let mut inputs = Vec::new();
        for piece in pieces {
            reader.give_back();
            reader.buffer.extend_from_slice(piece);
            while let Some(input) = reader.next_input() {
                inputs.push(match input {
                    Input::Line(line) => String::from_utf8_lossy(&reader.buffer[line]).into_owned(),
                    Input::TooLong(head) => format!("<too long: {}>", char::from(reader.buffer[head.start])),
                });
            }
        }
        inputs
    }

    #[test]
    fn lines_are_split_and_blank_ones_skipped() {
        assert_eq!(read(&[b"a\n\n \r\nb\r\nc"]), ["a", "b\r"]);
        assert_eq!(read(&[b"a", b"b\nc", b"\n"]), ["ab", "c"]);
    }

    #[test]
    fn a_line_over_the_limit_is_told_once_and_the_next_one_read() {
        assert_eq!(read(&[b"0123456789\n"]), ["0123456789"]);
        assert_eq!(read(&[b"0123456789x\nb\n"]), ["<too long: 0>", "b"]);
        assert_eq!(read(&[b"0123456789", b"0123456789", b"0123\nb\n"]), ["<too long: 0>", "b"]);
    }

    proptest! {
        #[test]
        fn cuts_do_not_change_what_is_read(text in "[ab\n]{0,80}", cuts in proptest::collection::vec(0usize..80, 0..8)) {
            let whole = read(&[text.as_bytes()]);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).chain([0, text.len()]).collect();
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &text.as_bytes()[cut[0]..cut[1]]).collect();
            prop_assert_eq!(read(&pieces), whole);
        }
    }
}
