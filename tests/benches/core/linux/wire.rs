//! Requests over one connection, and connections.

use std::time::{Duration, Instant};

use super::nats::{NATS_PING, Nats};
use super::programs::{Exchange, PING, REDIS_PING, Server, Stream};
use super::table::{Table, median, percentile};

/// Short blocks in turn: the machine's speed changes from moment to moment, and must fall on all sides alike.
const BLOCKS: usize = 200;
const PER_BLOCK: usize = 100;
/// The first exchanges of a block, which find caches full of another's data.
const WARM_UP: usize = 10;

/// A server with what to ask of it.
struct Side {
    name: &'static str,
    connect: Box<dyn Fn() -> Box<dyn Stream>>,
    exchange: Exchange,
    stream: Box<dyn Stream>,
}

impl Side {
    fn new(name: &'static str, exchange: Exchange, connect: impl Fn() -> Box<dyn Stream> + 'static) -> Self {
        Self { name, exchange, stream: connect(), connect: Box::new(connect) }
    }

    fn of_server(name: &'static str, exchange: Exchange, server: Server) -> Self {
        Self::new(name, exchange, move || Box::new(server.connect()))
    }
}

pub(crate) fn run(table: &mut Table) {
    let mut sides = vec![
        Side::of_server("floor", PING, Server::floor("serve")),
        Side::of_server("icpy", PING, Server::daemon()),
        Side::of_server("tokio echo", PING, Server::tokio_echo()),
    ];
    sides.extend(Server::redis().map(|server| Side::of_server("redis", REDIS_PING, server)));
    sides.extend(Nats::start().map(|nats| Side::new("nats, over TCP", NATS_PING, move || Box::new(nats.connect()))));
    let peers: Vec<&'static str> = sides[2..].iter().map(|side| side.name).collect();
    let row = |table: &mut Table, measure: &str, samples: &mut [Vec<Duration>], share: f64, target: &str| {
        let times: Vec<Duration> = samples.iter_mut().map(|it| percentile(it, share)).collect();
        let peers = peers.iter().copied().zip(times[2..].iter().copied()).collect();
        table.time(measure, times[0], times[1], target, peers);
    };

    let mut trips = interleaved(&mut sides, |side, buffer| side.exchange.run(&mut *side.stream, 1, buffer));
    row(table, "round trip, p50", &mut trips, 0.5, "<= 1.25x");
    row(table, "round trip, p99", &mut trips, 0.99, "<= 1.5x");

    for (depth, target) in [(16, ">= redis"), (128, "")] {
        let mut times = interleaved(&mut sides, |side, buffer| side.exchange.run(&mut *side.stream, depth, buffer));
        let rates: Vec<f64> = times.iter_mut().map(|it| depth as f64 / median(it).as_secs_f64()).collect();
        let peers = peers.iter().copied().zip(rates[2..].iter().copied()).collect();
        table.rate(&format!("{depth} pipelined requests"), rates[0], rates[1], target, peers);
    }

    let mut connects = interleaved(&mut sides, |side, buffer| side.exchange.run(&mut *(side.connect)(), 1, buffer));
    row(table, "connect, request, close", &mut connects, 0.5, "<= 1.1x of redis");
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
