//! One event to many: subscriptions inside the process, and connected clients.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use icpy_protocol::session::{GAP, SessionGap};
use icpy_protocol::topic::Pattern;
use icpyd::bus::{Bus, Interest, Item};

use super::programs::Server;
use super::table::{Table, median};

const EVENTS: usize = 2000;
const BURST: usize = 50;

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
        }
        let target = if count == 1000 { "<= 1.5x" } else { "" };
        let (floor, ours): (Duration, Duration) = (median(&mut floors), median(&mut times));
        table.time(&format!("event to {count} connected clients"), floor, ours, target, vec![]);
    }
}

/// Reads to the end of a line; nothing else is under way.
fn read_line(stream: &mut UnixStream) {
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "the server closed the connection");
        if buffer[read - 1] == b'\n' {
            return;
        }
    }
}
