//! Lines in and out of one connection, both at once: a client that only wrote while the daemon waits to be read would
//! wait for ever.

use std::collections::VecDeque;
use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf};

/// The longest line that a daemon is expected to send.
const LINE_BYTES_MAX: usize = 64 << 20;

/// Anything that carries bytes both ways.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection as lines.
pub(super) struct Link {
    reader: ReadHalf<Box<dyn Duplex>>,
    writer: WriteHalf<Box<dyn Duplex>>,
    incoming: Vec<u8>,
    /// How much of `incoming` is known to hold no newline.
    scanned: usize,
    lines: VecDeque<Vec<u8>>,
    outgoing: Vec<u8>,
    written: usize,
    /// Nothing more can be sent. What the other side has said before it left is still read.
    is_broken: bool,
}

impl Link {
    pub(super) fn new(stream: Box<dyn Duplex>) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        let (incoming, outgoing) = (Vec::new(), Vec::new());
        Self { reader, writer, incoming, scanned: 0, lines: VecDeque::new(), outgoing, written: 0, is_broken: false }
    }

    /// Where lines to be sent are added, each with its newline.
    pub(super) fn outgoing(&mut self) -> &mut Vec<u8> {
        &mut self.outgoing
    }

    /// The next line, while what is to be sent is sent. Nothing is lost when this is dropped before it ends.
    pub(super) async fn next_line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Ok(line);
            }
            let has_outgoing = self.has_outgoing();
            tokio::select! {
                read = self.reader.read_buf(&mut self.incoming) => {
                    if read? == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    self.split()?;
                }
                written = self.writer.write(&self.outgoing[self.written..]), if has_outgoing => {
                    self.wrote(written);
                }
            }
        }
    }

    /// Sends some of what is to be sent, and reads nothing. Waits for ever where there is nothing.
    pub(super) async fn write(&mut self) {
        if !self.has_outgoing() {
            return std::future::pending().await;
        }
        let written = self.writer.write(&self.outgoing[self.written..]).await;
        self.wrote(written);
    }

    fn has_outgoing(&self) -> bool {
        self.written < self.outgoing.len() && !self.is_broken
    }

    #[expect(clippy::needless_pass_by_value, reason = "it is a result and no more")]
    fn wrote(&mut self, written: io::Result<usize>) {
        match written {
            Ok(count) => self.written += count,
            // The end is read.
            Err(_) => self.is_broken = true,
        }
        if self.written == self.outgoing.len() {
            self.outgoing.clear();
            self.written = 0;
        }
    }

    fn split(&mut self) -> io::Result<()> {
        let mut begin = 0;
        while let Some(place) = self.incoming[self.scanned..].iter().position(|byte| *byte == b'\n') {
            let end = self.scanned + place;
            self.lines.push_back(self.incoming[begin..end].to_vec());
            begin = end + 1;
            self.scanned = begin;
        }
        self.incoming.drain(..begin);
        self.scanned = self.incoming.len();
        if self.incoming.len() > LINE_BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a line of over 64 MiB"));
        }
        Ok(())
    }
}
