//! From no daemon to its first answer.

use std::process::{Command, Stdio};
use std::time::Instant;

use super::peers::{KINDS, Kind, Samples};
use super::programs::{floor, icpy, kill, time_of};
use super::table::{Table, median};

const ROUNDS: usize = 60;

pub(crate) fn run(table: &mut Table) {
    let echo = floor("echo");
    let (mut floors, mut firsts, mut starts) = (vec![], vec![], vec![]);
    let kinds: Vec<&'static Kind> = KINDS.iter().filter(|kind| kind.is_started_by_clients()).collect();
    let mut peers = Samples::default();
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir().unwrap();
        let begin = Instant::now();
        let output = Command::new(&echo).arg("start").arg(folder.path().join("s")).output().unwrap();
        floors.push(begin.elapsed());
        kill(String::from_utf8(output.stdout).unwrap().trim().parse().unwrap());

        // The first start makes folders; every later one finds them.
        let home = folder.path().join("home");
        firsts.push(time_of(icpy(&home).args(["call", "session:ping"])));
        stop(&home);
        starts.push(time_of(icpy(&home).args(["call", "session:ping"])));
        stop(&home);
        kinds.iter().filter_map(|kind| kind.peer().time_of_start()).for_each(|sample| peers.push(sample));
    }
    let floor = median(&mut floors);
    table.time("cold start to first answer", floor, median(&mut starts), "<= 1.5x", peers.medians());
    table.time("the same, on an empty home", floor, median(&mut firsts), "", vec![]);
}

fn stop(home: &std::path::Path) {
    let status = icpy(home).arg("stop").stderr(Stdio::null()).status().unwrap();
    assert!(status.success());
}
