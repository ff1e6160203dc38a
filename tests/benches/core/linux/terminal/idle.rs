//! 500 terminals whose programs do nothing.

use std::time::Duration;

use super::super::programs::{Server, share_of_memory_bytes};
use super::super::table::Table;
use super::viewer::Client;

const TERMINALS: usize = 500;

const WATCHED: Duration = Duration::from_secs(8);

pub(crate) fn run(table: &mut Table) {
    let daemon = Server::daemon();
    let before = share_of_memory_bytes(daemon.child.id());
    let mut client = Client::connect(&daemon);
    (0..TERMINALS).for_each(|_| drop(client.create(&["sleep", "1000"])));
    // Threads that have served end after some seconds.
    std::thread::sleep(Duration::from_secs(12));
    let wakeups = daemon.wakeups();
    std::thread::sleep(WATCHED);
    let wakeups = daemon.wakeups() - wakeups;
    let bytes = share_of_memory_bytes(daemon.child.id());
    let empty = format!("{:.1} MB without any", before as f64 / 1e6);
    table.figure(
        "memory of the daemon with 500 idle terminals",
        &empty,
        format!("{:.1} MB", bytes as f64 / 1e6),
        "<= 60 MB",
    );
    table.figure("its wakeups in 8 s", "0", wakeups.to_string(), "0");
}
