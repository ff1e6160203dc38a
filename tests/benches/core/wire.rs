//! Requests over one connection, and connections.

use std::time::{Duration, Instant};

use crate::programs::{Exchange, PING, REDIS_PING, Server};
use crate::table::{Table, median, percentile};

const BLOCKS: usize = 20;
const PER_BLOCK: usize = 1000;

/// A server with what to ask of it.
struct Side {
    server: Server,
    exchange: Exchange,
}

pub(crate) fn run(table: &mut Table) {
    let floor = Side { server: Server::floor("serve"), exchange: PING };
    let ours = Side { server: Server::daemon(), exchange: PING };
    let redis = Server::redis().map(|server| Side { server, exchange: REDIS_PING });
    let sides: Vec<&Side> = [Some(&floor), Some(&ours), redis.as_ref()].into_iter().flatten().collect();

    let mut trips = interleaved(&sides, |side, samples| {
        let (mut stream, mut buffer) = (side.server.connect(), Vec::new());
        for _ in 0..PER_BLOCK {
            let begin = Instant::now();
            side.exchange.run(&mut stream, 1, &mut buffer);
            samples.push(begin.elapsed());
        }
    });
    let [floor_p50, ours_p50] = [0, 1].map(|side| median(&mut trips[side]));
    let peer_p50 = trips.get_mut(2).map(|samples| ("redis", median(samples)));
    table.time("round trip, p50", floor_p50, ours_p50, "<= 1.25x", peer_p50);
    let [floor_p99, ours_p99] = [0, 1].map(|side| percentile(&mut trips[side], 0.99));
    let peer_p99 = trips.get_mut(2).map(|samples| ("redis", percentile(samples, 0.99)));
    table.time("round trip, p99", floor_p99, ours_p99, "<= 1.5x", peer_p99);

    for (depth, target) in [(16, ">= 0.64x"), (128, "")] {
        let mut batches = interleaved(&sides, |side, samples| {
            let (mut stream, mut buffer) = (side.server.connect(), Vec::new());
            for _ in 0..PER_BLOCK / 4 {
                let begin = Instant::now();
                side.exchange.run(&mut stream, depth, &mut buffer);
                samples.push(begin.elapsed());
            }
        });
        let rates: Vec<f64> = batches.iter_mut().map(|it| depth as f64 / median(it).as_secs_f64()).collect();
        let peer = rates.get(2).map(|rate| ("redis", *rate));
        table.rate(&format!("{depth} pipelined requests"), rates[0], rates[1], target, peer);
    }

    let mut connects = interleaved(&sides, |side, samples| {
        let mut buffer = Vec::new();
        for _ in 0..PER_BLOCK / 4 {
            let begin = Instant::now();
            side.exchange.run(&mut side.server.connect(), 1, &mut buffer);
            samples.push(begin.elapsed());
        }
    });
    let [floor, ours] = [0, 1].map(|side| median(&mut connects[side]));
    let peer = connects.get_mut(2).map(|samples| ("redis", median(samples)));
    table.time("connect, request, close", floor, ours, "<= 1.1x of redis", peer);
}

/// Measures every side in turn, so that what else the machine does falls on all alike.
fn interleaved(sides: &[&Side], measure: impl Fn(&Side, &mut Vec<Duration>)) -> Vec<Vec<Duration>> {
    let mut samples = vec![Vec::new(); sides.len()];
    for side in sides {
        measure(side, &mut Vec::new());
    }
    for _ in 0..BLOCKS {
        for (side, samples) in sides.iter().zip(&mut samples) {
            measure(side, samples);
        }
    }
    samples
}
