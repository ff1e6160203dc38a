//! A key that is typed, until the program that reads it has shown it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::super::programs::Server;
use super::super::table::{Table, percentile, show};
use super::multiplexer::Multiplexer;
use super::pty::Pty;
use super::viewer::{Client, Viewer};
use super::{END, KEYS, Shown, Streams};

/// Keys that are typed into each side in turn.
const TURNS: usize = 20;
const KEYS_IN_TURN: usize = 24;

/// Between two keys everything comes to rest.
const PAUSE: Duration = Duration::from_millis(3);

/// Shows what is typed.
const CAT: &str = "stty raw -echo; printf '~'; exec cat";

/// The sides in their order.
struct Sides {
    raw: Pty,
    ours: Viewer,
    tmux: Option<Multiplexer>,
}

impl Sides {
    fn new(daemon: &Server) -> Self {
        let mut sides = Self { raw: Pty::script(CAT), ours: Viewer::script(daemon, CAT), tmux: Multiplexer::tmux(CAT) };
        for side in sides.all() {
            side.read_until(END);
        }
        sides
    }

    fn all(&mut self) -> Vec<&mut dyn Shown> {
        let mut all: Vec<&mut dyn Shown> = vec![&mut self.raw, &mut self.ours];
        all.extend(self.tmux.as_mut().map(|tmux| tmux as &mut dyn Shown));
        all
    }
}

pub(crate) fn run(table: &mut Table) {
    let daemon = Server::daemon();
    let mut sides = Sides::new(&daemon);
    let mut client = Client::connect(&daemon);
    let mut there = 0;
    for count in [1, 20, 200] {
        (there..count).for_each(|_| drop(client.create(&["sleep", "1000"])));
        if let Some(tmux) = &sides.tmux {
            tmux.open_windows(count - there, &["sleep", "1000"]);
        }
        there = count;
        let mut samples = vec![Vec::new(); 3];
        for _ in 0..TURNS {
            for (side, samples) in sides.all().into_iter().zip(&mut samples) {
                type_keys(side, samples);
            }
        }
        rows(table, &format!("key echo beside {count} idle terminals"), &mut samples);
    }
}

/// One side at a time is beside a flood of its own.
pub(crate) fn beside_a_flood(table: &mut Table) {
    let streams = Streams::new();
    let flood = format!("while :; do cat {}; done", streams.large(1).display());
    let daemon = Server::daemon();
    let mut sides = Sides::new(&daemon);
    let mut client = Client::connect(&daemon);
    let mut samples = vec![Vec::new(); 3];
    for _ in 0..TURNS {
        beside_raw_flood(&flood, || type_keys(&mut sides.raw, &mut samples[0]));

        let terminal = client.create_script(&flood);
        type_keys(&mut sides.ours, &mut samples[1]);
        client.ask("terminal:close", &serde_json::json!({ "terminalId": terminal }));

        if let Some(tmux) = &mut sides.tmux {
            tmux.ask(&["new-window", "-d", "-n", "flood", "sh", "-c", &flood]);
            type_keys(tmux, &mut samples[2]);
            tmux.ask(&["kill-window", "-t", "flood"]);
        }
    }
    rows(table, "key echo while another terminal floods", &mut samples);
}

fn beside_raw_flood(flood: &str, measure: impl FnOnce()) {
    let mut pty = Pty::script(flood);
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                assert!(!pty.read().is_empty(), "the flood has ended");
            }
        });
        measure();
        ended.store(true, Ordering::Relaxed);
    });
}

/// Each key comes to the place of the one before it: a multiplexer that draws the screen anew shows no other.
fn type_keys(side: &mut dyn Shown, samples: &mut Vec<Duration>) {
    for number in 0..KEYS_IN_TURN {
        std::thread::sleep(PAUSE);
        let key = KEYS[number % KEYS.len()];
        let begin = Instant::now();
        side.type_in(&[b'\r', key]);
        while !side.read().contains(&key) {
            side.acknowledge();
        }
        samples.push(begin.elapsed());
        side.acknowledge();
    }
}

fn rows(table: &mut Table, measure: &str, samples: &mut [Vec<Duration>]) {
    for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
        let there = samples.iter_mut().filter(|it| !it.is_empty());
        let times: Vec<Duration> = there.map(|it| percentile(it, share)).collect();
        let target = match share < 0.9 {
            true => "<= 2.2x, <= 0.75x of tmux".to_owned(),
            false => format!("<= {}", show(times[0].mul_f64(1.5) + Duration::from_micros(200))),
        };
        let peers = times[2..].iter().map(|time| ("tmux", *time)).collect();
        if let Some(tmux) = times.get(2) {
            eprintln!("{measure}, {name}: {:.2}x of tmux", times[1].as_secs_f64() / tmux.as_secs_f64());
        }
        table.time(&format!("{measure}, {name}"), times[0], times[1], &target, peers);
    }
}
