//! Many clients at once: a thousand that call and listen for a minute, and ten thousand that rest, over WebSocket and over the
//! daemon's own socket. `ICPY_BENCH_SECONDS` sets how long the first part lasts.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::browser::{Listener, WebSocket};
use super::cores::AllCores;
use super::table::{Table, percentile, show};

const BUSY: usize = 1000;
const RESTING: usize = 10_000;
/// Threads that the busy clients share.
const THREADS: usize = 4;
/// How often one thread goes on with its next client.
const PAUSE: Duration = Duration::from_millis(1);

/// How a client comes.
type Connect = fn(&Listener) -> Client;

/// One client over either way.
enum Client {
    Web(WebSocket),
    Local(UnixStream),
}

impl Client {
    fn web(listener: &Listener) -> Self {
        Self::Web(WebSocket::connect(listener))
    }

    fn local(listener: &Listener) -> Self {
        Self::Local(listener.server.connect())
    }

    fn send(&mut self, text: &str) {
        match self {
            Self::Web(socket) => socket.send(text),
            Self::Local(stream) => stream.write_all(format!("{text}\n").as_bytes()).unwrap(),
        }
    }

    /// Receives one message. Nothing else is under way on a local one.
    fn receive(&mut self) {
        match self {
            Self::Web(socket) => drop(socket.receive()),
            Self::Local(stream) => {
                let mut buffer = [0; 8192];
                loop {
                    let read = stream.read(&mut buffer).unwrap();
                    assert!(read > 0, "the daemon closed the connection");
                    if buffer[read - 1] == b'\n' {
                        return;
                    }
                }
            }
        }
    }
}

/// What a client asks for in turn.
fn calls(folder: &str) -> [String; 4] {
    let call =
        |method: &str, params: String| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
    [
        call("session:ping", "{}".to_owned()),
        call("fs:read_file", format!(r#"{{"path":"{folder}/a.txt"}}"#)),
        call("fs:stat", format!(r#"{{"path":"{folder}/a.txt"}}"#)),
        call("workspace:list", "{}".to_owned()),
    ]
}

pub(crate) fn run(table: &mut Table) {
    let _cores = AllCores::use_them();
    raise_limit();
    let ways: [(&str, Connect); 2] = [("WebSocket", Client::web), ("unix socket", Client::local)];
    for (name, connect) in ways {
        let listener = Listener::daemon();
        std::fs::write(listener.server.folder.path().join("a.txt"), "x".repeat(10_000)).unwrap();
        busy(table, name, &listener, connect);
    }
    for (name, connect) in ways {
        let listener = Listener::daemon();
        resting(table, name, &listener, connect);
    }
}

fn busy(table: &mut Table, name: &str, listener: &Listener, connect: Connect) {
    let seconds = std::env::var("ICPY_BENCH_SECONDS").ok().and_then(|it| it.parse().ok()).unwrap_or(60);
    let before = listener.server.resident_bytes();
    let calls = calls(&listener.server.folder.path().display().to_string());
    let is_over = AtomicBool::new(false);
    let mut all: Vec<Duration> = std::thread::scope(|scope| {
        let work = || {
            let mut clients: Vec<Client> = (0..BUSY / THREADS).map(|_| connect(listener)).collect();
            for client in &mut clients {
                client
                    .send(r#"{"jsonrpc":"2.0","id":0,"method":"session:subscribe","params":{"patterns":["file:*"]}}"#);
                client.receive();
            }
            let mut times = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                for (place, client) in clients.iter_mut().enumerate() {
                    let begin = Instant::now();
                    client.send(&calls[place % calls.len()]);
                    client.receive();
                    times.push(begin.elapsed());
                    std::thread::sleep(PAUSE);
                }
            }
            times
        };
        let workers: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        std::thread::sleep(Duration::from_secs(seconds));
        is_over.store(true, Ordering::Relaxed);
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let each = listener.server.resident_bytes().saturating_sub(before) / BUSY as u64;
    let count = all.len();
    let (p50, p99) = (percentile(&mut all, 0.5), percentile(&mut all, 0.99));
    table.figure(
        &format!("{BUSY} busy clients for {seconds} s over {name}: calls"),
        "",
        count.to_string(),
        "none lost",
    );
    table.figure(
        &format!("the same: p50 and p99 of a call over {name}"),
        "",
        format!("{}, {}", show(p50), show(p99)),
        "",
    );
    table.figure(&format!("the same: memory of a client over {name}"), "", format!("{:.1} kB", each as f64 / 1e3), "");
}

fn resting(table: &mut Table, name: &str, listener: &Listener, connect: Connect) {
    let before = listener.server.resident_bytes();
    let mut clients: Vec<Client> = (0..RESTING).map(|_| connect(listener)).collect();
    let each = listener.server.resident_bytes().saturating_sub(before) / RESTING as u64;
    table.figure(
        &format!("{RESTING} resting clients over {name}: memory of each"),
        "",
        format!("{:.1} kB", each as f64 / 1e3),
        "",
    );
    let mut times = Vec::new();
    for place in 0..2000 {
        let client = &mut clients[place * 5];
        let begin = Instant::now();
        client.send(r#"{"jsonrpc":"2.0","id":1,"method":"session:ping","params":{}}"#);
        client.receive();
        times.push(begin.elapsed());
    }
    let (p50, p99) = (percentile(&mut times, 0.5), percentile(&mut times, 0.99));
    table.figure(
        &format!("the same: p50 and p99 of a call over {name}"),
        "",
        format!("{}, {}", show(p50), show(p99)),
        "",
    );
    for client in &mut clients {
        client.send(r#"{"jsonrpc":"2.0","id":0,"method":"session:subscribe","params":{"patterns":["file:*"]}}"#);
        client.receive();
    }
    let file = listener.server.folder.path().join("a.py");
    std::fs::write(&file, "").unwrap();
    let mut sender = Client::local(listener);
    let open = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"file:open","params":{{"path":"{}"}}}}"#, file.display());
    let mut times = Vec::new();
    for _ in 0..12 {
        let begin = Instant::now();
        sender.send(&open);
        for client in &mut clients {
            client.receive();
        }
        times.push(begin.elapsed());
        sender.receive();
    }
    let (p50, p99) = (percentile(&mut times[2..], 0.5), percentile(&mut times[2..], 0.99));
    table.figure(
        &format!("an event to all {RESTING} over {name}: p50 and worst of 10"),
        "",
        format!("{}, {}", show(p50), show(p99)),
        "",
    );
}

/// A descriptor for each client, here and in the daemon.
pub(crate) fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, wanted).unwrap();
    assert!(
        limit.maximum.is_none_or(|it| it > RESTING as u64 + 100),
        "raise the limit of descriptors: `ulimit -n 20000`"
    );
}
