//! Requests over HTTP and WebSocket, beside the same on a bare axum and on the daemon's own socket.

use std::fs;
use std::io::Write as _;
use std::time::{Duration, Instant};

use super::browser::{Http, Listener, WebSocket};
use super::jupyter;
use super::programs::{Exchange, PING};
use super::table::{Table, median, percentile};

const BLOCKS: usize = 100;
const PER_BLOCK: usize = 50;
const WARM_UP: usize = 10;

pub(crate) fn run(table: &mut Table) {
    let (floor, ours) = (Listener::axum(), Listener::daemon());
    round_trips(table, &floor, &ours);
    reads(table, &floor, &ours);
    resources(table, &floor, &ours);
    for count in [50, 200, 1000] {
        fan_out(table, &floor, &ours, count);
    }
}

/// Short blocks in turn: the machine's speed changes from moment to moment.
fn interleaved(sides: &mut [&mut dyn FnMut()]) -> Vec<Vec<Duration>> {
    let mut samples = vec![Vec::new(); sides.len()];
    for _ in 0..BLOCKS {
        for (side, samples) in sides.iter_mut().zip(&mut samples) {
            for place in 0..WARM_UP + PER_BLOCK {
                let begin = Instant::now();
                side();
                if place >= WARM_UP {
                    samples.push(begin.elapsed());
                }
            }
        }
    }
    samples
}

fn round_trips(table: &mut Table, floor: &Listener, ours: &Listener) {
    let ping = std::str::from_utf8(PING.request).unwrap().trim();
    let (mut floor_http, mut our_http) = (Http::connect(floor), Http::connect(ours));
    let (mut floor_ws, mut our_ws) = (WebSocket::connect(floor), WebSocket::connect(ours));
    let mut socket = ours.server.connect();
    let mut buffer = Vec::new();
    let exchange = Exchange { request: PING.request };
    let mut samples = interleaved(&mut [
        &mut || assert!(floor_http.post("/rpc", ping) > 0),
        &mut || assert!(our_http.post("/rpc", ping) > 0),
        &mut || assert!(floor_ws.exchange(ping) > 0),
        &mut || assert!(our_ws.exchange(ping) > 0),
        &mut || exchange.run(&mut socket, 1, &mut buffer),
    ]);
    for (share, name) in [(0.5, "p50"), (0.99, "p99")] {
        let times: Vec<Duration> = samples.iter_mut().map(|it| percentile(it, share)).collect();
        let peer = || vec![("unix socket", times[4])];
        table.time(&format!("round trip over keep-alive HTTP, {name}"), times[0], times[1], "<= 1.2x", peer());
        table.time(&format!("round trip over WebSocket, {name}"), times[2], times[3], "<= 1.2x", peer());
    }
}

fn reads(table: &mut Table, floor: &Listener, ours: &Listener) {
    for (name, bytes) in [("10 kB", 10_000), ("1 MB", 1_000_000)] {
        let file = ours.server.folder.path().join("read.txt");
        fs::write(&file, "0123456789abcde\n".repeat(bytes / 16)).unwrap();
        let read =
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"fs:read_file","params":{{"path":"{}"}}}}"#, file.display());
        let asked = bytes.to_string();
        let (mut floor_http, mut our_http) = (Http::connect(floor), Http::connect(ours));
        let (mut floor_ws, mut our_ws) = (WebSocket::connect(floor), WebSocket::connect(ours));
        let mut samples = interleaved(&mut [
            &mut || assert!(floor_http.post("/bytes", &asked) >= bytes),
            &mut || assert!(our_http.post("/rpc", &read) >= bytes),
            &mut || assert!(floor_ws.exchange(&format!("bytes {asked}")) >= bytes),
            &mut || assert!(our_ws.exchange(&read) >= bytes),
        ]);
        let times: Vec<Duration> = samples.iter_mut().map(|it| median(it)).collect();
        table.time(&format!("read of {name} over HTTP, p50"), times[0], times[1], "", vec![]);
        table.time(&format!("read of {name} over WebSocket, p50"), times[2], times[3], "", vec![]);
    }
}

/// Files and terminals as resources, as a Jupyter server has them.
fn resources(table: &mut Table, floor: &Listener, ours: &Listener) {
    const BYTES: usize = 10_000;
    const TERMINALS: usize = 20;
    // A shell that begins takes longer than it takes to ask for it.
    const REST: Duration = Duration::from_millis(300);
    let jupyter = jupyter::start();
    let content = "0123456789abcde\n".repeat(BYTES / 16);
    let file = ours.server.folder.path().join("resource.txt");
    fs::write(&file, &content).unwrap();
    let (mut bare, mut our) = (Http::connect(floor), Http::connect(ours));
    let mut peer = jupyter.as_ref().map(|peer| {
        fs::write(peer.server.folder.path().join("files/resource.txt"), &content).unwrap();
        Http::connect(peer)
    });
    let (ours_at, theirs_at) = (format!("/api/v1/fs/file?path={}", file.display()), "/api/contents/resource.txt");
    let mut row = |measure: &str, count: usize, rest: Duration, act: &mut dyn FnMut(usize, &mut Http) -> usize| {
        let mut samples = [vec![], vec![], vec![]];
        for _ in 0..count {
            let sides = [Some(&mut bare), Some(&mut our), peer.as_mut()];
            for (side, (http, samples)) in sides.into_iter().zip(&mut samples).enumerate() {
                let Some(http) = http else { continue };
                std::thread::sleep(rest);
                let begin = Instant::now();
                assert!(act(side, http) > 0);
                samples.push(begin.elapsed());
            }
        }
        let [floor, ours, peer] = &mut samples;
        let peers = if peer.is_empty() { vec![] } else { vec![("jupyter", median(peer))] };
        table.time(measure, median(floor), median(ours), "", peers);
    };
    row("file of 10 kB as a resource", BLOCKS, Duration::ZERO, &mut |side, http| match side {
        0 => http.post("/bytes", &BYTES.to_string()),
        1 => http.get(&ours_at),
        _ => http.get(theirs_at),
    });
    row("new terminal as a resource, over a bare answer", TERMINALS, REST, &mut |side, http| match side {
        0 => http.post("/rpc", "{}"),
        1 => http.post("/api/v1/terminals", "{}"),
        _ => http.post("/api/terminals", "{}"),
    });
    std::thread::sleep(REST);
}

/// From the request that causes an event until the last client has it.
fn fan_out(table: &mut Table, floor: &Listener, ours: &Listener, count: usize) {
    let file = ours.server.folder.path().join("a.py");
    fs::write(&file, "").unwrap();
    let open = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"file:open","params":{{"path":"{}"}}}}"#, file.display());
    let subscribe = r#"{"jsonrpc":"2.0","id":0,"method":"session:subscribe","params":{"patterns":["file:*"]}}"#;
    let mut floor_clients: Vec<WebSocket> = (0..count).map(|_| WebSocket::connect(floor)).collect();
    let mut our_clients: Vec<WebSocket> = (0..count).map(|_| WebSocket::connect(ours)).collect();
    for client in &mut floor_clients {
        client.exchange("listen");
    }
    for client in &mut our_clients {
        client.exchange(subscribe);
    }
    let mut sender = ours.server.connect();
    let mut buffer = Vec::new();
    let mut ask = |request: &str, clients: &mut [WebSocket]| {
        sender.write_all(request.as_bytes()).unwrap();
        sender.write_all(b"\n").unwrap();
        for client in clients {
            client.receive();
        }
        Exchange { request: b"" }.run(&mut sender, 1, &mut buffer);
    };
    ask(&open, &mut our_clients);
    let (mut floors, mut times) = (vec![], vec![]);
    for _ in 0..(20_000 / count).clamp(40, 200) {
        let begin = Instant::now();
        floor_clients[0].send("tell");
        for client in &mut floor_clients {
            client.receive();
        }
        floors.push(begin.elapsed());
        let begin = Instant::now();
        ask(&open, &mut our_clients);
        times.push(begin.elapsed());
    }
    let target = if count == 1000 { "<= 1.5x" } else { "" };
    let (floor, ours) = (median(&mut floors), median(&mut times));
    table.time(&format!("event to {count} clients over WebSocket"), floor, ours, target, vec![]);
}
