//! A client over HTTP and WebSocket: it says exactly what a test has it say, and nothing by itself but the host.

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::HOST;
use hyper::http::request::Builder;
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::TokioIo;
use icpy::Client;
use icpy_protocol::auth::{AuthClient, AuthCreateTokenParams, AuthScope};
use icpy_protocol::web::{WebClient, WebStartParams};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::{Daemon, within};

/// A daemon's listener for HTTP.
#[derive(Clone, Debug)]
pub struct Web {
    /// Where it listens.
    pub address: SocketAddr,
    /// The beginning of every address there.
    pub url: String,
}

/// A connection that is kept.
#[derive(Debug)]
pub struct Kept {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Reply {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Web {
    /// Has a daemon listen.
    pub async fn start(daemon: &Daemon) -> Self {
        let client = WebClient::new(daemon.client().await);
        let status = client.start(&WebStartParams { address: Some("127.0.0.1:0".to_owned()) }).await.unwrap();
        Self { address: status.address.unwrap().parse().unwrap(), url: status.url.unwrap() }
    }

    /// Makes a token.
    pub async fn token(daemon: &Daemon, scopes: &[AuthScope]) -> String {
        let params = AuthCreateTokenParams { name: "test".to_owned(), scopes: scopes.to_vec(), ..Default::default() };
        Self::token_of(daemon.client().await, params).await
    }

    /// Makes a token as it is described.
    pub async fn token_of(client: Client, params: AuthCreateTokenParams) -> String {
        AuthClient::new(client).create_token(&params).await.unwrap().secret
    }

    /// A connection.
    pub async fn connect(&self) -> Kept {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Kept { sender, host: self.address.to_string() }
    }

    /// Sends one request on a connection of its own.
    pub async fn send(&self, request: Builder, body: impl Into<Bytes>) -> Reply {
        self.connect().await.send(request, body).await
    }

    /// Sends a request without a body.
    pub async fn get(&self, path: &str, token: &str) -> Reply {
        self.send(authorized(Request::get(path), token), "").await
    }

    /// Calls a method.
    pub async fn call(&self, token: &str, method: &str, params: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let request = authorized(Request::post("/rpc"), token).header("content-type", "application/json");
        self.send(request, body).await.json()
    }

    /// Opens a WebSocket, with more headers.
    pub async fn socket(&self, path: &str, headers: &[(&'static str, &str)]) -> Result<Socket, Error> {
        let mut request = format!("ws://{}{path}", self.address).into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (stream, response) = client_async(request, stream).await?;
        let protocol = response.headers().get("sec-websocket-protocol").map(|it| it.to_str().unwrap().to_owned());
        Ok(Socket { stream, protocol })
    }

    /// Opens a WebSocket by a token.
    pub async fn socket_of(&self, token: &str) -> Socket {
        self.socket("/ws", &[("authorization", &format!("Bearer {token}"))]).await.unwrap()
    }
}

/// A request with a token.
pub fn authorized(request: Builder, token: &str) -> Builder {
    request.header("authorization", format!("Bearer {token}"))
}

impl Kept {
    /// Sends a request, and waits for its answer.
    pub async fn send(&mut self, request: Builder, body: impl Into<Bytes>) -> Reply {
        let mut request = request.body(Full::new(body.into())).unwrap();
        if !request.headers().contains_key(HOST) {
            request.headers_mut().insert(HOST, self.host.parse().unwrap());
        }
        let reply = within("the answer", self.sender.send_request(request)).await.unwrap();
        let (head, body) = reply.into_parts();
        let body = within("the body", body.collect()).await.unwrap().to_bytes();
        Reply { status: head.status, headers: head.headers, body }
    }
}

/// An open WebSocket.
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<TcpStream>,
    /// The subprotocol that was agreed on.
    pub protocol: Option<String>,
}

impl Socket {
    /// Sends a message.
    pub async fn send(&mut self, text: impl Into<String>) {
        self.stream.send(Message::text(text.into())).await.unwrap();
    }

    /// Sends any frame.
    pub async fn send_frame(&mut self, message: Message) {
        self.stream.send(message).await.unwrap();
    }

    /// The next frame; an error once the connection is gone.
    pub async fn frame(&mut self) -> Option<Result<Message, Error>> {
        within("the next frame", self.stream.next()).await
    }

    /// The next message.
    pub async fn next(&mut self) -> Value {
        loop {
            match self.frame().await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Calls a method, and returns its answer; what comes before it is passed over.
    pub async fn call(&mut self, method: &str, params: Value) -> Value {
        self.send(json!({ "jsonrpc": "2.0", "id": method, "method": method, "params": params }).to_string()).await;
        loop {
            let message = self.next().await;
            if message["id"] == method {
                return message;
            }
        }
    }

    /// Waits until the daemon closes it. Returns the code and the reason.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.frame().await {
                Some(Ok(Message::Close(Some(frame)))) => return (frame.code.into(), frame.reason.to_string()),
                Some(Ok(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}
