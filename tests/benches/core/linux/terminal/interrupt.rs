//! ^C while a program prints without an end, before somebody who takes 2 MB in a second: until the prompt is there, and how
//! much still comes before it.

use std::time::{Duration, Instant};

use super::super::programs::Server;
use super::super::table::{Table, median};
use super::multiplexer::Multiplexer;
use super::pty::Pty;
use super::viewer::Viewer;
use super::{END, Shown, Streams};

const ROUNDS: usize = 5;

const BYTES_IN_SECOND: f64 = 2e6;

/// How long it floods before.
const FLOODED: Duration = Duration::from_secs(1);

/// What is measured of one side.
#[derive(Default)]
struct Samples {
    times: Vec<Duration>,
    bytes: Vec<u64>,
}

pub(crate) fn run(table: &mut Table) {
    let streams = Streams::new();
    let flood = streams.large(1);
    // A sequence that the interrupt has cut would swallow the prompt: CAN ends it.
    let script =
        format!("stty -echo; trap 'printf \"\\030~\"; exec sleep 1000' INT; while :; do cat {}; done", flood.display());
    let daemon = Server::daemon();
    let (mut floor, mut ours) = (Samples::default(), Samples::default());
    let mut peers: Vec<(&str, Samples)> = Vec::new();
    for _ in 0..ROUNDS {
        floor.measure(&mut Pty::script(&script));
        let mut viewer = Viewer::script(&daemon, &script);
        ours.measure(&mut viewer);
        viewer.close();
        for mut peer in Multiplexer::all(&script) {
            let place = peers.iter().position(|(name, _)| *name == peer.name).unwrap_or_else(|| {
                peers.push((peer.name, Samples::default()));
                peers.len() - 1
            });
            peers[place].1.measure(&mut peer);
        }
    }
    let times = peers.iter_mut().map(|(name, samples)| (*name, median(&mut samples.times))).collect();
    let measure = "^C under a flood, a viewer of 2 MB/s: until the prompt";
    table.time(measure, median(&mut floor.times), median(&mut ours.times), "<= 60 ms", times);
    let bytes: Vec<String> = peers.iter().map(|(name, samples)| format!("{name} {}", samples.most())).collect();
    table.compare("^C: the most that still came", &floor.most(), ours.most(), "<= 64 KiB", &bytes);
}

impl Samples {
    fn measure(&mut self, side: &mut dyn Shown) {
        let begin = Instant::now();
        while begin.elapsed() < FLOODED {
            assert!(take(side, |_| ()) > 0, "the flood has ended");
        }
        let (begin, mut bytes, mut is_there) = (Instant::now(), 0, false);
        side.type_in(b"\x03");
        while !is_there {
            bytes += take(side, |piece| is_there = piece.contains(&END));
        }
        self.times.push(begin.elapsed());
        self.bytes.push(bytes);
    }

    fn most(&self) -> String {
        format!("{:.0} KiB", self.bytes.iter().copied().max().unwrap_or(0) as f64 / 1024.0)
    }
}

/// Looks at what is printed next, and takes as long for it as somebody slow. Returns how much it was.
fn take(side: &mut dyn Shown, mut look: impl FnMut(&[u8])) -> u64 {
    let piece = side.read();
    look(piece);
    let bytes = piece.len() as u64;
    std::thread::sleep(Duration::from_secs_f64(bytes as f64 / BYTES_IN_SECOND));
    side.acknowledge();
    bytes
}
