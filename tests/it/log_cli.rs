//! `icpy log` and `icpy watch --since`, as programs.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use icpy_tests::Process;
use serde_json::Value;

#[test]
fn the_log_shows_who_did_what_with_which_file() {
    let user = Process::new("//- /p/.git/HEAD\n//- /p/a.py\n//- /p/b.py\n");
    for name in ["p/a.py", "p/b.py"] {
        user.json(&[name]);
    }
    user.json(&["mkdir", "p/made"]);
    assert_eq!(user.icpy(&["close", "p/b.py"]).status, 0);
    let log = |args: &[&str]| {
        let output = user.icpy(&[&["log"], args].concat());
        assert_eq!(output.status, 0, "{output:?}");
        output.stdout
    };
    let whole = log(&[]);
    let words: Vec<Vec<&str>> = whole.lines().map(|line| line.split("  ").collect()).collect();
    let done: Vec<String> = words.iter().map(|words| words[2..].join(" ")).collect();
    assert_eq!(done, ["opened p/a.py", "opened p/b.py", "made folder p/made", "closed p/b.py"], "{whole}");
    #[cfg(target_os = "linux")]
    assert!(words.iter().all(|words| words[1].ends_with(" (icpy)")), "{whole}");
    assert_eq!(words[0][0].len(), "2026-11-22 04:12:03".len());
    assert_eq!(log(&["p/b.py"]).lines().count(), 2);
    assert_eq!(log(&["-n", "1"]).lines().collect::<Vec<_>>(), whole.lines().skip(3).collect::<Vec<_>>());
    assert_eq!(log(&["--since", "1h"]), whole);
    assert_eq!(log(&["--topic", "fs:*"]).lines().count(), 1);
    assert_eq!(log(&["--since", "2100-01-01"]), "");
    // Programs get all of it.
    let json = log(&["--json", "--since", "0"]);
    let events: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(events.len() > 4 && events.is_sorted_by_key(|event| event["id"].as_u64()), "{json}");
    for wrong in [&["--since", "yesterday"][..], &["-n", "0"], &["-n", "1001"], &["--topic", "a::b"]] {
        assert_eq!(user.icpy(&[&["log"], wrong].concat()).status, 2, "{wrong:?}");
    }
}

#[test]
fn what_a_daemon_before_has_told_is_watched_too() {
    let user = Process::new("//- /a.py\n//- /b.py\n");
    user.json(&["a.py"]);
    user.kill_daemon();
    let mut watch = user.command(&["watch", "--since", "10m", "file:opened"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    let first = next();
    assert!(first["params"]["file"]["path"].as_str().unwrap().ends_with("/a.py"), "{first}");
    user.json(&["b.py"]);
    let second = next();
    assert!(second["params"]["file"]["path"].as_str().unwrap().ends_with("/b.py"), "{second}");
    watch.kill().unwrap();
    watch.wait().unwrap();
    let mut follow = user.command(&["log", "--follow", "-n", "1", "--json", "--topic", "file:*"]);
    let mut follow = follow.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(follow.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(next()["id"], second["params"]["log"]["id"]);
    user.icpy(&["close", "b.py"]);
    let closed = next();
    assert_eq!((closed["topic"].as_str(), closed["payload"].get("seq")), (Some("file:closed"), None));
    follow.kill().unwrap();
    follow.wait().unwrap();
}
