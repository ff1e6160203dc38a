//! Saves during which the daemon is killed, or replaced: each file is what was sent, and nothing is left over.
//!
//! `ICPY_TEST_ROUNDS=1000` makes it a campaign.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use icpy_protocol::endpoint::open_lock;
use icpy_tests::{Disk, DiskKind, Folder, Process};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::save_in_place::copies;

/// Small numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// What a file holds after a save: it tells which.
fn content(number: u64, bytes: usize) -> String {
    let line = format!("save {number} of {bytes} bytes\n");
    line.repeat(bytes / line.len() + 1)
}

/// The save whose whole content this is.
fn number_of(text: &str) -> u64 {
    let mut words = text.split_whitespace();
    let number = words.nth(1).and_then(|word| word.parse().ok());
    let bytes = words.nth(1).and_then(|word| word.parse().ok());
    let (Some(number), Some(bytes)) = (number, bytes) else { panic!("a file of {} bytes is no save", text.len()) };
    assert!(text == content(number, bytes), "save {number} is in part in a file of {} bytes", text.len());
    number
}

/// What a client saves again and again.
enum What {
    File(PathBuf),
    /// A file of its own each time.
    NewFile(PathBuf),
    /// All of them as one.
    Group(Vec<PathBuf>),
}

/// A client that saves.
struct Saver {
    what: What,
    bytes_max: u64,
    random: Random,
    sent: u64,
    acknowledged: u64,
    checked: u64,
}

impl Saver {
    fn new(what: What, bytes_max: u64) -> Self {
        let random = Random(0x9e37_79b9_7f4a_7c15 ^ bytes_max);
        Self { what, bytes_max, random, sent: 0, acknowledged: 0, checked: 0 }
    }

    fn request(&mut self) -> Value {
        let bytes = usize::try_from(100 + self.random.below(self.bytes_max)).unwrap();
        let content = content(self.sent, bytes);
        let (method, params) = match &self.what {
            What::File(path) => ("fs:write_file", json!({ "path": path, "content": content })),
            What::NewFile(path) => {
                let path = path.with_extension(self.sent.to_string());
                ("fs:write_file", json!({ "path": path, "content": content }))
            }
            What::Group(paths) => {
                let each = paths.iter().map(|path| json!({ "path": path, "content": content }));
                ("fs:write_files", json!({ "files": each.collect::<Vec<_>>() }))
            }
        };
        json!({ "jsonrpc": "2.0", "id": self.sent, "method": method, "params": params })
    }

    /// Saves until the daemon is gone, or another program.
    fn run(&mut self, socket: &Path, is_over: &AtomicBool) {
        let Ok(stream) = UnixStream::connect(socket) else { return };
        let mut answers = BufReader::new(stream.try_clone().unwrap());
        let mut answer = String::new();
        while !is_over.load(Ordering::Relaxed) {
            self.sent += 1;
            let request = self.request();
            answer.clear();
            let written = (&stream).write_all(format!("{request}\n").as_bytes());
            if written.is_err() || !matches!(answers.read_line(&mut answer), Ok(1..)) {
                return;
            }
            let answer: Value = serde_json::from_str(&answer).unwrap();
            if !answer["result"].is_object() {
                // What it says when it is replaced.
                assert!(answer.to_string().contains("as another program"), "{answer}");
                return;
            }
            self.acknowledged = self.sent;
        }
    }

    /// The content is one that was sent, and not one before the last that was acknowledged.
    fn check(&mut self) {
        let number = |path: &PathBuf| number_of(&fs::read_to_string(path).unwrap());
        let found = match &self.what {
            What::File(path) => number(path),
            What::NewFile(path) => {
                let (path, before) = (|number: u64| path.with_extension(number.to_string()), self.checked);
                let made = (before + 1..=self.sent).filter(|number| path(*number).exists());
                let made: Vec<u64> = made.inspect(|made| assert_eq!(number(&path(*made)), *made)).collect();
                // Each that was acknowledged is there.
                assert!(made.iter().copied().eq(before + 1..=before + made.len() as u64), "{made:?}");
                for number in &made {
                    fs::remove_file(path(*number)).unwrap();
                }
                before + made.len() as u64
            }
            What::Group(paths) => {
                let found: Vec<u64> = paths.iter().map(number).collect();
                assert!(found.iter().all(|number| *number == found[0]), "a group is {found:?}");
                found[0]
            }
        };
        assert!((self.acknowledged..=self.sent).contains(&found), "{found}, {} and {}", self.acknowledged, self.sent);
        self.checked = self.sent;
    }
}

/// Kills the daemon again and again, or replaces it, while files in a folder are saved.
#[expect(clippy::print_stderr, reason = "how much was tried")]
fn campaign(folder: &Path, rounds: u64) {
    let user = Process::new("");
    let path = |name: &str| folder.join(name);
    let files = ["replaced", "in_place", "group_1", "group_2", "group_3"].map(path);
    for file in &files {
        fs::write(file, content(0, 100)).unwrap();
    }
    let [replaced, in_place, group @ ..] = &files;
    fs::hard_link(in_place, path("other_name")).unwrap();
    fs::hard_link(&group[1], path("other_name_of_group")).unwrap();
    let mut savers = [
        Saver::new(What::File(replaced.clone()), 100_000),
        Saver::new(What::File(in_place.clone()), 400_000),
        Saver::new(What::NewFile(path("new")), 10_000),
        Saver::new(What::Group(group.to_vec()), 50_000),
    ];

    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut round = 0;
    // On a slow disk hardly anything is saved before it is interrupted.
    while round < rounds || savers.iter().any(|saver| saver.acknowledged == 0) {
        assert!(round < rounds + 100, "something was never saved");
        round += 1;
        interrupt(&user, &mut savers, random.below(50_000), round % 4 == 3);
        // Files are clean before the first answer about any.
        user.json(&["call", "fs:stat", &json!({ "path": folder }).to_string()]);
        savers.iter_mut().for_each(Saver::check);
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let litter: Vec<PathBuf> = entries.filter(|path| path.to_string_lossy().contains(".icpy-")).collect();
        assert_eq!(litter, Vec::<PathBuf>::new());
        assert_eq!(copies(&user.folder().home()), Vec::<PathBuf>::new());
    }
    assert_eq!((in_place.metadata().unwrap().nlink(), group[1].metadata().unwrap().nlink()), (2, 2));
    let saves: u64 = savers.iter().map(|saver| saver.acknowledged).sum();
    eprintln!("{saves} saves in {round} rounds");
}

/// Saves until the daemon is killed at some moment, or replaced.
fn interrupt(user: &Process, savers: &mut [Saver], after_us: u64, is_replaced: bool) {
    user.json(&["start"]);
    let lock = open_lock(&user.endpoint().life_lock()).unwrap();
    let pid = Pid::from_raw(user.daemon_pid().cast_signed()).unwrap();
    let (is_over, socket) = (AtomicBool::new(false), user.endpoint().socket);
    std::thread::scope(|scope| {
        for saver in savers {
            scope.spawn(|| saver.run(&socket, &is_over));
        }
        std::thread::sleep(Duration::from_micros(after_us));
        if is_replaced {
            user.json(&["restart"]);
        } else {
            kill_process(pid, Signal::KILL).unwrap();
            lock.lock().unwrap();
        }
        // One that has connected late is served by the next program.
        is_over.store(true, Ordering::Relaxed);
    });
}

fn rounds(default: u64) -> u64 {
    std::env::var("ICPY_TEST_ROUNDS").map_or(default, |rounds| rounds.parse().unwrap())
}

#[test]
fn a_save_that_is_killed_leaves_the_old_or_the_new_file() {
    let folder = Folder::new("");
    campaign(&folder.files(), rounds(8));
}

#[test]
fn a_save_that_is_killed_leaves_the_old_or_the_new_file_on_every_filesystem() {
    for kind in DiskKind::ALL {
        let Some(disk) = Disk::mount(kind) else { continue };
        eprintln!("{kind:?}");
        fs::create_dir(disk.path("folder")).unwrap();
        campaign(&disk.path("folder"), rounds(4));
    }
}
