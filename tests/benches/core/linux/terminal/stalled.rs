//! Somebody who is shown a terminal and takes nothing of it: what that costs the program, and what it makes the daemon hold.

use std::time::{Duration, Instant};

use serde_json::json;

use super::super::programs::{Server, share_of_memory_bytes};
use super::super::table::Table;
use super::Streams;
use super::viewer::{Client, Viewer};

const ROUNDS: usize = 5;

/// Times 16 MiB.
const LENGTH: usize = 4;

pub(crate) fn run(table: &mut Table) {
    let streams = Streams::new();
    let file = streams.large(LENGTH);
    let script = format!("head -c 1 >/dev/null; cat {}", file.display());
    let daemon = Server::daemon();
    // The first run brings more than itself.
    print(&daemon, &script, false);
    let (mut alone, mut beside) = (Duration::MAX, Duration::MAX);
    let (mut alone_bytes, mut beside_bytes) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (time, bytes) = print(&daemon, &script, false);
        alone = alone.min(time);
        alone_bytes.push(bytes);
        let (time, bytes) = print(&daemon, &script, true);
        beside = beside.min(time);
        beside_bytes.push(bytes);
    }
    table.time("64 MiB printed beside a stalled viewer", alone, beside, "<= 1.02x", vec![]);
    // What was freed before is given back at some time or other.
    let middle = |bytes: &mut Vec<i64>| {
        bytes.sort_unstable();
        bytes[bytes.len() / 2]
    };
    let (alone_bytes, beside_bytes) = (middle(&mut alone_bytes), middle(&mut beside_bytes));
    let kib = |bytes: i64| format!("{:.0} KiB", bytes as f64 / 1024.0);
    let (floor, ours) = (format!("{} without", kib(alone_bytes)), kib(beside_bytes - alone_bytes) + " more");
    table.figure("growth of the daemon by a stalled viewer", &floor, ours, "<= 256 KiB");
}

/// How long a program takes to print everything, and by how much the daemon grows meanwhile.
fn print(daemon: &Server, script: &str, is_viewed: bool) -> (Duration, i64) {
    let memory = || i64::try_from(share_of_memory_bytes(daemon.child.id())).unwrap();
    let before = memory();
    let mut client = Client::connect(daemon);
    let terminal = client.create_script(script);
    let stalled = is_viewed.then(|| Viewer::attach(Client::connect(daemon), &terminal, Some(0)));
    let begin = Instant::now();
    client.request("terminal:data_in", &json!({ "terminalId": terminal, "data": "\n" }));
    let ended = client.ask("terminal:wait", &json!({ "terminalId": terminal }));
    let time = begin.elapsed();
    assert_eq!(ended["exit"]["code"], 0);
    let grown = memory() - before;
    drop(stalled);
    client.ask("terminal:close", &json!({ "terminalId": terminal }));
    (time, grown)
}
