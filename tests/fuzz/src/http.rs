//! What comes to the listener for HTTP: whatever it is, nothing panics, no answer blames the daemon, and who shows no credential is told
//! nothing but what everybody may know.
//!
//! An input is the bytes of one connection. `%HOST%` in it stands for the daemon's address, and `%TOKEN%` for a token that may call no
//! method.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use icpy_protocol::API;
use icpy_protocol::api::Access;
use icpy_protocol::auth::AuthScope;
use icpy_tests::{Daemon, Web};
use icpyd::host::Host;
use icpyd::transport::http::{Needs, table};
use serde_json::Value;

use crate::Target;

/// What is served to everybody, beside the routes that are open.
const ASSETS: [&str; 5] =
    ["/assets/index.html", "/assets/index.js", "/assets/login.html", "/assets/login.js", "/assets/page.css"];

/// Wrong credentials from one address that are looked at in a minute, which does not pass here.
const GUESSES: usize = 5;

/// Stands for a token.
const TOKEN: &[u8] = b"%TOKEN%";

/// What is called to count the calls.
const OURS: [&str; 4] = ["daemon:metrics", "session:initialize", "session:list", "terminal:list"];

/// What an answer begins with.
const VERSION: &[u8] = b"HTTP/1.";

/// The target.
pub fn target() -> Target {
    let panicked = Arc::new(AtomicBool::new(false));
    watch_panics(&panicked);
    // Time stands still, so that who has guessed too often does not have to wait for each answer.
    let daemon = Daemon::boot_in("", Host::fake(1_000_000), |_| ());
    let front = daemon.run(Front::new(&daemon));
    let mut before = daemon.run(calls(&daemon));
    Box::new(move |input| {
        daemon.run(front.check(input));
        let now = daemon.run(calls(&daemon));
        let is_same = |(method, count): (&String, &u64)| {
            (contains(input, TOKEN) && may_be_called(method)) || before.get(method) == Some(count)
        };
        assert!(now.iter().all(is_same), "a method was called: {now:?}, and before {before:?}");
        before = now;
        assert!(!panicked.load(Ordering::Relaxed), "something panicked");
    })
}

/// A panic in a task ends that task alone: it has to be looked for.
fn watch_panics(panicked: &Arc<AtomicBool>) {
    let (panicked, before) = (Arc::clone(panicked), std::panic::take_hook());
    std::panic::set_hook(Box::new(move |panic| {
        panicked.store(true, Ordering::Relaxed);
        before(panic);
    }));
}

/// The listener, and what is known of it.
struct Front {
    web: Web,
    token: String,
    /// The bodies of what is served to everybody.
    open: BTreeSet<Vec<u8>>,
}

impl Front {
    async fn new(daemon: &Daemon) -> Self {
        let (web, token) = (Web::start(daemon).await, Web::token(daemon, &[AuthScope::Agent]).await);
        let mut open = BTreeSet::new();
        let is_one = |path: &&str| !path.contains('{');
        let routes = table().filter(|(_, needs)| *needs == Needs::Nothing).map(|(path, _)| path).filter(is_one);
        for path in routes.chain(ASSETS) {
            for encoding in ["identity", "gzip"] {
                let head =
                    format!("GET {path} HTTP/1.1\r\nHost: {}\r\nAccept-Encoding: {encoding}\r\n\r\n", web.address);
                let reply = web.ask(head).await.unwrap();
                assert!(reply.status == 200 || path.contains(".html"), "{path}: {reply:?}");
                open.insert(reply.body);
            }
        }
        for _ in 0..GUESSES {
            web.get("/metrics", "icpy_guess").await;
        }
        Self { web, token, open }
    }

    /// Sends an input, and behind it a request that is right: all before it is answered by then, or is none.
    async fn check(&self, input: &[u8]) {
        let address = self.web.address.to_string();
        let has_token = contains(input, TOKEN);
        let sent = replace(&replace(input, b"%HOST%", address.as_bytes()), TOKEN, self.token.as_bytes());
        let last = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        let mut raw = self.web.raw().await;
        raw.send([&*sent, last.as_bytes()].concat()).await;
        raw.finish().await;
        let came = raw.rest().await;
        for (status, body) in answers(&came) {
            let shown = String::from_utf8_lossy(body);
            assert!(status < 500, "{status} blames the daemon: {shown}");
            let is_open = status == 304 || (status == 200 && (body.is_empty() || self.open.contains(body)));
            assert!(has_token || is_open || (400..500).contains(&status), "{status} to who has no credential: {shown}");
        }
    }
}

/// How often each method was called.
async fn calls(daemon: &Daemon) -> BTreeMap<String, u64> {
    let metrics = daemon.client().await.request("daemon:metrics", "{}".to_owned(), true).await.unwrap();
    let metrics: Value = serde_json::from_str(&metrics).unwrap();
    let called = metrics["methods"].as_object().unwrap().iter().filter(|(method, _)| !OURS.contains(&&***method));
    called.map(|(method, counts)| (method.clone(), counts["requests"].as_u64().unwrap())).collect()
}

/// Whether a token is enough, whatever it is for.
fn may_be_called(method: &str) -> bool {
    let mut methods = API.iter().flat_map(|namespace| namespace.methods);
    methods.any(|it| it.name == method && it.access == Access::Open)
}

/// The answers on a connection, each by its status and its body.
fn answers(mut came: &[u8]) -> Vec<(u16, &[u8])> {
    let mut answers = Vec::new();
    while let Some(end) = came.windows(4).position(|part| part == b"\r\n\r\n") {
        let head = std::str::from_utf8(&came[..end]).unwrap();
        let status = head.starts_with("HTTP/1.").then(|| head.split(' ').nth(1)?.parse().ok()).flatten();
        let status = status.unwrap_or_else(|| panic!("no answer begins so: {head}"));
        let length = head.lines().filter_map(|line| line.split_once(": ")).find(|(name, _)| *name == "content-length");
        let length: usize = length.map_or(0, |(_, length)| length.parse().unwrap());
        came = &came[end + 4..];
        // What answers `HEAD` has no body, whatever length is told. No body of ours begins like an answer.
        let is_without = came.is_empty() || came.starts_with(VERSION);
        let (body, rest) = came.split_at(if is_without { 0 } else { length.min(came.len()) });
        answers.push((status, body));
        came = rest;
    }
    answers
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while let Some(place) = rest.windows(from.len()).position(|window| window == from) {
        out.extend_from_slice(&rest[..place]);
        out.extend_from_slice(to);
        rest = &rest[place + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}
