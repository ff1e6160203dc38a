//! Terminals that are shown to a session: all that is printed, at the pace of whoever reads.

use icpy_protocol::terminal::TerminalSize;
use icpy_tests::{Daemon, LineClient, Transport, within};
use icpyd::services::terminal::screen::{Format, Part, Screen, ScreenLimits};
use serde_json::{Value, json};

/// One who is shown a terminal.
struct Viewer {
    client: LineClient,
    last_id: u64,
    terminal_id: String,
    id: String,
    /// What was shown.
    text: String,
    /// Up to which byte.
    to: u64,
}

async fn ask(client: &mut LineClient, id: &mut u64, method: &str, params: Value) -> Value {
    *id += 1;
    client.request(*id, method, &params).await;
    let (before, answer) = client.receive_answer(*id).await;
    assert!(before.iter().all(|message| message["method"] != "terminal:data_out"), "{before:?}");
    answer["result"].clone()
}

impl Viewer {
    /// Runs a command in a new terminal and attaches to it.
    async fn of(daemon: &Daemon, command: &[&str]) -> Self {
        let (mut client, mut last_id) = (daemon.line_client(Transport::Memory).await, 0);
        let created = ask(&mut client, &mut last_id, "terminal:create", json!({ "command": command })).await;
        let terminal_id = created["terminalId"].as_str().unwrap().to_owned();
        Self::attach(client, last_id, &terminal_id, json!({ "after": 0 })).await
    }

    async fn attach(mut client: LineClient, mut last_id: u64, terminal_id: &str, mut params: Value) -> Self {
        params["terminalId"] = terminal_id.into();
        let attached = ask(&mut client, &mut last_id, "terminal:attach", params).await;
        let id = attached["viewerId"].as_str().unwrap_or_else(|| panic!("{attached}")).to_owned();
        let to = attached["from"].as_u64().unwrap();
        Self { client, last_id, terminal_id: terminal_id.to_owned(), id, text: String::new(), to }
    }

    /// The next message, which is taken note of when it is output.
    async fn next(&mut self) -> Value {
        let message = self.client.receive().await;
        let params = &message["params"];
        if message["method"] == "terminal:data_out" {
            assert_eq!((&params["terminalId"], &params["viewerId"]), (&json!(self.terminal_id), &json!(self.id)));
            assert!(params["from"].as_u64().unwrap() >= self.to);
            self.to = params["to"].as_u64().unwrap();
            self.text += params["data"].as_str().unwrap();
        }
        message
    }

    async fn acknowledge(&mut self) {
        let params = json!({ "terminalId": self.terminal_id, "viewerId": self.id, "to": self.to });
        self.client
            .send(format!("{}\n", json!({ "jsonrpc": "2.0", "method": "terminal:ack", "params": params })))
            .await;
    }

    /// Reads on until something was shown.
    async fn expect(&mut self, text: &str) {
        while !self.text.contains(text) {
            self.next().await;
            self.acknowledge().await;
        }
    }

    /// Reads on to the end. Returns how the program ended.
    async fn end(&mut self) -> Value {
        loop {
            let message = self.next().await;
            if message["method"] == "terminal:detached" {
                return message["params"]["exit"].clone();
            }
            self.acknowledge().await;
        }
    }

    async fn type_in(&mut self, text: &str) {
        let params = json!({ "terminalId": self.terminal_id, "data": text, "viewerId": self.id });
        self.last_id += 1;
        self.client.request(self.last_id, "terminal:data_in", &params).await;
    }
}

fn numbers(count: usize) -> String {
    (1..=count).flat_map(|number| [number.to_string(), "\r\n".to_owned()]).collect()
}

#[test]
fn all_that_a_short_program_prints_is_shown_before_its_end() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        for round in 0..50 {
            let mut viewer = Viewer::of(&daemon, &["sh", "-c", &format!("seq 2000; exit {}", round % 7)]).await;
            assert_eq!(viewer.end().await, json!({ "code": round % 7 }));
            assert!(viewer.text == numbers(2000), "round {round}: {} bytes", viewer.text.len());
        }
    });
}

#[test]
fn what_is_typed_comes_back() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let mut viewer = Viewer::of(&daemon, &["cat"]).await;
        viewer.type_in("hällo\n").await;
        viewer.expect("hällo\r\nhällo\r\n").await;
        viewer.type_in("\u{4}").await;
        assert_eq!(viewer.end().await, json!({ "code": 0 }));
    });
}

#[test]
fn one_that_shows_nothing_holds_nobody_up() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let mut fast = Viewer::of(&daemon, &["sh", "-c", "read x; seq 300000; echo ready; read x"]).await;
        let client = daemon.line_client(Transport::Memory).await;
        let mut slow = Viewer::attach(client, 0, &fast.terminal_id, json!({ "after": 0 })).await;
        fast.type_in("\n").await;
        within("the whole output", fast.expect("ready")).await;
        while slow.text.len() < 48 << 10 {
            slow.next().await;
        }
        assert_eq!(slow.text.len(), 48 << 10);
        // What it was too slow for is left out.
        slow.text.clear();
        slow.acknowledge().await;
        slow.expect("ready").await;
        assert!(slow.text.len() < 400_000, "{}", slow.text.len());
    });
}

#[test]
fn an_interrupt_does_not_wait_for_what_was_printed_before() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let script = "trap 'echo ready' INT; read x; seq 20000; echo done; sleep 1000";
        let mut fast = Viewer::of(&daemon, &["sh", "-c", script]).await;
        let client = daemon.line_client(Transport::Memory).await;
        let mut slow = Viewer::attach(client, 0, &fast.terminal_id, json!({ "after": 0 })).await;
        fast.type_in("\n").await;
        fast.expect("done").await;
        while slow.text.len() < 48 << 10 {
            slow.next().await;
        }
        fast.type_in("\x03").await;
        fast.expect("ready").await;
        slow.text.clear();
        slow.acknowledge().await;
        slow.expect("ready").await;
        // The rest of the numbers would be 60,000 bytes.
        assert!(slow.text.len() < 2000, "{}", slow.text.len());
    });
}

#[test]
fn a_viewer_goes_on_where_it_was() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let mut first = Viewer::of(&daemon, &["sh", "-c", "seq 3000; read x; seq 3001 5000"]).await;
        first.expect("3000\r\n").await;
        let (client, params) = (daemon.line_client(Transport::Memory).await, json!({ "after": first.to }));
        let mut second = Viewer::attach(client, 0, &first.terminal_id, params).await;
        second.text = first.text.clone();
        drop(first);
        second.type_in("\n").await;
        assert_eq!(second.end().await, json!({ "code": 0 }));
        // What is typed is echoed.
        assert!(second.text.replacen("3000\r\n\r\n", "3000\r\n", 1) == numbers(5000));
    });
}

#[test]
fn what_is_no_text_comes_in_base64() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let mut viewer = Viewer::of(
            &daemon,
            &["sh", "-c", r"printf '\377\376'; sleep 0.2; printf 'a\303'; sleep 0.2; printf '\251'"],
        )
        .await;
        assert_eq!(viewer.end().await, json!({ "code": 0 }));
        assert_eq!(viewer.text, "//4=aé");
    });
}

#[test]
fn whoever_detaches_is_told_last() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let mut viewer = Viewer::of(&daemon, &["cat"]).await;
        let params = json!({ "terminalId": viewer.terminal_id, "viewerId": viewer.id });
        let mut other = daemon.line_client(Transport::Memory).await;
        let mut id = 0;
        assert_eq!(ask(&mut other, &mut id, "terminal:detach", params.clone()).await, Value::Null, "it is not its own");
        ask(&mut viewer.client, &mut viewer.last_id, "terminal:detach", params).await;
        assert_eq!(viewer.end().await, Value::Null);
        let listed = ask(&mut other, &mut id, "terminal:get", json!({ "terminalId": viewer.terminal_id })).await;
        assert_eq!(listed["exit"], Value::Null, "the program goes on");
        // A closed terminal is shown no longer either.
        let mut viewer = Viewer::attach(viewer.client, viewer.last_id, &viewer.terminal_id, json!({})).await;
        ask(&mut other, &mut id, "terminal:close", json!({ "terminalId": viewer.terminal_id })).await;
        viewer.end().await;
    });
}

#[test]
fn the_end_is_waited_for_and_signals_arrive() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let mut viewer = Viewer::of(&daemon, &["sh", "-c", "echo begun; exec sleep 1000"]).await;
        viewer.expect("begun").await;
        let wait = |timeout| json!({ "terminalId": viewer.terminal_id, "timeoutMs": timeout });
        let (mut client, mut id) = (daemon.line_client(Transport::Memory).await, 0);
        assert_eq!(ask(&mut client, &mut id, "terminal:wait", wait(10)).await, json!({}));
        let signal = json!({ "terminalId": viewer.terminal_id, "signal": "INT" });
        ask(&mut client, &mut id, "terminal:signal", signal).await;
        assert_eq!(ask(&mut client, &mut id, "terminal:wait", wait(60_000)).await, json!({ "exit": { "signal": 2 } }));
        let renamed = json!({ "terminalId": viewer.terminal_id, "name": "other" });
        assert_eq!(ask(&mut client, &mut id, "terminal:rename", renamed).await["name"], "other");
    });
}

#[test]
fn the_size_follows_the_policy() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        for (policy, sizes) in [
            ("latest", [[100, 50], [90, 60], [100, 50], [101, 51], [90, 60]]),
            ("smallest", [[100, 50], [90, 50], [90, 50], [90, 51], [90, 60]]),
            ("fixed", [[80, 24]; 5]),
        ] {
            let (mut client, mut id) = (daemon.line_client(Transport::Memory).await, 0);
            let params = json!({ "command": ["cat"], "sizePolicy": policy });
            let created = ask(&mut client, &mut id, "terminal:create", params).await;
            let terminal = created["terminalId"].as_str().unwrap().to_owned();
            let mut size = async || {
                let info = ask(&mut client, &mut id, "terminal:get", json!({ "terminalId": terminal })).await;
                [&info["size"]["columns"], &info["size"]["rows"]].map(|number| number.as_u64().unwrap())
            };
            let attach = async |size, is_read_only| {
                let size = size_of(size);
                let params = json!({ "size": size, "isReadOnly": is_read_only });
                Viewer::attach(daemon.line_client(Transport::Memory).await, 0, &terminal, params).await
            };
            let mut one = attach([100, 50], false).await;
            assert_eq!(size().await, sizes[0], "{policy}");
            let _other = attach([90, 60], false).await;
            assert_eq!(size().await, sizes[1], "{policy}");
            let _onlooker = attach([10, 10], true).await;
            one.type_in("x\n").await;
            one.expect("x\r\nx\r\n").await;
            assert_eq!(size().await, sizes[2], "{policy}");
            let params = json!({ "terminalId": terminal, "viewerId": one.id, "size": size_of([101, 51]) });
            ask(&mut one.client, &mut one.last_id, "terminal:resize", params).await;
            assert_eq!(size().await, sizes[3], "{policy}");
            drop(one);
            let leaves = async { while size().await != sizes[4] {} };
            within("the viewer's size goes with it", leaves).await;
        }
    });
}

fn size_of([columns, rows]: [u16; 2]) -> Value {
    json!({ "columns": columns, "rows": rows })
}

#[test]
fn who_only_looks_on_types_nothing() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let owner = Viewer::of(&daemon, &["cat"]).await;
        let params = json!({ "isReadOnly": true });
        let client = daemon.line_client(Transport::Memory).await;
        let mut onlooker = Viewer::attach(client, 0, &owner.terminal_id, params).await;
        onlooker.type_in("x\n").await;
        let (_, answer) = onlooker.client.receive_answer(onlooker.last_id).await;
        assert_eq!(answer["error"]["data"]["kind"], "permission_denied", "{answer}");
    });
}

/// What a terminal shows that was given all that a viewer was.
fn screen_of(viewer: &Viewer) -> Screen {
    let mut screen = Screen::new(TerminalSize::default(), ScreenLimits::default());
    screen.feed(viewer.text.as_bytes(), &mut Vec::new());
    screen
}

#[test]
fn a_new_viewer_sees_what_one_sees_that_was_there_all_along() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let script = r"seq 500; printf '\033[1;31mred\033[0m \033]0;the title\007'; read x; printf '\033[?1049h\033[5;7Hfull'; read x; printf '\033[?1049l'; echo bye";
        let mut first = Viewer::of(&daemon, &["sh", "-c", script]).await;
        for expected in ["red", "full"] {
            first.expect(expected).await;
            let client = daemon.line_client(Transport::Memory).await;
            let mut second = Viewer::attach(client, 0, &first.terminal_id, json!({})).await;
            let message = second.next().await;
            assert_eq!(message["params"]["isScreen"], true);
            let (one, other) = (screen_of(&first), screen_of(&second));
            for part in [Part::Both, Part::Screen] {
                assert_eq!(one.render(part, Format::Ansi), other.render(part, Format::Ansi));
            }
            assert_eq!((one.title(), one.cursor(), one.is_alternate()), (Some("the title"), other.cursor(), other.is_alternate()));
            first.type_in("\n").await;
        }
        assert_eq!(first.end().await, json!({ "code": 0 }));
        // Of one that has ended the screen is there too.
        let client = daemon.line_client(Transport::Memory).await;
        let mut last = Viewer::attach(client, 0, &first.terminal_id, json!({})).await;
        last.end().await;
        assert!(screen_of(&last).render(Part::Screen, Format::Text).trim_end().ends_with("bye"));
    });
}

#[test]
fn what_the_output_leads_to_is_told() {
    let daemon = Daemon::boot("");
    daemon.run(async {
        let client = daemon.client().await;
        let mut told = daemon.events(&client, "terminal:*").await;
        let mut viewer = Viewer::of(&daemon, &["sh", "-c", r"printf '\033]0;a title\007\033]7;file://h/tmp\007\007\033]633;E;ls\007\033]133;C\007\033]133;D;3\007'"]).await;
        viewer.end().await;
        let mut topics = Vec::new();
        while topics.last().is_none_or(|(topic, _)| topic != "terminal:exited") {
            let event = told.event().await;
            let payload: Value = serde_json::from_str(event.params().get()).unwrap();
            topics.push((event.topic.clone(), payload));
        }
        let payload = |topic: &str| &topics.iter().find(|(it, _)| it == topic).unwrap_or_else(|| panic!("no {topic}")).1;
        assert_eq!(payload("terminal:title_changed")["title"], "a title");
        assert_eq!(payload("terminal:cwd_changed")["cwd"], "file://h/tmp");
        payload("terminal:bell");
        assert_eq!(payload("terminal:command_started")["commandLine"], "ls");
        assert_eq!(payload("terminal:command_finished")["exitCode"], 3);
    });
}
