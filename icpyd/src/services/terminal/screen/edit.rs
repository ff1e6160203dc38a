//! Erasing, inserting and deleting. What is emptied gets the background that is set.

use super::parameters::Params;
use super::terminal::Terminal;

impl Terminal {
    /// Sequences that change cells or move them.
    pub(super) fn edit(&mut self, params: &Params, action: char) {
        let given = usize::from(params.first());
        let count = given.max(1);
        let (columns, fill, cursor) = (self.columns(), self.fill(), self.grid.cursor);
        let column = cursor.column;
        match action {
            '@' => self.grid.cursor_row().insert_blanks(column, count, columns, fill),
            'J' => self.erase_screen(given),
            'K' => self.erase_line(given),
            'L' => self.insert_lines(count),
            'M' => self.delete_lines(count),
            'P' => self.grid.cursor_row().delete(column, count, columns, fill),
            'S' => self.scroll_up(self.region.top, count, true),
            'T' if params.len() == 1 => self.scroll_down(self.region.top, count),
            'X' => self.grid.cursor_row().erase(column, columns.min(column + count), columns, fill),
            _ => {}
        }
    }

    /// EL.
    fn erase_line(&mut self, which: usize) {
        let (columns, fill, cursor) = (self.columns(), self.fill(), self.grid.cursor);
        let (from, to) = match which {
            // The last column was written, and the cursor is behind it.
            0 if cursor.is_wrap_pending => return,
            0 => (cursor.column, columns),
            1 => (0, cursor.column + 1),
            2 => (0, columns),
            _ => return,
        };
        self.grid.cursor_row().erase(from, to, columns, fill);
    }

    /// ED.
    fn erase_screen(&mut self, which: usize) {
        let (rows, columns, fill, cursor) = (self.rows(), self.columns(), self.fill(), self.grid.cursor);
        match which {
            0 => {
                self.grid.cursor_row().erase(cursor.column, columns, columns, fill);
                self.grid.clear_rows(cursor.row + 1..rows, fill);
                self.forget_marks_in(cursor.row + 1..rows);
            }
            1 => {
                self.grid.clear_rows(0..cursor.row, fill);
                self.forget_marks_in(0..cursor.row);
                self.grid.cursor_row().erase(0, cursor.column + 1, columns, fill);
            }
            2 => {
                self.keep_screen();
                self.grid.clear_rows(0..rows, fill);
            }
            // The alternate screen has nothing that was scrolled out.
            3 if self.alternate.is_none() => self.log.clear(),
            _ => {}
        }
    }

    /// What is about to be erased as a whole goes to the log: it was output, like what was scrolled out.
    fn keep_screen(&mut self) {
        if self.alternate.is_some() {
            return;
        }
        let is_blank = |row: usize| self.is_row_blank(row);
        let used = (0..self.rows()).rev().find(|row| !is_blank(*row)).map_or(0, |last| last + 1);
        for row in self.grid.rows.range(..used) {
            self.log.push(row, self.grid.columns, &self.tables);
        }
    }

    /// Whether nothing is to be seen in a row.
    pub(super) fn is_row_blank(&self, row: usize) -> bool {
        let row = &self.grid.rows[row];
        let styles = &self.tables.styles;
        let is_blank = |cell: &super::cell::Cell| cell.is_space() && styles.is_invisible_when_blank(cell.style);
        !row.is_wrapped && styles.is_invisible_when_blank(row.fill()) && row.cells().iter().all(is_blank)
    }

    /// IL: rows from the cursor's on move down. The cursor goes to the first column.
    fn insert_lines(&mut self, count: usize) {
        let row = self.grid.cursor.row;
        if (self.region.top..self.region.bottom).contains(&row) {
            self.scroll_down(row, count);
            self.carriage_return();
        }
    }

    /// DL: rows below the cursor's move up. None goes to the log.
    fn delete_lines(&mut self, count: usize) {
        let row = self.grid.cursor.row;
        if (self.region.top..self.region.bottom).contains(&row) {
            self.scroll_up(row, count, false);
            self.carriage_return();
        }
    }
}
