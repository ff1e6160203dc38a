//! A real browser that is logged in, in which pages of others attack the daemon: none of them gets anything done or told.
//!
//! `tests/browser` has the pages. That nothing works would pass too, so the daemon's own page works first, and the same attacks
//! get through to a server that defends nothing.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use icpy_protocol::auth::{AuthClient, AuthCreateLoginLinkParams};
use icpy_tests::{Daemon, Web, cannot_run};
use serde_json::{Map, Value, json};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/browser");
const CHROMIUM: &str = "/usr/bin/chromium";

/// The pages that attack: each tries everything.
const ATTACKERS: [&str; 7] = [
    "other site",
    "other site, other name",
    "same site",
    "same site, other name",
    "sandbox",
    "sandbox, other name",
    "rebinding",
];

/// The program that drives the browser. Its lines are JSON.
struct Driver {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Driver {
    /// Nothing where there is no browser.
    fn start() -> Option<Self> {
        if !Path::new(CHROMIUM).exists() {
            cannot_run("Chromium is not installed");
            return None;
        }
        if !Path::new(FOLDER).join("node_modules/playwright-core").exists() {
            cannot_run("playwright-core is not installed: run `cargo xtask test`");
            return None;
        }
        let mut command = Command::new("node");
        command.current_dir(FOLDER).arg("attack.mjs").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Some(Self { child, lines })
    }

    fn send(&mut self, line: &Value) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    fn receive(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It ends the browser when its input ends.
        drop(self.child.stdin.take());
        if std::thread::panicking() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// What the test asks for, and what is asked for to answer that.
const OURS: [&str; 4] = ["daemon:metrics", "session:initialize", "session:list", "terminal:list"];

/// How often each method was called that is not the test's.
fn calls(daemon: &Daemon) -> Map<String, Value> {
    let metrics =
        daemon.run(async { daemon.client().await.request("daemon:metrics", "{}".to_owned(), true).await.unwrap() });
    let metrics: Value = serde_json::from_str(&metrics).unwrap();
    let mut calls = metrics["methods"].as_object().unwrap().clone();
    calls.retain(|method, _| !OURS.contains(&method.as_str()));
    calls.values_mut().for_each(|counts| *counts = counts["requests"].take());
    calls.insert("refused".to_owned(), metrics["refused"].clone());
    calls
}

fn write(daemon: &Daemon, name: &str) -> String {
    let params = json!({ "path": daemon.path(name), "content": "sings" });
    json!({ "jsonrpc": "2.0", "id": 1, "method": "fs:write_file", "params": params }).to_string()
}

#[test]
fn pages_of_others_get_nothing_done_and_nothing_told() {
    let daemon = Daemon::boot("");
    let Some(mut driver) = Driver::start() else { return };
    let (web, link) = daemon.run(async {
        let web = Web::start(&daemon).await;
        let auth = AuthClient::new(daemon.client().await);
        (web, auth.create_login_link(&AuthCreateLoginLinkParams::default()).await.unwrap().url)
    });
    driver.send(&json!({ "chromium": CHROMIUM, "url": web.url, "link": link, "write": write(&daemon, "canary") }));
    let proof = driver.receive()["proof"].take();
    let address = format!("{}/", web.url);
    let expect = json!({ "user": "owner", "credential": "login", "status": 200, "address": address });
    assert_eq!(proof, expect, "the daemon's own page works");
    let canary = daemon.path("canary");
    assert_eq!(std::fs::read_to_string(&canary).unwrap(), "sings");
    std::fs::remove_file(&canary).unwrap();

    let before = calls(&daemon);
    driver.send(&json!("go"));
    let told = driver.receive();
    assert_eq!(calls(&daemon), before, "a request of a page has reached a method: {told}");
    assert!(!canary.exists(), "a page has written a file: {told}");
    let attacks = told["attacks"].as_array().unwrap();
    let practice = told["practice"].as_array().unwrap();
    assert_eq!(attacks.len(), ATTACKERS.len() * practice.len() + 1, "each page tries everything: {told}");
    for attacker in ATTACKERS {
        assert!(attacks.iter().any(|attack| attack["from"] == attacker), "`{attacker}` has tried nothing: {told}");
    }
    for attack in attacks {
        assert_eq!(attack["success"], false, "{attack}");
    }
    // The same attacks reach a server that does not defend itself.
    let reached = told["reached"].as_array().unwrap();
    for attack in practice {
        let id = format!("practice-{}", attack["name"].as_str().unwrap());
        assert!(reached.contains(&json!(id)), "`{id}` is no attack: {told}");
    }
}
