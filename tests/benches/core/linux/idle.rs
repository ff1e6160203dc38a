//! A daemon that nobody asks for anything.

use std::time::Duration;

use super::programs::{PING, Server};
use super::table::Table;

const WATCHED: Duration = Duration::from_mins(1);

pub(crate) fn run(table: &mut Table) {
    let daemon = Server::daemon();
    let mut client = daemon.connect();
    PING.run(&mut client, 1, &mut Vec::new());
    // Threads that have served end after some seconds.
    std::thread::sleep(Duration::from_secs(12));
    let before = daemon.wakeups();
    std::thread::sleep(WATCHED);
    let wakeups = daemon.wakeups() - before;
    let resident = format!("{:.1} MB", daemon.resident_bytes() as f64 / 1e6);
    table.figure("idle daemon, memory", "3 MB", resident, "<= 8 MB");
    table.figure("idle daemon with a client, wakeups in 60 s", "0", wakeups.to_string(), "0");
}
