//! The bus by itself, with a clock that stands still unless a test moves it.

use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use icpy_protocol::daemon::DaemonClient;
use icpy_protocol::error::Kind;
use icpy_protocol::file::{FileOpened, OPENED, OpenFile};
use icpy_protocol::topic::Pattern;
use serde_json::json;
use serde_json::value::to_raw_value;
use tokio::time::advance;

use super::*;
use crate::caller::{Caller, Scopes};

const MS: Duration = Duration::from_millis(1);
const NOTHING: [u64; 0] = [];

fn bus() -> Bus {
    Bus::new("e1".to_owned(), 1 << 20, 1 << 20)
}

fn all() -> Interest {
    Interest::all(Pattern::parse("**").unwrap())
}

fn publish(bus: &Bus, numbers: impl IntoIterator<Item = u64>) {
    for number in numbers {
        let file = OpenFile {
            file_id: number.to_string(),
            workspace_id: format!("w{}", number % 3),
            path: std::path::Path::new("/a").into(),
            opened_at_ms: number,
            purpose: None,
        };
        bus.publish(&OPENED, &FileOpened { file, position: None, is_new: number % 2 == 0, opened_by: "x".to_owned() });
    }
}

fn number(item: &Item) -> u64 {
    match item {
        Item::Event(event) => event.payload::<FileOpened>().unwrap().file.opened_at_ms,
        other => panic!("{other:?}"),
    }
}

/// The numbers that are ready now.
fn ready(stream: &mut (impl futures_util::Stream<Item = Item> + Unpin)) -> Vec<u64> {
    std::iter::from_fn(|| stream.next().now_or_never().flatten()).map(|item| number(&item)).collect()
}

#[test]
fn a_payload_is_checked_against_its_declaration() {
    let bus = bus();
    let mut subscriber = bus.subscribe(all());
    let check = |topic: &str, payload: serde_json::Value, kind: Kind, expect: &str| {
        let error = bus.publish_json(topic, &to_raw_value(&payload).unwrap()).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(expect), "{error}");
    };
    check("no:such", json!({}), Kind::NotFound, "`no:such`");
    check("file:opened", json!({}), Kind::InvalidParams, "file");
    check("file:opened", json!({ "file": 1, "isNew": true, "openedBy": "x" }), Kind::InvalidParams, "file:opened");
    check("file:opened", json!([1]), Kind::InvalidParams, "file:opened");
    assert!(subscriber.take_ready().is_none());

    let text = "{\"file\":{\"fileId\":\"f\",\"workspaceId\":\"w\",\n\"path\":\"/a\",\"openedAtMs\":7},\"isNew\":true,\"openedBy\":\"x\"}";
    let published = bus.publish_json("file:opened", serde_json::from_str(text).unwrap()).unwrap();
    assert_eq!(published, Published { seq: 1, receivers: 1 });
    let Some(Item::Event(event)) = subscriber.take_ready() else { panic!("no event") };
    assert_eq!(event.payload::<FileOpened>().unwrap().file.opened_at_ms, 7);
    // A newline would end the line on the wire.
    let newline = event.suffix().iter().position(|byte| *byte == b'\n');
    assert_eq!(newline, Some(event.suffix().len() - 1));
}

#[test]
fn an_event_is_serialised_once_for_all() {
    let bus = bus();
    let mut subscribers: Vec<Subscriber> = (0..10).map(|_| bus.subscribe(all())).collect();
    publish(&bus, [1]);
    let mut suffixes = subscribers.iter_mut().map(|subscriber| match subscriber.take_ready() {
        Some(Item::Event(event)) => event.suffix().as_ptr(),
        other => panic!("{other:?}"),
    });
    let first = suffixes.next().unwrap();
    assert!(suffixes.all(|suffix| suffix == first));
}

#[test]
fn a_full_queue_reads_on_from_the_kept_events() {
    let bus = Bus::new("e1".to_owned(), 1 << 20, 2000);
    let mut slow = bus.subscribe(all());
    let mut quick = bus.subscribe(all());
    for number in 0..200 {
        publish(&bus, [number]);
        assert_eq!(ready(&mut quick), [number]);
    }
    assert_eq!(bus.statistics().overflowed, 1);
    assert_eq!(ready(&mut slow), (0..200).collect::<Vec<_>>());
    publish(&bus, [200]);
    assert_eq!(ready(&mut slow), [200]);
    assert_eq!(bus.statistics().gaps, 0);
}

#[test]
fn what_is_no_longer_kept_is_a_gap() {
    let bus = Bus::new("e1".to_owned(), 10_000, 2000);
    let mut slow = bus.subscribe(all());
    publish(&bus, 0..1000);
    let mut next = 1;
    let (mut events, mut gaps) = (0, 0);
    while let Some(item) = slow.take_ready() {
        match item {
            Item::Event(event) => {
                assert_eq!(event.seq, next);
                (next, events) = (event.seq + 1, events + 1);
            }
            Item::Gap { from, to } => {
                assert_eq!(from, next);
                (next, gaps) = (to + 1, gaps + 1);
            }
            Item::Bookmark(_) => {}
        }
    }
    assert_eq!(next, 1001, "everything is seen or told");
    assert!(events > 10 && gaps == 1);
    assert_eq!(bus.statistics().gaps, 1);
}

#[test]
fn a_subscription_ends_when_it_is_dropped() {
    let bus = bus();
    let subscriber = bus.subscribe(all());
    assert_eq!(bus.statistics().subscriptions, 1);
    drop(subscriber);
    publish(&bus, [1]);
    assert_eq!((bus.statistics().subscriptions, bus.statistics().delivered), (0, 0));
}

#[test]
fn an_event_needs_its_scope() {
    let bus = bus();
    let mut nobody = bus.subscribe(Interest { scopes: Scopes::of(&[]), ..all() });
    publish(&bus, [1]);
    assert!(nobody.take_ready().is_none());
}

#[tokio::test(start_paused = true)]
async fn debounce_waits_until_it_is_quiet_but_not_for_ever() {
    let bus = bus();
    let mut stream = bus.subscribe(all()).debounce(100 * MS);
    publish(&bus, [1, 2]);
    assert_eq!(ready(&mut stream), NOTHING);
    advance(99 * MS).await;
    publish(&bus, [3]);
    assert_eq!(ready(&mut stream), NOTHING);
    advance(100 * MS).await;
    assert_eq!(ready(&mut stream), [3]);
    let mut released = Vec::new();
    for number in 4..40 {
        publish(&bus, [number]);
        released.extend(ready(&mut stream));
        advance(50 * MS).await;
    }
    assert!(!released.is_empty(), "an event that always has a successor is told at last");
}

#[tokio::test(start_paused = true)]
async fn throttle_tells_the_first_at_once_and_then_the_newest() {
    let bus = bus();
    let mut stream = bus.subscribe(all()).throttle(100 * MS);
    publish(&bus, 1..=5);
    assert_eq!(ready(&mut stream), [1]);
    advance(100 * MS).await;
    assert_eq!(ready(&mut stream), [5]);
    publish(&bus, [6]);
    assert_eq!(ready(&mut stream), NOTHING);
    advance(100 * MS).await;
    assert_eq!(ready(&mut stream), [6]);
    advance(1000 * MS).await;
    assert_eq!(ready(&mut stream), NOTHING);
    publish(&bus, [7]);
    assert_eq!(ready(&mut stream), [7]);
}

#[tokio::test(start_paused = true)]
async fn buffer_tells_all_of_a_window_together() {
    let bus = bus();
    let mut stream = bus.subscribe(all()).buffer(100 * MS);
    publish(&bus, 1..=3);
    assert_eq!(ready(&mut stream), NOTHING);
    advance(60 * MS).await;
    publish(&bus, [4]);
    assert_eq!(ready(&mut stream), NOTHING);
    advance(40 * MS).await;
    assert_eq!(ready(&mut stream), [1, 2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn coalescing_keeps_the_newest_of_each_key_in_order() {
    let bus = bus();
    let mut stream = bus.subscribe(all()).coalesce_by("openedBy");
    publish(&bus, 1..=4);
    assert_eq!(ready(&mut stream), [4]);
    let mut by_flag = bus.subscribe(all()).coalesce_by("isNew");
    publish(&bus, 1..=7);
    assert_eq!(ready(&mut by_flag), [6, 7]);
    let pace = Pace { release: Release::Debounce(10 * MS), key: Some("isNew".to_owned()) };
    let mut paced = Paced::new(bus.subscribe(all()), pace);
    publish(&bus, 1..=7);
    assert_eq!(ready(&mut paced), NOTHING);
    advance(10 * MS).await;
    assert_eq!(ready(&mut paced), [6, 7]);
}

#[tokio::test(start_paused = true)]
async fn operators_are_joined() {
    let bus = bus();
    let is_even = |event: &Event| event.member("isNew") == Some(&json!(true));
    let mut stream = bus.subscribe(all()).filter_events(is_even).buffer(10 * MS);
    publish(&bus, 0..6);
    assert_eq!(ready(&mut stream), NOTHING);
    advance(10 * MS).await;
    assert_eq!(ready(&mut stream), [0, 2, 4]);
}

#[derive(Debug)]
struct NeverAnswers;

impl Respond for NeverAnswers {
    fn respond(&self, _: Caller, _: &str, _: &str) -> Answer {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_not_answered_ends_by_its_time() {
    let bus = bus();
    let responder: Arc<dyn Respond> = Arc::new(NeverAnswers);
    bus.answer_with(Arc::downgrade(&responder));
    let daemon = DaemonClient::new(bus.requester(Caller::daemon(), 100 * MS));
    let error = daemon.status(&icpy_protocol::Empty {}).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Timeout);
    assert!(error.message().contains("`daemon:status` did not answer within 100ms"), "{error}");
    drop(responder);
    let error = daemon.status(&icpy_protocol::Empty {}).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable, "the daemon is on its way down: {error}");
}
