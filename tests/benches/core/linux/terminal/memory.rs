//! What a terminal holds that has printed 10,000 coloured lines.

use std::time::Duration;

use super::super::programs::{Server, share_of_memory_bytes};
use super::super::table::Table;
use super::Streams;
use super::multiplexer::Multiplexer;
use super::viewer::Client;

const TERMINALS: usize = 10;

/// When a terminal is at rest, in which nothing happens.
const RESTED: Duration = Duration::from_secs(12);

pub(crate) fn run(table: &mut Table) {
    let streams = Streams::new();
    let lines = streams.lines(10_000);
    let daemon = Server::daemon();
    let mut client = Client::connect(&daemon);
    // The first one brings more than itself.
    client.create_with(&lines);
    let before = share_of_memory_bytes(daemon.child.id());
    (0..TERMINALS).for_each(|_| drop(client.create_with(&lines)));
    let each = || (share_of_memory_bytes(daemon.child.id()).saturating_sub(before)) / TERMINALS as u64;
    let new = each();
    std::thread::sleep(RESTED);
    let rested = each();

    let script = format!("stty raw -echo; cat {}; exec sleep 1000", lines.display());
    let peers: Vec<String> =
        Multiplexer::tmux(&script).map(|tmux| each_of_tmux(&tmux.running(), &script)).into_iter().collect();
    table.compare("memory of a terminal with 10,000 coloured lines, at once", "-", show(new), "", &peers);
    table.compare("the same, 12 s later", "-", show(rested), "<= 1.3 MB", &peers);
}

fn each_of_tmux(tmux: &Multiplexer, script: &str) -> String {
    wait_for_lines(tmux, 1);
    let before = share_of_memory_bytes(tmux.server());
    tmux.open_windows(TERMINALS, &["sh", "-c", script]);
    wait_for_lines(tmux, TERMINALS + 1);
    let each = (share_of_memory_bytes(tmux.server()).saturating_sub(before)) / TERMINALS as u64;
    format!("tmux {}", show(each))
}

/// Until all windows have as much history as there can be, or nearly.
fn wait_for_lines(tmux: &Multiplexer, windows: usize) {
    let is_full = |line: &str| line.parse::<usize>().is_ok_and(|lines| lines > 9_900);
    while tmux.ask(&["list-windows", "-F", "#{history_size}"]).lines().filter(|line| is_full(line)).count() < windows {
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn show(bytes: u64) -> String {
    format!("{:.2} MB", bytes as f64 / 1e6)
}
