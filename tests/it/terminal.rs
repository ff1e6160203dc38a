//! Programs in terminals of the daemon.

use icpy_tests::{Output, Process, until_now};
use serde_json::{Value, json};

fn new(user: &Process, name: &str, command: &[&str]) -> String {
    let info = user.json(&[&["terminal", "new", "--name", name, "--"], command].concat());
    info["terminalId"].as_str().unwrap().to_owned()
}

fn shown(user: &Process, name: &str) -> String {
    user.icpy(&["terminal", "show", "--raw", name]).stdout
}

fn follow(user: &Process, name: &str) -> Output {
    user.icpy(&["terminal", "show", "--follow", name])
}

fn listed(user: &Process, name: &str) -> Value {
    let listed = user.json(&["terminal", "list"]);
    listed["terminals"].as_array().unwrap().iter().find(|it| it["name"] == name).unwrap_or(&Value::Null).clone()
}

#[test]
fn a_program_runs_and_its_end_is_told() {
    let user = Process::new("");
    let id = new(&user, "one", &["sh", "-c", "tty; stty size; echo $ICPY_TERMINAL_ID $TERM; exit 7"]);
    let output = follow(&user, "one");
    assert_eq!(output.status, 7, "{output:?}");
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert!(lines[0].starts_with("/dev/pts/"), "{lines:?}");
    assert_eq!(lines[1..], ["24 80", &*format!("{id} xterm-256color")]);
    assert_eq!(listed(&user, "one")["exit"], json!({ "code": 7 }));
    new(&user, "two", &["sh", "-c", "kill -TERM $$"]);
    assert_eq!(follow(&user, "two").status, 128 + 15);
    assert_eq!(listed(&user, "two")["exit"], json!({ "signal": 15 }));
}

#[test]
fn what_is_typed_arrives_in_order_and_whole() {
    let user = Process::new("");
    new(&user, "cat", &["sh", "-c", "stty raw -echo; echo ready; head -c 3000000 | md5sum; sleep 60"]);
    until_now("the program", || shown(&user, "cat").contains("ready"));
    let text = "line with ünïcode 0123456789\n".repeat(100_000);
    let text = &text[..3_000_000];
    let path = user.path("text");
    std::fs::write(&path, text).unwrap();
    let mut command = user.command(&["terminal", "send", "cat", "-"]);
    assert!(command.stdin(std::fs::File::open(&path).unwrap()).status().unwrap().success());
    let sum = std::process::Command::new("md5sum").arg(&path).output().unwrap();
    let sum = String::from_utf8(sum.stdout).unwrap();
    let sum = sum.split(' ').next().unwrap();
    until_now("the sum", || shown(&user, "cat").contains(sum));
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_entered_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let user = Process::ordinary("//- /closed/a\n");
    let closed = user.path("closed");
    let allow = |mode| std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(mode)).unwrap();
    allow(0o600);
    let params = json!({ "command": ["env"], "cwd": closed }).to_string();
    let refused = user.icpy(&["call", "terminal:create", &params]);
    allow(0o700);
    assert!(refused.stderr.contains("closed` cannot be entered: "), "{refused:?}");
}

#[test]
fn what_cannot_run_is_an_error_and_no_terminal() {
    let user = Process::new("//- /file\nx\n//- /script\n#!/no/such/interpreter\n");
    let check = |params: Value, kind: &str, text: &str| {
        let output = user.icpy(&["--json", "call", "terminal:create", &params.to_string()]);
        let error: Value = serde_json::from_str(&output.stdout).unwrap();
        assert_eq!(error["error"]["data"]["kind"], kind, "{error}");
        assert!(error["error"]["message"].as_str().unwrap().contains(text), "{error}");
    };
    check(json!({ "command": ["no-such-program"] }), "not_found", "cannot run `no-such-program`");
    let script = user.path("script");
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    check(json!({ "command": [script] }), "not_found", "script");
    check(json!({ "command": [user.path("file")] }), "permission_denied", "file");
    check(json!({ "command": ["sh"], "cwd": "/no/such/folder" }), "not_found", "/no/such/folder");
    check(json!({ "command": ["sh"], "cwd": user.path("file") }), "unsupported", "is not a folder");
    check(json!({ "command": ["sh"], "cwd": "relative" }), "invalid_params", "`relative`");
    check(json!({ "size": { "columns": 0, "rows": 1 } }), "invalid_params", "0 by 1");
    assert_eq!(user.json(&["terminal", "list"])["terminals"], json!([]));
    for command in ["send", "show", "close"] {
        let args = ["terminal", command, "none", "x"];
        let output = user.icpy(&args[..if command == "send" { 4 } else { 3 }]);
        assert_eq!((output.status, output.stderr.contains("no terminal `none`")), (3, true), "{output:?}");
    }
}

#[test]
fn there_is_always_room_for_one_more_unless_all_are_busy() {
    let user = Process::new("");
    assert_eq!(user.icpy(&["start"]).status, 0);
    let client = icpy::Connection::open(&icpy::Finder::default().at(Some(user.endpoint().socket))).unwrap();
    let create =
        |command: &str| client.request("terminal:create", &format!(r#"{{"command":["{command}"]}}"#), |_, _| ());
    let first: Value = serde_json::from_str(&create("true").unwrap()).unwrap();
    for _ in 0..515 {
        create("true").unwrap();
    }
    let listed = user.json(&["terminal", "list"]);
    let listed = listed["terminals"].as_array().unwrap();
    assert_eq!(listed.len(), 512);
    assert!(listed.iter().all(|terminal| terminal["terminalId"] != first["terminalId"]), "the oldest goes first");
}

#[test]
fn close_ends_everything_that_runs_there() {
    let user = Process::new("");
    // A shell that does not listen, a job in the background, and one that has left the group.
    let script = "trap '' HUP TERM; set -m; sleep 1000 & sh -c 'trap \"\" HUP; sleep 1001' & echo started; wait";
    new(&user, "deaf", &["sh", "-c", script]);
    until_now("the program", || shown(&user, "deaf").contains("started"));
    assert_eq!(user.icpy(&["terminal", "close", "deaf"]).status, 0);
    assert_eq!(listed(&user, "deaf"), Value::Null);
    // The harness looks for processes that are left over.
}

#[test]
fn the_daemon_does_not_stop_where_something_would_be_lost() {
    let user = Process::new("");
    new(&user, "precious", &["sh", "-c", "echo started; sleep 1000"]);
    let pid = user.daemon_pid();
    let refused = user.icpy(&["stop"]);
    assert_eq!(refused.status, 1, "{refused:?}");
    assert!(refused.stderr.contains("the terminal `precious` runs `sh -c echo started; sleep 1000`"), "{refused:?}");
    assert!(refused.stderr.contains("hint: `icpy stop --force`"), "{refused:?}");
    let refused = user.icpy(&["--json", "stop"]);
    let error: Value = serde_json::from_str(&refused.stdout).unwrap();
    assert_eq!(error["error"]["data"]["losses"][0]["kind"], "terminal");
    assert_eq!(user.daemon_pid(), pid);
    assert_eq!(
        user.json(&["status"])["losses"][0]["description"].as_str().unwrap().split('`').nth(1),
        Some("precious")
    );
    assert_eq!(user.icpy(&["stop", "--force"]).status, 0);
    assert!(!user.has_daemon());
}

#[test]
fn a_program_of_the_daemon_does_not_stop_it() {
    let user = Process::new("");
    let icpy = user.program("icpy");
    let script = format!("{} stop --force; echo status $?", icpy.display());
    new(&user, "inside", &["sh", "-c", &script]);
    let output = follow(&user, "inside");
    assert!(output.stdout.contains("would end itself") && output.stdout.contains("status 1"), "{output:?}");
    assert!(user.has_daemon());
}

#[test]
fn programs_end_with_a_daemon_that_is_killed() {
    let user = Process::new("");
    new(&user, "one", &["sh", "-c", "sleep 1000 & sleep 1000"]);
    new(&user, "two", &["sh"]);
    user.kill_daemon();
    // The harness looks for processes that are left over.
}
