//! Clients that ask and never read, beside one that does.

use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::programs::{PING, Server};
use super::table::{Table, percentile};

const SLOW: usize = 64;
/// Round trips are measured on both daemons in turn, because the machine's speed changes.
const TURNS: usize = 20;
const ROUNDS_IN_TURN: usize = 500;

pub(crate) fn run(table: &mut Table) {
    let (quiet, daemon) = (Server::daemon(), Server::daemon());
    let file = daemon.folder.path().join("large.txt");
    std::fs::write(&file, "x".repeat(200_000)).unwrap();
    round_trips(&daemon, &mut Vec::new());
    let before = daemon.resident_bytes();

    let slow: Vec<UnixStream> = (0..SLOW).map(|_| never_read(&daemon, &file)).collect();
    // Until all that they asked for is made, or held back.
    let mut last = 0;
    while daemon.resident_bytes() != last {
        last = daemon.resident_bytes();
        std::thread::sleep(Duration::from_millis(300));
    }
    let each = (daemon.resident_bytes().saturating_sub(before)) / SLOW as u64;
    let (mut alone, mut beside) = (vec![], vec![]);
    for _ in 0..TURNS {
        round_trips(&quiet, &mut alone);
        round_trips(&daemon, &mut beside);
    }
    drop(slow);

    let (alone, beside) = (percentile(&mut alone, 0.99), percentile(&mut beside, 0.99));
    table.time("round trip p99 beside 64 that never read", alone, beside, "<= 1.2x", vec![]);
    let held = format!("{:.2} MiB each", each as f64 / f64::from(1 << 20));
    table.figure("held for 64 that never read", "-", held, "<= 8 MiB each");
}

/// A client that asks for 200 MB and for every event, and reads nothing.
fn never_read(daemon: &Server, file: &std::path::Path) -> UnixStream {
    let mut stream = daemon.connect();
    let subscribe =
        "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"session:subscribe\",\"params\":{\"patterns\":[\"**\"]}}\n";
    stream.write_all(subscribe.as_bytes()).unwrap();
    stream.set_nonblocking(true).unwrap();
    for id in 0..1000 {
        let path = file.display();
        let request = format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"fs:read_file\",\"params\":{{\"path\":\"{path}\"}}}}\n"
        );
        if stream.write_all(request.as_bytes()).is_err() {
            break;
        }
    }
    stream
}

fn round_trips(daemon: &Server, samples: &mut Vec<Duration>) {
    let (mut stream, mut buffer) = (daemon.connect(), Vec::new());
    for round in 0..ROUNDS_IN_TURN {
        let begin = Instant::now();
        PING.run(&mut stream, 1, &mut buffer);
        // The first ones find cold caches.
        if round > ROUNDS_IN_TURN / 10 {
            samples.push(begin.elapsed());
        }
    }
}
