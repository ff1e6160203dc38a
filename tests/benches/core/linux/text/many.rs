//! A thousand texts that are open at once: what each takes, and whether an edit of one takes longer for that.

use std::time::Instant;

use serde_json::json;

use crate::linux::programs::Server;
use crate::linux::table::{Table, percentile};
use crate::linux::tree::{Client, request};

const FILES: usize = 1000;

/// Edits of each, in turn.
const ROUNDS: usize = 5;

pub(super) fn run(table: &mut Table) {
    let daemon = Server::daemon();
    let mut client = Client::connect(daemon.connect());
    client.ask("project:load", &json!({ "path": daemon.folder.path() }));
    let mut one = Open::new(&daemon, &mut client, "alone.txt");
    let mut alone: Vec<_> = (0..FILES).map(|_| one.edit(&mut client)).collect();
    let before = daemon.resident_bytes();
    let mut files: Vec<Open> =
        (0..FILES).map(|number| Open::new(&daemon, &mut client, &format!("{number}.txt"))).collect();
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        times.extend(files.iter_mut().map(|file| file.edit(&mut client)));
    }
    let each = daemon.resident_bytes().saturating_sub(before) as f64 / FILES as f64;
    let floor = format!("{:.1} kB of text", content().len() as f64 / 1e3);
    table.figure(&format!("memory of each of {FILES} open texts"), &floor, format!("{:.1} kB", each / 1e3), "");
    for (shown, share) in [("p50", 0.5), ("p99", 0.99)] {
        let (floor, time) = (percentile(&mut alone, share), percentile(&mut times, share));
        let name = format!("edit of one of {FILES} open texts, beside one alone, {shown}");
        table.time(&name, floor, time, "", vec![]);
    }
}

/// A file of source code of usual length.
fn content() -> String {
    "    let this = a_line_of(code, that_is_not_long);\n".repeat(120)
}

/// A text that is open.
pub(in super::super) struct Open {
    edit: serde_json::Value,
    rev: u64,
}

impl Open {
    pub(in super::super) fn new(daemon: &Server, client: &mut Client, name: &str) -> Self {
        Self::of(daemon, client, name, &content())
    }

    pub(in super::super) fn of(daemon: &Server, client: &mut Client, name: &str, content: &str) -> Self {
        let path = daemon.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        client.ask("file:open", &json!({ "path": path }));
        let now = client.ask("file:get_text", &json!({ "path": path }))["result"]["revision"].clone();
        let edits = [json!({ "from": 7, "text": "x" })];
        Self { edit: json!({ "path": path, "epoch": now["epoch"], "edits": edits }), rev: now["rev"].as_u64().unwrap() }
    }

    pub(in super::super) fn edit(&mut self, client: &mut Client) -> std::time::Duration {
        self.edit["baseRev"] = json!(self.rev);
        let line = request("file:edit", &self.edit);
        let begin = Instant::now();
        let answer = client.answer(&line);
        let time = begin.elapsed();
        self.rev += 1;
        assert!(answer.contains(&format!("\"rev\":{}", self.rev)), "{answer}");
        time
    }
}
