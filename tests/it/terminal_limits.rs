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
