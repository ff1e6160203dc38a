//! 64 MiB of coloured text that a program prints, until all of it was shown.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::super::programs::{Server, processor_time};
use super::super::table::Table;
use super::multiplexer::Multiplexer;
use super::pty::Pty;
use super::viewer::{Client, Viewer};
use super::{END, Shown, Streams};

const ROUNDS: usize = 2;

/// Times 16 MiB.
const LENGTH: usize = 4;

/// Printed before anything else: a multiplexer may draw it twice, and so it is not the end.
const READY: u8 = b'@';

/// One side's best rate in bytes, and the least that its processes took of the processors for a million bytes.
#[derive(Clone, Copy, Debug)]
struct Best {
    rate: f64,
    cost: Duration,
}

impl Best {
    const NOTHING: Self = Self { rate: 0.0, cost: Duration::MAX };

    fn take(&mut self, bytes: u64, time: Duration, processor: Duration) {
        self.rate = self.rate.max(bytes as f64 / time.as_secs_f64());
        self.cost = self.cost.min(processor.div_f64(bytes as f64 / 1e6));
    }

    fn cost_ms(&self) -> String {
        format!("{:.2} ms", self.cost.as_secs_f64() * 1e3)
    }
}

pub(crate) fn run(table: &mut Table) {
    let streams = Streams::new();
    let file = streams.large(LENGTH);
    let bytes = shown_bytes(&file);
    let script =
        format!("stty -echo; printf '@'; head -c 1 >/dev/null; cat {}; printf '\\n~'; exec sleep 1000", file.display());
    let daemon = Server::daemon();
    let [mut raw, mut one, mut three] = [Best::NOTHING; 3];
    let mut peers: Vec<(&str, Best)> = Vec::new();
    let (mut missed, mut screens) = (0, 0);
    for _ in 0..ROUNDS {
        let this = std::process::id();
        raw.measure(bytes, &mut [&mut Pty::script(&script)], || processor_time(this));

        let mut viewer = Viewer::script(&daemon, &script);
        one.measure(bytes, &mut [&mut viewer], || daemon.processor_time());
        (missed, screens) = (missed + viewer.missed, screens + viewer.screens);
        viewer.close();

        for mut peer in Multiplexer::all(&script) {
            let (name, server, client) = (peer.name, peer.server(), peer.client());
            let place = peers.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
                peers.push((name, Best::NOTHING));
                peers.len() - 1
            });
            peers[place].1.measure(bytes, &mut [&mut peer], || processor_time(server) + processor_time(client));
        }

        let mut first = Viewer::script(&daemon, &script);
        let attach = || Viewer::attach(Client::connect(&daemon), &first.terminal, Some(0));
        let (mut second, mut third) = (attach(), attach());
        three.measure(bytes, &mut [&mut first, &mut second, &mut third], || daemon.processor_time());
        first.close();
    }
    rows(table, [raw, one, three], &peers);
    let left_out = format!("{:.1} %, {screens} screens", missed as f64 * 100.0 / (bytes * ROUNDS as u64) as f64);
    table.figure("output: what one viewer was not shown of it", "0", left_out, "");
}

/// As many bytes as come of a file: the system adds one to each line.
fn shown_bytes(file: &Path) -> u64 {
    let text = fs::read(file).unwrap();
    (text.len() + text.split(|byte| *byte == b'\n').count() - 1) as u64
}

impl Best {
    /// Has a program print its output, which all viewers read.
    fn measure(&mut self, bytes: u64, viewers: &mut [&mut dyn Shown], processor: impl Fn() -> Duration) {
        for viewer in &mut *viewers {
            viewer.read_until(READY);
        }
        let (before, begin) = (processor(), Instant::now());
        viewers[0].type_in(b"\n");
        match viewers {
            [only] => drop(only.read_until(END)),
            all => std::thread::scope(|scope| {
                for viewer in all {
                    scope.spawn(|| viewer.read_until(END));
                }
            }),
        }
        self.take(bytes, begin.elapsed(), processor().saturating_sub(before));
    }
}

fn rows(table: &mut Table, [raw, one, three]: [Best; 3], peers: &[(&str, Best)]) {
    let rates: Vec<(&str, f64)> = peers.iter().map(|(name, best)| (*name, best.rate)).collect();
    table.rate("output to one viewer, bytes", raw.rate, one.rate, ">= 0.95x, >= 2x of tmux", rates.clone());
    table.rate("output to three viewers, bytes", one.rate, three.rate, ">= 0.9x of one", Vec::new());
    for (name, rate) in rates {
        eprintln!("output to one viewer: {:.2}x of {name}", one.rate / rate);
    }
    let costs: Vec<String> = peers.iter().map(|(name, best)| format!("{name} {}", best.cost_ms())).collect();
    let measure = "output to one viewer, processor time per MB";
    table.compare(measure, &raw.cost_ms(), one.cost_ms(), "<= 9 ms", &costs);
    table.figure("output to three viewers, processor time per MB", "-", three.cost_ms(), "");
}
