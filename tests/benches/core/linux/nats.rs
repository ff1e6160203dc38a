//! NATS as a peer: a server on a port of this machine, and connections that speak its lines.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::programs::{Exchange, Server};

/// What it is sent in the round trips.
pub(crate) const NATS_PING: Exchange = Exchange { request: b"PING\r\n" };

/// A server that listens.
#[derive(Debug)]
pub(crate) struct Nats {
    /// Where it listens, as `host:port`.
    address: String,
    _server: Server,
}

impl Nats {
    /// One, where it is installed.
    pub(crate) fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("nats-server");
        command.args(["--addr", "127.0.0.1", "--port", "-1", "--ports_file_dir"]).arg(folder.path());
        let Ok(child) = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn() else {
            eprintln!("not measured: `nats-server` is not installed");
            return None;
        };
        let ports = folder.path().join(format!("nats-server_{}.ports", child.id()));
        let server = Server { child, socket: ports, folder };
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let content = fs::read(&server.socket).unwrap_or_default();
            if let Ok(ports) = serde_json::from_slice::<Value>(&content) {
                let address = ports["nats"][0].as_str().unwrap().trim_start_matches("nats://").to_owned();
                return Some(Self { address, _server: server });
            }
            assert!(Instant::now() < deadline, "nats-server does not listen");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// A connection to which it has said what it is, and which wants no answers but those of `PING`.
    pub(crate) fn connect(&self) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut information = [0; 4096];
        let read = stream.read(&mut information).unwrap();
        assert!(information[..read].ends_with(b"\r\n"), "the server says what it is in one line");
        stream.write_all(b"CONNECT {\"verbose\":false,\"pedantic\":false}\r\n").unwrap();
        stream
    }
}
