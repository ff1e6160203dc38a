//! Reading the log and the ring as one, however the two and the reader move against each other.

use std::sync::Mutex;

use futures_util::{FutureExt as _, StreamExt as _};
use icpy_protocol::error::Kind;
use icpy_protocol::topic::Pattern;
use proptest::prelude::*;

use super::super::log::LogEntry;
use super::*;

const DURABLE: &str = "file:closed";
const OTHER: &str = "file:changed";

/// A log in memory. What is read is what was there when reading began, and comes later.
#[derive(Debug, Default)]
struct Memory(Mutex<Vec<LogEvent>>);

impl Log for Memory {
    fn find(&self, place: LogPlace) -> Reading<LogFound> {
        let newest_id = self.0.lock().unwrap().len() as u64;
        let after_id = match place {
            LogPlace::End => newest_id,
            LogPlace::After(id) => id,
            LogPlace::Since(time_ms) => time_ms.min(newest_id),
        };
        Box::pin(async move { Ok(LogFound { after_id, newest_id }) })
    }

    fn read(&self, after_id: u64) -> Reading<LogPage> {
        let after = usize::try_from(after_id).unwrap();
        let rest: Vec<LogEvent> = self.0.lock().unwrap()[after..].to_vec();
        let page = LogPage { is_end: rest.len() <= 3, events: rest.into_iter().take(3).collect() };
        let mut page = Some(page);
        let mut is_late = false;
        Box::pin(std::future::poll_fn(move |cx| {
            if !std::mem::replace(&mut is_late, true) {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            page.take().map_or(Poll::Pending, |page| Poll::Ready(Ok(page)))
        }))
    }
}

/// A daemon's bus, and a client of it.
struct World {
    log: Arc<Memory>,
    bus: Bus,
    client: Client,
}

#[derive(Default)]
struct Client {
    subscriber: Option<Subscriber>,
    /// What was seen last: of the history, and of the log.
    position: Option<Position>,
    log_id: u64,
    /// The ids of durable events, and the numbers of others or the ranges that were told as lost.
    durable: Vec<u64>,
    seen: Vec<(String, u64)>,
    gaps: Vec<(String, u64, u64)>,
}

impl World {
    fn new() -> Self {
        let log = Arc::new(Memory::default());
        Self { bus: bus("e0", &log), log, client: Client::default() }
    }

    fn publish(&self, is_durable: bool) {
        let topic = if is_durable { DURABLE } else { OTHER };
        let info = icpy_protocol::event_info(topic).unwrap();
        let entry = is_durable.then(|| {
            let mut log = self.log.0.lock().unwrap();
            let entry = LogEntry { id: log.len() as u64 + 1, json: format!("{{\"id\":{}}}", log.len() + 1).into() };
            log.push(LogEvent { info: Some(info), payload: "{}".into(), entry: entry.clone() });
            entry
        });
        self.bus.send(info, None, b"{}", entry.as_ref());
    }

    fn connect(&mut self) {
        let interest = Interest::all(Pattern::parse("**").unwrap());
        let place = LogPlace::After(self.client.log_id);
        let begun = self.bus.replay(interest, self.client.position.as_ref(), place).now_or_never().unwrap();
        self.client.begin(begun.unwrap(), &self.bus);
    }

    fn restart(&mut self, number: usize) {
        self.client.subscriber = None;
        self.bus = bus(&format!("e{number}"), &self.log);
    }
}

fn bus(epoch: &str, log: &Arc<Memory>) -> Bus {
    // Room for some ten events, and for three in a queue.
    let bus = Bus::new(epoch.to_owned(), 2700, 800);
    bus.read_from(Arc::clone(log) as _);
    bus
}

impl Client {
    fn begin(&mut self, subscriber: Subscriber, bus: &Bus) {
        let begun = Position { seq: subscriber.begins_after(), ..bus.position() };
        // Of another history it knows nothing, and of one that goes on what it has seen.
        if self.position.as_ref().is_none_or(|position| position.epoch != begun.epoch) {
            self.gaps.push((begun.epoch.clone(), 0, begun.seq));
            self.position = Some(begun);
        }
        self.subscriber = Some(subscriber);
    }

    /// Takes up to so many items. A reader has what it has seen from the lines themselves.
    fn take(&mut self, count: usize, bus: &Bus) {
        let Some(subscriber) = &mut self.subscriber else { return };
        for _ in 0..count {
            let Some(item) = next(subscriber) else { return };
            let epoch = bus.position().epoch;
            let seq = match item {
                Item::Event(event) => {
                    self.log_id = event.log_id().unwrap_or(self.log_id);
                    self.durable.extend(event.log_id());
                    if event.is_replayed() {
                        continue;
                    }
                    if event.log_id().is_none() {
                        self.seen.push((epoch.clone(), event.seq));
                    }
                    event.seq
                }
                Item::Gap { from, to } => {
                    self.gaps.push((epoch.clone(), from, to));
                    to
                }
                Item::Bookmark(seq) => {
                    self.log_id = subscriber.log_id().unwrap();
                    seq
                }
            };
            self.position = Some(Position { epoch, seq });
        }
    }
}

/// The next item, if there is one when everything that is late has come.
fn next(subscriber: &mut Subscriber) -> Option<Item> {
    (0..5).find_map(|_| subscriber.next().now_or_never().flatten())
}

#[derive(Clone, Debug)]
enum Step {
    Publish(bool),
    Take(usize),
    Drop,
    Connect,
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        20 => any::<bool>().prop_map(Step::Publish),
        6 => (1usize..12).prop_map(Step::Take),
        1 => Just(Step::Drop),
        2 => Just(Step::Connect),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 1..300)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn each_durable_event_comes_once_and_in_order(steps in steps()) {
        let mut world = World::new();
        world.connect();
        let mut published: Vec<(String, u64)> = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Publish(is_durable) => {
                    world.publish(is_durable);
                    if !is_durable {
                        let Position { epoch, seq } = world.bus.position();
                        published.push((epoch, seq));
                    }
                }
                Step::Take(count) => world.client.take(count, &world.bus),
                Step::Drop => world.client.subscriber = None,
                Step::Connect if world.client.subscriber.is_none() => world.connect(),
                Step::Connect => {}
                Step::Restart => world.restart(number + 1),
            }
        }
        if world.client.subscriber.is_none() {
            world.connect();
        }
        world.client.take(usize::MAX, &world.bus);
        let Client { durable, seen, gaps, .. } = &world.client;
        let count = world.log.0.lock().unwrap().len() as u64;
        prop_assert_eq!(durable, &(1..=count).collect::<Vec<_>>());
        let mut once = seen.clone();
        once.dedup();
        prop_assert_eq!(&once, seen, "no event comes twice");
        // Of the last history every other event is seen, or told as lost.
        let epoch = world.bus.position().epoch;
        for event in published.iter().filter(|event| event.0 == epoch && !seen.contains(event)) {
            let is_told = gaps.iter().any(|(it, from, to)| *it == epoch && (*from..=*to).contains(&event.1));
            prop_assert!(is_told, "{:?} is missing: {:?}", event, gaps);
        }
    }
}

#[test]
fn what_happened_since_a_time_comes_from_there_on() {
    let world = World::new();
    let since = |id: u64| {
        let interest = Interest::all(Pattern::parse("**").unwrap());
        let mut subscriber = world.bus.replay(interest, None, LogPlace::Since(id)).now_or_never().unwrap().unwrap();
        let mut told = Vec::new();
        while let Some(item) = next(&mut subscriber) {
            match item {
                Item::Event(event) => told.push((event.log_id(), event.is_replayed())),
                other => panic!("{other:?}"),
            }
        }
        told
    };
    for is_durable in [true, false, true, false] {
        world.publish(is_durable);
    }
    let all = [(Some(1), false), (None, false), (Some(2), false), (None, false)];
    assert_eq!(since(0), all);
    assert_eq!(since(1), all[2..]);
    assert_eq!(since(2), []);
    for _ in 0..20 {
        world.publish(true);
    }
    // What came before is no longer in memory, and the rest is.
    let told = since(0);
    assert_eq!(told.iter().map(|(id, _)| *id).collect::<Vec<_>>(), (1..=22).map(Some).collect::<Vec<_>>());
    let from_log = told.iter().filter(|(_, is_replayed)| *is_replayed).count();
    assert!(from_log > 5 && from_log < 20, "{told:?}");
    assert_eq!(since(21), [(Some(22), false)]);
}

/// A log that cannot be read.
#[derive(Debug)]
struct Broken;

impl Log for Broken {
    fn find(&self, _: LogPlace) -> Reading<LogFound> {
        Box::pin(async { Ok(LogFound { after_id: 0, newest_id: 9 }) })
    }

    fn read(&self, _: u64) -> Reading<LogPage> {
        Box::pin(async { Err(Error::unavailable("no disk")) })
    }
}

#[test]
fn a_log_that_cannot_be_read_is_told_as_a_gap() {
    let bus = Bus::new("e".to_owned(), 1 << 20, 1 << 20);
    let interest = || Interest::all(Pattern::parse("**").unwrap());
    let without = bus.replay(interest(), None, LogPlace::End).now_or_never().unwrap();
    assert_eq!(without.unwrap_err().kind(), Kind::Unavailable);
    bus.read_from(Arc::new(Broken));
    let mut subscriber = bus.replay(interest(), None, LogPlace::After(0)).now_or_never().unwrap().unwrap();
    bus.send(icpy_protocol::event_info(OTHER).unwrap(), None, b"{}", None);
    assert!(matches!(subscriber.next().now_or_never(), Some(Some(Item::Gap { from: 0, to: 0 }))));
    assert!(matches!(subscriber.next().now_or_never(), Some(Some(Item::Event(event))) if event.seq == 1));
}
