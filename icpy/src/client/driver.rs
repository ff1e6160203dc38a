//! The task that drives a client's connection.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use icpy_protocol::api::MethodInfo;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::message::{Received, read_received, write_notification, write_request};
use icpy_protocol::session::{
    CLOSING, ClientInfo, Position, ProtocolRange, SessionClosing, SessionInitializeParams, SessionInitializeResult,
    SessionSubscribeParams, SessionSubscribeResult, SessionUnsubscribeParams, method,
};
use icpy_protocol::signal::{ACK, CANCEL, PROGRESS, ProgressParams, STREAM, StreamParams};
use icpy_protocol::{PROTOCOL, PROTOCOL_MIN};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use tokio::sync::{mpsc, oneshot, watch};

use super::Update;
use super::link::Link;
use super::notifications::{LinkState, Taker, Takers};
use super::reconnect::Reconnect;
use super::streaming::Piece;
use super::subscriptions::Subscriptions;

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
    /// Sends a request whose answer nobody waits for.
    Tell(&'static MethodInfo, Value),
    Notify(Taker),
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
pub(super) enum Left {
    /// The client was dropped.
    Dropped,
    /// It was lost.
    Lost(String),
    /// The daemon closed it, and goes on.
    Resumable(String),
    /// The daemon closed it on purpose.
    Closed(String),
}

#[derive(Debug)]
pub(super) struct Driver {
    client_info: ClientInfo,
    pub(super) reconnect: Reconnect,
    pub(super) resume_token: String,
    last_id: Arc<AtomicU64>,
    pub(super) pending: HashMap<u64, Box<Pending>>,
    pub(super) subscriptions: Subscriptions,
    takers: Takers,
    pub(super) tell_link: watch::Sender<LinkState>,
    tell_end: watch::Sender<Option<String>>,
}

impl Driver {
    pub(super) fn new(
        client_info: ClientInfo,
        reconnect: Reconnect,
        last_id: Arc<AtomicU64>,
        tell_end: watch::Sender<Option<String>>,
    ) -> Self {
        Self {
            client_info,
            reconnect,
            resume_token: String::new(),
            last_id,
            pending: HashMap::new(),
            subscriptions: Subscriptions::default(),
            takers: Takers::default(),
            tell_link: watch::Sender::default(),
            tell_end,
        }
    }

    pub(super) async fn run(mut self, mut link: Link, mut orders: mpsc::Receiver<Order>) {
        let reason = loop {
            match self.serve(&mut link, &mut orders).await {
                Left::Dropped => return,
                Left::Closed(reason) => break reason,
                left @ (Left::Lost(_) | Left::Resumable(_)) => {
                    self.tell_link.send_modify(|link| link.is_lost = true);
                    match self.reconnect(left).await {
                        Ok(again) => link = again,
                        Err(error) => break error.to_string(),
                    }
                }
            }
        };
        self.tell_end.send_replace(Some(reason));
    }

    async fn serve(&mut self, link: &mut Link, orders: &mut mpsc::Receiver<Order>) -> Left {
        loop {
            let has_room = link.outgoing().len() < OUTGOING_BYTES_MAX;
            let behind = self.takers.behind();
            let next = async {
                match behind {
                    None => link.next_line().await.map(Some),
                    // Who takes nothing has nothing more read, and may still send.
                    Some(taker) => tokio::select! {
                        _ = taker.reserve() => Ok(None),
                        () = link.write() => Ok(None),
                    },
                }
            };
            tokio::select! {
                line = next => match line {
                    Ok(line) => {
                        if let Some(left) = line.and_then(|line| self.take(&line, link)) {
                            return left;
                        }
                        if self.subscriptions.are_filling() {
                            // A program that shares this thread takes what waits for it before there is more.
                            tokio::task::yield_now().await;
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

    pub(super) fn obey(&mut self, order: Order, link: &mut Link) {
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
            Order::Tell(method, params) => write_notification(link.outgoing(), method.name, &params),
            Order::Notify(taker) => self.takers.insert(taker),
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
                let number: u64 = id.parse().ok()?;
                let pending = self.pending.remove(&number)?;
                match outcome {
                    // The connection is about to be closed; it is sent again on the next one.
                    Err(error) if error.is_connection_lost() && pending.is_idempotent => {
                        self.pending.insert(number, pending);
                    }
                    outcome => self.answer(pending.answer, outcome.map(str::to_owned)),
                }
                None
            }
            Ok(Received::Notification { method, params }) if method == CLOSING.info.topic => {
                let notice: Option<SessionClosing> = serde_json::from_str(params).ok();
                let (reason, can_resume) = notice.map_or_else(Default::default, |it| (it.reason, it.can_resume));
                Some(if can_resume { Left::Resumable(reason) } else { Left::Closed(reason) })
            }
            Ok(Received::Notification { method, params }) => {
                match &*method {
                    STREAM | PROGRESS => self.take_piece(params, link),
                    topic if self.takers.take(topic, params, self.tell_link.borrow().number) => {}
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

    pub(super) fn answer(&mut self, answer: Answer, outcome: Result<String>) {
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
    pub(super) async fn ask<R: DeserializeOwned>(
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
                    if let Some(Left::Closed(reason) | Left::Lost(reason) | Left::Resumable(reason)) =
                        self.take(&line, link)
                    {
                        return Err(Error::unavailable(reason));
                    }
                }
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
