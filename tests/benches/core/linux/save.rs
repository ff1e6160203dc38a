//! Saving and reading files. The floor of a save is what makes it durable: a file beside the old one, flushed, renamed over it, and
//! the folder flushed.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};

use super::programs::Server;
use super::table::{Table, median, percentile};
use super::tree::{Client, request};

const ROUNDS: usize = 200;

/// How long after a change a file is the same for certain.
const SETTLED: Duration = Duration::from_millis(25);

pub(crate) fn run(table: &mut Table) {
    let daemon = Server::daemon();
    let mut client = Client::connect(daemon.connect());
    for (name, size) in [("10 kB", 10_000), ("1 MB", 1_000_000)] {
        save(table, &daemon, &mut client, name, size);
    }
    read(table, &daemon, &mut client);
}

fn save(table: &mut Table, daemon: &Server, client: &mut Client, name: &str, size: usize) {
    let (bare, ours) = (daemon.folder.path().join("bare"), daemon.folder.path().join("ours"));
    let content = text(size);
    fs::write(&ours, &content).unwrap();
    let mut version = client.ask("fs:read_file", &json!({ "path": ours }))["result"]["version"].clone();
    let (mut floors, mut times) = (vec![], vec![]);
    for round in 0..ROUNDS {
        let content = format!("{round:08}{}", &content[8..]);
        // A file that has changed a moment ago is read once more; editors save less often than that.
        std::thread::sleep(SETTLED);
        let begin = Instant::now();
        save_bare(&bare, content.as_bytes());
        floors.push(begin.elapsed());
        // What a client takes to write JSON is its own affair.
        let line = request("fs:write_file", &json!({ "path": ours, "content": content, "baseVersion": version }));
        let begin = Instant::now();
        let answer = client.answer(&line);
        times.push(begin.elapsed());
        let answer: Value = serde_json::from_str(&answer).unwrap();
        version = answer["result"]["version"].clone();
        assert!(version.is_string(), "{answer}");
    }
    for (share, shown) in [(0.5, "p50"), (0.99, "p99")] {
        let target = if share < 0.9 { "<= 1.3x" } else { "" };
        let (floor, time) = (percentile(&mut floors, share), percentile(&mut times, share));
        table.time(&format!("durable guarded save of {name}, {shown}"), floor, time, target, vec![]);
    }
}

fn save_bare(path: &Path, content: &[u8]) {
    let temporary = path.with_extension("new");
    let mut file = File::create(&temporary).unwrap();
    file.write_all(content).unwrap();
    file.sync_all().unwrap();
    fs::rename(&temporary, path).unwrap();
    File::open(path.parent().unwrap()).unwrap().sync_all().unwrap();
}

fn read(table: &mut Table, daemon: &Server, client: &mut Client) {
    let path = daemon.folder.path().join("read");
    fs::write(&path, text(1_000_000)).unwrap();
    let mut floors: Vec<Duration> = vec![];
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        assert_eq!(fs::read(&path).unwrap().len(), 1_000_000);
        floors.push(begin.elapsed());
    }
    let floor = median(&mut floors);
    // What has changed a moment ago is not cached.
    std::thread::sleep(Duration::from_millis(100));
    let line = |encoding: &str| request("fs:read_file", &json!({ "path": path, "encoding": encoding }));
    let cases = [
        ("as text, cached", line("utf-8"), true, "<= 300 us"),
        ("as text", line("utf-8"), false, ""),
        ("in base64", line("base64"), false, ""),
    ];
    for (name, line, is_cached, target) in cases {
        client.answer(&line);
        let before = daemon.processor_time();
        for _ in 0..ROUNDS {
            if !is_cached {
                File::options().write(true).open(&path).unwrap().set_modified(SystemTime::now()).unwrap();
            }
            client.answer(&line);
        }
        let time = daemon.processor_time().saturating_sub(before) / u32::try_from(ROUNDS).unwrap();
        table.time(&format!("read of 1 MB {name}, processor time"), floor, time, target, vec![]);
    }
}

/// Lines as in a program.
fn text(size: usize) -> String {
    let line = "    let answer = client.ask(\"fs:read_file\", &params); // and so on\n";
    line.repeat(size / line.len() + 1)[..size].to_owned()
}
