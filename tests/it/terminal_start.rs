//! What a program in a terminal is given, and what it is not: nothing that belongs to the daemon.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use icpy_tests::{Output, Process, Program, process};
use serde_json::{Value, json};

/// Starts the daemon by a shell, and so with whatever that shell is told to have.
fn start(user: &Process, script: &str) -> Output {
    let mut command = user.foreign_command("sh", &["-c", &format!("{script}; exec icpy start")]);
    let started = process::output(command.env("PATH", user.search_path()));
    assert_eq!(started.status, 0, "{started:?}");
    started
}

/// What a program prints to its end.
fn printed(mut program: Program) -> String {
    assert_eq!(program.end(), json!({ "code": 0 }), "{}", program.text());
    program.text().to_owned()
}

/// The environment of a program, as it sees it.
fn environment(user: &Process, env: Option<Value>) -> (BTreeMap<String, String>, Program) {
    let mut params = json!({ "command": ["/usr/bin/env"] });
    if let Some(env) = env {
        params["env"] = env;
    }
    let mut program = user.run_with(&params);
    assert_eq!(program.end(), json!({ "code": 0 }));
    let lines = program.text().lines().map(|line| line.split_once('=').unwrap());
    let all = lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    (all, program)
}

#[test]
fn a_program_sees_nothing_of_the_daemons_environment() {
    let user = Process::new("");
    start(
        &user,
        "export API_TOKEN=secret LISTEN_FDS=1 LISTEN_PID=1 WATCHDOG_USEC=9 INVOCATION_ID=x HOME=/usr SHELL=/bin/sh",
    );
    let (all, program) = environment(&user, None);
    let names: Vec<&str> = all.keys().map(String::as_str).collect();
    let ours =
        ["COLORTERM", "HOME", "ICPY_DAEMON_ID", "ICPY_SOCKET", "ICPY_TERMINAL_ID", "LANG", "PATH", "SHELL", "TERM"];
    assert_eq!(names, ours);
    assert_eq!((&*all["TERM"], &*all["COLORTERM"], &*all["LANG"]), ("xterm-256color", "truecolor", "C.UTF-8"));
    assert_eq!(all["ICPY_TERMINAL_ID"], program.id());
    assert_eq!(all["ICPY_SOCKET"], user.endpoint().socket.display().to_string());
    // What a caller gives is all there is; a language of its own is left alone.
    let (all, _) = environment(&user, Some(json!({ "LC_ALL": "C", "TERM": "dumb" })));
    let names: Vec<&str> = all.keys().map(String::as_str).collect();
    assert_eq!(names, ["COLORTERM", "ICPY_DAEMON_ID", "ICPY_SOCKET", "ICPY_TERMINAL_ID", "LC_ALL", "TERM"]);
    assert_eq!(all["TERM"], "xterm-256color", "it says what the terminal is");
}

/// A program that lists its descriptors: one is that of the folder it reads.
const DESCRIPTORS: &str = "ls /proc/self/fd | tr '\\n' ' '; ulimit -n";

#[test]
fn a_program_gets_no_descriptor_but_its_terminal() {
    let user = Process::new("//- /a.py\n");
    start(&user, "exec 7</etc/hostname; ulimit -S -n 256");
    // What a daemon may have open: a workspace's watches, its store, other terminals.
    user.json(&["a.py"]);
    user.run(&["cat"]);
    assert_eq!(printed(user.run(&["sh", "-c", DESCRIPTORS])), "0 1 2 3 256\r\n");
    // Descriptors that were handed over stay open over a change of the daemon's program.
    user.json(&["restart"]);
    assert_eq!(printed(user.run(&["sh", "-c", DESCRIPTORS])), "0 1 2 3 256\r\n");
}

#[test]
fn a_program_hears_every_signal() {
    let user = Process::new("");
    start(&user, "trap '' HUP INT QUIT TERM PIPE USR1 CHLD TSTP");
    let masks = printed(user.run(&["grep", "-E", "Sig(Blk|Ign)", "/proc/self/status"]));
    let masks = masks.lines().map(|line| u64::from_str_radix(line.split_whitespace().nth(1).unwrap(), 16).unwrap());
    // Those without a name are left alone.
    let named: Vec<u64> = masks.map(|mask| mask & 0x7fff_ffff).collect();
    assert_eq!(named, [0, 0]);
    // It leads a session, and has the terminal in the foreground.
    let ids = printed(user.run(&["sh", "-c", "ps -o pid=,pgid=,sid=,tpgid= -p $$"]));
    let ids: Vec<&str> = ids.split_whitespace().collect();
    assert_eq!(ids, [ids[0]; 4]);
}

#[test]
fn what_cannot_run_is_said_and_prints_nothing() {
    let user = Process::new("//- /script\n#!/no/such/interpreter\n//- /data\n\u{1}\n//- /locked/program\n#!/bin/sh\n");
    let path = |name: &str| user.path(name).display().to_string();
    for name in ["script", "data"] {
        fs::set_permissions(path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let first = user.run(&["cat"]);
    let before = user.json(&["terminal", "list"]);
    let check = |command: Value, kind: &str, text: &str| {
        let output = user.icpy(&["--json", "call", "terminal:create", &json!({ "command": command }).to_string()]);
        let error: Value = serde_json::from_str(&output.stdout).unwrap();
        assert_eq!(error["error"]["data"]["kind"], kind, "{error}");
        assert!(error["error"]["message"].as_str().unwrap().contains(text), "{error}");
    };
    check(json!(["no-such-program"]), "not_found", "`no-such-program`");
    check(json!([path("script")]), "not_found", "script`");
    check(json!([path("")]), "permission_denied", "files/`");
    check(json!([path("locked/program")]), "permission_denied", "locked/program`");
    check(json!([path("script/below")]), "unavailable", "script/below`");
    check(json!([""]), "not_found", "``");
    check(json!(["a\0b"]), "unsupported", "cannot run");
    // The descriptors of what was not started are closed, and there is no terminal.
    assert_eq!(user.json(&["terminal", "list"]), before);
    let links = fs::read_dir(format!("/proc/{}/fd", user.daemon_pid())).unwrap().flatten();
    let masters = links.filter(|link| fs::read_link(link.path()).is_ok_and(|to| to.ends_with("ptmx")));
    assert_eq!(masters.count(), 1);
    first.type_keys("\u{4}");
}
