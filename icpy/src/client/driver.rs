//! The task that drives a client's connection.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use icpy_protocol::api::MethodInfo;
use icpy_protocol::error::{Error, Kind, Result};
use icpy_protocol::message::{Received, read_received, write_notification, write_request};
use icpy_protocol::session::{
    CLOSING, ClientInfo, Position, ProtocolRange, SessionClosing, SessionInitializeParams, SessionInitializeResult,
    SessionResumeParams, SessionResumeResult, SessionResumeStatus, SessionSubscribeParams, SessionSubscribeResult,
    SessionUnsubscribeParams, method,
};
use icpy_protocol::signal::{ACK, CANCEL, PROGRESS, ProgressParams, STREAM, StreamParams};
use icpy_protocol::{PROTOCOL, PROTOCOL_MIN};
use interprocess::local_socket::GenericFilePath;
use interprocess::local_socket::tokio::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, json};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};

use super::link::Link;
use super::streaming::Piece;
use super::subscriptions::Subscriptions;
use super::{Update, ended};
use crate::finder::Finder;

/// How long a lost daemon is looked for.
const RECONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// The first and the longest rest between two looks.
const RECONNECT_RESTS: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// Bytes that wait to be sent, above which the client's next orders wait.
const OUTGOING_BYTES_MAX: usize = 1 << 20;

/// A subscription's name, its beginning, and where its updates come.
pub(super) type Subscribed = (u64, Position, mpsc::Receiver<Update>);

/// What the client asks of the task.
#[derive(Debug)]
pub(super) enum Order {
    Request(u64, Box<Pending>),
    Cancel(u64),
    Acknowledge(u64, u32),
    Unsubscribe(u64),
}

/// A request that waits for its answer.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) method: String,
    pub(super) params: String,
    pub(super) is_idempotent: bool,
    pub(super) answer: Answer,
}

/// Where an answer goes.
#[derive(Debug)]
pub(super) enum Answer {
    Result(oneshot::Sender<Result<String>>),
    Streamed(mpsc::Sender<Piece>, oneshot::Sender<Result<String>>),
    Subscription(SessionSubscribeParams, oneshot::Sender<Result<Subscribed>>),
    /// Nobody waits for it.
    None,
}

/// Why the task left a connection.
enum Left {
    /// The client was dropped.
    Dropped,
    /// It was lost.
    Lost(String),
    /// The daemon closed it on purpose.
    Closed(String),
}

#[derive(Debug)]
pub(super) struct Driver {
    client_info: ClientInfo,
    /// Finds the daemon again.
    finder: Option<Finder>,
    resume_token: String,
    last_id: Arc<AtomicU64>,
    pending: HashMap<u64, Box<Pending>>,
    subscriptions: Subscriptions,
    tell_end: watch::Sender<Option<String>>,
}

/// Finds or starts the daemon, and connects.
pub(super) async fn find(finder: Finder) -> Result<Link> {
    let found = tokio::task::spawn_blocking(move || finder.locate_or_start()).await.map_err(|_| ended())?;
    let socket = found.map_err(|error| Error::unavailable(error.to_string()))?;
    let failed = |error: std::io::Error| Error::unavailable(format!("cannot connect to icpyd: {error}"));
    let name = socket.as_path().to_fs_name::<GenericFilePath>().map_err(failed)?;
    Ok(Link::new(Box::new(LocalSocketStream::connect(name).await.map_err(failed)?)))
}

impl Driver {
    pub(super) fn new(
        client_info: ClientInfo,
        finder: Option<Finder>,
        last_id: Arc<AtomicU64>,
        tell_end: watch::Sender<Option<String>>,
    ) -> Self {
        Self {
            client_info,
            finder,
            resume_token: String::new(),
            last_id,
            pending: HashMap::new(),
            subscriptions: Subscriptions::default(),
            tell_end,
        }
    }

    pub(super) async fn run(mut self, mut link: Link, mut orders: mpsc::Receiver<Order>) {
        let reason = loop {
            match self.serve(&mut link, &mut orders).await {
                Left::Dropped => return,
                Left::Closed(reason) => break reason,
                Left::Lost(reason) => match self.reconnect(&reason).await {
                    Ok(again) => link = again,
                    Err(error) => break error.to_string(),
                },
            }
        };
        self.tell_end.send_replace(Some(reason));
    }

    async fn serve(&mut self, link: &mut Link, orders: &mut mpsc::Receiver<Order>) -> Left {
        loop {
            let has_room = link.outgoing().len() < OUTGOING_BYTES_MAX;
            tokio::select! {
                line = link.next_line() => match line {
                    Ok(line) => {
                        if let Some(left) = self.take(&line, link) {
                            return left;
                        }
                    }
                    Err(error) => return Left::Lost(error.to_string()),
                },
                order = orders.recv(), if has_room => match order {
                    Some(order) => self.obey(order, link),
                    None => return Left::Dropped,
                },
            }
        }
    }

    fn obey(&mut self, order: Order, link: &mut Link) {
        match order {
            Order::Request(number, pending) => {
                write_request(link.outgoing(), &number.to_string(), &pending.method, &pending.params);
                self.pending.insert(number, pending);
            }
            Order::Cancel(number) => {
                self.pending.remove(&number);
                write_notification(link.outgoing(), CANCEL, &json!({ "id": number }));
            }
            Order::Acknowledge(number, bytes) => acknowledge(link, number, bytes),
            Order::Unsubscribe(number) => {
                if let Some(subscription) = self.subscriptions.remove(number) {
                    let params = json!(SessionUnsubscribeParams { subscription }).to_string();
                    let (method, answer) = (method::unsubscribe.name.to_owned(), Answer::None);
                    let pending = Box::new(Pending { method, params, is_idempotent: false, answer });
                    self.obey(Order::Request(self.next_id(), pending), link);
                }
            }
        }
    }

    /// Takes a line of the daemon.
    fn take(&mut self, line: &[u8], link: &mut Link) -> Option<Left> {
        match read_received(line) {
            Ok(Received::Answer { id, outcome }) => {
                let pending = id.parse().ok().and_then(|number: u64| self.pending.remove(&number))?;
                self.answer(pending.answer, outcome.map(str::to_owned));
                None
            }
            Ok(Received::Notification { method, params }) if method == CLOSING.info.topic => {
                let notice: Option<SessionClosing> = serde_json::from_str(params).ok();
                Some(Left::Closed(notice.map_or_else(String::new, |notice| notice.reason)))
            }
            Ok(Received::Notification { method, params }) => {
                match &*method {
                    STREAM | PROGRESS => self.take_piece(params, link),
                    topic => self.subscriptions.take(topic, params),
                }
                None
            }
            Err(error) => Some(Left::Lost(format!("icpyd sent something else than its protocol: {error}"))),
        }
    }

    /// Takes a part of a result, or the word of how far it is.
    fn take_piece(&mut self, params: &str, link: &mut Link) {
        let read_id = |id: &RawValue| id.get().parse::<u64>().ok();
        let (id, piece) = if let Ok(part) = serde_json::from_str::<StreamParams<'_>>(params) {
            (read_id(part.id), Piece::Data(part.data.into_owned()))
        } else if let Ok(ProgressParams { id, done, total, unit }) = serde_json::from_str(params) {
            (read_id(id), Piece::Progress { done, total, unit: unit.into_owned() })
        } else {
            return;
        };
        let Some((id, pending)) = id.and_then(|id| Some((id, self.pending.get(&id)?))) else { return };
        match &pending.answer {
            Answer::Streamed(pieces, _) => {
                let is_data = matches!(piece, Piece::Data(_));
                if pieces.try_send(piece).is_err() && is_data {
                    // A result with a hole would be worse than none.
                    self.obey(Order::Cancel(id), link);
                }
            }
            // Whoever asked takes no pieces, and waits for the answer behind them.
            _ => {
                if let Piece::Data(data) = piece {
                    acknowledge(link, id, u32::try_from(data.len()).unwrap_or(u32::MAX));
                }
            }
        }
    }

    fn answer(&mut self, answer: Answer, outcome: Result<String>) {
        // Who asked may have stopped waiting: then the answer is for nobody.
        match answer {
            Answer::None => {}
            Answer::Result(tell) | Answer::Streamed(_, tell) => drop(tell.send(outcome)),
            Answer::Subscription(params, tell) => {
                let begun = outcome.and_then(|text| read::<SessionSubscribeResult>(&text));
                let _ = tell.send(begun.map(|begun| self.subscriptions.insert(params, &begun)));
            }
        }
    }

    fn next_id(&self) -> u64 {
        self.last_id.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) async fn initialize(&mut self, link: &mut Link) -> Result<()> {
        let params = SessionInitializeParams {
            client_info: self.client_info.clone(),
            protocol: Some(ProtocolRange { min: PROTOCOL_MIN, max: PROTOCOL }),
            capabilities: Map::new(),
        };
        let result: SessionInitializeResult = self.ask(link, method::initialize, &params).await?;
        self.resume_token = result.resume_token;
        Ok(())
    }

    /// Sends a request of the task's own and waits for its answer; what comes before is taken as always.
    async fn ask<R: DeserializeOwned>(
        &mut self,
        link: &mut Link,
        method: &MethodInfo,
        params: &impl Serialize,
    ) -> Result<R> {
        let number = self.next_id().to_string();
        write_request(link.outgoing(), &number, method.name, &json!(params).to_string());
        loop {
            let line = link.next_line().await.map_err(|error| Error::unavailable(error.to_string()))?;
            match read_received(&line) {
                // An error for no request is about all of them.
                Ok(Received::Answer { id, outcome }) if id == number || id == "null" => return read(outcome?),
                _ => {
                    if let Some(Left::Closed(reason) | Left::Lost(reason)) = self.take(&line, link) {
                        return Err(Error::unavailable(reason));
                    }
                }
            }
        }
    }

    /// Finds the daemon again and goes on where the connection was lost.
    async fn reconnect(&mut self, reason: &str) -> Result<Link> {
        let Some(finder) = self.finder.clone() else {
            return Err(Error::unavailable(reason));
        };
        let deadline = Instant::now() + RECONNECT_TIMEOUT;
        let (mut rest, rest_max) = RECONNECT_RESTS;
        loop {
            let outcome = match find(finder.clone()).await {
                Ok(mut link) => self.take_up(&mut link).await.map(|()| link),
                Err(error) => Err(error),
            };
            match outcome {
                Ok(mut link) => {
                    self.send_again(&mut link);
                    return Ok(link);
                }
                Err(error) if Instant::now() >= deadline => return Err(error),
                Err(_) => sleep_until(Instant::now() + rest).await,
            }
            rest = (rest * 2).min(rest_max);
        }
    }

    async fn take_up(&mut self, link: &mut Link) -> Result<()> {
        let params = SessionResumeParams {
            resume_token: self.resume_token.clone(),
            epoch: self.subscriptions.epoch().to_owned(),
            after: None,
            subscriptions: self.subscriptions.seen(),
        };
        match self.ask::<SessionResumeResult>(link, method::resume, &params).await {
            Ok(result) => {
                self.resume_token = result.resume_token;
                if result.status == SessionResumeStatus::Gone {
                    self.subscriptions.reset(&result.position, &Arc::new(result.snapshot));
                }
                Ok(())
            }
            Err(error) if error.kind() == Kind::Gone => self.begin_anew(link).await,
            Err(error) => Err(error),
        }
    }

    /// The daemon is a new one, or has forgotten the session.
    async fn begin_anew(&mut self, link: &mut Link) -> Result<()> {
        self.initialize(link).await?;
        for (old, params) in self.subscriptions.all() {
            let begun: SessionSubscribeResult = self.ask(link, method::subscribe, &params).await?;
            self.subscriptions.rename(old, &begun);
        }
        Ok(())
    }

    /// Sends again what can be sent twice. The rest fails: it may have been done.
    fn send_again(&mut self, link: &mut Link) {
        for (number, pending) in std::mem::take(&mut self.pending) {
            if pending.is_idempotent {
                self.obey(Order::Request(number, pending), link);
            } else {
                let message =
                    format!("the connection was lost before `{}` was answered: it may be done", pending.method);
                self.answer(pending.answer, Err(Error::unavailable(message)));
            }
        }
    }
}

fn acknowledge(link: &mut Link, number: u64, bytes: u32) {
    write_notification(link.outgoing(), ACK, &json!({ "id": number, "bytes": bytes }));
}

fn read<R: DeserializeOwned>(text: &str) -> Result<R> {
    serde_json::from_str(text).map_err(|error| Error::internal(format!("icpyd answered something else: {error}")))
}
