//! One who is shown a terminal of the daemon over its socket: a program that parses each message and acknowledges it.

use std::borrow::Cow;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::programs::Server;
use super::{SIZE, Shown};

/// A connection.
pub(super) struct Client {
    reader: BufReader<UnixStream>,
    line: Vec<u8>,
    last_id: u64,
}

impl Client {
    pub(super) fn connect(daemon: &Server) -> Self {
        Self { reader: BufReader::with_capacity(64 << 10, daemon.connect()), line: Vec::new(), last_id: 0 }
    }

    /// Asks, and passes over all that comes before the answer.
    pub(super) fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.try_ask(method, params).unwrap_or_else(|| panic!("no answer to `{method}`"))
    }

    /// The same; nothing when the connection ends before.
    fn try_ask(&mut self, method: &str, params: &Value) -> Option<Value> {
        let id = self.request(method, params);
        while self.read_line() {
            let message: Value = serde_json::from_slice(&self.line).unwrap();
            if message["id"] == id {
                assert!(message["error"].is_null(), "{message}");
                return Some(message["result"].clone());
            }
        }
        None
    }

    /// Asks, and leaves the answer for later.
    pub(super) fn request(&mut self, method: &str, params: &Value) -> u64 {
        self.last_id += 1;
        let request = json!({ "jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params });
        self.send(&format!("{request}\n"));
        self.last_id
    }

    /// Runs a command in a new terminal. Returns the terminal's name.
    pub(super) fn create(&mut self, command: &[&str]) -> String {
        let created = self.ask("terminal:create", &json!({ "command": command, "cwd": "/", "size": SIZE }));
        created["terminalId"].as_str().unwrap().to_owned()
    }

    /// Runs a script of the shell in one.
    pub(super) fn create_script(&mut self, script: &str) -> String {
        self.create(&["sh", "-c", script])
    }

    /// Prints a file in a new terminal that stays, and waits until all of it was read.
    pub(super) fn create_with(&mut self, file: &Path) -> String {
        let terminal = self.create_script(&format!("stty raw -echo; cat {}; exec sleep 1000", file.display()));
        let end = file.metadata().unwrap().len();
        let last = json!({ "terminalId": terminal, "after": end - 1, "waitMs": 30_000 });
        assert_eq!(self.ask("terminal:read", &last)["to"], end);
        terminal
    }

    fn send(&self, line: &str) {
        // Whoever reads next sees that the connection has ended.
        let _ = self.reader.get_ref().write_all(line.as_bytes());
    }

    /// The next line. None at the end, which may cut one.
    fn read_line(&mut self) -> bool {
        self.line.clear();
        self.reader.read_until(b'\n', &mut self.line).is_ok() && self.line.ends_with(b"\n")
    }
}

/// What is measured of a message.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    params: Option<Params<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Params<'a> {
    from: u64,
    to: u64,
    is_screen: bool,
    #[serde(borrow)]
    data: Cow<'a, str>,
}

/// One who is shown a terminal.
pub(super) struct Viewer {
    pub(super) client: Client,
    pub(super) terminal: String,
    id: String,
    /// What was shown last.
    data: Vec<u8>,
    /// Where that ends in the terminal's output.
    pub(super) to: u64,
    /// Bytes of output that were left out, and screens that came.
    pub(super) missed: u64,
    pub(super) screens: u64,
}

impl Viewer {
    /// Runs a script in a new terminal and shows it from the first byte on.
    pub(super) fn script(daemon: &Server, script: &str) -> Self {
        let mut client = Client::connect(daemon);
        let terminal = client.create_script(script);
        Self::attach(client, &terminal, Some(0))
    }

    /// Shows a terminal, from a place of its output or from its screen on.
    pub(super) fn attach(client: Client, terminal: &str, after: Option<u64>) -> Self {
        Self::try_attach(client, terminal, &json!({ "after": after })).expect("the connection lasts")
    }

    /// Shows a terminal's screen alone, and goes on from there.
    pub(super) fn attach_to_screen(client: Client, terminal: &str) -> Self {
        Self::try_attach(client, terminal, &json!({ "historyLines": 0 })).expect("the connection lasts")
    }

    /// Goes on with a terminal after the connection has ended, as soon as that is possible.
    pub(super) fn attach_again(&self, daemon: &Server) -> Self {
        let attached = std::iter::repeat_with(|| Client::connect(daemon))
            .find_map(|client| Self::try_attach(client, &self.terminal, &json!({ "after": self.to })));
        let attached = attached.expect("it is tried without an end");
        let missed = self.missed + attached.to - self.to;
        Self { missed, ..attached }
    }

    fn try_attach(mut client: Client, terminal: &str, params: &Value) -> Option<Self> {
        let mut params = params.clone();
        params["terminalId"] = json!(terminal);
        let attached = client.try_ask("terminal:attach", &params)?;
        let id = attached["viewerId"].as_str().unwrap().to_owned();
        let to = attached["from"].as_u64().unwrap();
        Some(Self { client, terminal: terminal.to_owned(), id, data: Vec::new(), to, missed: 0, screens: 0 })
    }

    /// Ends the terminal.
    pub(super) fn close(&mut self) {
        self.client.ask("terminal:close", &json!({ "terminalId": self.terminal }));
    }

    fn notify(&self, method: &str, field: &str) {
        let (terminal, viewer) = (&self.terminal, &self.id);
        self.client.send(&format!(
            "{{\"jsonrpc\":\"2.0\",\"method\":\"{method}\",\"params\":{{\"terminalId\":\"{terminal}\",\"viewerId\":\"{viewer}\",{field}}}}}\n"
        ));
    }
}

impl Shown for Viewer {
    fn type_in(&mut self, keys: &[u8]) {
        let keys = json!(std::str::from_utf8(keys).unwrap());
        self.notify("terminal:data_in", &format!("\"data\":{keys}"));
    }

    fn read(&mut self) -> &[u8] {
        self.data.clear();
        while self.client.read_line() {
            let message: Message<'_> = serde_json::from_slice(&self.client.line).unwrap();
            if message.method.as_deref() != Some("terminal:data_out") {
                continue;
            }
            let params = message.params.unwrap_or_default();
            self.missed += params.from - self.to;
            self.screens += u64::from(params.is_screen);
            self.to = params.to;
            self.data.extend_from_slice(params.data.as_bytes());
            break;
        }
        &self.data
    }

    fn acknowledge(&mut self) {
        self.notify("terminal:ack", &format!("\"to\":{}", self.to));
    }
}
