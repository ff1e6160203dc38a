//! One row of cells. What was never written to costs nothing: cells behind the last one are blank, in the row's fill.
//!
//! A wide character is always whole: what overwrites or cuts one half empties the other.

use super::cell::Cell;
use super::style::StyleId;

/// A row. It does not know how long it may be: callers pass the number of columns where it matters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    cells: Vec<Cell>,
    /// How cells behind the last one look.
    fill: StyleId,
    /// The text goes on in the next row.
    pub(super) is_wrapped: bool,
    /// Whether there may be wide characters.
    may_be_wide: bool,
}

impl Row {
    /// A row that was read back.
    pub(super) fn new(cells: Vec<Cell>, fill: StyleId, is_wrapped: bool) -> Self {
        let may_be_wide = cells.iter().any(|cell| cell.is_wide());
        let mut row = Self { cells, fill, is_wrapped, may_be_wide };
        if !is_wrapped {
            row.end_text();
        }
        row
    }

    /// The text goes on in no other row. Then no place at the end was left empty for a wide character either.
    fn end_text(&mut self) {
        self.is_wrapped = false;
        if let Some(last) = self.cells.last_mut().filter(|last| last.is_leading()) {
            *last = last.emptied();
        }
    }

    /// The cells that were written to.
    pub(super) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    pub(super) fn cells_mut(&mut self) -> &mut [Cell] {
        &mut self.cells
    }

    pub(super) fn fill(&self) -> StyleId {
        self.fill
    }

    pub(super) fn fill_mut(&mut self) -> &mut StyleId {
        &mut self.fill
    }

    pub(super) fn cell(&self, column: usize) -> Cell {
        self.cells.get(column).copied().unwrap_or(Cell::blank(self.fill))
    }

    /// Whether it was laid out in as many columns.
    pub(super) fn is_in_columns(&self, columns: usize) -> bool {
        let count = self.cells.len();
        count <= columns && (!self.is_wrapped || count == columns)
    }

    /// Empties the row and keeps its memory for the next.
    pub(super) fn reset(&mut self, fill: StyleId) {
        self.cells.clear();
        self.fill = fill;
        self.is_wrapped = false;
        self.may_be_wide = false;
    }

    /// Makes sure that the cells before `column` are there.
    fn reach(&mut self, column: usize) {
        if self.cells.len() < column {
            self.cells.resize(column, Cell::blank(self.fill));
        }
    }

    /// Empties the wide character that stands on both sides of the border before `column`.
    fn part(&mut self, column: usize) {
        if self.may_be_wide && column > 0 && self.cells.get(column).is_some_and(|cell| cell.is_spacer()) {
            self.cells[column - 1] = self.cells[column - 1].emptied();
            self.cells[column] = self.cells[column].emptied();
        }
    }

    /// Writes printable ASCII from `column` on.
    pub(super) fn write_ascii(&mut self, column: usize, text: &[u8], style: StyleId) {
        if column == self.cells.len() {
            // The usual case: there is nothing to overwrite.
            self.is_wrapped = false;
            return self.cells.extend(text.iter().map(|byte| Cell::ascii(*byte, style)));
        }
        let end = column + text.len();
        if self.may_be_wide {
            self.part(column);
            self.part(end);
        }
        self.reach(column);
        self.is_wrapped &= end < self.cells.len();
        let overwritten = self.cells.len().min(end) - column;
        let (over, beyond) = text.split_at(overwritten);
        for (cell, byte) in self.cells[column..].iter_mut().zip(over) {
            *cell = Cell::ascii(*byte, style);
        }
        self.cells.extend(beyond.iter().map(|byte| Cell::ascii(*byte, style)));
    }

    /// Writes a cell that is one column wide.
    pub(super) fn write(&mut self, column: usize, cell: Cell) {
        if column == self.cells.len() {
            self.is_wrapped = false;
            return self.cells.push(cell);
        }
        self.part(column);
        self.part(column + 1);
        self.put(column, cell);
    }

    /// Writes a character that is two columns wide.
    pub(super) fn write_wide(&mut self, column: usize, cell: Cell) {
        self.may_be_wide = true;
        if column == self.cells.len() {
            self.is_wrapped = false;
            return self.cells.extend([cell, Cell::spacer(cell.style)]);
        }
        self.part(column);
        self.part(column + 2);
        self.put(column, cell);
        self.put(column + 1, Cell::spacer(cell.style));
    }

    /// Replaces one cell, and does not look whether it is half of a wide character.
    fn put(&mut self, column: usize, cell: Cell) {
        self.reach(column + 1);
        self.is_wrapped &= column + 1 < self.cells.len();
        self.cells[column] = cell;
    }

    /// Changes what one cell shows, and not how wide it is.
    pub(super) fn change(&mut self, column: usize, change: impl FnOnce(Cell) -> Cell) {
        self.reach(column + 1);
        self.cells[column] = change(self.cells[column]);
    }

    /// Lets the text go on in the next row. All its columns count then.
    pub(super) fn wrap(&mut self, columns: usize) {
        self.reach(columns);
        // There is nothing left to fill, and it is not written down.
        self.fill = StyleId::DEFAULT;
        self.is_wrapped = true;
    }

    /// Empties the cells from `from` to before `to`, of `columns`.
    pub(super) fn erase(&mut self, from: usize, to: usize, columns: usize, fill: StyleId) {
        self.part(from);
        self.part(to);
        if to < columns {
            // Behind the last cell there is nothing to empty, unless it would look different.
            let end = if fill == self.fill { to.min(self.cells.len()) } else { to };
            self.reach(end);
            if from < end {
                self.cells[from..end].fill(Cell::blank(fill));
            }
            return;
        }
        if fill != self.fill {
            self.reach(from);
            self.fill = fill;
        }
        self.cells.truncate(from);
        self.is_wrapped = false;
    }

    /// Moves what is at `column` and behind it to the right by `count`; what leaves the row is lost.
    pub(super) fn insert_blanks(&mut self, column: usize, count: usize, columns: usize, fill: StyleId) {
        let count = count.min(columns - column);
        self.part(column);
        if column >= self.cells.len() && fill == self.fill {
            return;
        }
        self.reach(column);
        self.cells.splice(column..column, std::iter::repeat_n(Cell::blank(fill), count));
        self.part(columns);
        self.cells.truncate(columns);
        self.is_wrapped = false;
    }

    /// Takes `count` cells out at `column`; what is behind them moves to the left, and blanks come at the end.
    pub(super) fn delete(&mut self, column: usize, count: usize, columns: usize, fill: StyleId) {
        let count = count.min(columns - column);
        self.part(column);
        self.part(column + count);
        self.end_text();
        if fill != self.fill {
            self.reach(columns);
        }
        let end = self.cells.len().min(column + count);
        if column < end {
            self.cells.drain(column..end);
        }
        self.fill = fill;
    }

    /// Fits the row into fewer columns, without reflow.
    pub(super) fn shrink(&mut self, columns: usize) {
        if self.cells.len() > columns {
            self.part(columns);
            self.cells.truncate(columns);
            self.is_wrapped = false;
        }
    }

    /// Prepares for more columns: the new ones are plain.
    pub(super) fn grow(&mut self, columns: usize) {
        self.end_text();
        if self.fill != StyleId::DEFAULT {
            self.reach(columns);
            self.fill = StyleId::DEFAULT;
        }
    }

    /// Gives back the memory that the cells do not need.
    pub(super) fn trim_memory(&mut self) {
        self.cells.shrink_to_fit();
    }

    pub(super) fn memory_bytes(&self) -> usize {
        size_of::<Self>() + self.cells.capacity() * size_of::<Cell>()
    }
}
