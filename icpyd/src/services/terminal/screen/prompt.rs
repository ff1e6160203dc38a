//! Where the shell's prompt ends: a place that moves with the text around it. Not here: how that is known (`commands`).

use serde::{Deserialize, Serialize};

use super::Screen;
use super::reflow::Place;
use super::terminal::Terminal;

/// A place in the log and the primary screen together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    pub(super) line: u64,
    /// Behind the last column where a wrap is pending.
    column: usize,
}

impl Position {
    /// Where it is in `count` rows of which the first is line `first`, if it is there.
    pub(super) fn place(self, first: u64, count: usize) -> Option<Place> {
        let row = usize::try_from(self.line.checked_sub(first)?).ok()?;
        (row < count).then_some(Place { row, column: self.column })
    }

    /// The position of a place in rows of which the first is line `first`.
    pub(super) fn of(place: Place, first: u64) -> Self {
        Self { line: first + place.row as u64, column: place.column }
    }
}

impl Screen {
    /// Takes note that the shell's prompt ends at the cursor.
    pub fn note_prompt_end(&mut self) {
        let at = self.terminal.cursor_position();
        self.terminal.prompt_end = Some(at);
        self.terminal.forget_marks_from(at);
    }

    /// Whether nothing is typed behind the shell's last prompt.
    pub fn is_prompt_empty(&self) -> bool {
        self.terminal.prompt_end == Some(self.terminal.cursor_position())
    }
}

impl Terminal {
    /// Where the cursor is on the primary screen.
    fn cursor_position(&self) -> Position {
        let cursor = self.primary().cursor;
        let column = cursor.column + usize::from(cursor.is_wrap_pending);
        Position::of(Place { row: cursor.row, column }, self.log.end())
    }
}
