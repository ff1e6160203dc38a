//! Texts that many edit: what an edit, a merge and a large replacement take, how soon others are told, and what a long history
//! costs in memory. The floors are the rope alone, and the comparison of lines alone; the peers yrs and automerge.

mod many;
mod trace;
mod yjs;

pub(super) use self::many::Open;

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use crop::Rope;
use icpyd::document::merge::merge;
use icpyd::document::{Base, Delta, Document, Edit, Lineage};
use imara_diff::{Algorithm, Diff, InternedInput};
use serde_json::{Value, json};

use super::programs::{Server, share_of_memory_bytes};
use super::table::{Table, median, percentile};
use super::tree::{Client, request};

const ROUNDS: usize = 31;

/// Edits of which each is measured.
const EDITS: usize = 20_000;

/// Keys that are typed into a text while others look on.
const KEYS: usize = 2000;

/// How many others look on.
const OTHERS: usize = 10;

/// Edits of the text whose memory is measured, and its bytes.
const LONG: (usize, usize) = (260_000, 105_000);

/// Texts whose memory is measured together, since one is too small for that.
const TEXTS: usize = 16;

pub(crate) fn run(table: &mut Table) {
    edit(table);
    replace_all(table);
    external_change(table);
    memory(table);
    keystroke(table);
    yjs::run(table);
    many::run(table);
    trace::run(table);
}

/// A megabyte in 20,000 lines.
fn text() -> String {
    let lines: Vec<String> =
        (0..20_000).map(|line| format!("line {line:>6}: the quick brown fox jumps over it\n")).collect();
    lines.concat()
}

fn document(text: &str) -> Document {
    Document::new(Lineage { epoch: "e".to_owned(), former: Vec::new() }, 0, Rope::from(text))
}

fn base(document: &Document) -> Base {
    Base { epoch: "e".to_owned(), rev: document.rev() }
}

fn author(time_ms: u64) -> Edit {
    Edit { author: "bench".into(), label: None, who: None, seq: None, time_ms }
}

fn edit(table: &mut Table) {
    let text = text();
    let (mut bare, mut document) = (Rope::from(&*text), document(&text));
    let place = |round: usize| (round * 7919) % text.len();
    let (mut floors, mut times) = (vec![], vec![]);
    for round in 0..EDITS {
        let at = place(round);
        let begin = Instant::now();
        bare.replace(at..=at, "x");
        floors.push(begin.elapsed());
        let begin = Instant::now();
        let delta = Delta::of(document.text(), [(at..at + 1, "x".to_owned())]).unwrap();
        let now = base(&document);
        document.edit(&now, delta, &author(round as u64)).unwrap();
        times.push(begin.elapsed());
    }
    for (share, shown, target) in [(0.5, "p50", "<= 10 us"), (0.99, "p99", "")] {
        let (floor, time) = (percentile(&mut floors, share), percentile(&mut times, share));
        table.time(&format!("edit of a text of 1 MB, {shown}"), floor, time, target, vec![]);
    }
}

fn replace_all(table: &mut Table) {
    let text = text();
    let places: Vec<usize> = text.match_indices("fox").map(|(place, _)| place).step_by(4).take(4461).collect();
    let (mut floors, mut times) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        let mut bare = Rope::from(&*text);
        let begin = Instant::now();
        for place in places.iter().rev() {
            bare.replace(*place..place + 3, "wolverine");
        }
        floors.push(begin.elapsed());
        let mut document = document(&text);
        let begin = Instant::now();
        let edits = places.iter().map(|place| (*place..place + 3, "wolverine".to_owned()));
        let delta = Delta::of(document.text(), edits).unwrap();
        document.edit(&base(&document), delta, &author(0)).unwrap();
        times.push(begin.elapsed());
        assert_eq!(document.text(), &bare);
    }
    let name = format!("replacement of {} places in 1 MB", places.len());
    table.time(&name, median(&mut floors), median(&mut times), "<= 3 ms", vec![]);
}

/// A file that others have changed in 277 places, while 200 edits of it are not saved.
fn external_change(table: &mut Table) {
    let base = text();
    let change = |every: usize, from: usize, what: &str| -> String {
        let change = |(number, line): (usize, &str)| match number % every == from {
            true => line.replace("quick", what),
            false => line.to_owned(),
        };
        base.split_inclusive('\n').enumerate().map(change).collect()
    };
    let (ours, theirs) = (change(100, 50, "unsaved"), change(72, 3, "formatted"));
    let (mut floors, mut times) = (vec![], vec![]);
    let mut kept = 0;
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        let input = InternedInput::new(&*base, &*theirs);
        black_box(Diff::compute(Algorithm::Histogram, &input));
        floors.push(begin.elapsed());
        let mut document = document(&ours);
        let begin = Instant::now();
        let merged = merge(&base, &document.text().to_string(), &theirs);
        assert!(merged.clashes.is_empty());
        let delta = Delta::of(document.text(), merged.edits).unwrap();
        document.edit(&self::base(&document), delta, &author(0)).unwrap();
        times.push(begin.elapsed());
        kept = document.text().to_string().matches("unsaved").count();
    }
    let name = format!("change of 277 places on disk, 200 edits unsaved, {kept} kept");
    table.time(&name, median(&mut floors), median(&mut times), "<= 8 ms", vec![]);
}

/// What a text takes after a long history, by what the process holds.
fn memory(table: &mut Table) {
    let before = share_of_memory_bytes(std::process::id());
    let documents: Vec<Document> = (0..TEXTS).map(|_| edited()).collect();
    let each = (share_of_memory_bytes(std::process::id()).saturating_sub(before)) as f64 / TEXTS as f64;
    let name = format!("memory of a text of {} kB after {} edits", LONG.1 / 1000, LONG.0);
    table.figure(&name, "", format!("{:.2} MB", each / 1e6), "<= 0.6 MB");
    drop(documents);
}

fn edited() -> Document {
    let mut document = document("");
    for number in 0..LONG.0 {
        let length = document.text().byte_len();
        let (range, text) = match length < LONG.1 {
            true => ((number * 31) % (length + 1)..(number * 31) % (length + 1), "a"),
            false => ((number * 31) % length..(number * 31) % length + 1, "b"),
        };
        let delta = Delta::of(document.text(), [(range, text.to_owned())]).unwrap();
        let now = base(&document);
        document.edit(&now, delta, &author(number as u64)).unwrap();
    }
    document
}

/// From a key that is pressed in one editor to the last of ten others that shows it.
fn keystroke(table: &mut Table) {
    let (daemon, path, mut typist) = opened();
    let mut now = typist.ask("file:get_text", &json!({ "path": path }))["result"].clone();
    let keys = |key: usize, result: &Value| {
        now = if result.is_null() { now.take() } else { result.clone() };
        let (revision, edits) = (&now["revision"], [json!({ "from": 500_000 + key, "text": "x" })]);
        let edit = json!({ "path": path, "epoch": revision["epoch"], "baseRev": revision["rev"], "edits": edits });
        request("file:edit", &edit)
    };
    let others = (0..OTHERS).map(|_| Client::connect(daemon.connect())).map(|mut other| {
        other.ask("session:subscribe", &json!({ "patterns": ["file:changed"] }));
        other
    });
    typed(table, "key", typist, others.collect(), keys);
}

/// A daemon, a file of a megabyte that is open in it, and who has opened that.
fn opened() -> (Server, PathBuf, Client) {
    let daemon = Server::daemon();
    let path = daemon.folder.path().join("a.txt");
    std::fs::write(&path, text()).unwrap();
    let mut client = Client::connect(daemon.connect());
    client.ask("file:open", &json!({ "path": path }));
    (daemon, path, client)
}

/// Sends keys, of which each is made with the answer to the last, and waits until all others are told.
fn typed(
    table: &mut Table,
    name: &str,
    mut typist: Client,
    mut others: Vec<Client>,
    mut keys: impl FnMut(usize, &Value) -> String,
) {
    let (mut floors, mut times, mut told) = (vec![], vec![], vec![]);
    let mut result = Value::Null;
    for key in 0..KEYS {
        let begin = Instant::now();
        typist.ask("session:ping", &json!({}));
        floors.push(begin.elapsed());
        let line = keys(key, &result);
        let begin = Instant::now();
        let answer = typist.answer(&line);
        times.push(begin.elapsed());
        for other in &mut others {
            other.line();
        }
        told.push(begin.elapsed());
        let mut answer: Value = serde_json::from_str(&answer).unwrap();
        result = answer["result"].take();
        assert_eq!(result["revision"]["rev"], key + 1, "{answer}");
    }
    let floor = median(&mut floors);
    for (shown, share, target) in [("p50", 0.5, "<= 150 us"), ("p99", 0.99, "<= 1 ms")] {
        let name = format!("{name} into 1 MB to the last of {OTHERS} others, {shown}");
        table.time(&name, floor, percentile(&mut told, share), target, vec![]);
    }
    table.time(&format!("{name} into 1 MB to its answer, p50"), floor, median(&mut times), "", vec![]);
}
