//! Replacing the daemon's program in place: how long a client that asks without a pause gets no answer.
//!
//! The floor is a cold start: there, too, a program is executed and listens, and there is nothing to go on with.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::{Duration, Instant};

use super::programs::{Server, floor, icpy};
use super::table::{Table, median, percentile};

const ROUNDS: usize = 40;

/// Terminals that go over.
const TERMINALS: usize = 20;

/// Kept output of each, in bytes: as much as is kept.
const OUTPUT_BYTES: usize = 256 << 10;

pub(crate) fn run(table: &mut Table) {
    let floor = floor("echo");
    let mut starts = vec![];
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir().unwrap();
        let begin = Instant::now();
        let output = Command::new(&floor).arg("start").arg(folder.path().join("s")).output().unwrap();
        starts.push(begin.elapsed());
        let pid: i32 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), rustix::process::Signal::KILL)
            .unwrap();
    }
    let floor = median(&mut starts);
    let daemon = Server::daemon();
    let mut stalls = stalls(&daemon);
    table.time("restart in place, without an answer", floor, median(&mut stalls), "<= 100 ms", vec![]);

    let home = daemon.folder.path().join("home");
    let print = format!("head -c {OUTPUT_BYTES} /dev/zero | tr '\\0' x; sleep 1000");
    for _ in 0..TERMINALS {
        let made = icpy(&home).args(["terminal", "new", "--", "sh", "-c", &print]).output().unwrap();
        assert!(made.status.success());
    }
    let mut stalls = stalls_of_terminals(&daemon);
    let longest = percentile(&mut stalls, 1.0);
    table.time("the same with 20 terminals", floor, median(&mut stalls), "<= 100 ms", vec![("longest", longest)]);
    assert!(icpy(&home).args(["stop", "--force"]).status().unwrap().success());
}

fn stalls_of_terminals(daemon: &Server) -> Vec<Duration> {
    // What they print first is read before anything is measured.
    let mut client = Client::connect(daemon);
    while client.ask("terminal:list", "{}").is_none_or(|answer| answer.matches("terminalId").count() < TERMINALS) {}
    stalls(daemon)
}

/// The time from the last answer before a restart to the first one after it.
fn stalls(daemon: &Server) -> Vec<Duration> {
    let mut stalls = vec![];
    for _ in 0..ROUNDS {
        let mut client = Client::connect(daemon);
        let asked = Instant::now();
        assert!(client.ask("daemon:restart", "{}").is_some());
        // The answer came when the new program was asked and found good: from then on the old one ends.
        let answered = Instant::now();
        let mut line = String::new();
        while client.reader.read_line(&mut line).is_ok_and(|length| length > 0) {}
        let mut client = Client::connect(daemon);
        while client.ask("session:ping", "{}").is_none() {
            client = Client::connect(daemon);
        }
        stalls.push(answered.elapsed());
        assert!(asked.elapsed() < Duration::from_secs(5));
    }
    stalls
}

struct Client {
    reader: BufReader<UnixStream>,
}

impl Client {
    fn connect(daemon: &Server) -> Self {
        Self { reader: BufReader::new(daemon.connect()) }
    }

    /// The answer's line, or nothing when the connection is closed first.
    fn ask(&mut self, method: &str, params: &str) -> Option<String> {
        let request = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{method}\",\"params\":{params}}}\n");
        self.reader.get_ref().write_all(request.as_bytes()).ok()?;
        let mut line = String::new();
        while self.reader.read_line(&mut line).ok()? > 0 {
            if line.contains("\"id\":1") {
                return Some(line);
            }
            line.clear();
        }
        None
    }
}
