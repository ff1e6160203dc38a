//! A client that sends and reads lines as they are.

use icpyd::caller::Scopes;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader, ReadHalf, WriteHalf};

use crate::{Daemon, within};

/// Anything that carries bytes both ways.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A way to reach the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// The Unix socket.
    #[cfg(unix)]
    Socket,
    /// A connection inside the process.
    Memory,
}

impl Transport {
    /// Every transport that exists.
    pub const ALL: &[Self] = &[
        #[cfg(unix)]
        Self::Socket,
        Self::Memory,
    ];
}

/// A raw client.
pub struct LineClient {
    reader: BufReader<ReadHalf<Box<dyn Duplex>>>,
    writer: WriteHalf<Box<dyn Duplex>>,
}

impl Daemon {
    /// A raw client over a transport.
    pub async fn line_client(&self, transport: Transport) -> LineClient {
        let stream: Box<dyn Duplex> = match transport {
            #[cfg(unix)]
            Transport::Socket => Box::new(tokio::net::UnixStream::connect(&self.endpoint().socket).await.unwrap()),
            Transport::Memory => Box::new(self.inner().connect(Scopes::ALL)),
        };
        let (reader, writer) = tokio::io::split(stream);
        LineClient { reader: BufReader::new(reader), writer }
    }
}

impl LineClient {
    /// Sends bytes as they are.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        within("sending", self.writer.write_all(bytes.as_ref())).await.unwrap();
        self.writer.flush().await.unwrap();
    }

    /// Sends a request with its newline.
    pub async fn request(&mut self, id: u64, method: &str, params: &Value) {
        let line = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"{method}\",\"params\":{params}}}\n");
        self.send(line).await;
    }

    /// The next line, or `None` when the daemon has closed the connection.
    pub async fn receive_line(&mut self) -> Option<String> {
        let mut line = String::new();
        match within("the next line", self.reader.read_line(&mut line)).await {
            // A connection that is reset has ended too.
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.trim_end_matches('\n').to_owned()),
        }
    }

    /// The next line as JSON.
    pub async fn receive(&mut self) -> Value {
        let line = self.receive_line().await.expect("the daemon keeps the connection");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("not JSON: {error}: {line}"))
    }

    /// Lines until the answer to the request with this id, and that answer.
    pub async fn receive_answer(&mut self, id: u64) -> (Vec<Value>, Value) {
        let mut before = Vec::new();
        loop {
            let message = self.receive().await;
            if message["id"] == id {
                return (before, message);
            }
            before.push(message);
        }
    }

    /// Says that no more will be sent.
    pub async fn half_close(&mut self) {
        self.writer.shutdown().await.unwrap();
    }
}
