//! A whole client process, with the daemon running.

use std::process::Command;

use super::peers::{Peer, Samples};
use super::programs::{Server, floor, icpy, time_of};
use super::table::{Table, median};

const ROUNDS: usize = 300;

pub(crate) fn run(table: &mut Table) {
    let daemon = Server::daemon();
    let home = daemon.folder.path().join("home");
    let file = daemon.folder.path().join("file.py");
    std::fs::write(&file, "print()\n").unwrap();
    let place = format!("{}:10:2", file.display());
    let (mut nothing, mut ping, mut open) = (vec![], vec![], vec![]);
    let floor = floor("nothing");
    let peers = Peer::all_running();
    let (mut asks, mut opens) = (Samples::default(), Samples::default());
    for _ in 0..ROUNDS {
        nothing.push(time_of(Command::new(&floor).env_clear()));
        ping.push(time_of(icpy(&home).args(["call", "session:ping"])));
        open.push(time_of(icpy(&home).arg(&place)));
        peers.iter().filter_map(Peer::time_of_ask).for_each(|sample| asks.push(sample));
        peers.iter().filter_map(Peer::time_of_open).for_each(|sample| opens.push(sample));
    }
    let nothing = median(&mut nothing);
    table.time("client process, `icpy call session:ping`", nothing, median(&mut ping), "<= 1.4x", asks.medians());
    table.time("client process, `icpy file.py:10:2`", nothing, median(&mut open), "<= 1.6x", opens.medians());
}
