//! A program in a new terminal: from the request until the first byte that it prints is shown.

use std::time::{Duration, Instant};

use super::super::programs::Server;
use super::super::table::{Table, median, show};
use super::multiplexer::Multiplexer;
use super::pty::Pty;
use super::viewer::{Client, Viewer};
use super::{END, Shown};

const ROUNDS: usize = 60;

/// Descriptors of the daemon in the second row, at least.
const CONNECTIONS: usize = 1000;

const SCRIPT: &str = "printf '~'; exec sleep 1000";

pub(crate) fn run(table: &mut Table) {
    let daemon = Server::daemon();
    row(table, &daemon, "create: request to the program's first byte");
    let connections: Vec<_> = (0..CONNECTIONS).map(|_| served(&daemon)).collect();
    let descriptors = std::fs::read_dir(format!("/proc/{}/fd", daemon.child.id())).unwrap().count();
    assert!(descriptors >= CONNECTIONS, "the daemon has {descriptors} descriptors");
    row(table, &daemon, &format!("the same with {descriptors} open descriptors"));
    drop(connections);
}

/// A connection that the daemon has taken.
fn served(daemon: &Server) -> Client {
    let mut client = Client::connect(daemon);
    client.ask("session:ping", &serde_json::json!({}));
    client
}

fn row(table: &mut Table, daemon: &Server, measure: &str) {
    let (mut floors, mut ours) = (vec![], vec![]);
    let mut peers = Multiplexer::KINDS.map(|(name, start)| (name, start, vec![]));
    let mut client = Client::connect(daemon);
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        Pty::script(SCRIPT).read_until(END);
        floors.push(begin.elapsed());

        let begin = Instant::now();
        let terminal = client.create_script(SCRIPT);
        let mut viewer = Viewer::attach(client, &terminal, Some(0));
        viewer.read_until(END);
        ours.push(begin.elapsed());
        viewer.close();
        client = viewer.client;

        for (_, start, times) in &mut peers {
            let begin = Instant::now();
            if let Some(mut peer) = start(SCRIPT) {
                peer.read_until(END);
                times.push(begin.elapsed());
            }
        }
    }
    let floor = median(&mut floors);
    let target = format!("<= {}", show(floor + Duration::from_micros(500)));
    let measured = peers.iter_mut().filter(|(_, _, times)| !times.is_empty());
    let peers = measured.map(|(name, _, times)| (*name, median(times))).collect();
    table.time(measure, floor, median(&mut ours), &target, peers);
}
