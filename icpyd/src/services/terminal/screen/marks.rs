//! What a shell tells of its commands (OSC 133 and 633): where each began and ended, and how.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::dispatch::Dispatch;
use super::{Effect, Screen};

/// Commands that are remembered.
const COMMANDS_MAX: usize = 1000;

/// A place in the log and the primary screen together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Position {
    pub(super) line: u64,
    pub(super) column: usize,
}

/// One command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Command {
    /// Where the prompt began.
    pub(super) prompt: Option<Position>,
    /// Where the user typed.
    pub(super) input: Option<Position>,
    /// Where the output begins: it runs, or has run.
    pub(super) output: Option<Position>,
    /// Where the output ended.
    pub(super) end: Option<Position>,
    pub(super) line: Option<String>,
    pub(super) exit_code: Option<i32>,
}

impl Command {
    fn positions(&mut self) -> impl Iterator<Item = &mut Position> {
        [&mut self.prompt, &mut self.input, &mut self.output, &mut self.end].into_iter().flatten()
    }
}

/// The last commands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Marks {
    /// The last may be a prompt that nothing was typed at yet.
    pub(super) commands: VecDeque<Command>,
}

impl Marks {
    /// The command that is being typed or runs.
    fn current(&mut self) -> &mut Command {
        if self.commands.back().is_none_or(|command| command.end.is_some()) {
            self.begin();
        }
        let last = self.commands.len() - 1;
        &mut self.commands[last]
    }

    fn begin(&mut self) {
        if self.commands.len() == COMMANDS_MAX {
            self.commands.pop_front();
        }
        self.commands.push_back(Command::default());
    }

    /// Forgets commands whose output is gone.
    pub(super) fn forget_before(&mut self, line: u64) {
        self.commands.retain(|command| command.output.is_none_or(|output| output.line >= line));
    }

    /// Every place that is marked.
    pub(super) fn positions(&mut self) -> impl Iterator<Item = &mut Position> {
        self.commands.iter_mut().flat_map(Command::positions)
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let lines: usize = self.commands.iter().filter_map(|it| it.line.as_ref()).map(String::len).sum();
        lines + self.commands.capacity() * size_of::<Command>()
    }
}

impl Screen {
    /// Whether a shell's prompt is shown and nothing is typed behind it.
    pub fn is_prompt_empty(&self) -> bool {
        let last = self.terminal.marks.commands.back().filter(|command| command.output.is_none());
        last.is_some_and(|command| command.input == Some(self.terminal.cursor_position()))
    }
}

impl Dispatch<'_> {
    /// OSC 133 and 633: `A`, `B`, `C`, `D;exit` and `E;command line;nonce`.
    pub(super) fn shell(&mut self, text: &str) {
        let (letter, rest) = text.split_once(';').unwrap_or((text, ""));
        let here = Some(self.terminal.cursor_position());
        let marks = &mut self.terminal.marks;
        match letter {
            "A" => {
                // A prompt that is drawn again is the same one.
                if marks.commands.back().is_none_or(|command| command.output.is_some()) {
                    marks.begin();
                }
                marks.current().prompt = here;
                self.effects.push(Effect::PromptStarted);
            }
            "B" => marks.current().input = here,
            "C" => {
                let option = rest.split(';').find_map(|option| option.strip_prefix("cmdline="));
                let command = marks.current();
                command.output = here;
                if let Some(line) = option {
                    command.line = Some(line.to_owned());
                }
                let command_line = command.line.clone();
                self.effects.push(Effect::CommandStarted { command_line });
            }
            "D" => {
                let exit_code = rest.split(';').next().and_then(|code| code.parse().ok());
                // An empty line at the prompt ends no command.
                if let Some(command) = marks.commands.back_mut()
                    && command.output.is_some()
                    && command.end.is_none()
                {
                    command.end = here;
                    command.exit_code = exit_code;
                    self.effects.push(Effect::CommandFinished { exit_code });
                }
            }
            "E" => {
                let line = rest.split(';').next().unwrap_or_default();
                marks.current().line = Some(unescape(line));
            }
            _ => {}
        }
    }
}

/// Undoes `\\` and `\xHH`, which command lines are escaped with.
pub(in crate::services::terminal) fn unescape(text: &str) -> String {
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
