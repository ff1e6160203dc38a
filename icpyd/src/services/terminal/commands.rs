//! What a shell has told of its commands: whether it waits for one, and where in the output the last ones began and ended.
//!
//! A shell that was started by the daemon proves its marks with a secret. Once it has done so, marks without it mean nothing:
//! they are in what a program has printed.

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// What is before the secret in a mark.
const PROOF: &str = "icpy=";

/// The commands of a terminal's shell.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Commands {
    /// What the shell proves its marks with. None when it was not started so.
    nonce: Option<String>,
    /// It has.
    is_proven: bool,
    pub(super) stage: Stage,
    /// Commands that were begun.
    pub(super) count: u64,
    /// What was told of the line that is to run.
    line: Option<String>,
    pub(super) running: Option<Command>,
    pub(super) ended: Option<Command>,
}

/// What a shell does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Stage {
    /// It starts, or is between a command and the prompt.
    #[default]
    Between,
    /// It waits for a command.
    Prompt,
    /// It runs one.
    Running,
}

/// A command, with its output's place in the terminal's output.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Command {
    pub(super) number: u64,
    pub(super) line: Option<String>,
    pub(super) from: u64,
    pub(super) to: Option<u64>,
    pub(super) exit_code: Option<i32>,
    pub(super) duration_ms: Option<u64>,
    /// Another program does not know this one's clock.
    #[serde(skip)]
    begun: Option<Instant>,
}

/// What a mark says.
#[derive(Debug)]
pub(super) enum Told {
    /// The prompt ends here.
    Prompt,
    Command(CommandNews),
}

/// Something that was told of a command.
#[derive(Debug)]
pub(super) enum CommandNews {
    Started(Command),
    Ended(Command),
}

impl Commands {
    pub(super) fn new(nonce: Option<String>) -> Self {
        Self { nonce, ..Self::default() }
    }

    /// Whether the shell tells of its commands, as far as is known.
    pub(super) fn are_told(&self) -> bool {
        self.nonce.is_some() || self.count > 0
    }

    /// What the shell's marks are proven with, if they are.
    pub(super) fn proof(&self) -> Option<&str> {
        self.nonce.as_deref().filter(|_| self.is_proven)
    }

    /// Takes note of a mark that is in the output from a byte to another.
    pub(super) fn note(&mut self, mark: &[u8], from: u64, to: u64) -> Option<Told> {
        let text = String::from_utf8_lossy(mark);
        let content = text.trim_start_matches("\x1b]").trim_end_matches(['\x07', '\\', '\x1b']);
        let mut fields = content.split(';').skip(1);
        let letter = fields.next()?;
        let fields: Vec<&str> = fields.collect();
        let secret = match letter {
            "E" => fields.get(1).copied(),
            _ => fields.iter().find_map(|field| field.strip_prefix(PROOF)),
        };
        let is_proven = self.nonce.as_deref().is_some_and(|nonce| secret == Some(nonce));
        self.is_proven |= is_proven;
        if self.is_proven && !is_proven {
            return None;
        }
        match letter {
            "B" => {
                self.stage = Stage::Prompt;
                Some(Told::Prompt)
            }
            "E" => {
                self.line = fields.first().map(|line| unescape(line));
                None
            }
            "C" => Some(Told::Command(self.begin(&fields, to))),
            "D" => self.end(&fields, from).map(Told::Command),
            _ => None,
        }
    }

    fn begin(&mut self, fields: &[&str], at: u64) -> CommandNews {
        let told = fields.iter().find_map(|field| field.strip_prefix("cmdline="));
        let line = self.line.take().or(told.map(str::to_owned));
        self.stage = Stage::Running;
        self.count += 1;
        let begun = Some(Instant::now());
        let command = Command { number: self.count, line, from: at, begun, ..Command::default() };
        self.running = Some(command.clone());
        CommandNews::Started(command)
    }

    /// An empty line at the prompt ends no command.
    fn end(&mut self, fields: &[&str], at: u64) -> Option<CommandNews> {
        let command = self.running.take()?;
        self.stage = Stage::Between;
        let duration = command.begun.map(|begun| begun.elapsed().as_millis());
        let command = Command {
            to: Some(at),
            exit_code: fields.first().and_then(|code| code.parse().ok()),
            duration_ms: duration.and_then(|duration| u64::try_from(duration).ok()),
            ..command
        };
        self.ended = Some(command.clone());
        Some(CommandNews::Ended(command))
    }

    /// The command of a number, if it is one of the last.
    pub(super) fn numbered(&self, number: u64) -> Option<&Command> {
        self.running.iter().chain(&self.ended).find(|command| command.number == number)
    }
}

/// Undoes `\\` and `\xHH`, which command lines are escaped with.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind.get(1..3).and_then(|digits| str::from_utf8(digits).ok());
        let (byte, used) = match (first, behind.first()) {
            (b'\\', Some(b'\\')) => (b'\\', 2),
            (b'\\', Some(b'x')) => match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
                Some(byte) => (byte, 4),
                None => (b'\\', 1),
            },
            _ => (*first, 1),
        };
        bytes.push(byte);
        rest = &rest[used..];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
