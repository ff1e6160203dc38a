//! The commands beside opening: files and workspaces from a shell, and the socket through a pipe.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::symlink;
use std::process::{Child, Stdio};

use icpy_tests::{Output, Process, process, until_now};
use serde_json::{Value, json};

/// What a command prints that must succeed.
fn printed(user: &Process, args: &[&str]) -> String {
    let output = user.icpy(args);
    assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{args:?}: {output:?}");
    output.stdout
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_file_is_closed_by_its_path() {
    let user = Process::new("//- /a.py\n//- /b.py\n");
    assert_eq!(user.icpy(&["close", "a.py"]).status, 11, "nothing is open where no daemon runs");
    user.icpy(&["a.py", "b.py"]);
    assert_eq!(printed(&user, &["close", "a.py"]), "");
    let again = user.icpy(&["close", "a.py", "./b.py"]);
    assert_eq!(again.status, 3, "{again:?}");
    assert!(again.stderr.contains("a.py` is not open"), "{again:?}");
    assert_eq!(user.json(&["call", "file:list"])["files"], json!([]), "the second was closed all the same");
}

#[test]
fn a_folder_is_listed() {
    let user = Process::new("//- /b/x\n//- /a.txt\n12345\n");
    symlink("a.txt", user.path("link")).unwrap();
    fs::write(user.path("two\nlines"), "").unwrap();
    assert_eq!(printed(&user, &["ls"]), "a.txt\nb/\nlink@\ntwo\nlines\n");
    assert_eq!(printed(&user, &["ls", "b"]), "x\n");
    let long = printed(&user, &["ls", "-l"]);
    let first: Vec<&str> = long.lines().next().unwrap().split_whitespace().collect();
    assert_eq!((first[4], first[8]), ("6", "a.txt"), "{long}");
    let entries = lines(&printed(&user, &["--json", "ls"]));
    assert_eq!((&entries[1]["name"], &entries[1]["kind"]), (&json!("b"), &json!("directory")));
    assert_eq!(user.icpy(&["ls", "none"]).status, 3);
    assert_eq!(printed(&user, &["ls", "a.txt"]), "a.txt\n");
}

#[test]
fn a_long_folder_is_listed_to_its_end() {
    let user = Process::new("");
    for number in 0..10_500 {
        fs::write(user.path(&format!("{number:05}")), "").unwrap();
    }
    let listed = printed(&user, &["ls"]);
    assert_eq!(listed.lines().count(), 10_500);
    assert!(listed.ends_with("10499\n"));
}

#[test]
fn files_are_printed_byte_for_byte() {
    let user = Process::new("//- /a.txt\none\n");
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|place| u8::try_from(place % 256).unwrap()).collect();
    fs::write(user.path("large.bin"), &bytes).unwrap();
    let output = user.command(&["cat", "a.txt", "large.bin"]).output().unwrap();
    assert!(output.status.success());
    assert!(output.stdout == [b"one\n".as_slice(), &bytes].concat());
    let some = user.icpy(&["cat", "none.txt", "a.txt"]);
    assert_eq!((some.status, some.stdout.as_str()), (3, "one\n"));
    assert!(some.stderr.contains("none.txt` does not exist"), "{some:?}");
    let json = lines(&printed(&user, &["--json", "cat", "a.txt"]));
    assert_eq!((&json[0]["content"], &json[0]["size"]), (&json!("one\n"), &json!(4)));
    assert_eq!(printed(&user, &["cat", "--offset", "1", "--length", "2", "a.txt", "a.txt"]), "nene");
    let json = lines(&printed(&user, &["--json", "cat", "--offset", "1", "a.txt"]));
    assert_eq!((&json[0]["content"], &json[0]["offset"]), (&json!("ne\n"), &json!(1)));
}

#[test]
fn workspaces_are_made_shown_and_activated() {
    let user = Process::new("//- /one/a.py\n//- /two/b.py\n//- /three/one/c.py\n");
    assert_eq!(printed(&user, &["workspace", "list"]), "");
    assert_eq!(user.icpy(&["workspace", "info"]).status, 3);
    assert_eq!(printed(&user, &["workspace", "create", "one"]), "");
    assert_eq!(printed(&user, &["workspace", "create", "two", "--name", "second"]), "");
    user.icpy(&["one/a.py"]);
    let list = printed(&user, &["workspace", "list"]);
    let rows: Vec<Vec<&str>> = list.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0][..4], ["*", "one", "1", "open"], "{list}");
    assert_eq!(rows[1][..3], ["second", "0", "open"], "{list}");
    let info = printed(&user, &["workspace", "info"]);
    assert!(info.starts_with("one, the active workspace\n") && info.contains("open    "), "{info}");
    for name in ["second", user.path("two").to_str().unwrap(), "two"] {
        assert!(printed(&user, &["workspace", "info", name]).starts_with("second\n"), "{name}");
    }
    assert_eq!(printed(&user, &["workspace", "activate", "second"]), "");
    assert!(printed(&user, &["workspace", "info"]).starts_with("second"));

    let twice = user.icpy(&["workspace", "create", "one"]);
    assert!(twice.status == 1 && twice.stderr.contains("`one` already"), "{twice:?}");
    assert_eq!(printed(&user, &["workspace", "create", "three/one"]), "");
    let ambiguous = user.icpy(&["workspace", "info", "one"]);
    assert_eq!(ambiguous.status, 2);
    assert!(
        ambiguous.stderr.contains("more than one") && ambiguous.stderr.contains("hint: name it by"),
        "{ambiguous:?}"
    );
    let none = user.icpy(&["workspace", "activate", "nowhere"]);
    assert!(none.status == 3 && none.stderr.contains("`nowhere`"), "{none:?}");
    assert_eq!(user.icpy(&["workspace"]).status, 2);
}

#[test]
fn the_daemon_is_started_once() {
    let user = Process::new("");
    assert_eq!(user.json(&["start"]), json!({ "started": true }));
    assert_eq!(user.json(&["start"]), json!({ "started": false }));
    assert_eq!(printed(&user, &["start"]), "");
}

#[test]
fn who_is_connected_is_shown() {
    let user = Process::new("");
    assert_eq!(user.icpy(&["clients"]).status, 11);
    user.json(&["start"]);
    // Who has started it goes when it likes.
    until_now("only the one who asks is there", || printed(&user, &["clients"]).lines().count() == 1);
    let mut watch = user.command(&["watch"]).stdout(Stdio::null()).spawn().unwrap();
    while user.json(&["status"])["bus"]["subscriptions"] == 0 {}
    let clients = printed(&user, &["clients"]);
    // Who has just asked and gone may still be there.
    let id = watch.id().to_string();
    let mut rows = clients.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    assert!(rows.any(|row| row.starts_with(&[&id, "icpy", "watch"])), "{clients}");
    watch.kill().unwrap();
    watch.wait().unwrap();
}

#[test]
fn the_log_is_shown_and_followed() {
    let user = Process::new("//- /a.py\n");
    let none = user.icpy(&["logs"]);
    assert!(none.status == 3 && none.stderr.contains("icpyd.log"), "{none:?}");
    user.json(&["start"]);
    let text = printed(&user, &["logs"]);
    assert!(text.lines().any(|line| line.contains("  INFO   started  pid=")), "{text}");
    assert_eq!(lines(&printed(&user, &["--json", "logs", "-n", "1"])).len(), 1);
    assert_eq!(printed(&user, &["logs", "-n", "0"]), "");

    let mut follow = user.command(&["--json", "logs", "-f", "-n", "1"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut read = BufReader::new(follow.stdout.take().unwrap()).lines();
    assert!(read.next().unwrap().unwrap().contains("started"));
    // Over the change to a new file.
    let log = user.folder().home().join("log/icpyd.log");
    fs::rename(&log, log.with_extension("log.1")).unwrap();
    fs::write(&log, "{\"message\":\"new\"}\n").unwrap();
    assert_eq!(read.next().unwrap().unwrap(), "{\"message\":\"new\"}");
    user.json(&["stop"]);
    follow.kill().unwrap();
    follow.wait().unwrap();
    // It is there when the daemon is not.
    let stopped = fs::read_to_string(log.with_extension("log.1")).unwrap();
    assert!(stopped.contains("\"ended\""), "{stopped}");
    assert_eq!(user.icpy(&["logs"]).status, 0);
}

fn proxy(user: &Process) -> Child {
    let mut command = user.command(&["proxy"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn a_pipe_reaches_the_daemon() {
    let user = Process::new("");
    let mut child = proxy(&user);
    let mut stdin = child.stdin.take().unwrap();
    for id in 0..3000 {
        writeln!(stdin, "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"session:ping\"}}").unwrap();
    }
    drop(stdin);
    // What was asked before the end of the input is answered.
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let ids: Vec<Value> =
        lines(&String::from_utf8(output.stdout).unwrap()).into_iter().map(|it| it["id"].clone()).collect();
    assert_eq!(ids, (0..3000).map(|id| json!(id)).collect::<Vec<_>>());
}

#[test]
fn a_pipe_ends_with_the_daemon() {
    let user = Process::new("");
    user.json(&["start"]);
    let mut child = proxy(&user);
    let _held = child.stdin.take();
    while user.json(&["call", "session:list"])["sessions"].as_array().unwrap().len() < 2 {}
    assert_eq!(user.icpy(&["stop"]).status, 0);
    let output = child.wait_with_output().unwrap();
    let output = Output {
        status: process::status(output.status),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    assert_eq!(output.status, 0);
    assert!(output.stdout.contains("session:closing"), "{output:?}");
}

#[test]
fn what_is_printed_goes_nowhere_when_nobody_listens() {
    let user = Process::new("");
    let request =
        json!({ "jsonrpc": "2.0", "id": 7, "method": "fs:create_directory", "params": { "path": user.path("made") } });
    fs::write(user.path("request"), format!("{request}\n")).unwrap();
    for closed in ["1>&-", "0<&- 1>&-", "0<&- 1>&- 2>&-"] {
        let script = format!("\"$0\" start && \"$0\" cat request {closed}");
        let program = user.program("icpy");
        let output =
            process::output(&mut user.foreign_command("sh", &["-c".as_ref(), script.as_ref(), program.as_os_str()]));
        assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{closed}");
        assert!(!user.path("made").exists(), "{closed}: a file's content was taken for a request");
    }
}
