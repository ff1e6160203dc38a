//! `GET /api/v1/events`: events as Server-Sent Events, or page by page for who asks again and again. Both read the same history
//! as a subscription on the socket, with the same filter.
//!
//! A place in it is `EPOCH:SEQ:LOG`: the id of each event, the cursor of a page, what `Last-Event-ID` says. `LOG` is the place in the
//! event log, which has the durable events that are no longer kept in memory; what comes from there has `log:LOG`.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt as _};
use icpy_protocol::error::{Error, Kind, Result};
use icpy_protocol::session::method::subscribe;
use icpy_protocol::session::{GAP, Position};
use icpy_protocol::topic::Pattern;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout_at};

use super::Door;
use super::asker::Asker;
use super::problem::Problem;
use super::websocket::expiry;
use crate::bus::{Bus, Event, Interest, Item, LogPlace, Subscriber};
use crate::caller::Grant;

/// How often something is sent where nothing happens, so that nobody on the way takes the connection for dead.
const COMMENT_PERIOD: Duration = Duration::from_secs(15);

/// How long a page is waited for, at most.
const WAIT_MS_MAX: u64 = 60_000;

/// What the places of events from the event log begin with.
const LOG: &str = "log";

/// The most events of a page.
const PAGE_EVENTS_MAX: usize = 1000;

/// What is asked for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Wanted {
    /// Patterns with commas between; by default all.
    #[serde(default)]
    topics: Option<String>,
    /// Only events whose payload has these members with these values: a JSON object.
    #[serde(default)]
    filter: Option<String>,
    /// The place after which to begin.
    #[serde(default)]
    after: Option<String>,
    /// Where no place is given: begin with the first event of the log that happened at this time or later.
    #[serde(default)]
    since_ms: Option<u64>,
    /// How long to wait for a page that has something.
    #[serde(default)]
    wait_ms: Option<u64>,
}

/// Answers with a stream of events, or a page of them.
pub(super) async fn events(
    State(door): State<Arc<Door>>,
    Extension(grant): Extension<Arc<Grant>>,
    headers: HeaderMap,
    wanted: std::result::Result<Query<Wanted>, axum::extract::rejection::QueryRejection>,
) -> std::result::Result<Response, Problem> {
    let Query(wanted) = wanted.map_err(|error| Error::invalid_params(error.body_text()))?;
    let asker = Asker::new(&door, &grant, None);
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let is_stream = text(&ACCEPT).is_some_and(|accept| accept.contains("text/event-stream"));
    let last = text(&HeaderName::from_static("last-event-id")).map(str::to_owned).or(wanted.after.clone());
    let begin = Begin::read(last.as_deref(), wanted.since_ms)?;
    let interest = interest(&wanted, &asker)?;
    if let Some(audited) = door.shared.router.permit(&asker.caller(None), subscribe)? {
        // What is decided is whether somebody may listen; for how long is not waited for.
        audited.end(Ok(()));
    }
    match is_stream {
        true => Ok(stream(&door, &grant, interest, begin).await?),
        false => Ok(page(&door, &wanted, interest, begin).await?),
    }
}

/// Where somebody begins to hear.
struct Begin {
    cursor: Option<String>,
    after: Option<Position>,
    log: LogPlace,
}

impl Begin {
    /// What a cursor means, or else a time.
    fn read(cursor: Option<&str>, since_ms: Option<u64>) -> Result<Self> {
        let Some(text) = cursor else {
            return Ok(Self { cursor: None, after: None, log: since_ms.map_or(LogPlace::End, LogPlace::Since) });
        };
        let wrong = || Error::invalid_params(format!("`{text}` is no place in the history of events"));
        let number = |text: &str| text.parse::<u64>().map_err(|_| wrong());
        let position = |epoch: &str, seq: &str| Ok(Some(Position { epoch: epoch.to_owned(), seq: number(seq)? }));
        let (after, log) = match text.split(':').collect::<Vec<_>>()[..] {
            [LOG, id] => (None, LogPlace::After(number(id)?)),
            [epoch, seq] => (position(epoch, seq)?, LogPlace::End),
            [epoch, seq, id] => (position(epoch, seq)?, LogPlace::After(number(id)?)),
            _ => return Err(wrong()),
        };
        Ok(Self { cursor: Some(text.to_owned()), after, log })
    }

    async fn subscribe(&self, bus: &Bus, interest: Interest) -> Result<Subscriber> {
        bus.replay(interest, self.after.as_ref(), self.log).await
    }
}

fn interest(wanted: &Wanted, asker: &Asker) -> Result<Interest> {
    let topics = wanted.topics.as_deref().unwrap_or("**");
    let patterns = topics.split(',').map(|topic| Pattern::parse(topic.trim()).map_err(Error::invalid_params));
    let filter: Map<String, Value> = match &wanted.filter {
        Some(filter) => serde_json::from_str(filter)
            .map_err(|error| Error::invalid_params(format!("`filter` is no JSON object: {error}")))?,
        None => Map::new(),
    };
    let receiver = asker.identity();
    let patterns = patterns.collect::<Result<_>>()?;
    Ok(Interest { patterns, filter, scopes: receiver.scopes, receiver: Some(Arc::clone(receiver)) })
}

/// Whoever went on from a place that is no longer kept is told of a gap: a browser that is refused does not come back.
async fn stream(door: &Arc<Door>, grant: &Arc<Grant>, interest: Interest, begin: Begin) -> Result<Response> {
    let room = grant.stream()?;
    let bus = &door.shared.bus;
    let epoch = bus.position().epoch;
    let mut waiting = VecDeque::new();
    let subscriber = match begin.subscribe(bus, interest.clone()).await {
        Ok(subscriber) => subscriber,
        Err(error) if error.kind() == Kind::Gone => {
            let subscriber = bus.replay(interest, None, LogPlace::End).await?;
            waiting.push_back(gap(&place(&epoch, None, &subscriber), &epoch, 0, subscriber.begins_after()));
            subscriber
        }
        Err(error) => return Err(error),
    };
    waiting.push_back(id(&place(&epoch, None, &subscriber)));
    let mut comments = interval_at(Instant::now() + COMMENT_PERIOD, COMMENT_PERIOD);
    comments.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let events = Events { subscriber, epoch, waiting, comments, _room: room };
    let (door, grant) = (Arc::clone(door), Arc::clone(grant));
    let over = async move {
        tokio::select! {
            () = grant.ended.cancelled() => {}
            () = expiry(&door, &grant) => {}
            () = door.stop.cancelled() => {}
        }
    };
    let body = Body::from_stream(events.take_until(Box::pin(over)));
    Ok(([(CONTENT_TYPE, "text/event-stream")], body).into_response())
}

/// Events as they are sent.
struct Events {
    subscriber: Subscriber,
    epoch: String,
    waiting: VecDeque<Bytes>,
    comments: Interval,
    _room: OwnedSemaphorePermit,
}

impl Stream for Events {
    type Item = std::result::Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(bytes) = self.waiting.pop_front() {
            return Poll::Ready(Some(Ok(bytes)));
        }
        if let Poll::Ready(item) = self.subscriber.poll_next_unpin(cx) {
            return Poll::Ready(item.map(|item| Ok(sent(&self.epoch, &item, &self.subscriber))));
        }
        self.comments.poll_tick(cx).map(|_| Some(Ok(Bytes::from_static(b":\n\n"))))
    }
}

/// The place of an item that a subscriber has just yielded, or where it begins.
fn place(epoch: &str, item: Option<&Item>, subscriber: &Subscriber) -> String {
    let log_id = subscriber.log_id().unwrap_or_default();
    let seq = match item {
        Some(Item::Event(event)) if event.is_replayed() => return format!("{LOG}:{log_id}"),
        None if subscriber.is_replaying() => return format!("{LOG}:{log_id}"),
        None => subscriber.begins_after(),
        Some(Item::Event(event)) => event.seq,
        Some(Item::Gap { to: seq, .. } | Item::Bookmark(seq)) => *seq,
    };
    format!("{epoch}:{seq}:{log_id}")
}

fn sent(epoch: &str, item: &Item, subscriber: &Subscriber) -> Bytes {
    let place = place(epoch, Some(item), subscriber);
    match item {
        Item::Event(event) => {
            let data = String::from_utf8(event.payload_json()).unwrap_or_default();
            format!("id: {place}\nevent: {}\ndata: {data}\n\n", event.info.topic).into()
        }
        Item::Gap { from, to } => gap(&place, epoch, *from, *to),
        Item::Bookmark(_) => id(&place),
    }
}

/// Where who comes back goes on.
fn id(place: &str) -> Bytes {
    format!("id: {place}\n\n").into()
}

fn gap(place: &str, epoch: &str, from: u64, to: u64) -> Bytes {
    let gap = json!({ "epoch": epoch, "from": from, "to": to });
    format!("id: {place}\nevent: {}\ndata: {gap}\n\n", GAP.info.topic).into()
}

/// What has happened since a place; where that is nothing, what happens next.
async fn page(door: &Door, wanted: &Wanted, interest: Interest, begin: Begin) -> Result<Response> {
    let bus = &door.shared.bus;
    let now = bus.position();
    let begun = begin.subscribe(bus, interest).await;
    let mut subscriber = begun.map_err(|error| match error.kind() {
        Kind::Gone => {
            let message = format!("the events after `{}` are no longer kept", begin.cursor.unwrap_or_default());
            Error::gone(message).with("cursor", format!("{}:{}", now.epoch, now.seq))
        }
        _ => error,
    })?;
    let deadline = Instant::now() + Duration::from_millis(wanted.wait_ms.unwrap_or(0).min(WAIT_MS_MAX));
    let (mut cursor, mut events) = (place(&now.epoch, None, &subscriber), Vec::new());
    while events.len() < PAGE_EVENTS_MAX {
        let ready = match subscriber.next_replayed().await {
            None => subscriber.take_ready(),
            item => item,
        };
        let item = match ready {
            Some(item) => item,
            // A full ring may have sent it back to the log.
            None if subscriber.is_replaying() => continue,
            None if !events.is_empty() => break,
            None => match timeout_at(deadline, subscriber.next()).await {
                Ok(Some(item)) => item,
                Ok(None) | Err(_) => break,
            },
        };
        cursor = place(&now.epoch, Some(&item), &subscriber);
        match item {
            Item::Event(event) => events.push(described(&cursor, &event)?),
            Item::Gap { from, to } => events
                .push(json!({ "topic": GAP.info.topic, "payload": { "epoch": now.epoch, "from": from, "to": to } })),
            Item::Bookmark(_) => {}
        }
    }
    let body = json!({ "events": events, "cursor": cursor }).to_string();
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

fn described(id: &str, event: &Event) -> Result<Value> {
    let payload: Value = event.payload()?;
    let mut described = json!({ "id": id, "topic": event.info.topic, "payload": payload });
    if let Some(log) = event.log_json() {
        described["log"] = serde_json::from_str(log).unwrap_or_default();
    }
    Ok(described)
}
