//! A process that edits a file with the Yjs of npm.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::cannot_run;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/yjs");

/// A process that edits a file with Yjs.
#[derive(Debug)]
pub struct YjsPeer {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl YjsPeer {
    /// Whether the Yjs of npm is here.
    pub fn is_installed() -> bool {
        let is_here = Path::new(FOLDER).join("node_modules/yjs").exists();
        if !is_here {
            cannot_run("Yjs is not installed: `cargo xtask test` installs it");
        }
        is_here
    }

    /// A process that has connected with a daemon and opened a file.
    pub fn start(socket: &Path, file: &Path) -> Self {
        let mut child = Command::new("node")
            .arg(Path::new(FOLDER).join("peer.mjs"))
            .args([socket, file])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (commands, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut peer = Self { child, commands, answers };
        peer.tell("connect", json!({}));
        peer
    }

    /// Has it do something, and returns its answer.
    pub fn tell(&mut self, command: &str, mut params: Value) -> Value {
        params["command"] = json!(command);
        writeln!(self.commands, "{params}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        assert!(answer.get("error").is_none(), "{command}: {answer}");
        answer["result"].clone()
    }

    /// Inserts text at a place, counted in UTF-16.
    pub fn insert(&mut self, at: usize, text: &str) {
        self.tell("insert", json!({ "at": at, "text": text }));
    }

    /// Its text.
    pub fn text(&mut self) -> String {
        self.tell("text", json!({})).as_str().unwrap().to_owned()
    }
}

impl Drop for YjsPeer {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}
