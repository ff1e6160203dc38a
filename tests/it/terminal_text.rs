//! What is in a terminal as text: its screen and scrollback, searching both, and clearing.

use icpy_tests::{Daemon, LineClient, Process, Transport, until_now};
use serde_json::{Value, json};

/// A terminal whose program has printed something and waits.
struct Printed {
    client: LineClient,
    last_id: u64,
    id: String,
}

impl Printed {
    async fn new(daemon: &Daemon, script: &str) -> Self {
        let client = daemon.line_client(Transport::Socket).await;
        let mut printed = Self { client, last_id: 0, id: String::new() };
        let params = json!({ "command": ["sh", "-c", format!("{script}; printf '\\033]0;ready\\007'; read x")] });
        let created = printed.call("create", params).await;
        printed.id = created["terminalId"].as_str().unwrap().to_owned();
        while printed.call("snapshot", json!({})).await["title"] != "ready" {}
        printed
    }

    async fn ask(&mut self, method: &str, mut params: Value) -> Value {
        params["terminalId"] = self.id.as_str().into();
        self.last_id += 1;
        self.client.request(self.last_id, &format!("terminal:{method}"), &params).await;
        self.client.receive_answer(self.last_id).await.1
    }

    async fn call(&mut self, method: &str, params: Value) -> Value {
        let answer = self.ask(method, params).await;
        assert!(answer["error"].is_null(), "{answer}");
        answer["result"].clone()
    }
}

#[test]
fn a_snapshot_is_what_is_asked_for() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let mut terminal = Printed::new(&daemon, r"seq 100; printf '\033[1;31mred\033[0m <&>'").await;
        let shown = terminal.call("snapshot", json!({})).await;
        let rows: Vec<&str> = shown["text"].as_str().unwrap().lines().collect();
        assert_eq!((rows.len(), rows[0], rows[22], rows[23]), (24, "78", "100", "red <&>"));
        assert_eq!(shown["cursor"], json!({ "row": 23, "column": 7 }));
        assert_eq!(
            (&shown["firstLine"], &shown["screenLine"], &shown["isCut"]),
            (&json!(0), &json!(77), &json!(false))
        );
        let text = |shown: Value| shown["text"].as_str().unwrap().to_owned();
        let before = text(terminal.call("snapshot", json!({ "what": "scrollback" })).await);
        assert_eq!(before, (1..=77).map(|number| format!("{number}\n")).collect::<Vec<_>>().concat());
        let both = text(terminal.call("snapshot", json!({ "what": "both" })).await);
        assert_eq!(both, before.clone() + &text(shown.clone()));
        let some = terminal.call("snapshot", json!({ "lines": { "from": 76, "to": 79 } })).await;
        assert_eq!((&some["text"], &some["lines"]), (&json!("77\n78\n79\n"), &json!({ "from": 76, "to": 79 })));
        let ansi = text(terminal.call("snapshot", json!({ "format": "ansi" })).await);
        assert!(ansi.contains("1;31mred"), "{ansi:?}");
        let html = text(terminal.call("snapshot", json!({ "format": "html", "what": "both" })).await);
        assert!(html.starts_with("<pre>1\n2\n") && html.ends_with("</pre>\n"), "{html}");
        assert!(html.contains("font-weight:bold\">red</span> &lt;&amp;&gt;"), "{html}");
        assert_eq!(html.matches("pre>").count(), 2);
    });
}

#[test]
fn what_is_too_long_for_an_answer_comes_in_parts() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let mut terminal = Printed::new(&daemon, "seq -f '%079g' 30000").await;
        let last = terminal.call("snapshot", json!({ "what": "both" })).await;
        assert_eq!(last["isCut"], true);
        let (first, end) = (last["firstLine"].as_u64().unwrap(), last["lines"]["from"].as_u64().unwrap());
        let (mut text, mut from) = (String::new(), first);
        while from < end {
            let part = terminal.call("snapshot", json!({ "lines": { "from": from, "to": end } })).await;
            text += part["text"].as_str().unwrap();
            from = part["lines"]["to"].as_u64().unwrap();
        }
        text += last["text"].as_str().unwrap();
        let expected = (first + 1..=30_000).map(|number| format!("{number:079}\n")).collect::<Vec<_>>().concat();
        assert!(text.trim_end() == expected.trim_end(), "{} bytes from line {first}", text.len());
        assert!(text.len() > 1 << 20);
    });
}

#[test]
fn text_is_found_with_its_place() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let mut terminal =
            Printed::new(&daemon, "seq 100; echo 'an Error: é x(y'; seq 101 140; echo another error").await;
        let found = terminal.call("search", json!({ "pattern": "error" })).await;
        let expected = json!({
            "found": [
                { "line": 100, "column": 3, "text": "Error", "row": "an Error: é x(y" },
                { "line": 141, "column": 8, "text": "error", "row": "another error" },
            ],
            "isCut": false,
        });
        assert_eq!(found, expected);
        let found = |result: Value| result["found"].as_array().unwrap().len();
        assert_eq!(found(terminal.call("search", json!({ "pattern": "error", "isCaseSensitive": true })).await), 1);
        assert_eq!(found(terminal.call("search", json!({ "pattern": "x(y" })).await), 1);
        assert_eq!(found(terminal.call("search", json!({ "pattern": "^1[0-3]$", "isRegex": true })).await), 4);
        assert_eq!(found(terminal.call("search", json!({ "pattern": "error", "what": "screen" })).await), 1);
        assert_eq!(
            found(terminal.call("search", json!({ "pattern": "1", "lines": { "from": 0, "to": 10 } })).await),
            2
        );
        let few = terminal.call("search", json!({ "pattern": "1", "resultsMax": 3 })).await;
        assert_eq!((few["isCut"].clone(), found(few)), (json!(true), 3));
        for (params, text) in [
            (json!({ "pattern": "x(y", "isRegex": true }), "`x(y` is not a regular expression"),
            (json!({ "pattern": "" }), "no text to look for"),
        ] {
            let refused = terminal.ask("search", params).await;
            assert_eq!(refused["error"]["data"]["kind"], "invalid_params", "{refused}");
            assert!(refused["error"]["message"].as_str().unwrap().contains(text), "{refused}");
        }
    });
}

#[test]
fn clearing_forgets_what_was_scrolled_out_for_all() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let mut terminal = Printed::new(&daemon, "seq 100; printf prompt").await;
        let attached = terminal.call("attach", json!({})).await;
        let screen = terminal.client.receive().await["params"].clone();
        assert!(screen["data"].as_str().unwrap().contains("\n50\r\n"), "{screen}");
        let ack = json!({ "viewerId": attached["viewerId"], "to": screen["to"] });
        terminal.call("ack", ack).await;
        let before = terminal.call("snapshot", json!({})).await;
        terminal.last_id += 1;
        let params = json!({ "terminalId": terminal.id });
        terminal.client.request(terminal.last_id, "terminal:clear", &params).await;
        let (mut told, answer) = terminal.client.receive_answer(terminal.last_id).await;
        assert_eq!(answer["result"], json!({}), "{answer}");
        if told.is_empty() {
            told.push(terminal.client.receive().await);
        }
        let screen = &told[0]["params"];
        let data = screen["data"].as_str().unwrap();
        assert_eq!(screen["isScreen"], true);
        assert!(data.contains("\u{1b}[3J") && data.contains("prompt") && !data.contains("\n50\r\n"), "{data:?}");
        let after = terminal.call("snapshot", json!({ "what": "both" })).await;
        assert_eq!(after["text"], before["text"]);
        assert_eq!(after["firstLine"], after["screenLine"]);
        assert_eq!(terminal.call("read", json!({})).await["data"], "");
    });
}

#[test]
fn the_commands_print_it() {
    let user = Process::new("");
    let script = r"seq 60; printf '\033[31mred\033[0m\n'; echo ready; exec sleep 1000";
    user.json(&["terminal", "new", "--name", "one", "--", "sh", "-c", script]);
    let icpy = |args: &[&str]| user.icpy(&[&["terminal"], args].concat());
    let show = |args: &[&str]| icpy(&[&["show", "one"], args].concat()).stdout;
    until_now("the program", || show(&[]).contains("ready"));
    let rows = (40..=60).map(|number| format!("{number}\n")).collect::<Vec<_>>().concat();
    assert_eq!(show(&[]), format!("{rows}red\nready\n"));
    let all = (1..=60).map(|number| format!("{number}\n")).collect::<Vec<_>>().concat();
    assert_eq!(show(&["--scrollback", "--text"]), format!("{all}red\nready\n"));
    assert!(show(&["--ansi"]).contains("31mred"));
    assert!(show(&["--html"]).starts_with("<pre>40\n"));
    assert!(show(&["--raw"]).ends_with("\u{1b}[31mred\u{1b}[0m\r\nready\r\n"));
    assert_eq!(icpy(&["show", "one", "--ansi", "--html"]).status, 2);
    let found = icpy(&["search", "one", "-E", "^5.$", "-m", "3"]);
    assert_eq!((found.status, &*found.stdout), (0, "50\n51\n52\n"));
    assert_eq!(icpy(&["search", "one", "nothing of it"]).status, 1);
    assert_eq!(icpy(&["clear", "one"]).status, 0);
    assert_eq!(show(&["--scrollback"]), format!("{rows}red\nready\n"));
}
