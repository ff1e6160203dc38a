//! The event log: adding to it, and giving a client what it has missed. Floors are a bare SQLite that does the same, and a bare
//! file, each beside the other; the peer is a stream of Redis.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use icpy_protocol::file::{CLOSED, FileClosed, OpenFile};
use icpyd::bus::Bus;
use icpyd::host::Host;
use icpyd::journal::Journal;
use icpyd::store::Store;
use icpyd::store::events::Retention;
use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::programs::Server;
use super::table::{Table, median, percentile};
use super::tree::{Client, request};

/// Clients that add at the same time: as many as the store takes together.
const CLIENTS: usize = 256;

/// Blocks in turn, so that a busy moment falls on all sides alike.
const BLOCKS: usize = 6;

/// Events of one block.
const BLOCK_EVENTS: usize = 25_600;

/// Single events that are waited for.
const SINGLES: usize = 1000;

/// Events that a client has missed.
const MISSED: usize = 10_000;

pub(crate) fn run(table: &mut Table) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(append(table));
    runtime.block_on(acknowledge(table));
    reconnect(table);
}

fn event(number: usize) -> FileClosed {
    let file = OpenFile {
        file_id: format!("{number:016x}"),
        workspace_id: "0123456789abcdef".to_owned(),
        path: Path::new("/home/someone/project/src/main.rs").into(),
        opened_at_ms: 1_795_000_000_000,
        purpose: None,
    };
    FileClosed { file, closed_by: "0123456789abcdef".to_owned(), is_discarded: false }
}

struct Log {
    _folder: tempfile::TempDir,
    journal: Journal,
    store: Arc<Store>,
}

impl Log {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::new(folder.path().join("icpy.db")));
        let bus = Bus::new("0123456789abcdef".to_owned(), 8 << 20, 1 << 20);
        let retention = Retention { age_max_ms: u64::MAX, bytes_max: 1 << 40 };
        let journal = Journal::new(Arc::clone(&store), bus, Host::real(), retention);
        Self { _folder: folder, journal, store }
    }

    async fn add(&self, first: usize, count: usize) {
        let events: Vec<FileClosed> = (first..first + count).map(event).collect();
        let change = move |_: &Connection, changes: &mut icpyd::journal::Changes| {
            for event in &events {
                changes.publish(&CLOSED, event);
            }
            Ok(())
        };
        assert_eq!(self.journal.commit(change).await.unwrap().published.len(), count);
    }

    /// All clients at once, again and again: events by the second.
    async fn rate(&self, events: usize) -> f64 {
        let begin = Instant::now();
        for _ in 0..BLOCK_EVENTS / (CLIENTS * events) {
            join_all((0..CLIENTS).map(|client| self.add(client, events))).await;
        }
        BLOCK_EVENTS as f64 / begin.elapsed().as_secs_f64()
    }
}

/// Bare SQLite with the same rows.
struct Bare {
    _folder: tempfile::TempDir,
    connection: Connection,
}

impl Bare {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let connection = Connection::open(folder.path().join("bare.db")).unwrap();
        connection
            .execute_batch(
                "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                 CREATE TABLE event (id INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, topic TEXT NOT NULL,
                     payload TEXT NOT NULL, caused_by TEXT, bytes_until INTEGER NOT NULL) STRICT;",
            )
            .unwrap();
        Self { _folder: folder, connection }
    }

    /// Adds so many rows in one transaction.
    fn add(&self, count: usize) {
        let payload = serde_json::to_string(&event(7)).unwrap();
        self.connection.execute_batch("BEGIN").unwrap();
        let insert = "INSERT INTO event (time_ms, topic, payload, caused_by, bytes_until) VALUES (?, ?, ?, ?, ?)";
        let mut insert = self.connection.prepare_cached(insert).unwrap();
        for number in 0..count {
            let by = r#"{"session":"daemon"}"#;
            insert.execute(params![1_795_000_000_000u64, "file:closed", payload, by, number]).unwrap();
        }
        self.connection.execute_batch("COMMIT").unwrap();
    }

    fn rate(&self, batch: usize) -> f64 {
        let begin = Instant::now();
        (0..BLOCK_EVENTS / batch).for_each(|_| self.add(batch));
        (BLOCK_EVENTS / batch * batch) as f64 / begin.elapsed().as_secs_f64()
    }
}

/// A bare file with the same events, written and flushed so many at once: events by the second.
fn file_rate(file: &mut File, batch: usize) -> f64 {
    let line = serde_json::to_string(&event(7)).unwrap() + "\n";
    let lines = line.repeat(batch);
    let begin = Instant::now();
    for _ in 0..BLOCK_EVENTS / batch {
        file.write_all(lines.as_bytes()).unwrap();
        file.sync_data().unwrap();
    }
    (BLOCK_EVENTS / batch * batch) as f64 / begin.elapsed().as_secs_f64()
}

async fn append(table: &mut Table) {
    let (bare, redis) = (Bare::new(), Server::redis());
    let mut file = tempfile::tempfile().unwrap();
    for (events, name, target) in
        [(1, "one event a client", ""), (10, "10 events a client", ""), (100, "100 events a client", ">= 0.6 M/s")]
    {
        let log = Log::new();
        let (mut floors, mut rates) = (vec![], vec![]);
        let (mut files, mut streams) = (vec![], vec![]);
        let batch = (CLIENTS * events).min(BLOCK_EVENTS);
        for _ in 0..BLOCKS {
            floors.push(bare.rate(batch));
            rates.push(log.rate(events).await);
            files.push(file_rate(&mut file, batch));
            streams.extend(redis.as_ref().map(|redis| redis_rate(redis, batch)));
        }
        log.store.close().await;
        let middle = |rates: &mut Vec<f64>| {
            rates.sort_by(f64::total_cmp);
            rates[rates.len() / 2]
        };
        let measure = format!("durable events, 256 clients at once, {name}");
        let mut peers = vec![("a file", middle(&mut files))];
        if !streams.is_empty() {
            peers.push(("redis, which flushes nothing", middle(&mut streams)));
        }
        table.rate(&measure, middle(&mut floors), middle(&mut rates), target, peers);
    }
}

async fn acknowledge(table: &mut Table) {
    let (log, folder) = (Log::new(), tempfile::tempdir().unwrap());
    let mut file = File::create(folder.path().join("bare")).unwrap();
    let daemon = Server::daemon();
    let mut client = Client::connect(daemon.connect());
    client.ask("project:load", &json!({ "path": daemon.folder.path() }));
    let mutate = request("state:mutate", &json!({ "mutations": [{ "key": "n", "set": 1 }] }));
    let (mut floors, mut times, mut trips, mut rows) = (vec![], vec![], vec![], vec![]);
    let bare = Bare::new();
    for number in 0..SINGLES {
        let begin = Instant::now();
        file.write_all(&[b'x'; 100]).unwrap();
        file.sync_data().unwrap();
        floors.push(begin.elapsed());
        let begin = Instant::now();
        log.add(number, 1).await;
        times.push(begin.elapsed());
        let begin = Instant::now();
        bare.add(1);
        rows.push(begin.elapsed());
        let begin = Instant::now();
        client.answer(&mutate);
        trips.push(begin.elapsed());
    }
    log.store.close().await;
    for (share, shown) in [(0.5, "p50"), (0.99, "p99")] {
        let target = if share < 0.9 { "<= 250 us" } else { "" };
        let floor = percentile(&mut floors, share);
        table.time(
            &format!("durable event acknowledged, {shown}"),
            floor,
            percentile(&mut times, share),
            target,
            vec![("sqlite", percentile(&mut rows, share))],
        );
        let measure = format!("durable change of state over the socket, {shown}");
        table.time(&measure, floor, percentile(&mut trips, share), "", vec![]);
    }
}

/// A daemon that has published so many events and knows none of them any more but by its log, and one that has all in memory.
fn reconnect(table: &mut Table) {
    let mut daemon = Server::daemon();
    let mut client = Client::connect(daemon.connect());
    client.ask("project:load", &json!({ "path": daemon.folder.path() }));
    let begin = client.ask("session:subscribe", &json!({ "patterns": ["none"], "replay": {} }))["result"].clone();
    let value = "x".repeat(60);
    for number in 0..MISSED {
        let mutations = json!([{ "key": "n", "set": { "number": number, "value": value } }]);
        client.answer(&request("state:mutate", &json!({ "mutations": mutations })));
    }
    let after = json!({ "patterns": ["state:updated"], "after": begin["position"], "replay": { "afterLogId": begin["logId"] } });
    let mut kept = vec![];
    let mut logged = vec![];
    let redis = Redis::new();
    let mut peer = vec![];
    for _ in 0..BLOCKS {
        kept.push(missed(&daemon, &after));
        peer.extend(redis.as_ref().map(Redis::read));
    }
    daemon.again();
    for _ in 0..BLOCKS {
        logged.push(missed(&daemon, &after));
        peer.extend(redis.as_ref().map(Redis::read));
    }
    let floor = bare_read();
    for (samples, place) in [(kept, "memory"), (logged, "the log, after a restart")] {
        for (which, name, target) in [(0, "the first", ""), (1, "all", "<= 10 ms")] {
            let middle =
                |samples: &[[Duration; 2]]| median(&mut samples.iter().map(|sample| sample[which]).collect::<Vec<_>>());
            let peers = if peer.is_empty() { vec![] } else { vec![("redis XREAD", middle(&peer))] };
            let measure = format!("10,000 missed events from {place}: until {name}");
            table.time(&measure, floor[which], middle(&samples), target, peers);
        }
    }
}

/// From the connection until the first missed event, and until all of them.
fn missed(daemon: &Server, subscribe: &Value) -> [Duration; 2] {
    let line = request("session:subscribe", subscribe);
    let begin = Instant::now();
    let mut stream = daemon.connect();
    stream.write_all(line.as_bytes()).unwrap();
    let mut reader = BufReader::with_capacity(1 << 18, stream);
    let (mut line, mut events, mut first, mut last_id) = (Vec::new(), 0, None, 0);
    while events < MISSED {
        line.clear();
        assert!(reader.read_until(b'\n', &mut line).unwrap() > 0, "the daemon closed the connection");
        let Some(id) = id_in_log(&line) else { continue };
        assert!(last_id == 0 || id == last_id + 1, "an event is missing or double: {id} after {last_id}");
        last_id = id;
        first.get_or_insert(begin.elapsed());
        events += 1;
    }
    [first.unwrap(), begin.elapsed()]
}

fn id_in_log(line: &[u8]) -> Option<u64> {
    const LOG: &str = "\"log\":{\"id\":";
    let text = std::str::from_utf8(line).unwrap();
    let rest = &text[text.find(LOG)? + LOG.len()..];
    rest[..rest.find(',')?].parse().ok()
}

/// What SQLite takes to read as many rows, and a socket to carry them.
fn bare_read() -> [Duration; 2] {
    let bare = Bare::new();
    bare.rate(BLOCK_EVENTS);
    let mut times = [vec![], vec![]];
    for _ in 0..BLOCKS {
        let begin = Instant::now();
        let (mut from, mut to) = UnixStream::pair().unwrap();
        let reader = std::thread::spawn(move || {
            let (mut buffer, mut bytes) = (vec![0; 1 << 18], 0);
            while let Ok(read @ 1..) = to.read(&mut buffer) {
                bytes += read;
            }
            bytes
        });
        let mut rows = bare
            .connection
            .prepare_cached("SELECT id, time_ms, topic, payload, caused_by FROM event LIMIT 10000")
            .unwrap();
        let mut rows = rows.query([]).unwrap();
        let mut line = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let [topic, payload, by] = [2, 3, 4].map(|column| row.get::<_, String>(column).unwrap());
            let id: u64 = row.get(0).unwrap();
            writeln!(line, "{id} {topic} {payload} {by}").unwrap();
            if line.len() > 1 << 16 {
                from.write_all(&line).unwrap();
                line.clear();
                if times[0].len() == times[1].len() {
                    times[0].push(begin.elapsed());
                }
            }
        }
        from.write_all(&line).unwrap();
        drop(from);
        assert!(reader.join().unwrap() > 0);
        times[1].push(begin.elapsed());
    }
    times.map(|mut times| median(&mut times))
}

/// What adds an event to a stream.
fn redis_add() -> String {
    let payload = serde_json::to_string(&event(7)).unwrap();
    format!(
        "*7\r\n$4\r\nXADD\r\n$1\r\ns\r\n$1\r\n*\r\n$5\r\ntopic\r\n$11\r\nfile:closed\r\n$7\r\npayload\r\n${}\r\n{payload}\r\n",
        payload.len()
    )
}

/// So many events added at once, again and again: events by the second.
fn redis_rate(server: &Server, batch: usize) -> f64 {
    let (mut stream, adds) = (server.connect(), redis_add().repeat(batch));
    let mut replies = vec![0; 1 << 16];
    let begin = Instant::now();
    for _ in 0..BLOCK_EVENTS / batch {
        let mut writer = stream.try_clone().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| writer.write_all(adds.as_bytes()).unwrap());
            let mut lines = 0;
            // Each is answered by the length of an id, and the id.
            while lines < 2 * batch {
                let read = stream.read(&mut replies).unwrap();
                assert!(read > 0, "redis closed the connection");
                lines += memchr::memchr_iter(b'\n', &replies[..read]).count();
            }
        });
    }
    (BLOCK_EVENTS / batch * batch) as f64 / begin.elapsed().as_secs_f64()
}

/// A stream with as many entries.
struct Redis {
    server: Server,
    reply_bytes: usize,
}

impl Redis {
    fn new() -> Option<Self> {
        let server = Server::redis()?;
        let mut stream = server.connect();
        let add = redis_add();
        let mut buffer = vec![0; 1 << 16];
        for _ in 0..MISSED {
            stream.write_all(add.as_bytes()).unwrap();
            assert!(stream.read(&mut buffer).unwrap() > 0);
        }
        let mut redis = Self { server, reply_bytes: usize::MAX };
        let mut stream = redis.ask();
        stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        let mut bytes = 0;
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            bytes += read;
        }
        redis.reply_bytes = bytes;
        Some(redis)
    }

    fn ask(&self) -> UnixStream {
        let mut stream = self.server.connect();
        let read = "*6\r\n$5\r\nXREAD\r\n$5\r\nCOUNT\r\n$5\r\n10000\r\n$7\r\nSTREAMS\r\n$1\r\ns\r\n$1\r\n0\r\n";
        stream.write_all(read.as_bytes()).unwrap();
        stream
    }

    fn read(&self) -> [Duration; 2] {
        let begin = Instant::now();
        let mut stream = self.ask();
        let (mut buffer, mut bytes, mut first) = (vec![0; 1 << 18], 0, None);
        while bytes < self.reply_bytes {
            bytes += stream.read(&mut buffer).unwrap();
            first.get_or_insert(begin.elapsed());
        }
        [first.unwrap(), begin.elapsed()]
    }
}
