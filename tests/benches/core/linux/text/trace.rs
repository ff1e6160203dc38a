//! A trace of somebody who writes: each key as it was pressed, replayed by the core, by a rope alone and by libraries that
//! merge, and through the daemon.
//!
//! `ICPY_BENCH_TRACE` names one of <https://github.com/josephg/editing-traces>, unpacked. They are in no registry: without it
//! one is made that has the form of `automerge-paper`, with as many keys that insert and remove, and about the same length.

use std::fmt::Write as _;
use std::time::Instant;

use automerge::transaction::Transactable as _;
use automerge::{AutoCommit, ObjType, ROOT, ReadDoc as _};
use crop::Rope;
use icpyd::document::Delta;
use serde::Deserialize;
use serde_json::json;
use yrs::{Doc, GetString as _, OffsetKind, Options, Text as _, Transact as _};

use super::{author, base, document};
use crate::linux::programs::Server;
use crate::linux::table::Table;
use crate::linux::tree::Client;

/// Keys that insert a letter, and that remove one, in `automerge-paper`.
const KEYS: (usize, usize) = (182_315, 77_463);

/// How often each replays it.
const REPLAYS: usize = 3;

/// Requests that are under way at the same time.
const UNDER_WAY: usize = 64;

/// What one key does: where, how many bytes it removes, and what it inserts.
type Key = (usize, usize, String);

#[derive(Deserialize)]
struct Trace {
    #[serde(rename = "startContent")]
    start: String,
    txns: Vec<Transaction>,
}

#[derive(Deserialize)]
struct Transaction {
    patches: Vec<Key>,
}

pub(super) fn run(table: &mut Table) {
    let (name, start, keys) = trace();
    let end = in_rope(&start, &keys);
    let floor = best_rate(&keys, || drop(in_rope(&start, &keys)));
    let ours = best_rate(&keys, || in_core(&start, &keys, &end));
    let peers = vec![
        ("yrs", best_rate(&keys, || in_yrs(&start, &keys, &end))),
        ("automerge", best_rate(&keys, || in_automerge(&start, &keys, &end))),
    ];
    let length = format!("{} keys, {} kB", keys.len(), end.len() / 1000);
    table.rate(&format!("{name} ({length}) beside a rope"), floor, ours, "", peers);
    let floor = best_rate(&keys, || ping_daemon(keys.len()));
    let ours = best_rate(&keys, || through_daemon(&start, &keys, &end));
    table.rate(&format!("{name} through the daemon, beside pings"), floor, ours, "", vec![]);
}

/// Keys by the second, in the best of some replays: one takes too long for a median.
fn best_rate(keys: &[Key], mut replay: impl FnMut()) -> f64 {
    let times = (0..REPLAYS).map(|_| {
        let begin = Instant::now();
        replay();
        begin.elapsed().as_secs_f64()
    });
    keys.len() as f64 / times.fold(f64::INFINITY, f64::min)
}

fn trace() -> (&'static str, String, Vec<Key>) {
    let Some(path) = std::env::var_os("ICPY_BENCH_TRACE") else { return ("made trace", String::new(), made()) };
    let trace: Trace = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert!(trace.start.is_ascii(), "its places are characters, which are bytes here");
    ("public trace", trace.start, trace.txns.into_iter().flat_map(|it| it.patches).collect())
}

/// Somebody who types words, takes some back, and goes elsewhere now and then.
fn made() -> Vec<Key> {
    let (mut state, mut at, mut length) = (1_u64, 0, 0);
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let (mut inserts, mut removes) = KEYS;
    let mut keys = Vec::with_capacity(inserts + removes);
    while inserts + removes > 0 {
        if random(60) == 0 {
            at = random(length + 1);
        }
        let run = (1 + random(12)).min(length.max(1));
        let is_removing = random(inserts + removes) < removes;
        for _ in 0..run {
            if is_removing && removes > 0 && at > 0 {
                (at, length, removes) = (at - 1, length - 1, removes - 1);
                keys.push((at, 1, String::new()));
            } else if !is_removing && inserts > 0 {
                let letter = char::from(b" etaoinshrdlu\n"[random(14)]);
                keys.push((at, 0, letter.to_string()));
                (at, length, inserts) = (at + 1, length + 1, inserts - 1);
            }
        }
    }
    keys
}

fn in_rope(start: &str, keys: &[Key]) -> String {
    let mut rope = Rope::from(start);
    for (at, removed, text) in keys {
        rope.replace(*at..at + removed, text);
    }
    rope.to_string()
}

fn in_core(start: &str, keys: &[Key], end: &str) {
    let mut document = document(start);
    for (number, (at, removed, text)) in keys.iter().enumerate() {
        let delta = Delta::of(document.text(), [(*at..at + removed, text.clone())]).unwrap();
        let now = base(&document);
        document.edit(&now, delta, &author(number as u64)).unwrap();
    }
    assert!(*document.text() == *end);
}

/// Each key in a transaction of its own, with the update that would be sent.
fn in_yrs(start: &str, keys: &[Key], end: &str) {
    let doc = Doc::with_options(Options { offset_kind: OffsetKind::Utf16, ..Options::default() });
    let text = doc.get_or_insert_text("text");
    text.insert(&mut doc.transact_mut(), 0, start);
    for (at, removed, inserted) in keys {
        let mut transaction = doc.transact_mut();
        let at = u32::try_from(*at).unwrap();
        text.remove_range(&mut transaction, at, u32::try_from(*removed).unwrap());
        text.insert(&mut transaction, at, inserted);
        std::hint::black_box(transaction.encode_update_v1());
    }
    assert!(text.get_string(&doc.transact()) == *end);
}

/// Each key in a transaction of its own; what would be sent is not made.
fn in_automerge(start: &str, keys: &[Key], end: &str) {
    let mut doc = AutoCommit::new();
    let text = doc.put_object(ROOT, "text", ObjType::Text).unwrap();
    doc.splice_text(&text, 0, 0, start).unwrap();
    for (at, removed, inserted) in keys {
        doc.splice_text(&text, *at, isize::try_from(*removed).unwrap(), inserted).unwrap();
        doc.commit();
    }
    assert!(doc.text(&text).unwrap() == *end);
}

/// So many pings, as many under way as there are edits.
fn ping_daemon(count: usize) {
    let daemon = Server::daemon();
    let mut client = Client::connect(daemon.connect());
    replay(&mut client, count, |_, lines| {
        lines.push_str("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session:ping\",\"params\":{}}\n");
    });
}

fn through_daemon(start: &str, keys: &[Key], end: &str) {
    let daemon = Server::daemon();
    let path = daemon.folder.path().join("a.txt");
    std::fs::write(&path, start).unwrap();
    let mut client = Client::connect(daemon.connect());
    let file = client.ask("file:open", &json!({ "path": path }))["result"]["file"]["fileId"].clone();
    let now = client.ask("file:get_text", &json!({ "fileId": file }))["result"]["revision"].clone();
    replay(&mut client, keys.len(), |number, lines| {
        let (at, removed, text) = &keys[number];
        let edit = json!({ "from": at, "to": at + removed, "text": text });
        let params = json!({ "fileId": file, "epoch": now["epoch"], "baseRev": number, "edits": [edit] });
        writeln!(lines, r#"{{"jsonrpc":"2.0","id":1,"method":"file:edit","params":{params}}}"#).unwrap();
    });
    let text = client.ask("file:get_text", &json!({ "fileId": file }))["result"]["text"].clone();
    assert!(text.as_str() == Some(end));
}

/// Sends so many requests, some of them at once, and waits for their answers.
fn replay(client: &mut Client, count: usize, request: impl Fn(usize, &mut String)) {
    let mut lines = String::new();
    for begin in (0..count).step_by(UNDER_WAY) {
        let some = begin..(begin + UNDER_WAY).min(count);
        lines.clear();
        some.clone().for_each(|number| request(number, &mut lines));
        client.send_line(&lines);
        for _ in some {
            let answer = client.line();
            assert!(answer.contains("\"result\""), "{answer}");
        }
    }
}
