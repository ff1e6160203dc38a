//! Requests over one connection, and connections.

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::programs::{Exchange, PING, REDIS_PING, Server};
use super::table::{Table, median, percentile};

/// Short blocks in turn: the machine's speed changes from moment to moment, and must fall on all sides alike.
const BLOCKS: usize = 200;
const PER_BLOCK: usize = 100;
/// The first exchanges of a block, which find caches full of another's data.
const WARM_UP: usize = 10;

/// A server with what to ask of it.
struct Side {
    server: Server,
    exchange: Exchange,
    stream: UnixStream,
}

impl Side {
    fn new(server: Server, exchange: Exchange) -> Self {
        let stream = server.connect();
        Self { server, exchange, stream }
    }
}

pub(crate) fn run(table: &mut Table) {
    let mut sides = vec![
        Side::new(Server::floor("serve"), PING),
        Side::new(Server::daemon(), PING),
        Side::new(Server::tokio_echo(), PING),
    ];
    sides.extend(Server::redis().map(|server| Side::new(server, REDIS_PING)));

    let mut trips = interleaved(&mut sides, |side, buffer| side.exchange.run(&mut side.stream, 1, buffer));
    row(table, "round trip, p50", &mut trips, 0.5, "<= 1.25x");
    row(table, "round trip, p99", &mut trips, 0.99, "<= 1.5x");

    for (depth, target) in [(16, ">= redis"), (128, "")] {
        let mut times = interleaved(&mut sides, |side, buffer| side.exchange.run(&mut side.stream, depth, buffer));
        let rates: Vec<f64> = times.iter_mut().map(|it| depth as f64 / median(it).as_secs_f64()).collect();
        let peers = rates[2..].iter().zip(PEERS).map(|(rate, name)| (name, *rate)).collect();
        table.rate(&format!("{depth} pipelined requests"), rates[0], rates[1], target, peers);
    }

    let mut connects = interleaved(&mut sides, |side, buffer| side.exchange.run(&mut side.server.connect(), 1, buffer));
    row(table, "connect, request, close", &mut connects, 0.5, "<= 1.1x of redis");
}

/// What stands behind the floor and ours.
const PEERS: [&str; 2] = ["tokio echo", "redis"];

fn row(table: &mut Table, measure: &str, samples: &mut [Vec<Duration>], share: f64, target: &str) {
    let times: Vec<Duration> = samples.iter_mut().map(|it| percentile(it, share)).collect();
    let peers = times[2..].iter().zip(PEERS).map(|(time, name)| (name, *time)).collect();
    table.time(measure, times[0], times[1], target, peers);
}

fn interleaved(sides: &mut [Side], exchange: impl Fn(&mut Side, &mut Vec<u8>)) -> Vec<Vec<Duration>> {
    let mut buffer = Vec::new();
    let mut samples = vec![Vec::new(); sides.len()];
    for _ in 0..BLOCKS {
        for (side, samples) in sides.iter_mut().zip(&mut samples) {
            for place in 0..WARM_UP + PER_BLOCK {
                let begin = Instant::now();
                exchange(side, &mut buffer);
                if place >= WARM_UP {
                    samples.push(begin.elapsed());
                }
            }
        }
    }
    samples
}
