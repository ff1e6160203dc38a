//! Searching in 1 GB of text: 100,000 files of 10 kB, as in a large repository. The floor is ripgrep, which reads everything.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use super::programs::Server;
use super::table::{Table, median};
use super::tree::Client;

const FOLDERS: usize = 1000;
const FILES: usize = 100;
const FILE_BYTES: usize = 10_000;

const ROUNDS: usize = 5;

/// In one file of all.
const RARE: &str = "xylophone_of_gold";

pub(crate) fn run(table: &mut Table) {
    let files = fixture();
    let daemon = Server::daemon();
    let mut client = Client::connect(daemon.connect());
    client.ask("fs:watch", &json!({ "path": files.path() }));
    let before = daemon.resident_bytes();
    let filled = fill(&daemon, &mut client, files.path());
    let index = format!("{:.1} MB", daemon.resident_bytes().saturating_sub(before) as f64 / 1e6);
    table.figure("index of 1 GB of text, memory", "", index, "<= 70 MB");
    table.figure("index of 1 GB of text, on one core", "", format!("{:.2} s", filled.as_secs_f64()), "");

    let queries = [
        ("a word in one file", json!({ "pattern": RARE, "isLiteral": true }), vec!["-F", RARE], "<= 1 ms"),
        ("a word in none", json!({ "pattern": "nowhere_to_be_found" }), vec!["nowhere_to_be_found"], "<= 1 ms"),
        ("first 100 of a word in all", json!({ "pattern": "return", "limit": 100 }), vec!["return"], "<= 10 ms"),
        ("an expression without a word", json!({ "pattern": "[0-9]{9}x" }), vec!["[0-9]{9}x"], "<= 1.1x"),
    ];
    for (name, params, arguments, target) in queries {
        let (mut floors, mut times) = (vec![], vec![]);
        for _ in 0..ROUNDS {
            floors.push(ripgrep(files.path(), &arguments));
            let mut params = params.clone();
            params["path"] = json!(files.path());
            let begin = Instant::now();
            let answer = client.ask("fs:grep", &params);
            times.push(begin.elapsed());
            assert!(answer["result"]["matches"].is_array(), "{answer}");
        }
        table.time(&format!("search for {name}"), median(&mut floors), median(&mut times), target, vec![]);
    }
}

/// Waits until the index is whole: then a word that is nowhere has few candidates.
fn fill(daemon: &Server, client: &mut Client, root: &Path) -> Duration {
    let before = daemon.processor_time();
    loop {
        let answer = client.ask("fs:grep", &json!({ "path": root, "pattern": "nowhere_to_be_found" }));
        if answer["result"]["stats"]["files"].as_u64().unwrap() < 1000 {
            return daemon.processor_time().saturating_sub(before);
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

fn ripgrep(root: &Path, arguments: &[&str]) -> Duration {
    let begin = Instant::now();
    let ended = Command::new("rg").args(arguments).arg(root).stdout(Stdio::null()).status();
    assert!(ended.is_ok(), "ripgrep is the floor: install it");
    begin.elapsed()
}

fn fixture() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut random = 1_u64;
    let mut next = |bound: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap() % bound
    };
    // As many words as a large repository has.
    let words: Vec<String> =
        (0..50_000).map(|_| (0..2 + next(3)).map(|_| SYLLABLES[next(SYLLABLES.len())]).collect::<String>()).collect();
    for outer in 0..FOLDERS {
        let path = folder.path().join(format!("module{outer}"));
        fs::create_dir(&path).unwrap();
        for file in 0..FILES {
            let mut text = String::with_capacity(FILE_BYTES + 100);
            // A file has words of its own.
            let own = next(words.len());
            while text.len() < FILE_BYTES {
                let word = |place: usize| &words[(own + place) % words.len()];
                let (one, two, three) = (word(next(80)), word(next(80)), word(next(2000)));
                writeln!(text, "    let {one} = self.{two}({three}); // {}", next(10_000)).unwrap();
                if next(8) == 0 {
                    writeln!(text, "    return {one};\n}}\n").unwrap();
                }
            }
            if outer == 500 && file == 50 {
                text.push_str(RARE);
            }
            fs::write(path.join(format!("file{file}.rs")), text).unwrap();
        }
    }
    folder
}

const SYLLABLES: &[&str] = &[
    "al", "ba", "con", "de", "el", "fi", "ga", "hi", "in", "jo", "ka", "lo", "mu", "ne", "or", "pa", "qu", "re", "set",
    "to", "un", "va", "wi", "xe", "ya", "zo", "get", "buf", "ptr", "len", "node", "tree", "file", "name", "path",
    "read", "Id", "Map", "Vec", "Key", "_at", "_by", "_of", "Str", "map", "opt", "err", "res", "ctx", "arg",
];
