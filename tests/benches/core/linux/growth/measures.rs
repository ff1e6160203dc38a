//! What a daemon takes that nobody asks for anything but one client.

use std::thread;
use std::time::{Duration, Instant};

use super::curve::Curve;
use crate::linux::programs::{PING, Server};
use crate::linux::table::median;

/// Requests of which the time is taken, and how long the daemon is watched while it has nothing to do.
const PINGS: usize = 2000;
const WATCHED: Duration = Duration::from_secs(3);

/// What is begun is over: threads and caches that were needed for it too.
const RESTED: Duration = Duration::from_secs(1);

/// The curves of what grows by itself.
pub(super) struct Measures<'a> {
    daemon: &'a Server,
    before: u64,
    memory: Curve,
    ping: Curve,
    idle: Curve,
}

impl<'a> Measures<'a> {
    pub(super) fn new(of: &'static str, daemon: &'a Server) -> Self {
        PING.run(&mut daemon.connect(), 1, &mut Vec::new());
        Self {
            daemon,
            before: daemon.resident_bytes(),
            memory: Curve::new(of, "memory", "MB"),
            ping: Curve::new(of, "a request of another client", "us"),
            idle: Curve::new(of, "processor when idle", "us/s"),
        }
    }

    /// Takes them all at a size.
    pub(super) fn take(&mut self, count: usize) {
        thread::sleep(RESTED);
        let held = self.daemon.resident_bytes().saturating_sub(self.before);
        self.memory.push(count, held as f64 / 1e6);
        let before = self.daemon.processor_time();
        thread::sleep(WATCHED);
        let taken = self.daemon.processor_time().saturating_sub(before);
        self.idle.push(count, taken.as_secs_f64() * 1e6 / WATCHED.as_secs_f64());
        let (mut client, mut buffer) = (self.daemon.connect(), Vec::new());
        let mut times: Vec<Duration> = (0..PINGS)
            .map(|_| {
                let begin = Instant::now();
                PING.run(&mut client, 1, &mut buffer);
                begin.elapsed()
            })
            .collect();
        self.ping.push(count, median(&mut times).as_secs_f64() * 1e6);
    }

    pub(super) fn into_curves(self) -> Vec<Curve> {
        vec![self.memory, self.ping, self.idle]
    }
}
