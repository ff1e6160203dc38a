//! Text: characters become cells.

use unicode_width::UnicodeWidthChar as _;

use super::cell::Cell;
use super::modes::Mode;
use super::terminal::Terminal;

impl Terminal {
    /// Prints printable ASCII, the usual case: whole rows at a time.
    pub(super) fn print_ascii(&mut self, text: &[u8]) {
        if self.modes.has(Mode::INSERT) || !self.grid.cursor.charsets.is_ascii() {
            return text.iter().for_each(|byte| self.print(char::from(*byte)));
        }
        self.last_char = text.last().copied().map(char::from);
        if !self.modes.has(Mode::AUTO_WRAP) {
            return self.print_without_wrap(text);
        }
        let columns = self.columns();
        let mut rest = text;
        while !rest.is_empty() {
            if self.grid.cursor.is_wrap_pending {
                self.wrap();
            }
            let (column, style) = (self.grid.cursor.column, self.grid.cursor.style);
            let (now, later) = rest.split_at(rest.len().min(columns - column));
            self.grid.cursor_row().write_ascii(column, now, style);
            self.advance(now.len());
            rest = later;
        }
    }

    /// The last column takes all that does not fit.
    fn print_without_wrap(&mut self, text: &[u8]) {
        let (cursor, last) = (self.grid.cursor, self.grid.last_column());
        let fits = text.len().min(last - cursor.column);
        let (now, over) = text.split_at(fits);
        self.grid.cursor_row().write_ascii(cursor.column, now, cursor.style);
        self.advance(now.len());
        if let Some(byte) = over.last() {
            self.grid.cursor_row().write_ascii(last, &[*byte], cursor.style);
            self.advance(1);
        }
    }

    /// Moves the cursor over what was printed.
    fn advance(&mut self, cells: usize) {
        let last = self.grid.last_column();
        let column = self.grid.cursor.column + cells;
        self.grid.cursor.is_wrap_pending |= column > last;
        self.grid.cursor.column = column.min(last);
    }

    /// Goes to the next row, in which the text of this one continues.
    pub(super) fn wrap(&mut self) {
        if self.modes.has(Mode::AUTO_WRAP) {
            let columns = self.columns();
            self.grid.cursor_row().wrap(columns);
            self.index();
            self.grid.cursor.column = 0;
            self.grid.cursor.is_wrap_pending = false;
        }
    }

    /// Prints one character.
    pub(super) fn print(&mut self, c: char) {
        let width = c.width();
        self.last_char = Some(c);
        match width {
            None => {}
            Some(0) => self.combine(c),
            Some(1) => self.print_narrow(c),
            Some(_) => self.print_wide(c),
        }
    }

    /// Adds a mark to the character before the cursor.
    fn combine(&mut self, mark: char) {
        let cursor = self.grid.cursor;
        let mut column = if cursor.is_wrap_pending { cursor.column } else { cursor.column.saturating_sub(1) };
        let clusters = &mut self.tables.clusters;
        let row = &mut self.grid.rows[cursor.row];
        if row.cell(column).is_spacer() {
            column = column.saturating_sub(1);
        }
        row.change(column, |cell| clusters.combine(cell, mark));
    }

    fn print_narrow(&mut self, c: char) {
        if self.grid.cursor.is_wrap_pending {
            self.wrap();
        }
        self.make_room(1);
        let c = self.grid.cursor.charsets.map(c);
        let cursor = self.grid.cursor;
        self.grid.cursor_row().write(cursor.column, Cell::narrow(c, cursor.style));
        self.advance(1);
    }

    fn print_wide(&mut self, c: char) {
        if self.grid.cursor.is_wrap_pending {
            self.wrap();
        }
        let columns = self.columns();
        if columns < 2 {
            return;
        }
        self.make_room(2);
        if self.grid.cursor.column + 1 == columns {
            if !self.modes.has(Mode::AUTO_WRAP) {
                self.grid.cursor.is_wrap_pending = true;
                return;
            }
            let cursor = self.grid.cursor;
            self.grid.cursor_row().write(cursor.column, Cell::leading(cursor.style));
            self.wrap();
        }
        let c = self.grid.cursor.charsets.map(c);
        let cursor = self.grid.cursor;
        self.grid.cursor_row().write_wide(cursor.column, Cell::wide(c, cursor.style));
        self.advance(2);
    }

    /// In insert mode, moves what is in the way.
    fn make_room(&mut self, width: usize) {
        let columns = self.columns();
        let cursor = self.grid.cursor;
        if self.modes.has(Mode::INSERT) && cursor.column + width < columns {
            self.grid.cursor_row().insert_blanks(cursor.column, width, columns, cursor.style);
        }
    }

    /// REP: prints the last character again.
    pub(super) fn repeat(&mut self, count: usize) {
        let Some(c) = self.last_char else { return };
        match u8::try_from(c).ok().filter(|byte| (b' '..=b'~').contains(byte)) {
            Some(byte) => self.print_ascii(&vec![byte; count]),
            None => (0..count).for_each(|_| self.print(c)),
        }
    }
}
