//! Saving and reading files. The floor of a save is what makes it durable: a file beside the old one, flushed, renamed over it, and
//! the folder flushed.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use super::programs::Server;
use super::table::{Table, median, percentile};
use super::tree::Client;

const ROUNDS: usize = 200;

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
        let begin = Instant::now();
        save_bare(&bare, content.as_bytes());
        floors.push(begin.elapsed());
        let begin = Instant::now();
        let params = json!({ "path": ours, "content": content, "baseVersion": version });
        let answer = client.ask("fs:write_file", &params);
        times.push(begin.elapsed());
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
    for (name, encoding, target) in [("as text", "utf-8", "<= 300 us"), ("in base64", "base64", "")] {
        let before = daemon.processor_time();
        for _ in 0..ROUNDS {
            // What is cached is not measured.
            File::options().write(true).open(&path).unwrap().set_modified(std::time::SystemTime::now()).unwrap();
            client.ask("fs:read_file", &json!({ "path": path, "encoding": encoding }));
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
