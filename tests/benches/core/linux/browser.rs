//! Clients over HTTP and WebSocket that cost next to nothing, and what they come to.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::routing::{get, post};
use icpy_protocol::auth::AuthNewToken;
use icpy_protocol::web::WebStatusResult;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::broadcast;

use super::programs::{Server, ours};

/// Something that listens for HTTP.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) server: Server,
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
}

impl Listener {
    /// The daemon, which limits no rates: the benchmark is one client.
    pub(crate) fn daemon() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("home/run/icpyd.sock");
        let mut command = Command::new(ours("icpyd"));
        command.env("ICPY_HOME", folder.path().join("home")).args(["--http", "127.0.0.1:0"]);
        for key in ["reads", "writes", "others"] {
            command.args(["--set", &format!("http.{key}_per_second=0")]);
        }
        let server = Server { child: command.spawn().unwrap(), socket, folder };
        let deadline = Instant::now() + Duration::from_secs(10);
        let address = loop {
            let status: WebStatusResult = ask(&server, "web:status", &json!({}));
            if let Some(address) = status.address {
                break address.parse().unwrap();
            }
            assert!(Instant::now() < deadline, "it does not listen");
            std::thread::sleep(Duration::from_millis(5));
        };
        let scopes = json!(["read", "write", "execute", "terminal", "admin"]);
        let made: AuthNewToken = ask(&server, "auth:create_token", &json!({ "name": "bench", "scopes": scopes }));
        Self { server, address, token: made.secret }
    }

    /// A bare axum, in a process of its own.
    pub(crate) fn axum() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("address");
        let child = Command::new(std::env::current_exe().unwrap()).arg("--axum").arg(&socket).spawn().unwrap();
        let server = Server { child, socket, folder };
        let deadline = Instant::now() + Duration::from_secs(10);
        let address = loop {
            if let Ok(address) = std::fs::read_to_string(&server.socket).unwrap_or_default().parse() {
                break address;
            }
            assert!(Instant::now() < deadline, "it does not listen");
            std::thread::sleep(Duration::from_millis(5));
        };
        Self { server, address, token: String::new() }
    }
}

/// One request over the daemon's own socket.
pub(crate) fn ask<T: DeserializeOwned>(server: &Server, method: &str, params: &Value) -> T {
    let mut stream = server.connect();
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    stream.write_all(format!("{request}\n").as_bytes()).unwrap();
    let mut line = Vec::new();
    let mut byte = [0];
    while stream.read(&mut byte).unwrap() > 0 && byte[0] != b'\n' {
        line.push(byte[0]);
    }
    let mut answer: Value = serde_json::from_slice(&line).unwrap();
    serde_json::from_value(answer["result"].take()).unwrap_or_else(|error| panic!("{method}: {error}: {answer}"))
}

/// Serves [`Listener::axum`] until it is killed: an echo, as many bytes as are asked for, and one message to all.
pub(crate) fn serve_axum(address_file: &std::path::Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        std::fs::write(address_file, listener.local_addr().unwrap().to_string()).unwrap();
        let bytes = async |asked: String| "x".repeat(asked.parse().unwrap());
        let app = Router::new()
            .route("/rpc", post(async |body: String| body))
            .route("/bytes", post(bytes))
            .route("/ws", get(echo))
            .with_state(broadcast::Sender::new(64));
        axum::serve(listener, app).await.unwrap();
    });
}

async fn echo(State(all): State<broadcast::Sender<String>>, upgrade: WebSocketUpgrade) -> axum::response::Response {
    upgrade.on_upgrade(async move |mut socket| {
        let mut told = None;
        loop {
            let next = async {
                match &mut told {
                    Some(told) => broadcast::Receiver::recv(told).await.unwrap(),
                    None => std::future::pending().await,
                }
            };
            let answer = tokio::select! {
                told = next => told,
                message = socket.recv() => match message {
                    Some(Ok(Message::Text(text))) => match &*text {
                        "listen" => {
                            told = Some(all.subscribe());
                            "listening".to_owned()
                        }
                        "tell" => {
                            let _ = all.send("x".repeat(200));
                            continue;
                        }
                        text => match text.strip_prefix("bytes ") {
                            Some(asked) => "x".repeat(asked.parse().unwrap()),
                            None => text.to_owned(),
                        },
                    },
                    Some(Ok(_)) => continue,
                    _ => return,
                },
            };
            if socket.send(Message::text(answer)).await.is_err() {
                return;
            }
        }
    })
}

/// A connection that is kept.
#[derive(Debug)]
pub(crate) struct Http {
    stream: TcpStream,
    head: String,
    buffer: Vec<u8>,
}

impl Http {
    pub(crate) fn connect(listener: &Listener) -> Self {
        let stream = connect(listener);
        let Listener { address, token, .. } = listener;
        let head = format!(
            "HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n"
        );
        Self { stream, head, buffer: vec![0; 64 << 10] }
    }

    /// Posts a body and reads the answer. Returns the length of its body.
    pub(crate) fn post(&mut self, path: &str, body: &str) -> usize {
        self.exchange(&format!("POST {path} {}content-length: {}\r\n\r\n{body}", self.head, body.len()))
    }

    /// Gets what is at a path. Returns its length.
    pub(crate) fn get(&mut self, path: &str) -> usize {
        self.exchange(&format!("GET {path} {}\r\n", self.head))
    }

    fn exchange(&mut self, request: &str) -> usize {
        self.stream.write_all(request.as_bytes()).unwrap();
        let (mut filled, mut end) = (0, None);
        loop {
            let read = self.stream.read(&mut self.buffer[filled..]).unwrap();
            assert!(read > 0, "the server closed the connection");
            filled += read;
            let (head, length) = *end.get_or_insert_with(|| {
                let head = memchr::memmem::find(&self.buffer[..filled], b"\r\n\r\n").expect("a head comes at once") + 4;
                let text = std::str::from_utf8(&self.buffer[..head]).unwrap().to_ascii_lowercase();
                assert!(text.starts_with("http/1.1 20"), "{text}");
                let length = text.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
                (head, length.parse::<usize>().unwrap())
            });
            if filled == head + length {
                return length;
            }
            self.buffer.resize((head + length).max(64 << 10), 0);
        }
    }
}

/// An open WebSocket.
#[derive(Debug)]
pub(crate) struct WebSocket {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl WebSocket {
    pub(crate) fn connect(listener: &Listener) -> Self {
        let mut stream = connect(listener);
        let Listener { address, token, .. } = listener;
        let request = format!(
            "GET /ws HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        Self { stream, buffer: Vec::new() }
    }

    /// Sends a message, masked by nothing.
    pub(crate) fn send(&mut self, text: &str) {
        let mut frame = vec![0x81];
        match text.len() {
            length @ ..126 => frame.push(0x80 | u8::try_from(length).unwrap()),
            length => {
                frame.push(0xfe);
                frame.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
            }
        }
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(text.as_bytes());
        self.stream.write_all(&frame).unwrap();
    }

    /// Receives a message. Returns its length.
    pub(crate) fn receive(&mut self) -> usize {
        loop {
            if let Some((opcode, end, length)) = self.frame()
                && self.buffer.len() >= end
            {
                self.buffer.drain(..end);
                if opcode == 1 {
                    return length;
                }
                continue;
            }
            let mut piece = [0; 16 << 10];
            let read = self.stream.read(&mut piece).unwrap();
            assert!(read > 0, "the server closed the connection");
            self.buffer.extend_from_slice(&piece[..read]);
        }
    }

    /// The frame that the buffer begins with: what it is, where it ends, and how long it is.
    fn frame(&self) -> Option<(u8, usize, usize)> {
        let [first, second] = *self.buffer.first_chunk::<2>()?;
        let (head, length) = match second {
            126 => (4, usize::from(u16::from_be_bytes(*self.buffer[2..].first_chunk::<2>()?))),
            127 => (10, usize::try_from(u64::from_be_bytes(*self.buffer[2..].first_chunk::<8>()?)).ok()?),
            length => (2, usize::from(length)),
        };
        Some((first & 0xf, head + length, length))
    }

    pub(crate) fn exchange(&mut self, text: &str) -> usize {
        self.send(text);
        self.receive()
    }
}

fn connect(listener: &Listener) -> TcpStream {
    let stream = TcpStream::connect(listener.address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}
