//! Bytes that bring another terminal of the same size to this state, whatever state it is in: a new one, or a viewer's that
//! was left behind.
//!
//! Nothing is asked, since answers would be typed to the program. Synchronized output is left out: it would make the
//! viewer wait. Not restored: that the last row of the screen is wrapped, which no sequence says.

use super::Screen;
use super::cell::Cell;
use super::cursor::{Charset, Charsets, Cursor};
use super::grid::{Grid, Keyboard};
use super::line::{Around, Next, Pen, Tables, decode, encode, makes_leading, parts};
use super::modes::{Mode, PRIVATE};
use super::number::push_csi;
use super::style::StyleId;
use super::terminal::{Region, Terminal};

/// Everything off, whatever was on: strings ended, the primary screen, plain text, no margins, no tab stops, colours and
/// titles as they were, nothing on the screen nor scrolled out.
const RESET: &[u8] = b"\x1b\\\x1b[?1049l\x1b[?47l\x1b[!p\x1b[?1l\x1b[?5l\x1b[?6l\x1b[?7h\x1b[?45l\x1b[?69l\x1b[4l\x1b[20l\
\x1b[r\x1b(B\x1b)B\x1b*B\x1b+B\x0f\x1b[m\x1b]8;;\x1b\\\x1b]104\x1b\\\x1b]110\x1b\\\x1b]111\x1b\\\x1b]112\x1b\\\
\x1b[?9l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l\x1b[<99u\x1b[3g\x1b[H\x1b[2J\x1b[3J";

impl Screen {
    /// What brings another terminal of the same size to this state, with the last `history` lines that were scrolled out.
    /// What was begun and not ended is at the end, so that output can go on from there. `proof` is what the shell proves with
    /// that it tells of its commands.
    pub fn snapshot(&self, history: usize, proof: Option<&str>) -> Vec<u8> {
        let mut out = RESET.to_vec();
        self.terminal.push_snapshot(history, proof, &mut out);
        out.extend_from_slice(self.sequencer.pending());
        out
    }
}

impl Terminal {
    fn push_snapshot(&self, history: usize, proof: Option<&str>, out: &mut Vec<u8>) {
        self.palette.push_sequences(out);
        for (column, _) in self.tabs.iter().enumerate().filter(|(_, is_set)| **is_set) {
            push_csi(out, "", &[column + 1], "G\x1bH");
        }
        self.push_titles(out);
        self.push_hidden_alternate(out);
        out.extend_from_slice(b"\x1b[H");
        let end = self.log.end();
        let mut is_continued = self.push_lines(end.saturating_sub(history as u64), end, proof, out);
        if let Some(number) = self.alternate {
            self.push_rows(&self.hidden, is_continued, proof, out);
            is_continued = false;
            self.push_region(out);
            self.push_cursors(&self.hidden, out);
            push_keyboard(&self.hidden.keyboard, out);
            // The cursor is what it was when the other screen was shown, which saves it again.
            push_csi(out, "?", &[usize::from(number)], "h");
            out.extend_from_slice(b"\x1b[?6l\x1b[r\x1b(B\x0f\x1b[m\x1b]8;;\x1b\\\x1b[H\x1b[2J");
        }
        self.push_rows(&self.grid, is_continued, proof, out);
        self.push_modes(out);
        self.push_region(out);
        self.push_cursors(&self.grid, out);
        push_keyboard(&self.grid.keyboard, out);
        // These change how text is printed, and so come last.
        for (mode, sequence) in [(Mode::INSERT, "\x1b[4h"), (Mode::NEW_LINE, "\x1b[20h")] {
            if self.modes.has(mode) {
                out.extend_from_slice(sequence.as_bytes());
            }
        }
        if !self.modes.has(Mode::AUTO_WRAP) {
            out.extend_from_slice(b"\x1b[?7l");
        }
        self.push_last_char(out);
    }

    /// Lines of the log, each ended unless it goes on. Returns whether the last one does.
    fn push_lines(&self, from: u64, to: u64, proof: Option<&str>, out: &mut Vec<u8>) -> bool {
        let mut is_continued = false;
        // Behind a place that was left empty for a wide character: what to write if that is gone.
        let mut left_out: Vec<u8> = Vec::new();
        self.log.visit(from, to, &mut |line| {
            if !left_out.is_empty() {
                let mut tables = Tables::default();
                let leading = decode(&left_out, false, &mut tables).cell(0);
                let first = decode(line.text, false, &mut tables).cell(0);
                let is_needed = !makes_leading(first, leading);
                out.extend(left_out.drain(..).filter(|_| is_needed));
            }
            let (text, leading) = parts(line.text);
            out.extend_from_slice(text);
            self.push_marks(line.number, proof, out);
            left_out = leading.to_vec();
            is_continued = line.end.is_wrapped;
            if !is_continued {
                out.extend_from_slice(b"\r\n");
            }
            true
        });
        if !left_out.is_empty() {
            let mut tables = self.tables.clone();
            let leading = decode(&left_out, false, &mut tables).cell(0);
            if !makes_leading(self.primary().rows[0].cell(0), leading) {
                out.append(&mut left_out);
            }
        }
        is_continued
    }

    fn push_titles(&self, out: &mut Vec<u8>) {
        let mut push = |title: &Option<String>, end: &str| {
            out.extend_from_slice(b"\x1b]2;");
            out.extend_from_slice(title.as_deref().unwrap_or_default().as_bytes());
            out.extend_from_slice(b"\x1b\\");
            out.extend_from_slice(end.as_bytes());
        };
        self.titles.iter().for_each(|title| push(title, "\x1b[22;2t"));
        if self.title.is_some() || !self.titles.is_empty() {
            push(&self.title, "");
        }
    }

    /// What the alternate screen keeps while it is not shown: where its cursor was saved, and its keyboard.
    fn push_hidden_alternate(&self, out: &mut Vec<u8>) {
        let is_new = self.hidden.saved == Cursor::default() && self.hidden.keyboard == Keyboard::default();
        if self.alternate.is_some() || is_new {
            return;
        }
        out.extend_from_slice(b"\x1b[?1049h");
        self.push_cursor(&self.hidden.saved, &Grid::new(self.rows(), self.columns()), out);
        out.extend_from_slice(b"\x1b7");
        push_keyboard(&self.hidden.keyboard, out);
        out.extend_from_slice(b"\x1b[?6l\x1b[?1049l\x1b(B\x1b)B\x1b*B\x1b+B\x0f\x1b[m\x1b]8;;\x1b\\");
    }

    /// All rows, from the cursor's on the terminal: history, of which the last line may go on, goes out at the top.
    fn push_rows(&self, grid: &Grid, mut is_continued: bool, proof: Option<&str>, out: &mut Vec<u8>) {
        let last = grid.rows.len() - 1;
        let is_primary = std::ptr::eq(grid, self.primary());
        for (number, row) in grid.rows.iter().enumerate() {
            let following = grid.rows.get(number + 1).zip(row.cells().last());
            let is_made = following.is_some_and(|(next, last)| makes_leading(next.cell(0), *last));
            let next = if is_made { Next::Wide } else { Next::Narrow };
            encode(row, Around { is_continued, next, columns: grid.columns }, &self.tables, out);
            if is_primary {
                self.push_marks(self.log.end() + number as u64, proof, out);
            }
            is_continued = row.is_wrapped;
            if !is_continued && number < last {
                out.extend_from_slice(b"\r\n");
            }
        }
    }

    fn push_region(&self, out: &mut Vec<u8>) {
        if self.region != (Region { top: 0, bottom: self.rows() }) {
            push_csi(out, "", &[self.region.top + 1, self.region.bottom], "r");
        }
    }

    fn push_modes(&self, out: &mut Vec<u8>) {
        let late = [Mode::ORIGIN, Mode::AUTO_WRAP, Mode::KEYPAD];
        for (number, mode) in PRIVATE {
            if self.modes.is_told(*mode) && !late.contains(mode) {
                let end = if self.modes.has(*mode) { "h" } else { "l" };
                push_csi(out, "?", &[usize::from(*number)], end);
            }
        }
        for number in [self.modes.mouse, self.modes.mouse_encoding] {
            if number != 0 {
                push_csi(out, "?", &[usize::from(number)], "h");
            }
        }
        out.extend_from_slice(if self.modes.has(Mode::KEYPAD) { b"\x1b=" } else { b"\x1b>" });
        push_csi(out, "", &[usize::from(self.cursor_style.0)], " q");
        push_csi(out, ">", &[4, usize::from(self.modify_other_keys)], "m");
    }

    /// The saved cursor, and then the cursor.
    fn push_cursors(&self, grid: &Grid, out: &mut Vec<u8>) {
        self.push_cursor(&grid.saved, grid, out);
        out.extend_from_slice(b"\x1b7");
        let is_origin = self.modes.has(Mode::ORIGIN) && std::ptr::eq(grid, &raw const self.grid);
        self.push_cursor(&Cursor { is_origin, ..grid.cursor }, grid, out);
    }

    /// Puts the cursor where it is, in its style and character sets. A wrap that is pending comes of printing what is in
    /// the last column once more.
    fn push_cursor(&self, cursor: &Cursor, grid: &Grid, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\x1b(B\x0f\x1b[m\x1b]8;;\x1b\\\x1b[?6l");
        if cursor.is_origin {
            out.extend_from_slice(b"\x1b[?6h");
        }
        let mut pen = Pen { tables: &self.tables, style: StyleId::DEFAULT };
        match cell_before(cursor, grid).filter(|_| cursor.is_wrap_pending) {
            Some((column, cell)) => {
                self.push_move(cursor, column, out);
                pen.write(&[if cell.is_leading() { cell.emptied() } else { cell }], out);
            }
            None => self.push_move(cursor, cursor.column, out),
        }
        pen.change(cursor.style, out);
        push_charsets(cursor.charsets, out);
    }

    fn push_move(&self, cursor: &Cursor, column: usize, out: &mut Vec<u8>) {
        let top = if cursor.is_origin { self.region.top } else { 0 };
        push_csi(out, "", &[cursor.row.saturating_sub(top) + 1, column + 1], "H");
    }

    /// Prints the last character once more, since REP repeats what no sequence has followed.
    fn push_last_char(&self, out: &mut Vec<u8>) {
        let cursor = Cursor { is_origin: self.modes.has(Mode::ORIGIN), ..self.grid.cursor };
        let Some((last, (column, cell))) = self.last_char.zip(cell_before(&cursor, &self.grid)) else { return };
        let mut text = String::new();
        self.tables.clusters.push_cell(&mut text, cell);
        let is_mapped = last.is_ascii() && text.chars().eq([{ cursor.charsets }.map(last)]);
        let Some(base) = text.strip_suffix(last).or(is_mapped.then_some("")) else { return };
        // What is before the last mark of a cluster would be shown in the character set that is used now.
        if !base.is_empty() && !cursor.charsets.is_ascii() {
            return;
        }
        self.push_move(&cursor, column, out);
        if self.modes.has(Mode::INSERT) && !cursor.is_wrap_pending {
            push_csi(out, "", &[if cell.is_wide() { 2 } else { 1 }], "P");
        }
        if !base.is_empty() {
            let mut pen = Pen { tables: &self.tables, style: cursor.style };
            pen.change(cell.style, out);
            out.extend_from_slice(base.as_bytes());
            pen.change(cursor.style, out);
        }
        out.extend_from_slice(last.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// What was printed before the cursor, and its column.
fn cell_before(cursor: &Cursor, grid: &Grid) -> Option<(usize, Cell)> {
    let row = &grid.rows[cursor.row];
    let mut column = (cursor.column + usize::from(cursor.is_wrap_pending)).checked_sub(1)?;
    column -= usize::from(column > 0 && row.cell(column).is_spacer());
    Some((column, row.cell(column)))
}

/// Designates G0 to G3 where they are not ASCII, and says which is used.
fn push_charsets(charsets: Charsets, out: &mut Vec<u8>) {
    for (set, designator) in charsets.sets.iter().zip(*b"()*+") {
        let set = match set {
            Charset::Ascii => b'B',
            Charset::Lines => b'0',
            Charset::British => b'A',
        };
        out.extend_from_slice(&[b'\x1b', designator, set]);
    }
    out.extend_from_slice(match charsets.locked {
        1 => b"\x0e",
        2 => b"\x1bn",
        3 => b"\x1bo",
        _ => b"\x0f",
    });
    match charsets.single {
        Some(2) => out.extend_from_slice(b"\x1bN"),
        Some(_) => out.extend_from_slice(b"\x1bO"),
        None => {}
    }
}

/// What was pushed, and the flags that are set.
fn push_keyboard(keyboard: &Keyboard, out: &mut Vec<u8>) {
    for (place, flags) in keyboard.stack.iter().enumerate() {
        if place == 0 && *flags != 0 {
            push_csi(out, "=", &[usize::from(*flags), 1], "u");
        }
        let next = keyboard.stack.get(place + 1).copied().unwrap_or(keyboard.flags);
        push_csi(out, ">", &[usize::from(next)], "u");
    }
    if keyboard.stack.is_empty() && keyboard.flags != 0 {
        push_csi(out, "=", &[usize::from(keyboard.flags), 1], "u");
    }
}
