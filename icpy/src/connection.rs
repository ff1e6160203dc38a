//! A connection that blocks: for a program that asks a few things and ends.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use icpy_protocol::api::{Call, MethodInfo};
use icpy_protocol::error::{Error, Result};
use icpy_protocol::message::{Received, read_received, write_notification, write_request};
use icpy_protocol::signal::{ACK, STREAM, StreamParams};
use interprocess::local_socket::Stream;
use interprocess::local_socket::traits::Stream as _;

use crate::finder::{Finder, NoDaemon};

/// The longest line that a daemon is expected to send.
const LINE_BYTES_MAX: u64 = 64 << 20;

/// A blocking connection.
#[derive(Debug)]
pub struct Connection(Mutex<State>);

#[derive(Debug)]
struct State {
    reader: BufReader<Stream>,
    last_id: u64,
}

/// Why a request got no answer.
#[derive(Debug)]
enum Lost {
    /// The daemon closed the connection, or ended.
    Closed,
    /// It did not answer in time.
    TimedOut,
    /// What it sent is not the protocol.
    Garbled(String),
}

impl Connection {
    /// A connection over a stream that was just made.
    pub fn new(stream: Stream) -> Self {
        Self(Mutex::new(State { reader: BufReader::new(stream), last_id: 0 }))
    }

    /// Connects to a running daemon.
    pub fn open(finder: &Finder) -> std::result::Result<Self, NoDaemon> {
        finder.connect().map(Self::new)
    }

    /// Connects to a running daemon, or starts one.
    pub fn open_or_start(finder: &Finder) -> std::result::Result<Self, NoDaemon> {
        finder.connect_or_start().map(Self::new)
    }

    /// Lets every read wait at most so long.
    pub fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.lock().reader.get_ref().set_recv_timeout(timeout)
    }

    /// Sends a request and waits for its result, as JSON text. What the daemon sends meanwhile goes to `notified`, by
    /// method and params.
    pub fn request(&self, method: &str, params: &str, mut notified: impl FnMut(&str, &str)) -> Result<String> {
        let answer = self.request_until(method, params, |topic, params| {
            notified(topic, params);
            ControlFlow::Continue(())
        });
        answer.transpose().expect("nothing breaks off")
    }

    /// The same, until `notified` breaks off: there is no answer then, and the connection is of no more use.
    pub fn request_until(
        &self,
        method: &str,
        params: &str,
        notified: impl FnMut(&str, &str) -> ControlFlow<()>,
    ) -> Result<Option<String>> {
        self.lock().request(method, params, notified)
    }

    /// Waits until the daemon closes the connection.
    pub fn wait_for_close(&self) -> io::Result<()> {
        io::copy(&mut self.lock().reader, &mut io::sink()).map(drop)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn request(
        &mut self,
        method: &str,
        params: &str,
        mut notified: impl FnMut(&str, &str) -> ControlFlow<()>,
    ) -> Result<Option<String>> {
        self.last_id += 1;
        let id = self.last_id.to_string();
        let mut line = Vec::new();
        write_request(&mut line, &id, method, params);
        match self.reader.get_ref().write_all(&line) {
            // Who closes a connection may have said why.
            Err(error) if matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) => {}
            outcome => outcome.map_err(|error| lost(method, &read_failure(&error)))?,
        }
        loop {
            let mut line = Vec::new();
            self.read_line(&mut line).map_err(|why| lost(method, &why))?;
            match read_received(&line).map_err(|why| lost(method, &Lost::Garbled(why)))? {
                // An error for no request is about all of them.
                Received::Answer { id: answered, outcome } if answered == id || answered == "null" => {
                    return outcome.map(|result| Some(result.to_owned()));
                }
                Received::Answer { .. } => {}
                Received::Notification { method: topic, params } => {
                    if notified(&topic, params).is_break() {
                        return Ok(None);
                    }
                    if topic == STREAM {
                        self.acknowledge(params).map_err(|error| lost(method, &read_failure(&error)))?;
                    }
                }
            }
        }
    }

    /// Asks for more of a stream: without it the daemon stops when it has sent what it may.
    fn acknowledge(&mut self, piece: &str) -> io::Result<()> {
        let mut line = Vec::new();
        if let Ok(piece) = serde_json::from_str::<StreamParams<'_>>(piece) {
            write_notification(&mut line, ACK, &piece.ack());
        }
        self.reader.get_ref().write_all(&line)
    }

    fn read_line(&mut self, line: &mut Vec<u8>) -> std::result::Result<(), Lost> {
        let read = (&mut self.reader).take(LINE_BYTES_MAX).read_until(b'\n', line);
        read.map_err(|error| read_failure(&error))?;
        if line.last() == Some(&b'\n') {
            return Ok(());
        }
        let is_too_long = line.len() as u64 == LINE_BYTES_MAX;
        Err(if is_too_long { Lost::Garbled("a line of over 64 MiB".to_owned()) } else { Lost::Closed })
    }
}

fn read_failure(error: &io::Error) -> Lost {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Lost::TimedOut,
        _ => Lost::Closed,
    }
}

fn lost(method: &str, why: &Lost) -> Error {
    match why {
        Lost::Closed => Error::connection_lost(format!("icpyd closed the connection before it answered `{method}`")),
        Lost::TimedOut => Error::timeout(format!("icpyd did not answer `{method}` in time; see `icpy doctor`")),
        Lost::Garbled(why) => Error::internal(format!("icpyd answered `{method}` with something else: {why}")),
    }
}

impl Call for Connection {
    async fn send(&self, method: &'static MethodInfo, params: String) -> Result<Vec<u8>> {
        self.request(method.name, &params, |_, _| ()).map(String::into_bytes)
    }
}

/// Runs a call on a [`Connection`], which blocks and so is never left pending.
pub fn block_on<T>(call: impl Future<Output = T>) -> T {
    let mut call = std::pin::pin!(call);
    match call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("a blocking connection answers or fails"),
    }
}
