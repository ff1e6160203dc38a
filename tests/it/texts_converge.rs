//! Several who edit one text at once, while their connections are lost, others write to the file, and the daemon is killed: all
//! end with one text, nothing that was durable is lost, and nothing is there twice.
//!
//! What is inserted has a letter that is inserted once and never again, so that it can be told what is lost and what is double.
//! `ICPY_TEST_ROUNDS=10000 cargo xtask test texts_converge` is the campaign, `ICPY_TEST_SEED` takes another one.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{self, Write as _};
use std::ops::Range;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Instant;

use icpy_tests::{DEADLINE, Peer, Process, Random, Typist, Writing, until_now};
use serde_json::{Value, json};

/// Rounds between two looks at what all have, and between two files.
const ROUNDS_A_LOOK: u64 = 4;
const ROUNDS_A_FILE: u64 = 48;

/// What happens in a round before the daemon is killed.
const STEPS: usize = 40;

/// The first of the letters that are inserted once: a plane of which nobody uses any.
const FIRST: u32 = 0x000F_0000;

fn is_marked(letter: char) -> bool {
    u32::from(letter) >= FIRST
}

/// How it went.
#[derive(Debug, Default)]
struct Tally {
    rounds: u64,
    edits: u64,
    durable: u64,
    looks: u64,
    disconnects: u64,
    writes: u64,
    conflicts: u64,
}

/// A file that many edit, and a daemon that is killed.
struct World {
    user: Process,
    daemon: Option<Child>,
    random: Random,
    path: PathBuf,
    typists: Vec<Typist>,
    next: u32,
    /// What somebody has meant to remove.
    excused: HashSet<char>,
    /// What was inserted by who may undo it.
    undoable: HashSet<char>,
    /// What was removed, and came back with what was on disk: to undo the removal brings it once more.
    returned: HashSet<char>,
    /// Whether a save may be under way.
    is_saving: bool,
    /// How many letters of this file were durable when it was looked at last.
    durable: usize,
    tally: Tally,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut world = Self {
            user: Process::new(""),
            daemon: None,
            random: Random::new(seed),
            path: PathBuf::new(),
            typists: Vec::new(),
            next: 0,
            excused: HashSet::new(),
            undoable: HashSet::new(),
            returned: HashSet::new(),
            is_saving: false,
            durable: 0,
            tally: Tally::default(),
        };
        world.start();
        world
    }

    fn start(&mut self) {
        let mut command = self.user.command_of("icpyd", &[] as &[&str]);
        self.daemon = Some(command.stdout(Stdio::null()).spawn().unwrap());
        let socket = self.user.endpoint().socket;
        until_now("a daemon", || Peer::open(&socket).is_ok());
    }

    /// Ends the daemon with `kill -9`.
    fn kill(&mut self) {
        let mut daemon = self.daemon.take().unwrap();
        daemon.kill().unwrap();
        daemon.wait().unwrap();
        self.is_saving = false;
    }

    fn ask(&self, method: &str, mut params: Value) -> Value {
        params["path"] = json!(self.path);
        Peer::open(&self.user.endpoint().socket).and_then(|mut peer| peer.ask(method, &params)).unwrap()
    }

    /// Goes on with a new file, and others who edit it.
    fn begin_file(&mut self) {
        if !self.typists.is_empty() {
            self.ask("file:close", json!({ "discard": true }));
        }
        self.path = self.user.path(&format!("{}.txt", self.tally.rounds));
        fs::write(&self.path, "one\r\ntwo é😀\r\nthree 👍🏽 é\r\nfour\r\n").unwrap();
        self.ask("file:open", json!({}));
        let count = 2 + self.random.below(5);
        let name = |number: usize| format!("{} {number}", self.path.display());
        self.typists = (0..count).map(|number| Typist::new(name(number), self.path.clone())).collect();
        (self.next, self.durable) = (0, 0);
        for marks in [&mut self.excused, &mut self.undoable, &mut self.returned] {
            marks.clear();
        }
        self.join_all();
    }

    fn join_all(&mut self) {
        let socket = self.user.endpoint().socket;
        for typist in self.typists.iter_mut().filter(|typist| !typist.is_connected()) {
            typist.join(&socket).unwrap();
        }
    }

    /// Some text of letters that nobody else inserts. There is nothing in it that a comparison could take for something else.
    fn any_text(&mut self) -> String {
        let between = ["", "", "\n"][self.random.below(3)];
        let [one, other] = [(); 2].map(|()| {
            self.next += 1;
            char::from_u32(FIRST + self.next).unwrap_or_else(|| panic!("letters have run out"))
        });
        format!("{one}{between}{other}")
    }

    /// Edits of a text: they insert more than they remove.
    fn any_edits(&mut self, text: &str) -> Vec<(Range<usize>, String)> {
        let places: Vec<usize> = text.char_indices().map(|(place, _)| place).chain([text.len()]).collect();
        let mut edits: Vec<(Range<usize>, String)> = Vec::new();
        for _ in 0..=self.random.below(2) {
            let first = self.random.below(places.len());
            let count = if self.random.below(4) == 0 { self.random.below(5) } else { 0 };
            let range = places[first]..places[(first + count).min(places.len() - 1)];
            if edits.iter().all(|(other, _)| other.end < range.start || range.end < other.start) {
                self.excused.extend(text[range.clone()].chars().filter(|letter| is_marked(*letter)));
                let inserted = self.any_text();
                edits.push((range, inserted));
            }
        }
        edits
    }

    fn step(&mut self) {
        let who = self.random.below(self.typists.len());
        match self.random.below(24) {
            0..6 => self.type_by(who),
            6..11 => {
                let writing = [Writing::Utf16, Writing::Utf8, Writing::Lines][self.random.below(3)];
                self.typists[who].send(writing);
            }
            11..18 => drop(self.typists[who].take()),
            18 => self.rewrite_by(who),
            // Only one undoes: what is theirs may go and come again.
            19 => {
                let method = ["file:undo", "file:redo"][self.random.below(2)];
                let client = self.typists[0].client().to_owned();
                self.excused.extend(&self.undoable);
                self.typists[0].request(method, &json!({ "client": client }));
            }
            20 => {
                self.typists[who].request("file:save", &json!({}));
                self.is_saving = true;
            }
            // Who writes to a file that was saved since they read it removes what they do not know.
            21 if !self.is_saving => self.write_to_disk(),
            22 if self.random.below(4) == 0 => {
                self.typists[who].disconnect();
                self.tally.disconnects += 1;
            }
            23 => self.join_all(),
            _ => std::thread::yield_now(),
        }
    }

    fn type_by(&mut self, who: usize) {
        let text = self.typists[who].shown().to_string();
        let edits = self.any_edits(&text);
        let marks = edits.iter().flat_map(|(_, inserted)| inserted.chars()).filter(|letter| is_marked(*letter));
        if who == 0 {
            self.undoable.extend(marks);
        }
        self.tally.edits += 1;
        self.typists[who].type_edits(edits);
    }

    /// A whole text or a patch, as agents send it.
    fn rewrite_by(&mut self, who: usize) {
        let (_, known) = self.typists[who].known();
        let edits = self.any_edits(&known);
        let inserted = edits.iter().map(|(_, inserted)| inserted.as_str()).collect::<String>();
        let text = edited(&known, edits);
        let change = match self.random.below(2) {
            0 => json!({ "text": text }),
            _ => json!({ "patch": diffy::create_patch(&known, &text).to_string() }),
        };
        if who == 0 {
            self.undoable.extend(inserted.chars().filter(|letter| is_marked(*letter)));
        }
        self.tally.edits += 1;
        self.typists[who].rewrite(change, inserted);
    }

    /// What another program does to the file, which has most of the text.
    fn write_to_disk(&mut self) {
        if self.ask("file:save", json!({}))["result"].is_null() {
            return;
        }
        let text = fs::read_to_string(&self.path).unwrap();
        let edits = self.any_edits(&text);
        let new = self.user.path("new");
        fs::write(&new, edited(&text, edits)).unwrap();
        fs::rename(new, &self.path).unwrap();
        self.tally.writes += 1;
    }

    /// Has everybody send and take in everything, and looks at what they have.
    fn look(&mut self) {
        let deadline = Instant::now() + DEADLINE;
        let text = loop {
            self.join_all();
            for typist in &mut self.typists {
                while typist.take() {}
                typist.send(Writing::Utf16);
            }
            let now = self.ask("file:get_text", json!({}));
            let now = &now["result"];
            let all = (now["revision"]["rev"].as_u64().unwrap(), now["text"].as_str().unwrap().to_owned());
            if self.typists.iter().all(|typist| typist.is_proven() && typist.known() == all) {
                break all.1;
            }
            assert!(Instant::now() < deadline, "they do not end with one text: {now} {:#?}", self.typists);
        };
        self.check(&text);
        let state = self.ask("file:get_text", json!({}));
        if state["result"]["conflicts"].is_array() {
            self.tally.conflicts += 1;
            let keep = ["ours", "ours", "ours", "theirs"][self.random.below(4)];
            self.ask("file:resolve", json!({ "keep": keep }));
            if keep == "theirs" {
                self.excused.extend(text.chars().filter(|letter| is_marked(*letter)));
                let resolved = self.ask("file:get_text", json!({}))["result"]["text"].as_str().unwrap().to_owned();
                self.returned.extend(resolved.chars().filter(|letter| is_marked(*letter) && !text.contains(*letter)));
            }
        }
        self.tally.looks += 1;
    }

    /// What has become of a letter: the revisions in which it came or went.
    fn told_of(&self, letters: &[&char]) -> String {
        let asked = |method: &str, params: Value| self.ask(method, params)["result"].clone();
        let history = asked("file:history", json!({ "limit": 1000 }));
        let diff = |rev: u64| asked("file:diff", json!({ "fromRev": rev - 1, "toRev": rev }))["patch"].to_string();
        let told = (1..=history["rev"].as_u64().unwrap()).filter_map(|rev| {
            let patch = diff(rev);
            let entry = history["entries"].as_array().unwrap().iter().find(|it| it["fromRev"].as_u64() < Some(rev));
            let count = |sign: char, letter: char| {
                patch
                    .split("\\n")
                    .filter(|line| line.starts_with(sign))
                    .flat_map(str::chars)
                    .filter(|it| *it == letter)
                    .count()
            };
            letters
                .iter()
                .any(|it| count('+', **it) != count('-', **it))
                .then(|| format!("{rev} {}: {patch}", entry.unwrap_or(&Value::Null)))
        });
        told.collect::<Vec<_>>().join("\n")
    }

    fn check(&mut self, text: &str) {
        let mut found: HashMap<char, usize> = HashMap::new();
        text.chars().filter(|letter| is_marked(*letter)).for_each(|mark| *found.entry(mark).or_default() += 1);
        let double = found.iter().filter(|(mark, count)| **count > 1 && !self.returned.contains(mark));
        let double: Vec<_> = double.map(|(mark, _)| mark).collect();
        assert!(
            double.is_empty(),
            "inserted once, and there more often: {double:?} in {text:?}\n{}",
            self.told_of(&double)
        );
        let durable = self.typists.iter().flat_map(|typist| typist.durable.chars()).filter(|letter| is_marked(*letter));
        let durable: Vec<char> = durable.collect();
        let lost: Vec<_> =
            durable.iter().filter(|mark| !found.contains_key(mark) && !self.excused.contains(mark)).collect();
        assert!(lost.is_empty(), "durable, and removed by nobody: {lost:?} in {text:?}\n{}", self.told_of(&lost));
        self.tally.durable += (durable.len() - self.durable) as u64;
        self.durable = durable.len();
    }

    fn round(&mut self) {
        if self.tally.rounds.is_multiple_of(ROUNDS_A_FILE) {
            self.begin_file();
        }
        for _ in 0..self.random.below(STEPS) {
            self.step();
        }
        self.kill();
        // What was under way goes nowhere.
        for _ in 0..self.random.below(STEPS / 4) {
            self.step_alone();
        }
        self.start();
        self.tally.rounds += 1;
        if self.tally.rounds.is_multiple_of(ROUNDS_A_LOOK) {
            self.look();
        }
    }

    /// What somebody does who may have no daemon.
    fn step_alone(&mut self) {
        let who = self.random.below(self.typists.len());
        match self.random.below(3) {
            0 => self.type_by(who),
            1 => drop(self.typists[who].take()),
            _ => self.typists[who].send(Writing::Utf16),
        }
    }
}

impl Drop for World {
    /// Tells what the daemons have logged, where something went wrong: their folder goes.
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = fs::read_to_string(self.user.path("home/log/icpyd.log")).unwrap_or_default();
            let worth = log.lines().filter(|line| !line.contains("\"INFO\""));
            let _ = writeln!(io::stderr(), "logged: {}", worth.collect::<Vec<_>>().join("\n"));
        }
    }
}

fn edited(text: &str, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.sort_by_key(|(range, _)| range.start);
    edits.iter().rev().fold(text.to_owned(), |mut text, (range, inserted)| {
        text.replace_range(range.clone(), inserted);
        text
    })
}

#[test]
fn all_end_with_one_text_whatever_is_killed() {
    let rounds: u64 = std::env::var("ICPY_TEST_ROUNDS").map_or(40, |rounds| rounds.parse().unwrap());
    let mut world = World::new(1);
    while world.tally.rounds < rounds {
        world.round();
        if world.tally.rounds.is_multiple_of(500) {
            eprintln!("{:?}", world.tally);
        }
    }
    world.look();
    eprintln!("{:?}", world.tally);
    world.typists.clear();
    assert_eq!(world.user.icpy(&["stop", "--force"]).status, 0);
    world.daemon.take().unwrap().wait().unwrap();
}
