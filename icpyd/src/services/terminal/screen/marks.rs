//! Where the shell's commands are, so that a viewer who begins with a snapshot can go from one to another. Their places move with
//! the text when its lines are laid out anew, but not where a program moves lines within the screen. Not here: how it is known
//! that one begins or ends (`commands`).

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::Screen;
use super::prompt::Position;
use super::terminal::Terminal;

/// The commands that are remembered: the last ones.
const MARKS_MAX: usize = 1_000;

/// A command of the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Mark {
    /// Where the prompt ends behind which it stands.
    pub(super) at: Position,
    has_ended: bool,
    exit_code: Option<i32>,
}

impl Screen {
    /// Takes note that the command at the last prompt begins.
    pub fn note_command(&mut self) {
        let terminal = &mut self.terminal;
        let Some(at) = terminal.prompt_end.filter(|_| terminal.alternate.is_none()) else { return };
        terminal.forget_marks_from(at);
        if terminal.marks.len() == MARKS_MAX {
            terminal.marks.pop_front();
        }
        terminal.marks.push_back(Mark { at, has_ended: false, exit_code: None });
    }

    /// Takes note that the last command has ended.
    pub fn note_command_end(&mut self, exit_code: Option<i32>) {
        if let Some(last) = self.terminal.marks.back_mut().filter(|it| !it.has_ended) {
            (last.has_ended, last.exit_code) = (true, exit_code);
        }
    }
}

impl Terminal {
    /// Rows of the screen were erased.
    pub(super) fn forget_marks_in(&mut self, rows: Range<usize>) {
        if self.alternate.is_none() {
            let end = self.log.end();
            self.marks.retain(|it| !(end + rows.start as u64..end + rows.end as u64).contains(&it.at.line));
        }
    }

    /// A prompt stands below the commands before: what was in its place was erased.
    pub(super) fn forget_marks_from(&mut self, at: Position) {
        self.marks.truncate(self.marks.partition_point(|it| it.at.line < at.line));
    }

    /// Tells what is in a line as the shell has told it (OSC 133): a prompt, and that a command began and has ended.
    pub(super) fn push_marks(&self, line: u64, proof: Option<&str>, out: &mut Vec<u8>) {
        let first = self.marks.partition_point(|it| it.at.line < line);
        let mark = self.marks.get(first).filter(|it| it.at.line == line);
        if mark.is_none() && self.prompt_end.is_none_or(|it| it.line != line) {
            return;
        }
        let mut push = |what: &str| {
            out.extend([b"\x1b]133;", what.as_bytes()].concat());
            out.extend(proof.map(|it| format!(";icpy={it}")).unwrap_or_default().as_bytes());
            out.extend_from_slice(b"\x1b\\");
        };
        push("B");
        if let Some(Mark { has_ended, exit_code, .. }) = mark {
            push("C");
            if *has_ended {
                push(&exit_code.map_or_else(|| "D".to_owned(), |code| format!("D;{code}")));
            }
        }
    }
}
