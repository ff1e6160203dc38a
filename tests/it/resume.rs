//! Going on after a lost connection: no gap and no duplicate, or the word that the tail is gone, with the state.

use std::collections::BTreeMap;

use icpy_protocol::error::Kind;
use icpy_protocol::file;
use icpy_tests::{Daemon, LineClient, Transport, until};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::events::opened;

/// A client that keeps what a real one would need to come back.
struct Resuming {
    client: LineClient,
    token: String,
    epoch: String,
    last_id: u64,
    /// The last event seen, by subscription.
    seen: BTreeMap<u64, u64>,
    /// The numbers of all events, by subscription.
    received: BTreeMap<u64, Vec<u64>>,
}

impl Resuming {
    async fn connect(daemon: &Daemon) -> Self {
        let mut client = daemon.line_client(Transport::Memory).await;
        client.request(1, "session:initialize", &json!({ "clientInfo": { "name": "test" } })).await;
        let (_, answer) = client.receive_answer(1).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let token = text(&answer["result"]["resumeToken"]);
        let epoch = text(&answer["result"]["position"]["epoch"]);
        Self { client, token, epoch, last_id: 1, seen: BTreeMap::new(), received: BTreeMap::new() }
    }

    async fn call(&mut self, method: &str, params: &Value) -> Value {
        self.last_id += 1;
        self.client.request(self.last_id, method, params).await;
        let (before, answer) = self.client.receive_answer(self.last_id).await;
        for message in &before {
            self.take(message);
        }
        answer
    }

    async fn subscribe(&mut self, params: &Value) -> u64 {
        let answer = self.call("session:subscribe", params).await;
        let subscription = answer["result"]["subscription"].as_u64().unwrap();
        self.seen.insert(subscription, answer["result"]["position"]["seq"].as_u64().unwrap());
        self.received.insert(subscription, Vec::new());
        subscription
    }

    /// Takes an event or a bookmark; nothing may be missing before it.
    fn take(&mut self, message: &Value) {
        let params = &message["params"];
        let seen = self.seen.get_mut(&params["subscription"].as_u64().unwrap()).unwrap();
        if message["method"] == "session:bookmark" {
            assert!(params["seq"].as_u64().unwrap() >= *seen);
            *seen = params["seq"].as_u64().unwrap();
            return;
        }
        assert_eq!(params["prev"].as_u64(), Some(*seen), "{message}");
        *seen = params["seq"].as_u64().unwrap();
        let numbers = self.received.get_mut(&params["subscription"].as_u64().unwrap()).unwrap();
        numbers.push(params["file"]["openedAtMs"].as_u64().unwrap());
    }

    async fn read(&mut self, count: usize) {
        for _ in 0..count {
            let message = self.client.receive().await;
            self.take(&message);
        }
    }

    /// Reads all that was published before this call.
    async fn read_all(&mut self) {
        self.call("session:ping", &json!({})).await;
    }

    /// Loses the connection and makes a new one.
    async fn resume(&mut self, daemon: &Daemon) -> Value {
        self.client = daemon.line_client(Transport::Memory).await;
        let params = json!({ "resumeToken": self.token, "epoch": self.epoch, "subscriptions": self.seen });
        self.call("session:resume", &params).await
    }
}

#[test]
fn missed_events_follow_once_and_in_order() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let mut client = Resuming::connect(&daemon).await;
        let all = client.subscribe(&json!({ "patterns": ["**"] })).await;
        let some = client.subscribe(&json!({ "patterns": ["file:*"], "filter": { "isNew": true } })).await;
        let session = client.call("session:list", &json!({})).await["result"]["sessions"][0]["sessionId"].clone();
        let publish = |numbers: std::ops::Range<u64>| {
            for number in numbers {
                daemon.inner().bus().publish(&file::OPENED, &opened(number));
            }
        };
        publish(0..10);
        client.read(7).await;
        publish(10..20);
        let answer = client.resume(&daemon).await;
        assert_eq!(answer["result"]["status"], "resumed");
        assert_eq!(answer["result"]["sessionId"], session);
        assert_eq!(answer["result"]["subscriptions"], json!([all, some]));
        publish(20..30);
        client.read_all().await;
        assert_eq!(client.received[&all], (0..30).collect::<Vec<_>>());
        assert_eq!(client.received[&some], (0..30).step_by(2).collect::<Vec<_>>());
        // The session goes on under its name, and the subscriptions can be ended under theirs.
        let sessions = client.call("session:list", &json!({})).await;
        assert_eq!(sessions["result"]["sessions"][0]["sessionId"], session);
        assert_eq!(sessions["result"]["sessions"].as_array().unwrap().len(), 1, "{sessions}");
        assert_eq!(sessions["result"]["sessions"][0]["isCaller"], true);
        client.call("session:unsubscribe", &json!({ "subscription": all })).await;
        publish(30..32);
        client.read_all().await;
        assert_eq!(client.received[&all].len(), 30);
        assert_eq!(client.received[&some].len(), 16);
    });
}

#[test]
fn a_tail_that_is_gone_is_told_with_the_state() {
    let daemon = Daemon::boot_with("//- /a.py\n", |limits| limits.ring_bytes_max = 20_000);
    daemon.run(async {
        let mut client = Resuming::connect(&daemon).await;
        client.subscribe(&json!({ "patterns": ["file:*"] })).await;
        client.call("file:open", &json!({ "path": daemon.path("a.py") })).await;
        client.client = daemon.line_client(Transport::Memory).await;
        for number in 0..1000 {
            daemon.inner().bus().publish(&file::OPENED, &opened(number));
        }
        let answer = client.resume(&daemon).await;
        let result = &answer["result"];
        assert_eq!(result["status"], "gone", "{answer}");
        let files = result["snapshot"]["file:list"]["files"].as_array().unwrap();
        assert_eq!(files[0]["path"], json!(daemon.path("a.py")));
        // What the snapshot says is true at a place from which the events are not missed.
        let taken_at = result["snapshot"]["file:list"]["position"]["seq"].as_u64().unwrap();
        let position = result["position"]["seq"].as_u64().unwrap();
        assert!(taken_at >= position);
        client.seen.values_mut().for_each(|seen| *seen = position);
        daemon.inner().bus().publish(&file::OPENED, &opened(7));
        client.read_all().await;
        assert_eq!(client.received.values().next().unwrap().last(), Some(&7));
    });
}

#[test]
fn another_epoch_is_gone() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let mut client = Resuming::connect(&daemon).await;
        client.subscribe(&json!({ "patterns": ["**"] })).await;
        client.epoch = "another".to_owned();
        assert_eq!(client.resume(&daemon).await["result"]["status"], "gone");
    });
}

#[test]
fn a_token_that_nobody_has_is_gone_and_the_connection_can_begin_anew() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let mut client = Resuming::connect(&daemon).await;
        client.token = "nobody's".to_owned();
        let answer = client.resume(&daemon).await;
        assert_eq!(answer["error"]["data"]["kind"], "gone");
        assert!(!answer.to_string().contains("nobody's"), "a token is a secret: {answer}");
        let answer = client.call("session:initialize", &json!({ "clientInfo": { "name": "test" } })).await;
        assert!(answer["result"]["resumeToken"].is_string());
        let again = client.call("session:resume", &json!({ "resumeToken": "x", "epoch": "x" })).await;
        assert_eq!(again["error"]["data"]["kind"], "conflict");
    });
}

#[test]
fn a_session_is_taken_over_while_its_old_connection_still_lives() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let mut client = Resuming::connect(&daemon).await;
        let all = client.subscribe(&json!({ "patterns": ["**"] })).await;
        let fresh = daemon.line_client(Transport::Memory).await;
        let mut old = std::mem::replace(&mut client.client, fresh);
        let params = json!({ "resumeToken": client.token, "epoch": client.epoch, "subscriptions": client.seen });
        assert_eq!(client.call("session:resume", &params).await["result"]["status"], "resumed");
        assert_eq!(old.receive().await["method"], "session:closing");
        assert_eq!(old.receive_line().await, None);
        until("the old connection's end", || daemon.inner().bus().statistics().subscriptions == 1).await;
        daemon.inner().bus().publish(&file::OPENED, &opened(1));
        client.read_all().await;
        assert_eq!(client.received[&all], [1]);
        // And it can be lost and taken up again.
        assert_eq!(client.resume(&daemon).await["result"]["status"], "resumed");
    });
}

#[test]
fn a_session_that_never_introduced_itself_is_not_kept() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let mut client = daemon.line_client(Transport::Memory).await;
        client.request(1, "session:subscribe", &json!({ "patterns": ["**"] })).await;
        client.receive_answer(1).await;
        drop(client);
        until("the session's end", || daemon.inner().bus().statistics().subscriptions == 0).await;
    });
}

#[test]
fn a_token_works_for_its_own_daemon_only() {
    let (one, other) = (Daemon::boot(""), Daemon::boot(""));
    let mut client = one.run(Resuming::connect(&one));
    let answer = other.run(client.resume(&other));
    assert_eq!(answer["error"]["data"]["kind"], json!(Kind::Gone.info().name));
}

#[derive(Clone, Debug)]
enum Step {
    Publish(u8),
    Read(u8),
    Lose,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (1u8..40).prop_map(Step::Publish),
        2 => (0u8..40).prop_map(Step::Read),
        2 => Just(Step::Lose),
    ];
    proptest::collection::vec(step, 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is lost and whenever: each event comes once, in order, as long as it is kept.
    #[test]
    fn nothing_is_missed_and_nothing_comes_twice(steps in steps(), queue_bytes_max in 500usize..20_000) {
        let daemon = Daemon::boot_with("", |limits| limits.queue_bytes_max = queue_bytes_max);
        daemon.run(async {
            let mut client = Resuming::connect(&daemon).await;
            let all = client.subscribe(&json!({ "patterns": ["**"] })).await;
            let odd = client.subscribe(&json!({ "patterns": ["file:*"], "filter": { "isNew": false } })).await;
            let mut published = 0u64;
            for step in steps {
                match step {
                    Step::Publish(count) => {
                        for _ in 0..count {
                            daemon.inner().bus().publish(&file::OPENED, &opened(published));
                            published += 1;
                        }
                    }
                    Step::Read(count) => {
                        let received: usize = client.received.values().map(Vec::len).sum();
                        let missing = usize::try_from(published + published / 2).unwrap() - received;
                        client.read(missing.min(count.into())).await;
                    }
                    Step::Lose => assert_eq!(client.resume(&daemon).await["result"]["status"], "resumed"),
                }
            }
            client.read_all().await;
            assert_eq!(client.received[&all], (0..published).collect::<Vec<_>>());
            assert_eq!(client.received[&odd], (1..published).step_by(2).collect::<Vec<_>>());
        });
    }
}
