//! Controls and sequences without parameters: what each does to the terminal.

use super::Effect;
use super::cursor::{Charset, Charsets};
use super::modes::Mode;
use super::style::StyleId;
use super::terminal::{Region, Terminal};

/// A terminal, and where what others must know goes.
pub(super) struct Dispatch<'a> {
    pub(super) terminal: &'a mut Terminal,
    pub(super) effects: &'a mut Vec<Effect>,
}

impl Dispatch<'_> {
    /// RIS.
    fn reset(&mut self) {
        self.terminal.reset();
        if self.terminal.title.is_some() {
            self.set_title(None);
        }
    }

    /// Sends an answer to the program.
    pub(super) fn answer(&mut self, answer: impl Into<Vec<u8>>) {
        self.effects.push(Effect::Answer(answer.into()));
    }

    /// A control character.
    pub(super) fn control(&mut self, byte: u8) {
        let terminal = &mut *self.terminal;
        match byte {
            b'\x07' => self.effects.push(Effect::Bell),
            b'\x08' => terminal.backspace(),
            b'\t' => terminal.tab(),
            b'\n' | b'\x0b' | b'\x0c' => terminal.line_feed(),
            b'\r' => terminal.carriage_return(),
            b'\x0e' => terminal.grid.cursor.charsets.locked = 1,
            b'\x0f' => terminal.grid.cursor.charsets.locked = 0,
            _ => {}
        }
    }

    /// What is behind `ESC`.
    pub(super) fn escape(&mut self, content: &[u8]) {
        let terminal = &mut *self.terminal;
        let charsets = &mut terminal.grid.cursor.charsets;
        match content {
            b"D" => terminal.index(),
            b"E" => {
                terminal.index();
                terminal.carriage_return();
            }
            b"H" => terminal.tabs[terminal.grid.cursor.column] = true,
            b"M" => terminal.reverse_index(),
            b"N" => charsets.single = Some(2),
            b"O" => charsets.single = Some(3),
            b"Z" => self.report_attributes(),
            b"c" => self.reset(),
            b"n" => charsets.locked = 2,
            b"o" => charsets.locked = 3,
            b"7" => terminal.save_cursor(),
            b"8" => terminal.restore_cursor(),
            b"=" => terminal.modes.set(Mode::KEYPAD, true),
            b">" => terminal.modes.set(Mode::KEYPAD, false),
            b"#8" => terminal.fill_with_e(),
            [designator @ b'('..=b'+', set] => designate(charsets, *designator, *set),
            _ => {}
        }
    }
}

fn designate(charsets: &mut Charsets, designator: u8, set: u8) {
    let set = match set {
        b'B' => Charset::Ascii,
        b'0' => Charset::Lines,
        b'A' => Charset::British,
        _ => return,
    };
    charsets.sets[usize::from(designator - b'(')] = set;
}

impl Terminal {
    fn backspace(&mut self) {
        let (is_reverse, last) = (self.modes.has(Mode::REVERSE_WRAP), self.grid.last_column());
        let cursor = &mut self.grid.cursor;
        if cursor.is_wrap_pending && is_reverse {
            cursor.is_wrap_pending = false;
        } else if cursor.column > 0 {
            cursor.column -= 1;
            cursor.is_wrap_pending = false;
        } else if is_reverse && cursor.row > 0 {
            cursor.row -= 1;
            cursor.column = last;
        }
    }

    /// To the next tab stop. Nothing is written, and the last column is never left.
    fn tab(&mut self) {
        let column = self.grid.cursor.column;
        let next = (column + 1..self.columns()).find(|column| self.tabs[*column]);
        self.grid.cursor.column = next.unwrap_or(self.grid.last_column());
    }

    /// CHT.
    pub(super) fn tabs_forward(&mut self, count: usize) {
        (0..count.min(self.columns())).for_each(|_| self.tab());
    }

    /// CBT.
    pub(super) fn tabs_backward(&mut self, count: usize) {
        for _ in 0..count.min(self.columns()) {
            let column = self.grid.cursor.column;
            self.grid.cursor.column = (0..column).rev().find(|column| self.tabs[*column]).unwrap_or(0);
            self.grid.cursor.is_wrap_pending = false;
        }
    }

    pub(super) fn line_feed(&mut self) {
        self.index();
        if self.modes.has(Mode::NEW_LINE) {
            self.carriage_return();
        }
    }

    pub(super) fn carriage_return(&mut self) {
        self.grid.cursor.column = 0;
        self.grid.cursor.is_wrap_pending = false;
    }

    /// DECALN: fills the screen with E, to adjust old screens by.
    fn fill_with_e(&mut self) {
        let (rows, columns) = (self.rows(), self.columns());
        self.region = Region { top: 0, bottom: rows };
        self.modes.set(Mode::ORIGIN, false);
        let line = vec![b'E'; columns];
        for row in &mut self.grid.rows {
            row.reset(StyleId::DEFAULT);
            row.write_ascii(0, &line, StyleId::DEFAULT);
        }
        self.grid.move_to(0, 0);
    }
}
