//! `GET /api/v1/events`: events as Server-Sent Events, or page by page for who asks again and again. Both read the same history
//! as a subscription on the socket, with the same filter.
//!
//! A place in it is `EPOCH:SEQ`: the id of each event, the cursor of a page, what `Last-Event-ID` says.

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
use icpy_protocol::error::{Error, Result};
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
use crate::bus::{Event, Interest, Item, Subscriber};
use crate::caller::Grant;

/// How often something is sent where nothing happens, so that nobody on the way takes the connection for dead.
const COMMENT_PERIOD: Duration = Duration::from_secs(15);

/// How long a page is waited for, at most.
const WAIT_MS_MAX: u64 = 60_000;

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
    let after = last.as_deref().map(place).transpose()?;
    let interest = interest(&wanted, &asker)?;
    if let Some(audited) = door.shared.router.permit(&asker.caller(None), subscribe)? {
        // What is decided is whether somebody may listen; for how long is not waited for.
        audited.end(Ok(()));
    }
    match is_stream {
        true => Ok(stream(&door, &grant, interest, after.as_ref())?),
        false => Ok(page(&door, &wanted, interest, after).await?),
    }
}

/// The place that a cursor means.
fn place(text: &str) -> Result<Position> {
    let parts = text.rsplit_once(':').and_then(|(epoch, seq)| Some((epoch, seq.parse().ok()?)));
    let (epoch, seq) =
        parts.ok_or_else(|| Error::invalid_params(format!("`{text}` is no place in the history of events")))?;
    Ok(Position { epoch: epoch.to_owned(), seq })
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
fn stream(door: &Arc<Door>, grant: &Arc<Grant>, interest: Interest, after: Option<&Position>) -> Result<Response> {
    let room = grant.stream()?;
    let bus = &door.shared.bus;
    let now = bus.position();
    let resumed = after.filter(|after| after.epoch == now.epoch);
    let resumed = resumed.and_then(|after| bus.subscribe_after(interest.clone(), after.seq).ok());
    let is_gone = after.is_some() && resumed.is_none();
    let subscriber = resumed.unwrap_or_else(|| bus.subscribe(interest));
    let mut waiting = VecDeque::new();
    if is_gone {
        waiting.push_back(gap(&now.epoch, 0, subscriber.begins_after()));
    }
    waiting.push_back(id(&now.epoch, subscriber.begins_after()));
    let mut comments = interval_at(Instant::now() + COMMENT_PERIOD, COMMENT_PERIOD);
    comments.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let events = Events { subscriber, epoch: now.epoch, waiting, comments, _room: room };
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
            return Poll::Ready(item.map(|item| Ok(sent(&self.epoch, &item))));
        }
        self.comments.poll_tick(cx).map(|_| Some(Ok(Bytes::from_static(b":\n\n"))))
    }
}

fn sent(epoch: &str, item: &Item) -> Bytes {
    match item {
        Item::Event(event) => {
            let data = String::from_utf8(event.payload_json()).unwrap_or_default();
            format!("id: {epoch}:{}\nevent: {}\ndata: {data}\n\n", event.seq, event.info.topic).into()
        }
        Item::Gap { from, to } => gap(epoch, *from, *to),
        Item::Bookmark(seq) => id(epoch, *seq),
    }
}

/// Where who comes back goes on.
fn id(epoch: &str, seq: u64) -> Bytes {
    format!("id: {epoch}:{seq}\n\n").into()
}

fn gap(epoch: &str, from: u64, to: u64) -> Bytes {
    let gap = json!({ "epoch": epoch, "from": from, "to": to });
    format!("id: {epoch}:{to}\nevent: {}\ndata: {gap}\n\n", GAP.info.topic).into()
}

/// What has happened since a place; where that is nothing, what happens next.
async fn page(door: &Door, wanted: &Wanted, interest: Interest, after: Option<Position>) -> Result<Response> {
    let bus = &door.shared.bus;
    let now = bus.position();
    let mut subscriber = match after {
        None => bus.subscribe(interest),
        Some(after) => {
            let kept = (after.epoch == now.epoch).then(|| bus.subscribe_after(interest, after.seq).ok()).flatten();
            kept.ok_or_else(|| {
                let message = format!("the events after `{}:{}` are no longer kept", after.epoch, after.seq);
                Error::gone(message).with("cursor", format!("{}:{}", now.epoch, now.seq))
            })?
        }
    };
    let deadline = Instant::now() + Duration::from_millis(wanted.wait_ms.unwrap_or(0).min(WAIT_MS_MAX));
    let (mut seq, mut events) = (subscriber.begins_after(), Vec::new());
    while events.len() < PAGE_EVENTS_MAX {
        let item = match subscriber.take_ready() {
            Some(item) => item,
            None if !events.is_empty() => break,
            None => match timeout_at(deadline, subscriber.next()).await {
                Ok(Some(item)) => item,
                Ok(None) | Err(_) => break,
            },
        };
        match item {
            Item::Event(event) => {
                seq = event.seq;
                events.push(described(&now.epoch, &event)?);
            }
            Item::Gap { from, to } => {
                seq = to;
                events.push(
                    json!({ "topic": GAP.info.topic, "payload": { "epoch": now.epoch, "from": from, "to": to } }),
                );
            }
            Item::Bookmark(marked) => seq = marked,
        }
    }
    let body = json!({ "events": events, "cursor": format!("{}:{seq}", now.epoch) }).to_string();
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

fn described(epoch: &str, event: &Event) -> Result<Value> {
    let payload: Value = event.payload()?;
    Ok(json!({ "id": format!("{epoch}:{}", event.seq), "topic": event.info.topic, "payload": payload }))
}
