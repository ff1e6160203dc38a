//! A program in a terminal of the daemon, as other programs drive it: keys go in, and output is waited for.

use icpy::{Connection, Finder};
use icpy_protocol::terminal::TerminalSize;
use icpyd::services::terminal::screen::{Format, Part, Screen, ScreenLimits};
use serde_json::{Value, json};

use crate::{DEADLINE, Process};

/// A running program. Its terminal ends with the daemon, if it is not closed before.
#[derive(Debug)]
pub struct Program {
    connection: Connection,
    info: Value,
    /// What it has printed, up to which byte, and how much of it has been expected.
    text: String,
    to: u64,
    seen: usize,
    /// What that looks like.
    screen: Screen,
    exit: Value,
}

impl Process {
    /// A connection to the daemon, which runs.
    pub fn connect(&self) -> Connection {
        Connection::open(&Finder::default().at(Some(self.endpoint().socket))).unwrap()
    }

    /// Runs a program in a new terminal of the daemon.
    pub fn run(&self, command: &[&str]) -> Program {
        self.run_with(&json!({ "command": command }))
    }

    /// The same with all that can be said of it.
    pub fn run_with(&self, params: &Value) -> Program {
        if !self.has_daemon() {
            assert_eq!(self.icpy(&["start"]).status, 0);
        }
        let mut program = Program {
            connection: self.connect(),
            info: Value::Null,
            text: String::new(),
            to: 0,
            seen: 0,
            screen: Screen::new(TerminalSize::default(), ScreenLimits::default()),
            exit: Value::Null,
        };
        program.info = program.ask("terminal:create", params);
        program
    }
}

impl Program {
    fn ask(&self, method: &str, params: &Value) -> Value {
        let answer = self.connection.request(method, &params.to_string(), |_, _| ());
        serde_json::from_str(&answer.unwrap_or_else(|error| panic!("{method}: {error}"))).unwrap()
    }

    /// Names its terminal.
    pub fn id(&self) -> &str {
        self.info["terminalId"].as_str().unwrap()
    }

    /// Its process.
    pub fn pid(&self) -> i32 {
        i32::try_from(self.info["pid"].as_u64().unwrap()).unwrap()
    }

    /// Types text.
    pub fn type_keys(&self, keys: &str) {
        self.ask("terminal:data_in", &json!({ "terminalId": self.id(), "data": keys }));
    }

    /// Gives the terminal another size.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.screen.resize(TerminalSize { columns, rows });
        let size = json!({ "columns": columns, "rows": rows });
        self.ask("terminal:resize", &json!({ "terminalId": self.id(), "size": size }));
    }

    /// Waits until a text was printed behind all that was expected before. Returns what stands before it.
    pub fn expect(&mut self, text: &str) -> String {
        loop {
            if let Some(found) = self.text[self.seen..].find(text) {
                let begin = self.seen + found;
                let before = self.text[self.seen..begin].to_owned();
                self.seen = begin + text.len();
                return before;
            }
            let is_more = self.exit.is_null() && self.read();
            assert!(is_more, "`{text}` is not printed: {:?}", &self.text[self.seen..]);
        }
    }

    /// Waits until a text is on the screen. Returns the whole screen.
    pub fn expect_on_screen(&mut self, text: &str) -> String {
        loop {
            let screen = self.screen.render(Part::Screen, Format::Text);
            if screen.contains(text) {
                return screen;
            }
            assert!(self.exit.is_null() && self.read(), "`{text}` is not on the screen: {screen}");
        }
    }

    /// Waits until a text is not on the screen any more.
    pub fn expect_off_screen(&mut self, text: &str) {
        while self.screen.render(Part::Screen, Format::Text).contains(text) {
            assert!(self.exit.is_null() && self.read(), "`{text}` stays on the screen");
        }
    }

    /// Reads on until the program has ended, and all that it printed is read. Returns how.
    pub fn end(&mut self) -> Value {
        while self.exit.is_null() {
            assert!(self.read(), "the program does not end: {:?}", &self.text[self.seen..]);
        }
        self.exit.clone()
    }

    /// All that it printed so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Reads what is there, or comes. Returns whether anything did.
    fn read(&mut self) -> bool {
        let wait_ms = u32::try_from(DEADLINE.as_millis()).unwrap();
        let params = json!({ "terminalId": self.id(), "after": self.to, "waitMs": wait_ms });
        let read = self.ask("terminal:read", &params);
        assert_eq!(read["from"], self.to, "what was printed is still kept");
        self.to = read["to"].as_u64().unwrap();
        let data = read["data"].as_str().unwrap();
        self.text.push_str(data);
        self.screen.feed(data.as_bytes(), &mut Vec::new());
        self.exit = read["exit"].clone();
        read["data"] != "" || !self.exit.is_null()
    }

    /// Closes its terminal.
    pub fn close(self) {
        self.ask("terminal:close", &json!({ "terminalId": self.id() }));
    }
}
