//! How programs in terminals end, and that nothing is lost or left over then.

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::io::Write as _;
use std::os::unix::net::UnixStream;

use icpy_tests::{Daemon, LineClient, Process, Transport, until_now};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::{Value, json};

fn rounds(default: usize) -> usize {
    std::env::var("ICPY_TEST_ROUNDS").map_or(default, |rounds| rounds.parse().unwrap())
}

/// A client that is told of all terminals, and attaches to some.
struct Witness {
    client: LineClient,
    last_id: u64,
    /// What came beside answers, and was not looked at yet.
    told: VecDeque<Value>,
}

impl Witness {
    async fn new(daemon: &Daemon) -> Self {
        let client = daemon.line_client(Transport::Socket).await;
        let mut witness = Self { client, last_id: 0, told: VecDeque::default() };
        witness.ask("session:subscribe", json!({ "patterns": ["terminal:*"] })).await;
        witness
    }

    async fn ask(&mut self, method: &str, params: Value) -> Value {
        self.last_id += 1;
        self.client.request(self.last_id, method, &params).await;
        let (before, answer) = self.client.receive_answer(self.last_id).await;
        self.told.extend(before);
        assert_eq!(answer["error"], Value::Null, "{method}");
        answer["result"].clone()
    }

    /// The next thing that is told of a terminal: a topic and what it says.
    async fn next(&mut self) -> (String, Value) {
        loop {
            let message = match self.told.pop_front() {
                Some(message) => message,
                None => self.client.receive().await,
            };
            let params = &message["params"];
            match (message["method"].as_str().unwrap_or_default(), params["topic"].as_str()) {
                // How far the events are: it comes after many.
                ("session:bookmark", _) => {}
                (_, Some(topic)) => return (topic.to_owned(), params["payload"].clone()),
                (method, None) => return (method.to_owned(), params.clone()),
            }
        }
    }

    /// Runs a program that is shown from its first byte. Returns all that was told of it up to its end, in order: its output as
    /// one text, and the topics of the events.
    async fn witness(&mut self, script: &str) -> (String, Vec<String>, Value) {
        let created = self.ask("terminal:create", json!({ "command": ["sh", "-c", script] })).await;
        let terminal_id = created["terminalId"].clone();
        let attached = self.ask("terminal:attach", json!({ "terminalId": terminal_id, "after": 0 })).await;
        let (mut text, mut topics, mut exit) = (String::new(), Vec::new(), Value::Null);
        let mut is_detached = false;
        while exit.is_null() || !is_detached {
            let (topic, told) = self.next().await;
            match &*topic {
                "terminal:data_out" => {
                    assert!(!is_detached, "output after the viewer's end: {told}");
                    text += told["data"].as_str().unwrap();
                    let ack = json!({ "terminalId": terminal_id, "viewerId": attached["viewerId"], "to": told["to"] });
                    let ack = json!({ "jsonrpc": "2.0", "method": "terminal:ack", "params": ack });
                    self.client.send(format!("{ack}\n")).await;
                }
                "terminal:detached" => is_detached = true,
                _ => {
                    assert!(exit.is_null(), "after the end: {topic}");
                    exit = told["exit"].clone();
                    topics.push(topic);
                }
            }
        }
        self.ask("terminal:close", json!({ "terminalId": terminal_id })).await;
        assert_eq!(self.next().await.0, "terminal:closed", "nothing is told of one that has ended");
        (text, topics, exit)
    }
}

/// Short programs: each prints, and is gone at once. What is told of each beside its beginning and end.
const SHORT: &[(&str, &[&str])] = &[
    ("echo last; exit 3", &[]),
    ("seq 3000; echo last; exit 3", &[]),
    // The terminal stays open behind it.
    ("sleep 1000 & seq 3000; echo last; exit 3", &[]),
    (r"printf '\033]0;title\007\007'; echo last; exit 3", &["terminal:title_changed", "terminal:bell"]),
    ("stty raw; dd if=/dev/zero bs=60000 count=1 2>/dev/null | tr '\\0' x; echo last; exit 3", &[]),
];

#[test]
fn all_that_a_short_program_prints_is_told_before_its_end() {
    let daemon = Daemon::boot("");
    daemon.run_long(async {
        let mut witness = Witness::new(&daemon).await;
        let mut expected = vec![None; SHORT.len()];
        for round in 0..rounds(200) {
            let (script, news) = SHORT[round % SHORT.len()];
            let (text, topics, exit) = witness.witness(script).await;
            assert_eq!(exit, json!({ "code": 3 }), "round {round}");
            let all = [&["terminal:created"], news, &["terminal:exited"]].concat();
            assert_eq!(topics, all, "round {round}");
            assert!(text.trim_end().ends_with("last"), "round {round}: {} bytes", text.len());
            // Each round prints what the first did.
            let length = *expected[round % SHORT.len()].get_or_insert(text.len());
            assert_eq!(text.len(), length, "round {round}");
        }
    });
}

#[test]
fn an_end_by_a_signal_is_told_as_that_signal() {
    let user = Process::new("");
    for (name, number) in [("HUP", 1), ("INT", 2), ("QUIT", 3), ("KILL", 9), ("USR1", 10), ("SEGV", 11), ("TERM", 15)] {
        let mut program = user.run(&["sh", "-c", &format!("ulimit -c 0; kill -{name} $$")]);
        assert_eq!(program.end(), json!({ "signal": number }));
        // Of its child a shell tells it as a status.
        let mut shell = user.run(&["sh", "-c", &format!("ulimit -c 0; sh -c 'kill -{name} $$'; exit $?")]);
        assert_eq!(shell.end(), json!({ "code": 128 + number }));
    }
    for code in [0, 1, 127, 255] {
        assert_eq!(user.run(&["sh", "-c", &format!("exit {code}")]).end(), json!({ "code": code }));
    }
}

#[test]
fn a_program_may_let_go_of_its_terminal_and_come_back() {
    let user = Process::new("");
    let script =
        "exec </dev/null >/dev/null 2>&1; sleep 0.2; seq 20000 >/dev/tty; sleep 0.2; echo $(cat go) >/dev/tty; exit 4";
    let params = json!({ "command": ["sh", "-c", script], "cwd": user.path("") });
    fs::write(user.path("go"), "last").unwrap();
    let mut program = user.run_with(&params);
    program.expect("\n20000\r\nlast\r\n");
    assert_eq!(program.end(), json!({ "code": 4 }));
}

#[test]
fn whoever_comes_and_goes_types_nothing() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let mut owner = Witness::new(&daemon).await;
        // It prints each byte that it reads, in raw mode and in the other.
        for mode in ["raw -echo", "sane"] {
            let script = format!("stty {mode}; echo ready; od -An -v -tx1 -w1");
            let created = owner.ask("terminal:create", json!({ "command": ["sh", "-c", script] })).await;
            let terminal_id = created["terminalId"].clone();
            owner.ask("terminal:read", json!({ "terminalId": terminal_id, "waitMs": 30_000 })).await;
            for round in 0..6 {
                let mut viewer = Witness::new(&daemon).await;
                let attached = viewer.ask("terminal:attach", json!({ "terminalId": terminal_id })).await;
                if round % 2 == 0 {
                    let params = json!({ "terminalId": terminal_id, "viewerId": attached["viewerId"] });
                    viewer.ask("terminal:detach", params).await;
                }
            }
            owner.ask("terminal:data_in", json!({ "terminalId": terminal_id, "data": "Z\r" })).await;
            let mut text = String::new();
            while !text.contains("5a") {
                let params = json!({ "terminalId": terminal_id, "waitMs": 30_000, "after": text.len() });
                text += owner.ask("terminal:read", params).await["data"].as_str().unwrap();
            }
            let bytes: Vec<&str> = text.split_whitespace().filter(|word| *word != "Z").collect();
            assert_eq!(bytes[..2], ["ready", "5a"], "{mode}: {text:?}");
            owner.ask("terminal:close", json!({ "terminalId": terminal_id })).await;
        }
    });
}

/// What a daemon holds of the system.
#[derive(Debug)]
struct Holding {
    descriptors: usize,
    threads: usize,
    children: usize,
    memory_kib: u64,
}

impl Holding {
    fn of(daemon: u32) -> Self {
        let count = |folder: &str| fs::read_dir(format!("/proc/{daemon}/{folder}")).unwrap().count();
        let status = fs::read_to_string(format!("/proc/{daemon}/status")).unwrap();
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        Self {
            descriptors: count("fd"),
            threads: count("task"),
            children: children(daemon).len(),
            memory_kib: memory.split_whitespace().next().unwrap().parse().unwrap(),
        }
    }
}

fn terminals_of(daemon: u32) -> usize {
    let links = fs::read_dir(format!("/proc/{daemon}/fd")).unwrap().flatten();
    links.filter(|link| fs::read_link(link.path()).is_ok_and(|to| to.ends_with("ptmx"))).count()
}

fn children(of: u32) -> BTreeSet<i32> {
    let tasks = fs::read_dir(format!("/proc/{of}/task")).unwrap().flatten();
    let lists = tasks.map(|task| fs::read_to_string(task.path().join("children")).unwrap_or_default());
    lists.collect::<String>().split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

#[test]
fn what_was_started_for_somebody_who_has_gone_ends() {
    let user = Process::new("");
    user.run(&["cat"]);
    let daemon = user.daemon_pid();
    let line = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"terminal:create\",\"params\":{\"command\":[\"cat\"]}}\n";
    for pause in 0..100 {
        let mut stream = UnixStream::connect(&user.endpoint().socket).unwrap();
        stream.write_all(line).unwrap();
        // At one moment or another of the start.
        (0..pause * 100).for_each(|_| std::hint::spin_loop());
    }
    let listed = || user.json(&["terminal", "ls"])["terminals"].as_array().unwrap().len();
    until_now("the last start", || children(daemon).len() == listed());
}

#[test]
fn five_hundred_terminals_leave_nothing() {
    let user = Process::new("");
    let owner = user.run(&["cat"]);
    let daemon = user.daemon_pid();
    let client = user.connect();
    let ask = |method: &str, params: Value| -> Value {
        serde_json::from_str(&client.request(method, &params.to_string(), |_, _| ()).unwrap()).unwrap()
    };
    let mut most = 0;
    let mut round = |count: usize| {
        let create = |number| {
            let script = format!("echo {number}; sleep 1000 & exec cat");
            ask("terminal:create", json!({ "command": ["sh", "-c", script] }))["terminalId"].clone()
        };
        let all: Vec<Value> = (0..count).map(create).collect();
        for id in &all {
            ask("terminal:read", json!({ "terminalId": id, "waitMs": 30_000 }));
        }
        let open = Holding::of(daemon);
        most = open.threads.max(most);
        assert_eq!(open.children, count + 1);
        for id in all {
            ask("terminal:close", json!({ "terminalId": id }));
        }
        // A closed terminal's task ends in its turn.
        until_now("the end of all terminals but one", || terminals_of(daemon) == 1);
        Holding::of(daemon)
    };
    // Memory is taken from the system once, and the history of events grows up to its bound.
    round(250);
    let before = round(250);
    round(250);
    let after = round(250);
    assert_eq!(after.descriptors, before.descriptors);
    assert_eq!((before.children, after.children), (1, 1), "nothing is left that nobody has waited for");
    // Opening a file takes a thread for a while, as everywhere in the daemon: none belongs to a terminal.
    assert!(most <= before.threads + 8, "{most} threads with 250 terminals: {before:?}");
    assert!(after.memory_kib <= before.memory_kib + (4 << 10), "{before:?}, then {after:?}");
    drop(owner);
}

/// Runs in a terminal all that is hard to end, and returns the processes by name.
fn hard_to_end(user: &Process) -> (icpy_tests::Program, Vec<(String, Pid)>) {
    let script = "set -m; plain() { exec sleep 1001; }
        plain & echo job $!
        (trap '' HUP TERM; exec sleep 1002) & echo deaf $!
        nohup sleep 1003 >/dev/null 2>&1 & echo nohup $!
        sleep 1008 & echo background $!
        sleep 1004 & kill -STOP $!; echo stopped $!
        sh -c 'trap \"\" HUP; sleep 1005 & echo $! > kin; exec sleep 1006' & echo parent $!
        while [ ! -s kin ]; do :; done; echo grandchild $(cat kin)
        setsid sh -c 'echo $$ > gone; exec sleep 1007' & while [ ! -s gone ]; do :; done; echo setsid $(cat gone)
        echo ready; fg %1";
    let params = json!({ "command": ["sh", "-c", script], "cwd": user.path("") });
    let mut program = user.run_with(&params);
    let printed = program.expect("ready");
    let all = printed.lines().filter_map(|line| line.split_once(' '));
    let all = all.map(|(name, pid)| (name.to_owned(), Pid::from_raw(pid.trim().parse().unwrap()).unwrap()));
    let all: Vec<_> = all.collect();
    assert_eq!(all.len(), 8, "{printed:?}");
    (program, all)
}

/// Whether a process runs. One that nobody has waited for yet does not.
fn is_running(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    test_kill_process(pid).is_ok() && stat.rsplit(") ").next().is_some_and(|rest| !rest.starts_with('Z'))
}

#[test]
fn close_ends_every_job_but_those_that_have_left_the_session() {
    let user = Process::new("");
    let (program, all) = hard_to_end(&user);
    program.close();
    let lives = |pid: Pid| is_running(pid);
    for (name, pid) in all {
        match &*name {
            // It has said that it is no part of the terminal any more.
            "setsid" => {
                assert!(lives(pid));
                kill_process(pid, Signal::KILL).unwrap();
            }
            _ => until_now(&format!("the end of `{name}`"), || !lives(pid)),
        }
    }
}

#[test]
fn a_job_goes_on_without_its_shell_until_the_terminal_is_closed() {
    let user = Process::new("");
    let mut program = user.run(&["sh", "-c", "set -m; sleep 1000 & echo job $! of it; exit 0"]);
    assert_eq!(program.end(), json!({ "code": 0 }));
    let pid = program.text().split(' ').nth(1).unwrap().parse().unwrap();
    let pid = Pid::from_raw(pid).unwrap();
    assert!(is_running(pid));
    program.close();
    until_now("the job's end", || !is_running(pid));
}

#[test]
fn a_killed_daemon_leaves_what_is_deaf_or_elsewhere() {
    let user = Process::new("");
    let (program, all) = hard_to_end(&user);
    let shell = Pid::from_raw(program.pid()).unwrap();
    user.kill_daemon();
    until_now("the shell's end", || !is_running(shell));
    for (name, pid) in all {
        match &*name {
            "job" | "stopped" => until_now(&format!("the end of `{name}`"), || !is_running(pid)),
            // The last ones hear nothing, and the shell passes nothing on to its job in the background.
            _ => {
                assert!(is_running(pid), "{name}");
                kill_process(pid, Signal::KILL).unwrap();
            }
        }
    }
}
