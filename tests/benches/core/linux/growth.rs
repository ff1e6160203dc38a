//! What everything costs as work grows: each figure by how much there is of something, as a curve. `docs/growth.md` explains them.

mod curve;
mod measures;

use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use futures_util::{FutureExt as _, StreamExt as _};
use icpy_protocol::session::{GAP, SessionGap};
use icpy_protocol::topic::Pattern;
use icpyd::bus::{Bus, Interest};
use serde_json::json;

use self::curve::Curve;
use self::measures::Measures;
use super::load::raise_limit;
use super::programs::Server;
use super::table::Table;
use super::text::Open;
use super::tree::Client;

const SESSIONS: [usize; 4] = [10, 100, 1000, 10_000];
const TERMINALS: [usize; 4] = [1, 10, 100, 500];
const TEXTS: [usize; 5] = [1, 10, 100, 1000, 5000];
const TEXT_BYTES: [usize; 4] = [1000, 10_000, 100_000, 1_000_000];
const FILES: [usize; 4] = [1000, 10_000, 100_000, 1_000_000];
const EVENTS: [usize; 4] = [1000, 10_000, 100_000, 1_000_000];
const SUBSCRIPTIONS: [usize; 5] = [1, 10, 100, 1000, 10_000];

/// Edits of a text of one length.
const EDITS: usize = 2000;

/// Texts that one client has open: each may have about a thousand.
const CLIENT_TEXTS: usize = 1000;

/// Files in one folder.
const FOLDER_FILES: usize = 100;

pub(crate) fn run(table: &mut Table) {
    raise_limit();
    for measure in [sessions, terminals, texts, lengths, files, events, subscriptions] {
        for curve in measure() {
            curve.tell(table);
        }
    }
}

/// Clients that are connected and do nothing.
fn sessions() -> Vec<Curve> {
    let daemon = Server::daemon();
    let mut measures = Measures::new("sessions", &daemon);
    let mut clients = Vec::new();
    for count in SESSIONS {
        while clients.len() < count {
            let mut client = Client::connect_small(daemon.connect());
            client.ask("session:initialize", &json!({ "clientInfo": { "name": "bench" } }));
            clients.push(client);
        }
        measures.take(count);
    }
    measures.into_curves()
}

/// Terminals in which a program waits.
fn terminals() -> Vec<Curve> {
    let daemon = Server::daemon_with(&["--set", "limits.terminals_max=600"]);
    let mut measures = Measures::new("terminals", &daemon);
    let mut client = Client::connect(daemon.connect());
    let mut made = 0;
    for count in TERMINALS {
        while made < count {
            let created = client.ask("terminal:create", &json!({ "command": ["sleep", "100000"] }));
            assert!(created["result"].is_object(), "{created}");
            made += 1;
        }
        measures.take(count);
    }
    measures.into_curves()
}

/// Texts that were edited and are not saved, and how long an edit of one takes.
fn texts() -> Vec<Curve> {
    let daemon = Server::daemon();
    let mut measures = Measures::new("open texts", &daemon);
    let mut clients = Vec::new();
    let mut edits = Curve::new("open texts", "edit of one", "us");
    let mut texts: Vec<Open> = Vec::new();
    for count in TEXTS {
        while texts.len() < count {
            if texts.len().is_multiple_of(CLIENT_TEXTS) {
                clients.push(Client::connect(daemon.connect()));
            }
            let client = clients.last_mut().expect("the first text brings one");
            let mut text = Open::new(&daemon, client, &format!("{}.txt", texts.len()));
            text.edit(client);
            texts.push(text);
        }
        let mut edit = |place: usize| texts[place].edit(&mut clients[place / CLIENT_TEXTS]);
        let mut times: Vec<Duration> = (0..1000).map(|round| edit(round * 7919 % count)).collect();
        edits.push(count, super::table::median(&mut times).as_secs_f64() * 1e6);
        measures.take(count);
    }
    measures.into_curves().into_iter().chain([edits]).collect()
}

/// Texts of different lengths: how long an edit takes, and what it takes of the processor until it is stored.
fn lengths() -> Vec<Curve> {
    let [mut edits, mut work] =
        [("edit", "us"), ("processor for an edit", "us")].map(|(name, unit)| Curve::new("bytes of a text", name, unit));
    for bytes in TEXT_BYTES {
        let daemon = Server::daemon();
        let mut client = Client::connect(daemon.connect());
        let content = "code that is not long.\n".repeat(bytes / 23 + 1);
        let mut text = Open::of(&daemon, &mut client, "a.txt", &content);
        text.edit(&mut client);
        let before = daemon.processor_time();
        let mut times: Vec<Duration> = (0..EDITS).map(|_| text.edit(&mut client)).collect();
        std::thread::sleep(Duration::from_secs(1));
        let taken = daemon.processor_time().saturating_sub(before);
        edits.push(bytes, super::table::median(&mut times).as_secs_f64() * 1e6);
        work.push(bytes, taken.as_secs_f64() * 1e6 / EDITS as f64);
    }
    vec![edits, work]
}

/// Files in a folder that is watched: how soon all are known, and one of them is found.
fn files() -> Vec<Curve> {
    let folder = tempfile::tempdir().unwrap();
    let mut made = 0;
    let [mut known, mut found, mut memory] =
        [("until known and watched", "ms"), ("find one by its name", "ms"), ("memory", "MB")]
            .map(|(name, unit)| Curve::new("files", name, unit));
    for count in FILES {
        while made < count {
            let path = folder.path().join(format!("d{}", made / FOLDER_FILES));
            fs::create_dir(&path).unwrap();
            (0..FOLDER_FILES).for_each(|number| fs::write(path.join(format!("main{number}.rs")), "").unwrap());
            made += FOLDER_FILES;
        }
        let daemon = Server::daemon();
        let mut client = Client::connect(daemon.connect());
        client.ask("session:ping", &json!({}));
        let before = daemon.resident_bytes();
        let begin = Instant::now();
        let watched = client.ask("fs:watch", &json!({ "path": folder.path() }));
        known.push(count, begin.elapsed().as_secs_f64() * 1e3);
        assert_eq!(watched["result"]["files"], count, "{watched}");
        memory.push(count, daemon.resident_bytes().saturating_sub(before) as f64 / 1e6);
        let mut times: Vec<Duration> = (0..9)
            .map(|number| {
                let query = json!({ "path": folder.path(), "query": format!("d{number}main{number}"), "limit": 10 });
                let begin = Instant::now();
                let answer = client.ask("fs:find", &query);
                assert!(answer["result"].is_object(), "{answer}");
                begin.elapsed()
            })
            .collect();
        found.push(count, super::table::median(&mut times).as_secs_f64() * 1e3);
    }
    vec![known, found, memory]
}

fn payload() -> SessionGap {
    SessionGap { subscription: 1, epoch: "0123456789abcdef".to_owned(), from: 1, to: 2 }
}

fn bus() -> Bus {
    Bus::new("0123456789abcdef".to_owned(), 8 << 20, 1 << 20)
}

/// Events in a row, to ten who read them.
fn events() -> Vec<Curve> {
    let mut each = Curve::new("events", "each, to ten who read", "ns");
    for count in EVENTS {
        let bus = bus();
        let mut readers: Vec<_> =
            (0..10).map(|_| bus.subscribe(Interest::all(Pattern::parse("session:*").unwrap()))).collect();
        let begin = Instant::now();
        for number in 0..count {
            bus.publish(&GAP, &payload());
            if number % 100 == 99 {
                for reader in &mut readers {
                    while black_box(reader.take_ready()).is_some() {}
                }
            }
        }
        each.push(count, begin.elapsed().as_secs_f64() * 1e9 / count as f64);
    }
    vec![each]
}

/// Subscriptions that want an event, and that want others.
fn subscriptions() -> Vec<Curve> {
    let [mut wanted, mut other] = [("an event that all want", "us"), ("an event that none wants", "us")]
        .map(|(name, unit)| Curve::new("subscriptions", name, unit));
    for (curve, pattern) in [(&mut wanted, "session:*"), (&mut other, "file:*")] {
        for count in SUBSCRIPTIONS {
            let bus = bus();
            let interest = || Interest::all(Pattern::parse(pattern).unwrap());
            let mut readers: Vec<_> = (0..count).map(|_| bus.subscribe(interest())).collect();
            let rounds = (200_000 / count).clamp(100, 20_000);
            let begin = Instant::now();
            for _ in 0..rounds {
                bus.publish(&GAP, &payload());
                if pattern == "session:*" {
                    for reader in &mut readers {
                        black_box(reader.next().now_or_never());
                    }
                }
            }
            curve.push(count, begin.elapsed().as_secs_f64() * 1e6 / rounds as f64);
        }
    }
    vec![wanted, other]
}
