//! `kill -9` of whoever shows a terminal, of what runs there, and of the daemon, at each step: what ends, and what goes on.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use icpy_protocol::error::Kind;
use icpy_tests::{Process, Program, Terminal, refused, until_now};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::{Value, json};

/// What a terminal is doing when something is killed.
const STEPS: &[(&str, &str)] = &[
    ("created", "echo ready; exec cat"),
    ("attached", "echo ready; exec cat"),
    ("flooding", "echo ready; read x; exec yes"),
    ("pasting", "stty raw -echo; echo ready; exec sleep 1000"),
];

/// A terminal at one of the steps, shown by `icpy terminal attach`, and that program's process.
fn at(user: &Process, step: &str, script: &str) -> (Program, Option<(Terminal, Pid)>) {
    let mut program = user.run(&["sh", "-c", script]);
    program.expect("ready");
    if step == "created" {
        return (program, None);
    }
    let attach = format!("echo $$ > pid; exec icpy terminal attach {}", program.id());
    let mut viewer = user.foreign_terminal("sh", &["-c", &attach]);
    viewer.expect("ready");
    if step == "flooding" {
        program.type_keys("\r");
        viewer.expect("y\r\ny\r\n");
    }
    if step == "pasting" {
        // More than the program's terminal takes, and never the end of it.
        viewer.type_keys(&format!("\u{1b}[200~{}", "x".repeat(20_000)));
    }
    let pid = fs::read_to_string(user.path("pid")).unwrap().trim().parse().unwrap();
    (program, Some((viewer, Pid::from_raw(pid).unwrap())))
}

fn kill(pid: Pid) {
    kill_process(pid, Signal::KILL).unwrap();
}

fn pid_of(program: &Program) -> Pid {
    Pid::from_raw(program.pid()).unwrap()
}

fn is_gone(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    test_kill_process(pid).is_err() || stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z'))
}

#[test]
fn a_killed_viewer_takes_nothing_with_it() {
    let user = Process::new("");
    for (step, script) in &STEPS[1..] {
        let (mut program, viewer) = at(&user, step, script);
        let (_terminal, pid) = viewer.unwrap();
        kill(pid);
        assert!(!is_gone(pid_of(&program)), "{step}");
        if *step == "attached" {
            program.type_keys("on\r");
            program.expect("on\r\non\r\n");
        }
        user.json(&["terminal", "list"]);
        // Another one is not held up by what the first has begun.
        let (mut again, _) = at(&user, "attached", "echo ready; exec cat");
        again.type_keys("other\r");
        again.expect("other\r\nother\r\n");
        program.close();
        again.close();
    }
}

#[test]
fn a_killed_program_ends_its_terminal_alone() {
    let user = Process::new("");
    for (step, script) in STEPS {
        let (mut program, viewer) = at(&user, step, script);
        kill(pid_of(&program));
        let listed = || user.json(&["call", "terminal:get", &json!({ "terminalId": program.id() }).to_string()]);
        until_now(step, || listed()["exit"] == json!({ "signal": 9 }));
        if let Some((terminal, _)) = viewer {
            assert_eq!(terminal.wait(), 128 + 9, "{step}");
        }
        // Nobody reads what is typed then: it is said, and nobody waits.
        let client = user.connect();
        let data = json!({ "terminalId": program.id(), "data": "x".repeat(1 << 20) }).to_string();
        refused(client.request("terminal:data_in", &data, |_, _| ()), Kind::Unavailable, "nothing reads");
        if *step != "flooding" {
            assert_eq!(program.end(), json!({ "signal": 9 }));
        }
        program.close();
    }
}

#[test]
fn a_killed_daemon_ends_what_runs_and_the_next_one_starts_clean() {
    for (step, script) in STEPS {
        let user = Process::new("");
        let (program, viewer) = at(&user, step, script);
        let pid = pid_of(&program);
        user.kill_daemon();
        until_now("the program's end", || is_gone(pid));
        if let Some((terminal, _)) = viewer {
            assert_ne!(terminal.wait(), 0, "{step}");
        }
        assert_eq!(user.json(&["terminal", "list"])["terminals"], json!([]), "{step}");
        let mut next = user.run(&["sh", "-c", "echo $((6 * 7))"]);
        next.expect("42");
        assert_eq!(next.end(), json!({ "code": 0 }));
    }
}

/// How often each thread of a process has been put on a processor.
fn wakeups(pid: u32) -> BTreeMap<String, u64> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    let count = |status: String| {
        let counts = status.lines().filter(|line| line.contains("ctxt_switches:"));
        counts.filter_map(|line| line.split_whitespace().last()?.parse::<u64>().ok()).sum()
    };
    let of = |task: fs::DirEntry| {
        let status = fs::read_to_string(task.path().join("status")).ok()?;
        Some((task.file_name().into_string().unwrap(), count(status)))
    };
    tasks.filter_map(of).collect()
}

#[test]
fn idle_terminals_wake_nobody_and_have_no_thread() {
    let user = Process::new("");
    let first = user.run(&["cat"]);
    let daemon = user.daemon_pid();
    let threads = wakeups(daemon).len();
    let mut all: Vec<Program> = (0..20).map(|_| user.run(&["sh", "-c", "echo ready; exec cat"])).collect();
    for program in &mut all {
        program.expect("ready");
    }
    // Threads that open files stay for a while; none is a terminal's.
    assert!(wakeups(daemon).len() <= threads + 4, "{threads} threads before");
    let pause = || assert!(Command::new("sleep").arg("1").status().unwrap().success());
    let mut before = wakeups(daemon);
    // Idle is what nothing happens in: a second of it, once all that was asked is over.
    until_now("a second of rest", || {
        pause();
        let after = wakeups(daemon);
        let moved = after.iter().any(|(task, count)| before.get(task).is_some_and(|before| before != count));
        before = after;
        !moved
    });
    let listed: Value = user.json(&["terminal", "list"]);
    assert_eq!(listed["terminals"].as_array().unwrap().len(), 21);
    drop((first, all));
}
