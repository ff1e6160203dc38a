//! A daemon under a mixed load for a long time: what it takes does not grow, and nothing stays behind.
//!
//! `ICPY_TEST_ROUNDS=7200 cargo xtask test stays_as_it_was` does so for two hours: a round is a second.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use icpy_tests::{DEADLINE, Peer, Process, Random, Typist, Writing};
use serde_json::{Value, json};

/// Files of the tree that is switched from one branch to another.
const TREE_FILES: usize = 2_000;

/// Who edits one text at once.
const TYPISTS: usize = 10;

/// How long the text is at most.
const TEXT_BYTES: usize = 20_000;

/// How often the daemon is looked at.
const LOOKS: u32 = 12;

/// What the daemon takes at a moment, and how soon it has answered since the last.
#[derive(Clone, Debug)]
struct Look {
    resident_kib: u64,
    descriptors: usize,
    threads: usize,
    latency: Duration,
}

impl Look {
    fn at(pid: u32, latencies: &mut Vec<Duration>) -> Self {
        latencies.sort_unstable();
        let latency = latencies.get(latencies.len() * 99 / 100).copied().unwrap_or_default();
        latencies.clear();
        Self { resident_kib: resident_kib(pid), descriptors: open_files(pid).len(), threads: threads(pid), latency }
    }
}

/// The load, and how much of it there was.
struct Load {
    socket: PathBuf,
    project: PathBuf,
    ends: AtomicBool,
    connections: AtomicU64,
    terminals: AtomicU64,
    checkouts: AtomicU64,
    edits: AtomicU64,
}

impl Load {
    fn goes_on(&self) -> bool {
        !self.ends.load(Ordering::Relaxed)
    }

    /// Connections that ask once and go, some in the middle of it.
    fn connect(&self) {
        for number in 0_u64.. {
            let mut peer = Peer::open(&self.socket).unwrap();
            match number % 4 {
                0 => drop(peer.send("fs:list_directory", &json!({ "path": self.project })).unwrap()),
                1 => drop(ask(&mut peer, "session:subscribe", &json!({ "patterns": ["**"] }))),
                _ => drop(ask(&mut peer, "session:ping", &json!({}))),
            }
            self.connections.fetch_add(1, Ordering::Relaxed);
            if !self.goes_on() {
                return;
            }
        }
    }

    /// Terminals that end, are closed, and lose who looks on.
    fn run_terminals(&self) {
        let mut peer = Peer::open(&self.socket).unwrap();
        for number in 0_u64.. {
            let command = json!({ "command": ["sh", "-c", "seq 1 2000; sleep 1000 & cat"], "cwd": self.project });
            let id = ask(&mut peer, "terminal:create", &command)["terminalId"].clone();
            let mut viewer = Peer::open(&self.socket).unwrap();
            ask(&mut viewer, "terminal:attach", &json!({ "terminalId": id }));
            ask(&mut viewer, "terminal:data_in", &json!({ "terminalId": id, "data": "some keys\n" }));
            if number.is_multiple_of(2) {
                ask(&mut peer, "terminal:close", &json!({ "terminalId": id }));
            } else {
                ask(&mut viewer, "terminal:data_in", &json!({ "terminalId": id, "data": "\u{4}" }));
                ask(&mut peer, "terminal:wait", &json!({ "terminalId": id }));
                ask(&mut peer, "terminal:close", &json!({ "terminalId": id }));
            }
            self.terminals.fetch_add(1, Ordering::Relaxed);
            if !self.goes_on() {
                return;
            }
        }
    }

    /// A tree that git switches from one branch to another, while somebody watches it.
    fn switch_branches(&self) {
        let mut watcher = Peer::open(&self.socket).unwrap();
        ask(&mut watcher, "session:subscribe", &json!({ "patterns": ["fs:*"] }));
        ask(&mut watcher, "fs:watch", &json!({ "path": self.project, "recursive": true }));
        for branch in ["one", "other"].into_iter().cycle() {
            git(&self.project, &["checkout", "--quiet", branch]);
            while watcher.receive().unwrap().is_some() {}
            self.checkouts.fetch_add(1, Ordering::Relaxed);
            if !self.goes_on() {
                return;
            }
        }
    }

    /// Several who edit one text.
    fn edit(&self) {
        let path = self.project.join("shared.txt");
        let mut owner = Peer::open(&self.socket).unwrap();
        ask(&mut owner, "file:open", &json!({ "path": path }));
        let mut random = Random::new(7);
        let typist = |number: usize| Typist::new(format!("typist {number}"), path.clone());
        let mut typists: Vec<Typist> = (0..TYPISTS).map(typist).collect();
        for typist in &mut typists {
            typist.join(&self.socket).unwrap();
        }
        while self.goes_on() {
            for typist in &mut typists {
                while typist.take() {}
                // What is typed faster than it is sent would have to be sent at the end.
                if typist.is_settled() {
                    let length = typist.shown().byte_len();
                    let at = random.below(length + 1);
                    let removed = if length > TEXT_BYTES { at.saturating_sub(400)..at } else { at..at };
                    typist.type_edits(vec![(removed, "some words\n".to_owned())]);
                    self.edits.fetch_add(1, Ordering::Relaxed);
                }
                typist.send(Writing::Utf16);
            }
            ask(&mut owner, "file:save", &json!({ "path": path }));
        }
        let ended = Instant::now();
        while !typists.iter().all(|typist| typist.is_proven() && typist.known() == typists[0].known()) {
            assert!(ended.elapsed() < DEADLINE, "they do not end with one text: {typists:#?}");
            for typist in &mut typists {
                typist.send(Writing::Utf16);
                while typist.take() {}
            }
        }
        ask(&mut owner, "file:close", &json!({ "path": path, "discard": true }));
    }
}

fn ask(peer: &mut Peer, method: &str, params: &Value) -> Value {
    let answer = peer.ask(method, params).unwrap();
    assert!(answer["error"].is_null(), "{method}: {answer}");
    answer["result"].clone()
}

fn resident_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    resident.trim().trim_end_matches(" kB").parse().unwrap()
}

fn threads(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/task")).unwrap().count()
}

/// What a process has open.
fn open_files(pid: u32) -> Vec<PathBuf> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok()).collect()
}

fn git(folder: &Path, args: &[&str]) {
    let status = Command::new("git").args(args).current_dir(folder).status().unwrap();
    assert!(status.success(), "git {args:?}");
}

/// Two branches that have every file in another way.
fn tree(project: &Path) {
    git(project, &["init", "--quiet", "--initial-branch=one"]);
    for (branch, content) in [("one", "1\n"), ("other", "other\n")] {
        if branch == "other" {
            git(project, &["checkout", "--quiet", "-b", branch]);
        }
        for number in 0..TREE_FILES {
            let folder = project.join(format!("folder-{}", number % 40));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(format!("{number}.txt")), content).unwrap();
        }
        git(project, &["add", "--all"]);
        git(project, &["-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message", branch]);
    }
    fs::write(project.join("shared.txt"), "").unwrap();
}

/// Of a terminal that is closed some events are kept for a while, and nothing else.
#[test]
fn closed_terminals_take_no_memory() {
    const TERMINALS: u64 = 300;
    let user = Process::new("");
    assert_eq!(user.icpy(&["start"]).status, 0);
    let (pid, mut peer) = (user.daemon_pid(), Peer::open(&user.endpoint().socket).unwrap());
    let mut taken_by = |count: u64| {
        let before = resident_kib(pid);
        for _ in 0..count {
            let id = ask(&mut peer, "terminal:create", &json!({ "command": ["cat"] }))["terminalId"].clone();
            ask(&mut peer, "terminal:close", &json!({ "terminalId": id }));
        }
        resident_kib(pid).saturating_sub(before)
    };
    // What is needed once, and what allocators keep.
    taken_by(TERMINALS / 2);
    let taken = taken_by(TERMINALS);
    assert!(taken < 3 * TERMINALS, "{TERMINALS} closed terminals have left {taken} KiB");
}

#[test]
fn a_daemon_under_load_stays_as_it_was() {
    let seconds: u64 = std::env::var("ICPY_TEST_ROUNDS").map_or(12, |rounds| rounds.parse().unwrap());
    let user = Process::new("");
    let project = user.path("project");
    fs::create_dir(&project).unwrap();
    tree(&project);
    assert_eq!(user.icpy(&["start"]).status, 0);
    let (pid, socket) = (user.daemon_pid(), user.endpoint().socket);
    let (ends, count) = (AtomicBool::new(false), || AtomicU64::new(0));
    let load = Load {
        socket: socket.clone(),
        project,
        ends,
        connections: count(),
        terminals: count(),
        checkouts: count(),
        edits: count(),
    };
    let (files_before, threads_before) = (open_files(pid).len(), threads(pid));
    let mut looks = Vec::new();
    thread::scope(|scope| {
        for work in [Load::connect, Load::run_terminals, Load::switch_branches, Load::edit] {
            let load = &load;
            scope.spawn(move || work(load));
        }
        let mut peer = Peer::open(&socket).unwrap();
        let mut latencies = Vec::new();
        let begun = Instant::now();
        for number in 1..=LOOKS {
            while begun.elapsed() < Duration::from_secs(seconds) * number / LOOKS {
                let asked = Instant::now();
                ask(&mut peer, "session:ping", &json!({}));
                latencies.push(asked.elapsed());
                thread::sleep(Duration::from_millis(5));
            }
            looks.push(Look::at(pid, &mut latencies));
        }
        load.ends.store(true, Ordering::Relaxed);
    });
    for Look { resident_kib, descriptors, threads, latency } in &looks {
        eprintln!("{resident_kib} KiB, {descriptors} descriptors, {threads} threads, 99 % answered in {latency:.1?}");
    }
    let Load { connections, terminals, checkouts, edits, .. } = load;
    let [connections, terminals, checkouts, edits] =
        [connections, terminals, checkouts, edits].map(AtomicU64::into_inner);
    eprintln!("{connections} connections, {terminals} terminals, {checkouts} checkouts, {edits} edits");
    // Nothing stays of what is gone, but for what is opened or begun when it is needed first. A thread that has nothing to
    // do waits for work for ten seconds.
    let deadline = Instant::now() + DEADLINE;
    while open_files(pid).len() > files_before + 10 || threads(pid) > threads_before + 4 {
        assert!(Instant::now() < deadline, "{} threads, and open is yet: {:#?}", threads(pid), open_files(pid));
        thread::sleep(Duration::from_millis(100));
    }
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    assert_eq!(children.trim(), "", "processes that were left");
    // What is kept has bounds that are reached in the first half of a long run.
    let (first, second) = looks.split_at(looks.len() / 2);
    let resident = |looks: &[Look]| looks.iter().map(|look| look.resident_kib).max().unwrap();
    assert!(resident(second) < resident(first) * 5 / 4 + (32 << 10), "memory grows: {looks:?}");
    assert_eq!(user.icpy(&["stop", "--force"]).status, 0);
}
