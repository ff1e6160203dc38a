//! The client as a user types it: what it prints where, and how it ends.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use icpy_tests::{Output, Process, process};
use serde_json::{Value, json};

/// A running `icpy watch`. Dropping it ends it.
struct Watch {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Watch {
    fn start(user: &Process, args: &[&str]) -> Self {
        // Started first, so that the subscription is there when the watcher is.
        assert_eq!(user.icpy(&["call", "session:ping"]).status, 0);
        let before = subscriptions(user);
        let mut command = user.command(&[&["watch"], args].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        while subscriptions(user) == before {}
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    fn wait(mut self) -> Output {
        let mut stdout = String::new();
        std::io::Read::read_to_string(&mut self.lines, &mut stdout).unwrap();
        let mut stderr = String::new();
        std::io::Read::read_to_string(&mut self.child.stderr.take().unwrap(), &mut stderr).unwrap();
        Output { status: process::status(self.child.wait().unwrap()), stdout, stderr }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn subscriptions(user: &Process) -> u64 {
    user.json(&["status"])["bus"]["subscriptions"].as_u64().unwrap()
}

#[test]
fn opening_says_how_to_see_the_file_when_nobody_shows_it() {
    let user = Process::new("//- /a.py\n");
    let output = user.icpy(&["a.py"]);
    assert_eq!((output.status, output.stdout.as_str()), (0, ""));
    assert_eq!(output.stderr.lines().count(), 1, "{output:?}");
    assert!(output.stderr.contains("no editor is attached"), "{output:?}");
    // Somebody does.
    let mut watch = Watch::start(&user, &["file:*"]);
    let silent = Output { status: 0, stdout: String::new(), stderr: String::new() };
    assert_eq!(user.icpy(&["a.py"]), silent);
    assert_eq!(watch.next()["params"]["file"]["path"], json!(user.path("a.py")));
}

#[test]
fn a_place_is_given_in_every_usual_way() {
    let user = Process::new("//- /a.py\n//- /a:b.py\n//- /lit:10\n//- /sub/c.py\n//- /-x\n//- /status\n");
    let mut watch = Watch::start(&user, &["file:opened"]);
    let at = |line: u32, column: u32| json!({ "line": line, "column": column });
    let line = |line: u32| json!({ "line": line });
    let cases: &[(&[&str], &str, Value)] = &[
        (&["a.py"], "a.py", Value::Null),
        (&["a.py:10"], "a.py", line(10)),
        (&["a.py:10:2"], "a.py", at(10, 2)),
        (&["a.py:10:2:"], "a.py", at(10, 2)),
        (&["a.py:10:"], "a.py", line(10)),
        (&["-g", "a.py:3:4"], "a.py", at(3, 4)),
        (&["--goto", "a.py:3"], "a.py", line(3)),
        (&["+5", "a.py"], "a.py", line(5)),
        (&["+5:6", "a.py"], "a.py", at(5, 6)),
        (&["a:b.py"], "a:b.py", Value::Null),
        (&["a:b.py:7"], "a:b.py", line(7)),
        (&["lit:10"], "lit:10", Value::Null),
        (&["lit:10:3"], "lit:10", line(3)),
        (&["./sub/../a.py"], "a.py", Value::Null),
        (&["--", "-x"], "-x", Value::Null),
        (&["./status"], "status", Value::Null),
        (&["open", "status:2"], "status", line(2)),
    ];
    for (args, path, position) in cases {
        let output = user.icpy(args);
        assert_eq!(output.status, 0, "{args:?}: {output:?}");
        let event = watch.next();
        assert_eq!(event["params"]["file"]["path"], json!(user.path(path)), "{args:?}");
        assert_eq!(event["params"].get("position").unwrap_or(&Value::Null), position, "{args:?}");
    }
}

#[test]
fn several_files_and_folders_are_opened_and_the_others_named() {
    let user = Process::new("//- /a.py\n//- /b.py\n//- /folder/c.py\n");
    let output = user.icpy(&["a.py", "none.py", "+3", "b.py", "/dev/null", "folder"]);
    assert_eq!(output.status, 3, "{output:?}");
    assert!(output.stderr.contains("none.py` does not exist"), "{output:?}");
    assert!(output.stderr.contains("`touch none.py`"), "{output:?}");
    assert!(output.stderr.contains("`/dev/null`"), "{output:?}");
    let files = user.json(&["call", "file:list"]);
    assert_eq!(files["files"].as_array().unwrap().len(), 2);
    let folder = user.json(&["call", "workspace:get_state"]);
    assert_eq!(folder["workspace"]["root"], json!(user.path("folder")));
}

#[test]
fn json_is_what_a_program_reads() {
    let user = Process::new("//- /a.py\n//- /folder/b.py\n");
    let opened = user.icpy(&["--json", "a.py", "folder", "none"]);
    assert_eq!((opened.status, opened.stderr.as_str()), (3, ""), "{opened:?}");
    let lines: Vec<Value> = opened.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["file"]["path"], json!(user.path("a.py")));
    assert_eq!(lines[1]["workspace"]["root"], json!(user.path("folder")));
    assert_eq!(lines[2]["error"]["data"]["kind"], "not_found");
    let status = user.json(&["status"]);
    assert_eq!(status["openFiles"], 1);
    assert_eq!(user.json(&["stop"]), json!({ "stopped": true }));
    assert_eq!(user.json(&["stop"]), json!({ "stopped": false }));
    let none = user.icpy(&["--json", "status"]);
    assert_eq!(none.status, 11);
    assert_eq!(serde_json::from_str::<Value>(&none.stdout).unwrap()["error"]["data"]["kind"], "unavailable");
}

#[test]
fn wrong_usage_ends_with_2_and_starts_nothing() {
    let user = Process::new("//- /a.py\n");
    let wrong: &[&[&str]] = &[
        &[],
        &["+3"],
        &["a.py", "+3"],
        &["--no-such", "a.py"],
        &["call"],
        &["call", "session:ping", "[1]"],
        &["call", "session:ping", "{"],
        &["watch", "a::b"],
        &["status", "a.py"],
        &["--timeout", "0", "status"],
        &["--socket"],
    ];
    for args in wrong {
        let output = user.icpy(args);
        assert_eq!(output.status, 2, "{args:?}: {output:?}");
        assert!(!output.stderr.is_empty() && output.stdout.is_empty(), "{args:?}: {output:?}");
    }
    assert!(!user.has_daemon());
    for args in [["--help"], ["--version"], ["help"]] {
        let output = user.icpy(&args);
        assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{args:?}");
        assert!(output.stdout.contains("icpy"), "{args:?}");
    }
    assert!(!user.has_daemon());
}

#[test]
fn the_exit_status_says_what_failed() {
    let user = Process::new("//- /a.py\n");
    let check = |args: &[&str], status: i32, expect: &str| {
        let output = user.icpy(args);
        assert_eq!(output.status, status, "{args:?}: {output:?}");
        assert!(output.stderr.contains(expect), "{args:?}: {output:?}");
    };
    check(&["status"], 11, "icpyd is not running");
    check(&["call", "session:ping"], 0, "");
    check(&["call", "no:such"], 2, "`no:such`");
    check(&["call", "fs:stat"], 2, "path");
    check(&["call", "fs:stat", "{\"path\":\"/none\"}"], 3, "`/none`");
    check(&["call", "fs:read_file", "{\"path\":\"/dev/zero\"}"], 3, "`/dev/zero`");
    let other = r#"{"clientInfo":{"name":"x"},"protocol":{"min":7,"max":9}}"#;
    check(&["call", "session:initialize", other], 12, "protocol 7 to 9");
    check(&["call", "session:resume", r#"{"resumeToken":"x","epoch":"y"}"#], 1, "initialize a new one");
    check(&["stop"], 0, "");
    check(&["stop"], 0, "not running");
    check(&["status"], 11, "icpyd is not running");
}

#[test]
fn any_method_is_called_with_params_from_anywhere() {
    let user = Process::new("//- /a.txt\nhello\n");
    let params = json!({ "path": user.path("a.txt") }).to_string();
    assert_eq!(user.json(&["call", "fs:read_file", &params])["content"], "hello\n");
    let mut command = user.command(&["call", "fs:read_file", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // Newlines would end the request on the wire.
    child.stdin.take().unwrap().write_all(params.replace(':', ":\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["content"], "hello\n");
}

#[test]
fn a_stream_is_printed_as_it_comes() {
    let user = Process::new("//- /a.txt\nhello\n");
    let params = json!({ "path": user.path("a.txt"), "stream": true }).to_string();
    let output = user.icpy(&["call", "fs:read_file", &params]);
    let lines: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["method"], &lines[0]["params"]["data"]), (&json!("$/stream"), &json!("aGVsbG8K")));
    assert_eq!(lines[1]["size"], 6);
}

#[test]
fn a_long_stream_is_printed_to_its_end() {
    let user = Process::new("");
    fs::write(user.path("long.bin"), vec![7; 3_000_000]).unwrap();
    let params = json!({ "path": user.path("long.bin"), "stream": true }).to_string();
    let output = user.icpy(&["--timeout", "20", "call", "fs:read_file", &params]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    let last: Value = serde_json::from_str(output.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(last["size"], 3_000_000);
}

#[test]
fn watching_shows_what_happens_until_the_daemon_ends() {
    let user = Process::new("//- /a.py\n");
    let mut all = Watch::start(&user, &[]);
    let mut files = Watch::start(&user, &["file:*", "project:*"]);
    user.json(&["a.py"]);
    for topic in ["state:updated", "workspace:state_changed", "file:opened"] {
        assert_eq!(all.next()["topic"], topic);
    }
    let event = files.next();
    assert_eq!(event["topic"], "file:opened");
    assert!(event["params"]["seq"].is_u64() && event["params"]["epoch"].is_string());
    assert_eq!(user.icpy(&["stop"]).status, 0);
    let ended = files.wait();
    assert_eq!((ended.status, ended.stdout.as_str()), (11, ""), "{ended:?}");
    assert!(ended.stderr.contains("the daemon is stopping"), "{ended:?}");
    assert!(!user.has_daemon(), "a watcher has started it again");
}

#[test]
fn watching_goes_on_with_the_next_daemon_when_one_is_killed() {
    let user = Process::new("//- /a.py\n");
    let mut watch = Watch::start(&user, &["--json", "file:*"]);
    user.kill_daemon();
    assert_eq!(watch.next()["notice"], "reset");
    user.json(&["a.py"]);
    assert_eq!(watch.next()["topic"], "file:opened");
}

#[test]
fn a_reader_that_leaves_ends_the_client_without_a_word() {
    let user = Process::new("//- /a.py\n");
    assert_eq!(user.icpy(&["call", "session:ping"]).status, 0);
    let icpy = user.program("icpy");
    let script = format!(
        "'{0}' call rpc:discover | head -c 1 >/dev/null; echo ${{PIPESTATUS[0]}}; '{0}' status >&-; echo $?",
        icpy.display()
    );
    let mut shell = Command::new("bash");
    process::clear(&mut shell).args(["-c", &script]).env("ICPY_HOME", user.folder().home());
    let output = process::output(&mut shell);
    assert_eq!(output.stderr.lines().filter(|line| line.contains("panic")).count(), 0, "{output:?}");
    let statuses: Vec<&str> = output.stdout.lines().collect();
    assert!(matches!(statuses[0], "141" | "0"), "{output:?}");
}

#[test]
fn help_names_every_command_and_status() {
    let user = Process::new("");
    let help = user.icpy(&["--help"]).stdout;
    for word in ["Exit status", "11 no daemon", "ICPY_SOCKET", "--json", "--wait", "-n, -r, -a", "--diff", "--merge"] {
        assert!(help.contains(word), "{word}: {help}");
    }
    assert!(help.lines().count() <= 32 && help.lines().all(|line| line.len() <= 80), "more than a screen: {help}");
    for command in icpy::args::COMMANDS.iter().filter(|command| **command != "help") {
        assert!(help.contains(&format!(" {command}")), "{command}: {help}");
        let output = user.icpy(&[*command, "--help"]);
        assert_eq!(output.status, 0, "{command}");
        assert!(output.stdout.contains("Usage"), "{command}: {output:?}");
    }
}
