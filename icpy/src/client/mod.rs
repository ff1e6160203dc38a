//! A client that stays: typed calls, events, and going on after a lost connection.
//!
//! One task drives the connection. When it is lost the task finds the daemon again, or starts one, and takes the session
//! up: every subscription goes on without a gap and without a duplicate, or is told to begin anew. Requests that can be
//! sent twice are sent again; the others fail, because they may have been done.

mod driver;
mod link;
mod notifications;
mod reconnect;
mod streaming;
mod subscriptions;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use futures_util::Stream;
use icpy_protocol::api::{Call, MethodInfo, Topic};
use icpy_protocol::error::{Error, Result};
use icpy_protocol::event::EventEntry;
use icpy_protocol::session::{self, ClientInfo, Position, SessionSubscribeParams};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot, watch};

use self::driver::{Answer, Driver, Order, Pending};
use self::link::Link;
use self::notifications::{LinkState, NOTIFICATIONS_MAX, Taker};
pub use self::notifications::{Notice, Notification, Notifications};
pub use self::reconnect::MAY_BE_DONE;
use self::reconnect::{Reconnect, find};
use self::streaming::PIECES_MAX;
pub use self::streaming::{Piece, Streaming};
use crate::finder::Finder;

/// Orders that may wait for the driver.
const ORDERS_MAX: usize = 64;

/// A connected client. Clones share the connection; it is closed when the last one and the last subscription is dropped.
#[derive(Clone, Debug)]
pub struct Client {
    orders: mpsc::Sender<Order>,
    last_id: Arc<AtomicU64>,
    link: watch::Receiver<LinkState>,
    /// Why the connection has ended for good.
    end: watch::Receiver<Option<String>>,
}

/// An event.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its topic.
    pub topic: String,
    /// Its place in the history. What comes from the event log has the place of the event before it.
    pub position: Position,
    /// Its entry in the event log, if it is there.
    pub log: Option<EventEntry>,
    params: Box<RawValue>,
}

/// What a subscription yields.
#[derive(Clone, Debug)]
pub enum Update {
    /// An event.
    Event(Event),
    /// Some events in this range were lost, because this program or its connection was too slow: ask for the state.
    Gap {
        /// The first that may be missing.
        from: u64,
        /// The last that may be missing.
        to: u64,
    },
    /// The history is another one, or too much of it was missed: begin anew.
    Reset {
        /// From where the subscription goes on.
        position: Position,
        /// The state now, by the methods that answer for it; empty when the daemon is a new one.
        snapshot: Arc<Map<String, Value>>,
    },
}

/// A subscription: a stream of [`Update`]s. It ends when the connection has ended for good.
#[derive(Debug)]
pub struct Subscription {
    /// Names it within this client, also after the connection was made anew.
    number: u64,
    updates: mpsc::Receiver<Update>,
    orders: mpsc::Sender<Order>,
    /// Where it began.
    pub position: Position,
}

impl Client {
    /// Connects, starting a daemon where none runs, and connects again when the connection is lost.
    pub async fn connect(finder: Finder, client_info: ClientInfo) -> Result<Self> {
        let link = find(finder.clone(), true).await?;
        Self::begin(link, client_info, Reconnect::ToAny(finder)).await
    }

    /// Connects, starting a daemon where none runs, and stays with this one: also when its program is replaced, and not
    /// when it ends.
    pub async fn connect_to_one(finder: Finder, client_info: ClientInfo) -> Result<Self> {
        let link = find(finder.clone(), true).await?;
        Self::begin(link, client_info, Reconnect::ToSame(finder)).await
    }

    /// Connects, starting a daemon where none runs, and connects again when the connection is lost, as long as a daemon
    /// runs there. None is started again: what this one held would not be there.
    pub async fn connect_while_it_runs(finder: Finder, client_info: ClientInfo) -> Result<Self> {
        let link = find(finder.clone(), true).await?;
        Self::begin(link, client_info, Reconnect::ToRunning(finder)).await
    }

    /// A client over a connection that was made elsewhere. When it is lost the client has ended.
    pub async fn over(
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        client_info: ClientInfo,
    ) -> Result<Self> {
        Self::begin(Link::new(Box::new(stream)), client_info, Reconnect::Never).await
    }

    async fn begin(mut link: Link, client_info: ClientInfo, reconnect: Reconnect) -> Result<Self> {
        let last_id = Arc::new(AtomicU64::new(0));
        let (tell_end, end) = watch::channel(None);
        let mut driver = Driver::new(client_info, reconnect, Arc::clone(&last_id), tell_end);
        driver.initialize(&mut link).await?;
        let state = driver.tell_link.subscribe();
        let (orders, queue) = mpsc::channel(ORDERS_MAX);
        #[expect(clippy::disallowed_methods, reason = "the task ends when the client is dropped")]
        tokio::spawn(driver.run(link, queue));
        Ok(Self { orders, last_id, link: state, end })
    }

    /// Sends a request by name, with params as JSON text; the result is JSON text.
    pub async fn request(&self, method: &str, params: String, is_idempotent: bool) -> Result<String> {
        let (tell, told) = oneshot::channel();
        let number = self.order(method, params, is_idempotent, Answer::Result(tell)).await?;
        let mut unanswered = self.cancel_on_drop(number);
        let answer = told.await;
        unanswered.is_answered = true;
        answer.map_err(|_| ended())?
    }

    /// Sends a request whose result comes in pieces.
    pub async fn stream(&self, method: &'static MethodInfo, params: &impl Serialize) -> Result<Streaming> {
        let ((tell, answer), (sender, pieces)) = (oneshot::channel(), mpsc::channel(PIECES_MAX));
        let params = serde_json::to_string(params).expect("wire types have string keys");
        let number = self.order(method.name, params, false, Answer::Streamed(sender, tell)).await?;
        Ok(Streaming { pieces, answer, unanswered: self.cancel_on_drop(number) })
    }

    fn cancel_on_drop(&self, number: u64) -> CancelOnDrop {
        CancelOnDrop { orders: self.orders.clone(), number, is_answered: false }
    }

    /// Subscribes to events.
    pub async fn subscribe(&self, params: SessionSubscribeParams) -> Result<Subscription> {
        let (tell, told) = oneshot::channel();
        let text = serde_json::to_string(&params).expect("wire types have string keys");
        self.order(session::method::subscribe.name, text, true, Answer::Subscription(params, tell)).await?;
        let (number, position, updates) = told.await.map_err(|_| ended())??;
        Ok(Subscription { number, updates, orders: self.orders.clone(), position })
    }

    /// Has notifications of some topics come to the caller, who takes them: while too many wait, nothing is read.
    pub async fn notifications(&self, topics: &[&'static str]) -> Result<Notifications> {
        let (notifications, receiver) = mpsc::channel(NOTIFICATIONS_MAX);
        let taker = Taker { topics: topics.to_vec(), notifications };
        let taken = Notifications::new(receiver, self.link.clone());
        self.orders.send(Order::Notify(taker)).await.map_err(|_| ended())?;
        Ok(taken)
    }

    /// Sends a request without waiting for an answer: there is none.
    pub async fn tell(&self, method: &'static MethodInfo, params: &impl Serialize) -> Result<()> {
        let params = serde_json::to_value(params).expect("wire types have string keys");
        self.orders.send(Order::Tell(method, params)).await.map_err(|_| ended())
    }

    async fn order(&self, method: &str, params: String, is_idempotent: bool, answer: Answer) -> Result<u64> {
        let number = self.last_id.fetch_add(1, Ordering::Relaxed);
        let pending = Box::new(Pending { method: method.to_owned(), params, is_idempotent, answer });
        self.orders.send(Order::Request(number, pending)).await.map_err(|_| ended())?;
        Ok(number)
    }

    /// Waits until the connection has ended for good, and says why.
    pub async fn ended(&self) -> String {
        let mut end = self.end.clone();
        let reason = end.wait_for(Option::is_some).await.ok().and_then(|reason| reason.clone());
        reason.unwrap_or_else(|| ended().to_string())
    }
}

fn ended() -> Error {
    Error::connection_lost("the connection to icpyd has ended")
}

/// Cancels a request that nobody waits for any more.
#[derive(Debug)]
struct CancelOnDrop {
    orders: mpsc::Sender<Order>,
    number: u64,
    is_answered: bool,
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if !self.is_answered {
            // With a full queue the daemon goes on with it; its answer goes unread.
            let _ = self.orders.try_send(Order::Cancel(self.number));
        }
    }
}

impl Call for Client {
    async fn send(&self, method: &'static MethodInfo, params: String) -> Result<Vec<u8>> {
        self.request(method.name, params, method.is_idempotent).await.map(String::into_bytes)
    }
}

impl Event {
    /// The payload of an event of this topic; `None` when it is of another.
    pub fn payload<T: DeserializeOwned>(&self, topic: &Topic<T>) -> Option<T> {
        (self.topic == topic.info.topic).then(|| serde_json::from_str(self.params.get()).ok()).flatten()
    }

    /// The payload as JSON text, with the event's place in the history beside its members.
    pub fn params(&self) -> &RawValue {
        &self.params
    }
}

impl Stream for Subscription {
    type Item = Update;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Update>> {
        self.updates.poll_recv(cx)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let _ = self.orders.try_send(Order::Unsubscribe(self.number));
    }
}

impl fmt::Display for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.topic, self.params.get())
    }
}
