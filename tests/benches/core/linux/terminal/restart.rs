//! Replacing the daemon's program in place: how long somebody who attaches again sees nothing of a program that prints a
//! line every millisecond, and whether all lines come.

use std::time::{Duration, Instant};

use serde_json::json;

use super::super::programs::{Server, floor};
use super::super::table::{Table, median, percentile};
use super::Shown;
use super::pty::Pty;
use super::viewer::{Client, Viewer};

const ROUNDS: usize = 20;

/// How long it is watched before and after.
const WATCHED: Duration = Duration::from_millis(300);

pub(crate) fn run(table: &mut Table) {
    let tick = floor("tick");
    let tick = tick.to_str().unwrap();
    let daemon = Server::daemon();
    let (mut floors, mut pauses) = (vec![], vec![]);
    let mut raw = Pty::script(tick);
    let mut client = Client::connect(&daemon);
    let terminal = client.create(&[tick]);
    let mut viewer = Viewer::attach(client, &terminal, Some(0));
    let mut text = Vec::new();
    for _ in 0..ROUNDS {
        floors.push(longest_gap(&mut raw, &mut Vec::new()));
        longest_gap(&mut viewer, &mut text);
        viewer = restart(&daemon, viewer, &mut text, &mut pauses);
    }
    longest_gap(&mut viewer, &mut text);
    let lost = viewer.missed + wrong_lines(&text);
    let longest = vec![("longest", percentile(&mut pauses, 1.0))];
    let measure = "restart in place: pause of a terminal's output";
    table.time(measure, median(&mut floors), median(&mut pauses), "<= 30 ms", longest);
    table.figure("restart in place: lines lost, doubled or changed", "0", lost.to_string(), "0");
}

/// The longest time for which nothing comes.
fn longest_gap(side: &mut dyn Shown, text: &mut Vec<u8>) -> Duration {
    let (begin, mut last, mut gap) = (Instant::now(), None, Duration::ZERO);
    while begin.elapsed() < WATCHED {
        let piece = side.read();
        assert!(!piece.is_empty(), "the program has ended");
        text.extend_from_slice(piece);
        side.acknowledge();
        // The first piece may be old.
        gap = last.map_or(gap, |last: Instant| gap.max(last.elapsed()));
        last = Some(Instant::now());
    }
    gap
}

/// Has the daemon restart, reads on to the end of the connection, and attaches again.
fn restart(daemon: &Server, mut viewer: Viewer, text: &mut Vec<u8>, pauses: &mut Vec<Duration>) -> Viewer {
    viewer.client.request("daemon:restart", &json!({}));
    let asked = Instant::now();
    let mut last = asked;
    loop {
        assert!(asked.elapsed() < Duration::from_secs(10), "the daemon does not restart");
        let piece = viewer.read();
        if piece.is_empty() {
            break;
        }
        text.extend_from_slice(piece);
        viewer.acknowledge();
        last = Instant::now();
    }
    let mut next = viewer.attach_again(daemon);
    text.extend_from_slice(next.read());
    pauses.push(last.elapsed());
    next.acknowledge();
    next
}

/// How many lines are not the number of their place; the last one may be cut.
fn wrong_lines(text: &[u8]) -> u64 {
    let text = std::str::from_utf8(text).unwrap();
    let whole = text.rsplit_once("\r\n").map_or("", |(whole, _)| whole);
    let is_wrong = |(place, line): &(usize, &str)| *line != place.to_string();
    whole.split("\r\n").enumerate().filter(is_wrong).count() as u64
}
