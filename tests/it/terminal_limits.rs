//! How many terminals there may be and for how long, what is counted of each, and sizes that are told.

use std::time::Duration;

use icpy_tests::{Daemon, LineClient, Process, Transport, until_now};
use icpyd::config::IdleExit;
use serde_json::{Value, json};

/// A session that calls methods of terminals.
struct Caller {
    client: LineClient,
    last_id: u64,
}

impl Caller {
    async fn new(daemon: &Daemon) -> Self {
        Self { client: daemon.line_client(Transport::Socket).await, last_id: 0 }
    }

    async fn call(&mut self, method: &str, params: Value) -> Value {
        self.last_id += 1;
        self.client.request(self.last_id, &format!("terminal:{method}"), &params).await;
        let answer = self.client.receive_answer(self.last_id).await.1;
        if answer["error"].is_null() { answer["result"].clone() } else { answer["error"].clone() }
    }

    async fn create(&mut self, command: &[&str]) -> Value {
        self.call("create", json!({ "command": command })).await
    }

    async fn listed(&mut self) -> Vec<String> {
        let listed = self.call("list", json!({})).await;
        let terminals = listed["terminals"].as_array().unwrap();
        terminals.iter().map(|terminal| terminal["terminalId"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn a_user_has_as_many_terminals_as_the_settings_say() {
    let daemon = Daemon::boot_with("", |limits| limits.terminals_max = 2);
    daemon.run(async {
        let mut caller = Caller::new(&daemon).await;
        let first = caller.create(&["cat"]).await;
        let second = caller.create(&["true"]).await;
        caller.call("wait", json!({ "terminalId": second["terminalId"] })).await;
        // One that has ended makes room.
        let third = caller.create(&["cat"]).await;
        assert_eq!(json!(caller.listed().await), json!([first["terminalId"], third["terminalId"]]));
        let refused = caller.create(&["cat"]).await;
        assert_eq!(
            (&refused["data"]["kind"], &refused["data"]["limit"]),
            (&json!("too_large"), &json!(2)),
            "{refused}"
        );
        assert!(refused["message"].as_str().unwrap().contains("`limits.terminals_max`"), "{refused}");
    });
}

/// Asks each caller for so many terminals before there is any answer. Returns all answers.
async fn create_at_once(callers: &mut [Caller], each: u64, program: &str) -> Vec<Value> {
    for caller in &mut *callers {
        for number in 0..each {
            let id = 1000 + number;
            caller.client.request(id, "terminal:create", &json!({ "command": [program] })).await;
        }
    }
    let mut answers = Vec::new();
    for caller in callers {
        for _ in 0..each {
            answers.push(caller.client.receive().await);
        }
    }
    answers
}

#[test]
fn the_limit_holds_for_terminals_that_are_made_at_once() {
    const MAX: usize = 5;
    for sessions in [1, 3] {
        let daemon = Daemon::boot_with("", |limits| limits.terminals_max = MAX);
        daemon.run(async {
            let mut callers = Vec::new();
            for _ in 0..sessions {
                callers.push(Caller::new(&daemon).await);
            }
            let answers = create_at_once(&mut callers, 12, "cat").await;
            let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|it| it["error"].is_null());
            assert_eq!((made.len(), callers[0].listed().await.len()), (MAX, MAX));
            for it in refused {
                assert_eq!(it["error"]["data"]["kind"], "too_large", "{it}");
                assert!(it["error"]["message"].as_str().unwrap().contains("`limits.terminals_max`"), "{it}");
            }
            for it in made {
                callers[0].call("close", json!({ "terminalId": it["result"]["terminalId"] })).await;
            }
            // What cannot be started gives its place back.
            for it in create_at_once(&mut callers, 12, "/nowhere").await {
                let kind = it["error"]["data"]["kind"].as_str().unwrap();
                assert!(["not_found", "too_large"].contains(&kind), "{it}");
            }
            let answers = create_at_once(&mut callers, 12, "cat").await;
            assert_eq!(answers.iter().filter(|it| it["error"].is_null()).count(), MAX);
        });
    }
}

#[test]
fn all_terminals_together_keep_what_the_settings_say() {
    const MAX: u64 = 1 << 20;
    let daemon = Daemon::boot_with("", |limits| limits.scrollback_bytes_max = MAX.try_into().unwrap());
    daemon.run(async {
        let mut caller = Caller::new(&daemon).await;
        let mut ids = Vec::new();
        for number in 0..4 {
            // What cannot be compressed much, and then lines that are known.
            let script = format!("head -c 600000 /dev/urandom | base64; seq -f 'terminal {number} line %.0f' 60");
            let made = caller.create(&["sh", "-c", &script]).await;
            caller.call("wait", json!({ "terminalId": made["terminalId"] })).await;
            ids.push(made["terminalId"].clone());
        }
        let (mut bytes, mut lines) = (Vec::new(), Vec::new());
        for (number, id) in ids.iter().enumerate() {
            let statistics = &caller.call("get", json!({ "terminalId": id })).await["statistics"];
            bytes.push(statistics["scrollbackBytes"].as_u64().unwrap());
            let kept = caller.call("snapshot", json!({ "terminalId": id, "what": "scrollback" })).await;
            lines.push(kept["screenLine"].as_u64().unwrap() - kept["firstLine"].as_u64().unwrap());
            // 23 of the last are on the screen.
            let last = format!("terminal {number} line 37\n");
            assert!(kept["text"].as_str().unwrap().ends_with(&last), "{kept}");
        }
        assert!(bytes.iter().sum::<u64>() <= MAX, "{bytes:?}");
        // The one that has printed last keeps most, and each of the others its newest.
        assert!(
            bytes[3] > MAX / 2 && lines[..3].iter().all(|it| (37..lines[3] / 2).contains(it)),
            "{bytes:?} {lines:?}"
        );
    });
}

#[test]
fn a_terminal_that_nobody_uses_is_closed_where_that_is_wanted() {
    let set = |limits: &mut icpyd::config::Limits| {
        limits.terminal_idle_timeout = IdleExit::After(Duration::from_millis(50));
    };
    let daemon = Daemon::boot_with("", set);
    daemon.run(async {
        let mut caller = Caller::new(&daemon).await;
        // What runs a program is used, and so is what is shown.
        let busy = caller.create(&["cat"]).await["terminalId"].clone();
        let shown = caller.create(&["true"]).await["terminalId"].clone();
        caller.call("wait", json!({ "terminalId": shown })).await;
        let size = json!({ "terminalId": busy, "isReadOnly": true });
        caller.call("attach", size).await;
        let env = json!({ "HOME": daemon.path(""), "PATH": "/usr/bin:/bin" });
        caller.call("create", json!({ "shell": "/bin/bash", "env": env })).await;
        while json!(caller.listed().await) != json!([busy]) {}
    });
}

#[test]
fn what_goes_through_a_terminal_is_counted() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let mut caller = Caller::new(&daemon).await;
        let created = caller.create(&["cat"]).await;
        assert_eq!(created["statistics"], Value::Null);
        let id = &created["terminalId"];
        caller.call("data_in", json!({ "terminalId": id, "data": "hello\n" })).await;
        let mut after = 0;
        while after < 14 {
            let read = caller.call("read", json!({ "terminalId": id, "after": after, "waitMs": 10_000 })).await;
            after = read["to"].as_u64().unwrap();
        }
        let counted = caller.call("get", json!({ "terminalId": id })).await["statistics"].clone();
        assert_eq!((&counted["bytesOut"], &counted["bytesIn"]), (&json!(14), &json!(6)), "{counted}");
        assert_eq!((&counted["viewers"], &counted["slowScreens"]), (&json!(0), &json!(0)), "{counted}");
        assert!(counted["screenBytes"].as_u64().unwrap() > 0, "{counted}");
    });
}

#[test]
fn a_size_is_told_and_recorded() {
    let user = Process::new("");
    let script = "echo begun; read x; stty size; echo over; exec sleep 1000";
    user.json(&["terminal", "new", "--name", "one", "--", "sh", "-c", script]);
    let mut recording = user.command(&["terminal", "record", "one", "file"]).spawn().unwrap();
    let recorded = || std::fs::read_to_string(user.path("file")).unwrap_or_default();
    until_now("the recording", || recorded().contains("begun"));
    let listed = user.json(&["terminal", "ls"]);
    let id = &listed["terminals"][0]["terminalId"];
    let params = json!({ "terminalId": id, "size": { "columns": 100, "rows": 40 } });
    user.json(&["call", "terminal:resize", &params.to_string()]);
    until_now("the size", || recorded().contains(r#""r","100x40"]"#));
    // The same once more is nothing new.
    user.json(&["call", "terminal:resize", &params.to_string()]);
    assert_eq!(user.icpy(&["terminal", "send", "one", "--enter", ""]).status, 0);
    until_now("the program", || recorded().contains("40 100"));
    let recorded = recorded();
    assert_eq!(recorded.matches(r#","r","#).count(), 1, "{recorded}");
    assert_eq!(user.icpy(&["terminal", "kill", "one"]).status, 0);
    assert!(recording.wait().unwrap().success());
}
