//! `icpy terminal` for programs: recordings, and the commands that need no terminal of the user's.

use icpy_tests::{Process, until_now};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

fn start(user: &Process, name: &str, script: &str) {
    user.json(&["terminal", "new", "--name", name, "--", "sh", "-c", script]);
}

fn lines(user: &Process, file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(user.path(file)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn output(events: &[Value]) -> String {
    events.iter().filter(|event| event[1] == "o").map(|event| event[2].as_str().unwrap()).collect()
}

#[test]
fn what_is_recorded_is_replayed() {
    let user = Process::new("");
    for (format, exit) in [("v3", json!("x")), ("v2", json!("o"))] {
        start(&user, format, r"echo begun; read x; printf 'a\033[1m\303'; sleep 0.1; printf '\251\n'; exit 3");
        let mut recording = user.command(&["terminal", "record", format, format, "--format", format]).spawn().unwrap();
        until_now("the recording", || std::fs::read_to_string(user.path(format)).is_ok_and(|it| it.contains("begun")));
        assert_eq!(user.icpy(&["terminal", "send", format, "--enter", ""]).status, 0);
        assert!(recording.wait().unwrap().success());
        let lines = lines(&user, format);
        assert_eq!(format!("v{}", lines[0]["version"]), format);
        let expected = "begun\r\n\r\na\u{1b}[1mé\r\n";
        assert_eq!(output(&lines[1..]), expected);
        let last = lines.last().unwrap();
        assert_eq!(last[1], exit, "{lines:?}");
        let total: f64 = lines[1..].iter().map(|event| event[0].as_f64().unwrap()).sum();
        assert!(total >= 0.1, "{lines:?}");
        let replayed = user.icpy(&["terminal", "replay", format, "--speed", "10", "--idle-limit", "0.2"]);
        assert_eq!((replayed.status, &*replayed.stdout), (0, expected), "{replayed:?}");
    }
    let again = user.icpy(&["terminal", "record", "v3", "v3"]);
    assert!(again.status != 0 && again.stderr.contains("cannot write `v3`"), "{again:?}");
}

#[test]
fn a_recording_ends_by_a_signal_and_stays_readable() {
    let user = Process::new("");
    start(&user, "one", "echo begun; exec sleep 1000");
    let mut recording = user.command(&["terminal", "record", "one", "file"]).spawn().unwrap();
    until_now("the recording", || std::fs::read_to_string(user.path("file")).is_ok_and(|it| it.contains("begun")));
    kill_process(Pid::from_child(&recording), Signal::INT).unwrap();
    assert!(recording.wait().unwrap().success());
    assert_eq!(output(&lines(&user, "file")[1..]), "begun\r\n");
    // It is recorded to the end also while the daemon is replaced.
    let mut recording = user.command(&["terminal", "record", "one", "other"]).spawn().unwrap();
    until_now("the recording", || std::fs::read_to_string(user.path("other")).is_ok_and(|it| it.contains("begun")));
    assert_eq!(user.icpy(&["restart"]).status, 0);
    assert_eq!(user.icpy(&["terminal", "signal", "one", "TERM"]).status, 0);
    assert!(recording.wait().unwrap().success());
    let last = lines(&user, "other").pop().unwrap();
    assert_eq!((&last[1], &last[2]), (&json!("x"), &json!("143")), "{last}");
}

#[test]
fn what_is_no_recording_is_told_with_its_line() {
    let user = Process::new("//- /bad\n{\"version\": 3, \"term\": {\"cols\": 80, \"rows\": 24}}\n[1, \"o\"]\n");
    let refused = user.icpy(&["terminal", "replay", "bad"]);
    assert!(refused.status == 2 && refused.stderr.contains("`bad` is not a recording: line 2: "), "{refused:?}");
    assert_eq!(user.icpy(&["terminal", "replay", "none"]).status, 3);
    assert_eq!(user.icpy(&["terminal", "replay", "--speed", "0", "bad"]).status, 2);
}

#[test]
fn programs_are_waited_for_and_terminals_renamed() {
    let user = Process::new("");
    start(&user, "one", "read x; exit 7");
    assert_eq!(user.icpy(&["--timeout", "1", "terminal", "wait", "one"]).status, 124);
    assert_eq!(user.json(&["terminal", "rename", "one", "two"])["name"], "two");
    let mut waiting = user.command(&["terminal", "wait", "two"]).spawn().unwrap();
    assert_eq!(user.icpy(&["terminal", "send", "--enter", "two", "-x"]).status, 0);
    assert_eq!(waiting.wait().unwrap().code(), Some(7));
    let listed = user.icpy(&["terminal", "ls"]).stdout;
    let rows: Vec<Vec<&str>> = listed.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["NAME", "ID", "STATE", "SIZE", "AGE", "FOLDER", "COMMAND"]);
    assert_eq!((rows[1][0], &rows[1][2..6]), ("two", &["ended", "with", "7", "80x24"][..]));
    assert_eq!(user.icpy(&["terminal", "kill", "two"]).status, 0);
    assert_eq!(user.icpy(&["terminal", "ls"]).stdout, "");
}
