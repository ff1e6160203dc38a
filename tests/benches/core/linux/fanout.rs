//! One event to many: subscriptions inside the process, and connected clients.

use std::any::Any;
use std::collections::VecDeque;
use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use icpy_protocol::session::{GAP, SessionGap};
use icpy_protocol::topic::Pattern;
use icpyd::bus::{Bus, Interest, Item};

use super::nats::Nats;
use super::programs::{Server, Stream};
use super::table::{Table, median};

const EVENTS: usize = 2000;
const BURST: usize = 50;

/// How long a message of ours is, about, when a file was opened.
const EVENT_BYTES: usize = 300;

fn payload() -> SessionGap {
    SessionGap { subscription: 1, epoch: "0123456789abcdef0123456789abcdef0123456789abcdef".to_owned(), from: 1, to: 2 }
}

/// Subscribers drain their queues after each burst. The floor does the same with a bare queue for each.
pub(crate) fn in_process(table: &mut Table) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for count in [1, 100, 1000] {
        let events = EVENTS * 100 / count.max(20);
        let (floor, ours) = (rate(count, events, floor_burst(count)), runtime.block_on(bus_rate(count, events)));
        let target = if count == 1000 { ">= 10 M/s" } else { "" };
        table.rate(&format!("event to {count} subscriptions in process, deliveries"), floor, ours, target, vec![]);
    }
}

fn rate(count: usize, events: usize, mut burst: impl FnMut()) -> f64 {
    let begin = Instant::now();
    for _ in 0..events / BURST {
        burst();
    }
    (count * (events / BURST * BURST)) as f64 / begin.elapsed().as_secs_f64()
}

fn floor_burst(count: usize) -> impl FnMut() {
    let queues: Vec<Mutex<VecDeque<Arc<Vec<u8>>>>> = (0..count).map(|_| Mutex::default()).collect();
    move || {
        for _ in 0..BURST {
            let event = Arc::new(serde_json::to_vec(&payload()).unwrap());
            for queue in &queues {
                queue.lock().unwrap().push_back(Arc::clone(&event));
            }
        }
        for queue in &queues {
            let drained = std::mem::take(&mut *queue.lock().unwrap());
            assert_eq!(drained.len(), BURST);
        }
    }
}

async fn bus_rate(count: usize, events: usize) -> f64 {
    let bus = Bus::new("0123456789abcdef".to_owned(), 8 << 20, 1 << 20);
    let pattern = Pattern::parse("session:*").unwrap();
    let mut subscribers: Vec<_> = (0..count).map(|_| bus.subscribe(Interest::all(pattern.clone()))).collect();
    let begin = Instant::now();
    for _ in 0..events / BURST {
        for _ in 0..BURST {
            bus.publish(&GAP, &payload());
        }
        for subscriber in &mut subscribers {
            for _ in 0..BURST {
                let item = subscriber.next().await;
                assert!(matches!(item, Some(Item::Event(_))), "an event is missing: {item:?}");
            }
        }
    }
    (count * (events / BURST * BURST)) as f64 / begin.elapsed().as_secs_f64()
}

/// Another daemon that hands messages on: what a client sends, and who hears of it.
struct Peer {
    name: &'static str,
    message: Vec<u8>,
    sender: Box<dyn Stream>,
    /// Whether it answers who sends.
    answers: bool,
    listeners: Vec<Box<dyn Stream>>,
    times: Vec<Duration>,
    _server: Box<dyn Any>,
}

impl Peer {
    /// Those that are installed, each with so many who listen.
    fn all(count: usize) -> Vec<Self> {
        let payload = "x".repeat(EVENT_BYTES);
        let redis = Server::redis().map(|server| {
            let listen = |_| {
                let mut stream = server.connect();
                stream.write_all(b"SUBSCRIBE all\r\n").unwrap();
                read_line(&mut stream);
                Box::new(stream) as _
            };
            Self {
                name: "redis",
                message: format!("PUBLISH all {payload}\r\n").into(),
                sender: Box::new(server.connect()),
                answers: true,
                listeners: (0..count).map(listen).collect(),
                times: vec![],
                _server: Box::new(server),
            }
        });
        let nats = Nats::start().map(|server| {
            let listen = |_| {
                let mut stream = server.connect();
                // It answers when it has taken what came before.
                stream.write_all(b"SUB all 1\r\nPING\r\n").unwrap();
                read_line(&mut stream);
                Box::new(stream) as _
            };
            Self {
                name: "nats, over TCP",
                message: format!("PUB all {EVENT_BYTES}\r\n{payload}\r\n").into(),
                sender: Box::new(server.connect()),
                answers: false,
                listeners: (0..count).map(listen).collect(),
                times: vec![],
                _server: Box::new(server),
            }
        });
        redis.into_iter().chain(nats).collect()
    }

    fn tell_all(&mut self) {
        let begin = Instant::now();
        self.sender.write_all(&self.message).unwrap();
        self.listeners.iter_mut().for_each(|stream| read_line(&mut **stream));
        self.times.push(begin.elapsed());
        if self.answers {
            read_line(&mut *self.sender);
        }
    }
}

/// From the request that causes an event until the last client has it. The floor serialises once and writes to each.
pub(crate) fn connected(table: &mut Table) {
    for count in [1, 100, 1000] {
        let (floor, ours) = (Server::floor("tell"), Server::daemon());
        let file = ours.folder.path().join("a.py");
        std::fs::write(&file, "").unwrap();
        let open = format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"file:open\",\"params\":{{\"path\":\"{}\"}}}}\n",
            file.display()
        );
        let subscribe =
            "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"session:subscribe\",\"params\":{\"patterns\":[\"file:*\"]}}\n";
        let mut floor_clients: Vec<UnixStream> = (0..count).map(|_| floor.connect()).collect();
        let mut our_clients: Vec<UnixStream> = (0..count).map(|_| ours.connect()).collect();
        for client in &mut our_clients {
            client.write_all(subscribe.as_bytes()).unwrap();
            read_line(client);
        }
        let mut sender = ours.connect();
        sender.write_all(open.as_bytes()).unwrap();
        read_line(&mut sender);
        our_clients.iter_mut().for_each(read_line);
        let mut peers = Peer::all(count);

        let (mut floors, mut times) = (vec![], vec![]);
        for _ in 0..(20_000 / count).clamp(40, 500) {
            let begin = Instant::now();
            floor_clients[0].write_all(b"/some/folder/a.py\n").unwrap();
            floor_clients.iter_mut().for_each(read_line);
            floors.push(begin.elapsed());

            let begin = Instant::now();
            sender.write_all(open.as_bytes()).unwrap();
            our_clients.iter_mut().for_each(read_line);
            times.push(begin.elapsed());
            read_line(&mut sender);
            peers.iter_mut().for_each(Peer::tell_all);
        }
        let target = if count == 1000 { "<= 1.5x" } else { "" };
        let (floor, ours): (Duration, Duration) = (median(&mut floors), median(&mut times));
        let peers = peers.iter_mut().map(|peer| (peer.name, median(&mut peer.times))).collect();
        table.time(&format!("event to {count} connected clients"), floor, ours, target, peers);
    }
}

/// Reads to the end of a line; nothing else is under way.
fn read_line(stream: &mut (impl Stream + ?Sized)) {
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "the server closed the connection");
        if buffer[read - 1] == b'\n' {
            return;
        }
    }
}
