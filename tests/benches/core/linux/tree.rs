//! A folder of 100,000 files: how soon it is known and watched, how soon a change is told, and how soon files are found.
//!
//! The floors are a bare walk that reads every folder and watches it, and a bare inotify.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::mem::MaybeUninit;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::fs::{FileType, Mode, OFlags, RawDir};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::programs::{Server, time_of};
use super::table::{Table, median, percentile};

/// Folders in the folder, and in each of them; files in each of those.
const FOLDERS: usize = 100;
const FILES: usize = 10;

const ROUNDS: usize = 7;

/// Changes of which the time until they are told is measured, each of another file.
const CHANGES: usize = 400;

/// What is typed into a picker, letter by letter.
const QUERIES: &[&str] = &["f57main3", "d12x7", "m99rs", "9main", "d4f8m1"];

pub(crate) fn run(table: &mut Table) {
    let files = fixture();
    let watchman = Watchman::start();
    ready(table, files.path(), watchman.as_ref());
    told(table, files.path(), watchman.as_ref());
    found(table, files.path());
}

/// The files, below a folder that is removed with the handle.
fn fixture() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for outer in 0..FOLDERS {
        for inner in 0..FOLDERS {
            let path = folder.path().join(format!("d{outer}/f{inner}"));
            fs::create_dir_all(&path).unwrap();
            for file in 0..FILES {
                fs::write(path.join(format!("main{file}.rs")), "").unwrap();
            }
        }
    }
    folder
}

fn ready(table: &mut Table, root: &Path, watchman: Option<&Watchman>) {
    let (mut floors, mut ours, mut peers) = (vec![], vec![], vec![]);
    let mut memory = 0;
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        walk_and_watch(root);
        floors.push(begin.elapsed());
        let daemon = Server::daemon();
        let mut client = Client::connect(daemon.connect());
        client.ask("session:ping", &json!({}));
        let begin = Instant::now();
        let watch = client.ask("fs:watch", &json!({ "path": root }));
        ours.push(begin.elapsed());
        assert_eq!(watch["result"]["files"], FOLDERS * FOLDERS * FILES, "{watch}");
        memory = daemon.resident_bytes();
        if let Some(watchman) = watchman {
            let begin = Instant::now();
            watchman.ask(&json!(["watch", root]));
            watchman.ask(&json!(["query", root, { "expression": ["name", "nothing"], "fields": ["name"] }]));
            peers.push(begin.elapsed());
            watchman.ask(&json!(["watch-del", root]));
        }
    }
    let peers = if peers.is_empty() { vec![] } else { vec![("watchman", median(&mut peers))] };
    let floor = median(&mut floors);
    table.time("100,000 files known and watched", floor, median(&mut ours), "<= 1.5x", peers);
    let watchman = watchman.map(|it| format!("watchman {:.1} MB", it.server.resident_bytes() as f64 / 1e6));
    let shown = format!("{:.1} MB", memory as f64 / 1e6);
    table.figure("memory of the daemon then", &watchman.unwrap_or_default(), shown, "<= 20 MB");
}

fn told(table: &mut Table, root: &Path, watchman: Option<&Watchman>) {
    let path = |number: usize| root.join(format!("d{}/f{}/main3.rs", number % FOLDERS, number / FOLDERS));
    let inotify = inotify::init(CreateFlags::CLOEXEC).unwrap();
    for number in 0..CHANGES {
        inotify::add_watch(&inotify, path(number).parent().unwrap(), WatchFlags::MODIFY).unwrap();
    }
    let mut buffer = [0; 4096];
    let mut floors = changes(&path, |_| assert!(rustix::io::read(&inotify, &mut buffer).unwrap() > 0));
    drop(inotify);

    let daemon = Server::daemon();
    let mut client = Client::connect(daemon.connect());
    client.ask("session:subscribe", &json!({ "patterns": ["file:changed_on_disk"] }));
    client.ask("fs:watch", &json!({ "path": root }));
    let mut ours = changes(&path, |path| while !client.line().contains(path.to_str().unwrap()) {});
    let mut peers = watchman.map(|watchman| {
        let mut client = Client::connect(watchman.server.connect());
        client.send(&json!(["watch", root]));
        client.line();
        client.send(&json!(["subscribe", root, "changes", { "fields": ["name"] }]));
        client.line();
        client.line();
        changes(&path, |path| {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            while !client.line().contains(name) {}
        })
    });
    for (measure, share, target) in [("p50", 0.5, "<= 0.25 ms"), ("p99", 0.99, "<= 2 ms")] {
        let peers = peers.iter_mut().map(|times| ("watchman", percentile(times, share))).collect();
        let (floor, ours) = (percentile(&mut floors, share), percentile(&mut ours, share));
        table.time(&format!("a write told to a client, {measure}"), floor, ours, target, peers);
    }
    table.figure("most messages for one of 200 files written 20 times at once", "1", burst(&mut client, &path), "2");
}

/// Writes to each of many files, and measures until it is heard of.
fn changes(path: &impl Fn(usize) -> PathBuf, mut hear: impl FnMut(&Path)) -> Vec<Duration> {
    let change = |number| {
        let path = path(number);
        let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        // Whoever waits should wait.
        std::thread::sleep(Duration::from_millis(1));
        let begin = Instant::now();
        file.write_all(b"x").unwrap();
        hear(&path);
        begin.elapsed()
    };
    (0..CHANGES).map(change).collect()
}

fn burst(client: &mut Client, path: &impl Fn(usize) -> PathBuf) -> String {
    std::thread::sleep(Duration::from_millis(200));
    for round in 0..20 {
        for number in 0..200 {
            fs::write(path(1000 + number), format!("{round}")).unwrap();
        }
    }
    client.ask("fs:sync", &json!({}));
    let counts = (0..200).map(|number| {
        let name = path(1000 + number).to_str().unwrap().to_owned();
        client.seen.iter().filter(|line| line.contains(&name)).count()
    });
    counts.max().unwrap().to_string()
}

fn found(table: &mut Table, root: &Path) {
    let daemon = Server::daemon();
    let mut client = Client::connect(daemon.connect());
    client.ask("fs:watch", &json!({ "path": root }));
    let all = (0..FOLDERS * FOLDERS * FILES).map(|number| {
        let (outer, inner, file) = (number / FOLDERS / FILES, number / FILES % FOLDERS, number % FILES);
        format!("d{outer}/f{inner}/main{file}.rs")
    });
    let paths = all.collect::<String>();
    let fd = ["fd", "fdfind"].into_iter().find(|it| Command::new(it).arg("--version").output().is_ok());
    if fd.is_none() {
        eprintln!("not measured: `fd` is not installed");
    }
    let (mut floors, mut whole, mut extended, mut walked) = (vec![], vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        for query in QUERIES {
            let begin = Instant::now();
            assert!(!paths.contains("nowhere to be found"));
            floors.push(begin.elapsed());
            let mut find = |query: &str| {
                let begin = Instant::now();
                let found = client.ask("fs:find", &json!({ "path": root, "query": query, "limit": 100 }));
                assert!(found["result"]["files"].is_array(), "{found}");
                begin.elapsed()
            };
            // Another query in between: nothing goes on from it.
            find("zzz");
            whole.push(find(&query[..query.len() - 1]));
            extended.push(find(query));
            if let Some(fd) = fd {
                // The same letters in the same order, the first hundred that it meets.
                let letters = query[..query.len() - 1].chars().map(String::from).collect::<Vec<_>>().join(".*");
                let mut command = Command::new(fd);
                command.args(["--full-path", "--max-results", "100", "--type", "f", &letters]).arg(root);
                walked.push(time_of(&mut command));
            }
        }
    }
    let floor = median(&mut floors);
    let peers = if walked.is_empty() { vec![] } else { vec![("fd, the first it meets", median(&mut walked))] };
    table.time("100 best of 100,000 paths", floor, median(&mut whole), "<= 2.5 ms", peers);
    table.time("the same with one letter more", floor, median(&mut extended), "<= 0.5 ms", vec![]);
}

/// Reads every folder and watches it, on as many threads as we do.
fn walk_and_watch(root: &Path) {
    let inotify = inotify::init(CreateFlags::CLOEXEC).unwrap();
    let threads = std::thread::available_parallelism().unwrap().get().min(4);
    // The folders that wait, and how many threads wait for some.
    let queue = (Mutex::new((vec![root.to_owned()], 0)), Condvar::new());
    let work = || {
        let mut waiting = queue.0.lock().unwrap();
        loop {
            while let Some(path) = waiting.0.pop() {
                drop(waiting);
                let folders = read_and_watch(&inotify, &path);
                waiting = queue.0.lock().unwrap();
                waiting.0.extend(folders);
                if waiting.1 > 0 && !waiting.0.is_empty() {
                    queue.1.notify_all();
                }
            }
            waiting.1 += 1;
            if waiting.1 == threads {
                queue.1.notify_all();
                return;
            }
            waiting = queue.1.wait(waiting).unwrap();
            if waiting.1 == threads {
                return;
            }
            waiting.1 -= 1;
        }
    };
    std::thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(work)));
        work();
    });
}

fn read_and_watch(inotify: &rustix::fd::OwnedFd, path: &Path) -> Vec<PathBuf> {
    inotify::add_watch(inotify, path, WatchFlags::MODIFY | WatchFlags::CREATE | WatchFlags::DELETE).unwrap();
    let folder = rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).unwrap();
    let mut buffer = [MaybeUninit::uninit(); 8192];
    let mut entries = RawDir::new(&folder, &mut buffer);
    let mut folders = vec![];
    while let Some(entry) = entries.next() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_str().unwrap();
        if entry.file_type() == FileType::Directory && name != "." && name != ".." {
            folders.push(path.join(name));
        }
    }
    folders
}

/// The line that asks for something.
pub(crate) fn request(method: &str, params: &Value) -> String {
    format!("{}\n", json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }))
}

/// A client that speaks lines.
pub(crate) struct Client {
    reader: BufReader<UnixStream>,
    /// What came that was no answer.
    seen: Vec<String>,
}

impl Client {
    pub(crate) fn connect(stream: UnixStream) -> Self {
        Self { reader: BufReader::with_capacity(1 << 20, stream), seen: vec![] }
    }

    /// One of many.
    pub(crate) fn connect_small(stream: UnixStream) -> Self {
        Self { reader: BufReader::with_capacity(1 << 10, stream), seen: vec![] }
    }

    fn send(&mut self, message: &Value) {
        self.send_line(&format!("{message}\n"));
    }

    /// Sends bytes as they are.
    pub(crate) fn send_line(&mut self, line: &str) {
        self.reader.get_ref().write_all(line.as_bytes()).unwrap();
    }

    /// The next line.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.reader.read_line(&mut line).unwrap() > 0, "the server closed the connection");
        line
    }

    /// The answer to a request.
    pub(crate) fn ask(&mut self, method: &str, params: &Value) -> Value {
        serde_json::from_str(&self.answer(&request(method, params))).unwrap()
    }

    /// The line that answers a request.
    pub(crate) fn answer(&mut self, request: &str) -> String {
        self.send_line(request);
        loop {
            let line = self.line();
            if line.contains("\"id\":1") {
                return line;
            }
            self.seen.push(line);
        }
    }
}

/// The peer, where it is installed.
struct Watchman {
    server: Server,
}

impl Watchman {
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("s");
        let place = |name: &str, file: &str| format!("--{name}={}", folder.path().join(file).display());
        let args =
            [place("sockname", "s"), place("statefile", "state"), place("logfile", "log"), place("pidfile", "pid")];
        // With a real-time priority its own threads starve each other.
        let child = Command::new("chrt")
            .args(["--other", "0", "watchman"])
            .args(args)
            .args(["--foreground", "get-pid"])
            .stdout(Stdio::null())
            .spawn();
        let Ok(child) = child else {
            eprintln!("not measured: `watchman` is not installed");
            return None;
        };
        let server = Server { child, socket, folder };
        drop(server.connect());
        Some(Self { server })
    }

    fn ask(&self, message: &Value) -> Value {
        let mut client = Client::connect(self.server.connect());
        client.reader.get_ref().set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        client.send(message);
        serde_json::from_str(&client.line()).unwrap()
    }
}
