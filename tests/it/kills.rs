//! A daemon that is killed at any moment while many work with it: what it has answered stays and happens once, each hears of it
//! once, and nothing is left that is half done or runs on.
//!
//! `ICPY_TEST_ROUNDS=200 cargo xtask test daemon_is_killed` is the campaign, `ICPY_TEST_SEED` takes another one.

use std::collections::HashMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use icpy::{Finder, Update};
use icpy_protocol::session::{SessionReplay, SessionSubscribeParams};
use icpy_tests::{DEADLINE, Peer, Process, Random};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::events::patterns;
use crate::reconnect::connect;

/// Who changes the state at once.
const WRITERS: usize = 3;

/// How long a file is that is written again and again: more than one write of the system's.
const LINES: usize = 40_000;

/// How long a daemon lives, in milliseconds.
const LIFE_MS: usize = 150;

/// What was asked of the daemons, and what they have answered.
struct Load {
    socket: PathBuf,
    workspace: String,
    file: PathBuf,
    project: PathBuf,
    /// Whether the work ends, and then whether who hears of it ends too.
    ends: AtomicBool,
    is_over: AtomicBool,
    /// The last number that was answered, for each who changes the state.
    changed: [AtomicU64; WRITERS],
    /// The last version of the file of which it was answered that it is written.
    written: AtomicU64,
    /// How often something had to be asked again.
    lost: AtomicU64,
    terminals: AtomicU64,
    connections: AtomicU64,
    /// The numbers of which was heard, for each who changes the state.
    heard: Mutex<HashMap<String, Vec<u64>>>,
}

impl Load {
    fn goes_on(&self) -> bool {
        !self.ends.load(Ordering::Relaxed)
    }

    /// Asks until there is an answer, of whichever daemon. `None` when it is over.
    fn ask(&self, peer: &mut Option<Peer>, method: &str, params: &Value) -> Option<Value> {
        while self.goes_on() {
            if peer.is_none() {
                *peer = Peer::open(&self.socket).ok();
            }
            match peer.as_mut().map(|it| it.ask(method, params)) {
                // A daemon that was told to end, or has just begun, says so.
                Some(Ok(answer)) if answer["error"]["data"]["kind"] == "unavailable" => {}
                Some(Ok(answer)) => return Some(answer),
                Some(Err(_)) => {
                    *peer = None;
                    self.lost.fetch_add(1, Ordering::Relaxed);
                }
                None => thread::sleep(Duration::from_millis(1)),
            }
        }
        None
    }

    /// Changes the state: each change has its name, so that it is made once, however often it is sent.
    fn change(&self, writer: usize) {
        let mut peer = None;
        for number in 1_u64.. {
            let mutations = json!([{ "key": format!("{writer}/{number}"), "set": number }]);
            let name = format!("{writer} {number}");
            let params = json!({ "workspaceId": self.workspace, "mutations": mutations, "mutationId": name });
            let Some(answer) = self.ask(&mut peer, "state:mutate", &params) else { return };
            assert!(answer["result"].is_object(), "{answer}");
            self.changed[writer].store(number, Ordering::Relaxed);
        }
    }

    /// Writes a file, each time another way.
    fn write(&self) {
        let mut peer = None;
        for version in 1_u64.. {
            let params = json!({ "path": self.file, "content": content(version) });
            let Some(answer) = self.ask(&mut peer, "fs:write_file", &params) else { return };
            assert!(answer["result"].is_object(), "{answer}");
            self.written.store(version, Ordering::Relaxed);
        }
    }

    /// Runs programs, and leaves most of them running.
    fn run_terminals(&self) {
        let mut peer = None;
        for number in 0_u64.. {
            let script = "seq 1 2000; sleep 1000 & cat";
            let params = json!({ "command": ["sh", "-c", script], "cwd": self.project });
            let Some(answer) = self.ask(&mut peer, "terminal:create", &params) else { return };
            // There may be a limit of how many run; what ends makes room.
            let terminal = &answer["result"]["terminalId"];
            if number.is_multiple_of(3) && terminal.is_string() {
                self.ask(&mut peer, "terminal:close", &json!({ "terminalId": terminal }));
            }
            self.terminals.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Connections that go in the middle of a request, and subscriptions that nobody reads.
    fn connect(&self) {
        let everything = json!({ "patterns": ["**"] });
        while self.goes_on() {
            if let Ok(mut peer) = Peer::open(&self.socket) {
                let _ = peer.send("session:subscribe", &everything);
                let _ = peer.send("fs:list_directory", &json!({ "path": self.project }));
                self.connections.fetch_add(1, Ordering::Relaxed);
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Hears of all changes, with the client of the programs: it finds each new daemon, or starts it.
    async fn listen(&self) {
        let client = connect(Finder::default().at(Some(self.socket.clone()))).await;
        let replay = Some(SessionReplay { after_log_id: Some(0), since_ms: None });
        let params = SessionSubscribeParams { replay, ..patterns(&["state:updated"]) };
        let mut updates = client.subscribe(params).await.unwrap();
        let mut ended = None;
        while !self.is_over.load(Ordering::Relaxed) || !self.has_heard() {
            if self.is_over.load(Ordering::Relaxed) {
                let ended = ended.get_or_insert_with(Instant::now);
                assert!(ended.elapsed() < DEADLINE, "not all was heard of: {:?}", self.changed);
            }
            let next = tokio::time::timeout(Duration::from_millis(100), updates.next()).await;
            let Ok(update) = next else { continue };
            // What else there is to be told of has no place in the log.
            let Update::Event(event) = update.expect("the subscription goes on") else { continue };
            let params: Value = serde_json::from_str(event.params().get()).unwrap();
            for record in params["records"].as_array().unwrap() {
                let Some((writer, _)) = record["key"].as_str().unwrap().split_once('/') else { continue };
                let Some(number) = record["value"].as_u64() else { continue };
                self.heard.lock().unwrap().entry(writer.to_owned()).or_default().push(number);
            }
        }
    }

    fn has_heard(&self) -> bool {
        let heard = self.heard.lock().unwrap();
        let last = |writer: usize| heard.get(&writer.to_string()).and_then(|it| it.last().copied()).unwrap_or_default();
        (0..WRITERS).all(|writer| last(writer) >= self.changed[writer].load(Ordering::Relaxed))
    }

    /// Looks at a file that has one content or another, and nothing in between.
    fn check_file(&self) {
        let acknowledged = self.written.load(Ordering::Relaxed);
        let Ok(found) = fs::read_to_string(&self.file) else {
            return assert_eq!(acknowledged, 0, "the file is gone");
        };
        let version: u64 = found.lines().next().unwrap_or_default().parse().unwrap_or_else(|_| panic!("half a file"));
        assert!(version >= acknowledged, "version {acknowledged} was written, and {version} is there");
        assert!(found == content(version), "a file that is neither the one nor the other: {} bytes", found.len());
    }
}

fn content(version: u64) -> String {
    format!("{version}\n").repeat(LINES)
}

/// Looks through the store of a daemon that has ended.
fn check_store(user: &Process) {
    let store = user.folder().home().join("state/icpy.db");
    let connection = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let found: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(found, "ok");
}

/// Kills a daemon in the middle of its work, or replaces its program; a terminal goes on with the one and ends with the other.
fn round(user: &Process, random: &mut Random, load: &Load) {
    thread::sleep(Duration::from_millis(random.below(LIFE_MS) as u64));
    if random.below(4) == 0 {
        let mut program = user.run(&["sh", "-c", "echo ready; exec cat"]);
        program.expect("ready");
        assert_eq!(user.icpy(&["restart"]).status, 0);
        let listed = user.json(&["call", "terminal:get", &json!({ "terminalId": program.id() }).to_string()]);
        assert_eq!((&listed["pid"], &listed["exit"]), (&json!(program.pid()), &Value::Null), "{listed}");
    }
    user.kill_daemon();
    load.check_file();
}

/// Has all work go on while daemons are killed, and ends it.
fn kill_again_and_again(user: &Process, rounds: u64, load: &Load) {
    let mut random = Random::new(5);
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || load.change(writer));
        }
        for work in [Load::write, Load::run_terminals, Load::connect] {
            scope.spawn(move || work(load));
        }
        let done = catch_unwind(AssertUnwindSafe(|| {
            for _ in 0..rounds {
                round(user, &mut random, load);
                assert_eq!(user.icpy(&["start"]).status, 0);
            }
        }));
        load.ends.store(true, Ordering::Relaxed);
        done.unwrap_or_else(|failed| resume_unwind(failed));
    });
}

#[test]
fn nothing_is_lost_when_a_daemon_is_killed_under_load() {
    let rounds: u64 = std::env::var("ICPY_TEST_ROUNDS").map_or(20, |rounds| rounds.parse().unwrap());
    let user = Process::new("//- /project/.git/HEAD\n//- /project/a.txt\n");
    let workspace = user.json(&["project/a.txt"])["file"]["workspaceId"].as_str().unwrap().to_owned();
    let (zero, folder) = (|| AtomicU64::new(0), user.path("project"));
    let load = Load {
        socket: user.endpoint().socket,
        workspace,
        file: folder.join("written.txt"),
        project: folder,
        ends: AtomicBool::default(),
        is_over: AtomicBool::default(),
        changed: [zero(), zero(), zero()],
        written: zero(),
        lost: zero(),
        terminals: zero(),
        connections: zero(),
        heard: Mutex::default(),
    };
    thread::scope(|scope| {
        let load = &load;
        scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(load.listen());
        });
        // What fails must end the others.
        let done = catch_unwind(AssertUnwindSafe(|| kill_again_and_again(&user, rounds, load)));
        load.is_over.store(true, Ordering::Relaxed);
        done.unwrap_or_else(|failed| resume_unwind(failed));
    });
    load.check_file();
    let all = json!({ "workspaceId": load.workspace }).to_string();
    let state = user.json(&["call", "state:get", &all]);
    let heard = load.heard.into_inner().unwrap();
    for writer in 0..WRITERS {
        let prefix = format!("{writer}/");
        let acknowledged = load.changed[writer].load(Ordering::Relaxed);
        let records = state["records"].as_array().unwrap().iter();
        let kept = records.filter(|it| it["key"].as_str().unwrap().starts_with(&prefix)).count() as u64;
        // The last one may have been made, and its answer lost.
        assert!(
            (acknowledged..=acknowledged + 1).contains(&kept),
            "{kept} changes are there, answered were {acknowledged}"
        );
        let heard = &heard[&writer.to_string()];
        assert!(
            heard.iter().copied().eq(1..=heard.len() as u64),
            "each change was heard of once, and in order: {heard:?}"
        );
        assert!(heard.len() as u64 >= acknowledged, "{} were heard of, answered were {acknowledged}", heard.len());
    }
    let [lost, terminals, connections, written] =
        [load.lost, load.terminals, load.connections, load.written].map(AtomicU64::into_inner);
    let changed = load.changed.map(AtomicU64::into_inner);
    eprintln!(
        "{rounds} kills: {changed:?} changes, {written} files, {terminals} terminals, {connections} connections; {lost} asked again"
    );
    assert!(
        changed.iter().all(|it| *it > rounds) && written > 0 && terminals > 0 && lost > 0,
        "there was too little load"
    );
    assert_eq!(user.icpy(&["stop", "--force"]).status, 0);
    check_store(&user);
}
