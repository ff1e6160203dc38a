//! A client that never waits, so that a test decides what is sent and read when.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use crate::DEADLINE;

/// A connection, and what has come on it and was not read.
#[derive(Debug)]
pub struct Peer {
    stream: UnixStream,
    come: Vec<u8>,
    inbox: VecDeque<Value>,
    asked: u64,
}

/// The other end is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost;

impl Peer {
    /// Connects, where there is a daemon.
    pub fn open(socket: &Path) -> Result<Self, Lost> {
        let stream = UnixStream::connect(socket).map_err(|_| Lost)?;
        stream.set_nonblocking(true).unwrap();
        Ok(Self { stream, come: Vec::new(), inbox: VecDeque::new(), asked: 0 })
    }

    /// Sends a request, and returns its id.
    pub fn send(&mut self, method: &str, params: &Value) -> Result<u64, Lost> {
        self.asked += 1;
        let line = json!({ "jsonrpc": "2.0", "id": self.asked, "method": method, "params": params });
        let line = format!("{line}\n");
        let mut rest = line.as_bytes();
        let deadline = Instant::now() + DEADLINE;
        while !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(sent) => rest = &rest[sent..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.fill()?,
                Err(_) => return Err(Lost),
            }
            assert!(Instant::now() < deadline, "the daemon takes no requests");
        }
        Ok(self.asked)
    }

    /// The next message, where one has come.
    pub fn receive(&mut self) -> Result<Option<Value>, Lost> {
        if self.inbox.is_empty() {
            self.fill()?;
        }
        Ok(self.inbox.pop_front())
    }

    /// Sends a request, and waits for its answer. What comes before it is kept.
    pub fn ask(&mut self, method: &str, params: &Value) -> Result<Value, Lost> {
        let id = self.send(method, params)?;
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(place) = self.inbox.iter().position(|message| message["id"] == id) {
                return Ok(self.inbox.remove(place).unwrap());
            }
            self.fill()?;
            std::thread::yield_now();
            assert!(Instant::now() < deadline, "`{method}` is not answered");
        }
    }

    fn fill(&mut self) -> Result<(), Lost> {
        let mut buffer = [0; 16 << 10];
        match self.stream.read(&mut buffer) {
            Ok(0) => return Err(Lost),
            Ok(read) => self.come.extend(&buffer[..read]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(_) => return Err(Lost),
        }
        while let Some(end) = self.come.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.come.drain(..=end).collect();
            self.inbox.push_back(serde_json::from_slice(&line).unwrap());
        }
        Ok(())
    }
}
