//! One screen's cells and cursor, and what each of the two screens has for itself.

use std::collections::VecDeque;

use super::cursor::Cursor;
use super::row::Row;
use super::style::StyleId;

/// Programs push a mode and pop it; more than this is a mistake.
const KEYBOARD_MODES_MAX: usize = 16;

/// A screen.
#[derive(Clone, Debug, Default)]
pub(super) struct Grid {
    /// From the top.
    pub(super) rows: VecDeque<Row>,
    pub(super) columns: usize,
    pub(super) cursor: Cursor,
    pub(super) saved: Cursor,
    pub(super) keyboard: Keyboard,
}

/// The keyboard protocol of kitty: flags, and those to go back to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Keyboard {
    pub(super) flags: u8,
    pub(super) stack: Vec<u8>,
}

impl Keyboard {
    pub(super) fn push(&mut self, flags: u8) {
        if self.stack.len() == KEYBOARD_MODES_MAX {
            self.stack.remove(0);
        }
        self.stack.push(self.flags);
        self.flags = flags;
    }

    pub(super) fn pop(&mut self, count: usize) {
        for _ in 0..count.min(KEYBOARD_MODES_MAX) {
            self.flags = self.stack.pop().unwrap_or_default();
        }
    }
}

impl Grid {
    pub(super) fn new(rows: usize, columns: usize) -> Self {
        let rows = std::iter::repeat_with(Row::default).take(rows).collect();
        Self { rows, columns, ..Self::default() }
    }

    pub(super) fn cursor_row(&mut self) -> &mut Row {
        &mut self.rows[self.cursor.row]
    }

    pub(super) fn last_column(&self) -> usize {
        self.columns - 1
    }

    /// Puts the cursor on a cell of the screen.
    pub(super) fn move_to(&mut self, row: usize, column: usize) {
        self.cursor.row = row.min(self.rows.len() - 1);
        self.cursor.column = column.min(self.last_column());
        self.cursor.is_wrap_pending = false;
    }

    /// Empties the rows of a range.
    pub(super) fn clear_rows(&mut self, range: std::ops::Range<usize>, fill: StyleId) {
        self.rows.range_mut(range).for_each(|row| row.reset(fill));
    }

    /// Moves the rows from `top` to before `bottom` up by `count`: blank ones come below.
    pub(super) fn scroll_up(&mut self, top: usize, bottom: usize, count: usize, fill: StyleId) {
        if count >= bottom - top {
            return self.clear_rows(top..bottom, fill);
        }
        if count == 1
            && top == 0
            && bottom == self.rows.len()
            && let Some(first) = self.rows.pop_front()
        {
            // The usual case: the rows stay where they are, and the first becomes the last.
            self.rows.push_back(first);
            return self.rows[bottom - 1].reset(fill);
        }
        if count == 1
            && let Some(row) = self.rows.remove(top)
        {
            self.rows.insert(bottom - 1, row);
        } else {
            self.rows.make_contiguous()[top..bottom].rotate_left(count);
        }
        self.clear_rows(bottom - count..bottom, fill);
    }

    /// Moves the rows from `top` to before `bottom` down by `count`: blank ones come above.
    pub(super) fn scroll_down(&mut self, top: usize, bottom: usize, count: usize, fill: StyleId) {
        if count >= bottom - top {
            return self.clear_rows(top..bottom, fill);
        }
        if count == 1
            && let Some(row) = self.rows.remove(bottom - 1)
        {
            self.rows.insert(top, row);
        } else {
            self.rows.make_contiguous()[top..bottom].rotate_right(count);
        }
        self.clear_rows(top..top + count, fill);
    }

    /// Every style in use here.
    pub(super) fn visit_styles(&mut self, visit: &mut dyn FnMut(&mut StyleId)) {
        for row in &mut self.rows {
            visit(row.fill_mut());
            row.cells_mut().iter_mut().for_each(|cell| visit(&mut cell.style));
        }
        visit(&mut self.cursor.style);
        visit(&mut self.saved.style);
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let spare = (self.rows.capacity() - self.rows.len()) * size_of::<Row>();
        self.rows.iter().map(Row::memory_bytes).sum::<usize>() + spare + self.keyboard.stack.capacity()
    }
}
