//! Showing a terminal that has printed 10,000 lines: from the connection until its screen is there.

use std::time::{Duration, Instant};

use super::super::programs::{PING, Server};
use super::super::table::{Table, median};
use super::multiplexer::Multiplexer;
use super::viewer::{Client, Viewer};
use super::{END, Shown, Streams};

const ROUNDS: usize = 30;

pub(crate) fn run(table: &mut Table) {
    let streams = Streams::new();
    let lines = streams.lines(10_000);
    let last = streams.write("last", &[&std::fs::read(&lines).unwrap()[..], b"\r\n~"].concat());
    let (daemon, floor) = (Server::daemon(), Server::floor("serve"));
    let terminal = Client::connect(&daemon).create_with(&last);
    let script = format!("stty raw -echo; cat {}; exec sleep 1000", last.display());
    let mut tmux = Multiplexer::tmux(&script);
    if let Some(tmux) = &mut tmux {
        tmux.read_until(END);
    }

    let [mut floors, mut screens, mut wholes, mut costs, mut peers] = [const { Vec::new() }; 5];
    let mut length = 0;
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        PING.run(&mut floor.connect(), 1, &mut Vec::new());
        floors.push(begin.elapsed());

        let begin = Instant::now();
        Viewer::attach_to_screen(Client::connect(&daemon), &terminal).read_until(END);
        screens.push(begin.elapsed());
        settle(&daemon);

        let (before, begin) = (daemon.processor_time(), Instant::now());
        let mut viewer = Viewer::attach(Client::connect(&daemon), &terminal, None);
        // The last character of the screen: it is there, and so are the lines before it.
        length = viewer.read_until(END);
        wholes.push(begin.elapsed());
        drop(viewer);
        settle(&daemon);
        costs.push(daemon.processor_time().saturating_sub(before));

        if let Some(tmux) = &tmux {
            let begin = Instant::now();
            tmux.another_client().read_until(END);
            peers.push(begin.elapsed());
        }
    }
    let peers: Vec<(&str, Duration)> =
        if peers.is_empty() { Vec::new() } else { vec![("tmux attach, its screen alone", median(&mut peers))] };
    let floor = median(&mut floors);
    table.time("attach: the screen, time", floor, median(&mut screens), "<= 1 ms", peers);
    table.time("attach: screen and 10,000 lines, time", floor, median(&mut wholes), "", vec![]);
    let cost = format!("{:.2} ms for {length} bytes", median(&mut costs).as_secs_f64() * 1e3);
    table.figure("attach: the same, processor time", "-", cost, "<= 5 ms");
}

/// Waits until the daemon has nothing to do.
fn settle(daemon: &Server) {
    let mut last = Duration::MAX;
    while daemon.processor_time() != last {
        last = daemon.processor_time();
        std::thread::sleep(Duration::from_millis(20));
    }
}
