//! Another size. The primary screen's text is laid out anew in more or fewer columns, with what the log has of it.

use std::collections::VecDeque;

use super::SIDE_MAX;
use super::cursor::Cursor;
use super::grid::Grid;
use super::line::decode;
use super::prompt::Position;
use super::reflow::{Place, reflow};
use super::row::Row;
use super::terminal::{Region, Terminal, is_default_tab};

/// Lines that are taken back from the log at most. Of text that is longer, the beginning stays as it was laid out.
const LINES_BACK_MAX: usize = 2 * SIDE_MAX as usize;

impl Terminal {
    pub(super) fn resize(&mut self, rows: usize, columns: usize) {
        let old_columns = self.columns();
        if (rows, columns) == (self.rows(), old_columns) {
            return;
        }
        if self.alternate.is_some() {
            self.grid.shrink_rows(rows, &mut |_| {});
            self.grid.rows.resize_with(rows, Row::default);
        }
        let Self { grid, hidden, log, tables, alternate, .. } = self;
        let primary = if alternate.is_some() { hidden } else { grid };
        primary.shrink_rows(rows, &mut |row| log.push(row, old_columns, tables));
        if primary.rows.len() < rows || columns != old_columns {
            self.lay_out(rows, columns);
        }
        if columns != old_columns {
            self.alternate_mut().clip(columns, rows);
            self.tabs.resize(columns, false);
            (old_columns..columns).for_each(|column| self.tabs[column] = is_default_tab(column));
        }
        if self.alternate == Some(1049) {
            // The cursor was saved when the alternate screen was shown, and has moved with the text.
            self.hidden.saved = Cursor { is_origin: self.hidden.saved.is_origin, ..self.hidden.cursor };
        }
        self.region = Region { top: 0, bottom: rows };
        // It may be elsewhere now.
        self.last_char = None;
    }

    /// The screen without scrollback, shown or not.
    fn alternate_mut(&mut self) -> &mut Grid {
        if self.alternate.is_some() { &mut self.grid } else { &mut self.hidden }
    }

    /// Lays the primary screen out in `columns` and `height`, with as many lines of the log as there is room for. Its last
    /// rows stay the last.
    fn lay_out(&mut self, height: usize, columns: usize) {
        let old_columns = self.primary().columns;
        let wanted = height.saturating_sub(self.primary().rows.len());
        let mut rows = VecDeque::new();
        self.take_back(wanted, &mut rows);
        let fits = |row: &Row| row.is_in_columns(columns);
        let is_reflowed = columns != old_columns || !rows.iter().all(fits);
        if is_reflowed {
            self.take_back_texts(height, &mut rows);
        }
        let taken = rows.len();
        let first = self.log.end();
        let primary = self.primary_mut();
        rows.extend(primary.rows.drain(..));
        let cursor = primary.cursor;
        let column = cursor.column + usize::from(cursor.is_wrap_pending);
        let mut places = vec![Place { row: taken + cursor.row, column }];
        // What is further up stays where the log has it.
        let mut moving: Vec<&mut Position> =
            self.prompt_end.iter_mut().chain(self.marks.iter_mut().map(|it| &mut it.at)).collect();
        moving.retain(|it| it.place(first, rows.len()).is_some());
        places.extend(moving.iter().filter_map(|it| it.place(first, rows.len())));
        if is_reflowed {
            rows = reflow(rows, columns, &self.tables.styles, &mut places);
        }
        for (position, place) in moving.into_iter().zip(&places[1..]) {
            *position = Position::of(*place, first);
        }
        let above = rows.len().saturating_sub(height);
        rows.drain(..above).for_each(|row| self.log.push(&row, columns, &self.tables));
        rows.resize_with(height, Row::default);
        let primary = self.primary_mut();
        primary.rows = rows;
        primary.columns = columns;
        primary.cursor.row = places[0].row.saturating_sub(above);
        primary.cursor.column = places[0].column;
        primary.cursor.is_wrap_pending = places[0].column == columns;
        if !is_reflowed {
            primary.saved.row += primary.cursor.row - cursor.row.min(primary.cursor.row);
        }
        primary.clamp_cursors(height);
    }

    /// Takes as many lines back from the log.
    fn take_back(&mut self, wanted: usize, rows: &mut VecDeque<Row>) {
        while rows.len() < wanted
            && let Some((line, is_wrapped)) = self.log.pop()
        {
            rows.push_front(decode(&line, is_wrapped, &mut self.tables));
        }
    }

    /// Takes more lines back, so that as many texts are whole. However the log has laid them out, each fills a row at least.
    fn take_back_texts(&mut self, wanted: usize, rows: &mut VecDeque<Row>) {
        let mut texts = rows.iter().filter(|row| !row.is_wrapped).count();
        while rows.len() < LINES_BACK_MAX
            && (texts < wanted || self.log.last_end().is_wrapped)
            && let Some((line, is_wrapped)) = self.log.pop()
        {
            rows.push_front(decode(&line, is_wrapped, &mut self.tables));
            texts += usize::from(!is_wrapped);
        }
        self.log.end_last_line();
    }
}

impl Grid {
    /// Fits the screen into fewer rows. Those above go first, if the cursor needs room; then those below it.
    fn shrink_rows(&mut self, rows: usize, leave: &mut dyn FnMut(&Row)) {
        if self.rows.len() <= rows {
            return;
        }
        let above = (self.cursor.row + 1).saturating_sub(rows);
        self.rows.drain(..above).for_each(|row| leave(&row));
        self.rows.truncate(rows);
        self.cursor.row -= above;
        self.saved.row = self.saved.row.min(rows - 1);
    }

    /// Cuts rows, or makes them longer: full-screen programs draw them again.
    fn clip(&mut self, columns: usize, height: usize) {
        for row in &mut self.rows {
            row.shrink(columns);
            if columns > self.columns {
                row.grow(self.columns);
            }
        }
        if columns > self.columns {
            self.cursor.is_wrap_pending = false;
            self.saved.is_wrap_pending = false;
        }
        self.columns = columns;
        self.clamp_cursors(height);
    }

    fn clamp_cursors(&mut self, height: usize) {
        for cursor in [&mut self.cursor, &mut self.saved] {
            cursor.row = cursor.row.min(height - 1);
            cursor.column = cursor.column.min(self.columns - 1);
        }
    }
}
