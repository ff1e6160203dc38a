//! A client over HTTP that sends bytes as they are, also where they are no request.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::{Web, within};

/// A connection that says nothing by itself.
#[derive(Debug)]
pub struct RawHttp<S = TcpStream> {
    stream: S,
    /// What has come and was not taken yet.
    come: Vec<u8>,
}

/// An answer as it came.
#[derive(Debug)]
pub struct RawReply {
    /// Its status.
    pub status: u16,
    /// Its status line and headers, in lower case.
    pub head: String,
    /// Its body.
    pub body: Vec<u8>,
}

impl Web {
    /// A connection for whatever bytes.
    pub async fn raw(&self) -> RawHttp {
        RawHttp::over(TcpStream::connect(self.address).await.unwrap())
    }

    /// Sends bytes on a connection of their own; nothing when that is closed without an answer.
    pub async fn ask(&self, bytes: impl AsRef<[u8]>) -> Option<RawReply> {
        self.raw().await.ask(bytes).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> RawHttp<S> {
    /// A client on a connection that was made.
    pub fn over(stream: S) -> Self {
        Self { stream, come: Vec::new() }
    }

    /// Sends bytes. Returns whether the daemon still takes them.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        within("sending", self.stream.write_all(bytes.as_ref())).await.is_ok()
    }

    /// Says that no more will be sent.
    pub async fn finish(&mut self) {
        let _ = self.stream.shutdown().await;
    }

    /// Sends bytes, and waits for one answer.
    pub async fn ask(&mut self, bytes: impl AsRef<[u8]>) -> Option<RawReply> {
        let has_body = !bytes.as_ref().starts_with(b"HEAD ");
        self.send(bytes).await;
        self.reply_with(has_body).await
    }

    /// The next answer; nothing when the connection is closed first. A body without a length goes on to the end.
    pub async fn reply(&mut self) -> Option<RawReply> {
        self.reply_with(true).await
    }

    async fn reply_with(&mut self, has_body: bool) -> Option<RawReply> {
        let end = loop {
            match self.come.windows(4).position(|part| part == b"\r\n\r\n") {
                Some(place) => break place + 4,
                None if self.fill().await => {}
                None => return None,
            }
        };
        let head: Vec<u8> = self.come.drain(..end).collect();
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let reply = RawReply { status, head, body: Vec::new() };
        let body = match reply.header("content-length").map(|it| it.parse::<usize>().unwrap()) {
            _ if !has_body || status == 101 || status == 204 || status == 304 => Vec::new(),
            Some(length) => {
                while self.come.len() < length && self.fill().await {}
                self.come.drain(..length.min(self.come.len())).collect()
            }
            None => self.rest().await,
        };
        Some(RawReply { body, ..reply })
    }

    /// Waits until this has come.
    pub async fn expect(&mut self, text: &str) {
        while !self.come.windows(text.len()).any(|part| part == text.as_bytes()) {
            assert!(self.fill().await, "`{text}` did not come: {}", String::from_utf8_lossy(&self.come));
        }
    }

    /// All that comes until the connection is closed.
    pub async fn rest(&mut self) -> Vec<u8> {
        while self.fill().await {}
        std::mem::take(&mut self.come)
    }

    async fn fill(&mut self) -> bool {
        // A connection that is reset has ended too.
        within("an answer, or the end", self.stream.read_buf(&mut self.come)).await.is_ok_and(|length| length > 0)
    }
}

impl RawReply {
    /// A header, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(':'))
            .find(|(it, _)| *it == name)
            .map(|it| it.1.trim())
    }
}
