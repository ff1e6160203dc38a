//! Laying text out in another number of columns.

use std::collections::VecDeque;

use super::cell::Cell;
use super::line::makes_leading;
use super::row::Row;
use super::style::{StyleId, Styles};

/// A place in rows. The column behind the last one is where the cursor waits with a wrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) row: usize,
    pub(super) column: usize,
}

/// Lays `rows` out in `columns`, and moves `places` with the text. The first place is the cursor's: what is between the text
/// and it counts as text.
pub(super) fn reflow(rows: VecDeque<Row>, columns: usize, styles: &Styles, places: &mut [Place]) -> VecDeque<Row> {
    let old: Vec<Place> = places.to_vec();
    let mut out = VecDeque::with_capacity(rows.len());
    let mut paragraph = Paragraph::default();
    for (number, row) in rows.into_iter().enumerate() {
        paragraph.push(&row, styles);
        for (index, place) in old.iter().enumerate().filter(|(_, place)| place.row == number) {
            paragraph.mark(index, place.column);
        }
        if !row.is_wrapped {
            paragraph.lay_out(columns, &mut out, places);
        }
    }
    if !paragraph.is_empty {
        paragraph.lay_out(columns, &mut out, places);
    }
    out
}

/// A line of text, over one or more rows.
#[derive(Debug)]
struct Paragraph {
    cells: Vec<Cell>,
    /// Where its last row begins.
    last_row: usize,
    fill: StyleId,
    /// Places in it: which, and before which cell.
    marks: Vec<(usize, usize)>,
    /// Without any row, even a blank one.
    is_empty: bool,
}

impl Default for Paragraph {
    fn default() -> Self {
        Self { cells: Vec::new(), last_row: 0, fill: StyleId::DEFAULT, marks: Vec::new(), is_empty: true }
    }
}

impl Paragraph {
    fn push(&mut self, row: &Row, styles: &Styles) {
        self.close_gap(row.cell(0));
        self.last_row = self.cells.len();
        self.is_empty = false;
        self.fill = row.fill();
        let cells = row.cells();
        if row.is_wrapped {
            self.cells.extend_from_slice(cells);
        } else {
            let is_blank = |cell: &Cell| cell.is_space() && styles.is_invisible_when_blank(cell.style);
            let end = cells.iter().rposition(|cell| !is_blank(cell)).map_or(0, |last| last + 1);
            self.cells.extend_from_slice(&cells[..end]);
        }
    }

    /// Takes the place out that was left empty for a wide character, if that is what comes next. Else it is a blank like others.
    fn close_gap(&mut self, next: Cell) {
        let Some(last) = self.cells.last_mut().filter(|last| last.is_leading()) else { return };
        if makes_leading(next, *last) {
            self.cells.pop();
        } else {
            *last = last.emptied();
        }
    }

    /// Notes a place in the last row.
    fn mark(&mut self, index: usize, column: usize) {
        let mut offset = self.last_row + column;
        if index == 0 && offset > self.cells.len() {
            self.cells.resize(offset, Cell::EMPTY);
        }
        offset = offset.min(self.cells.len());
        self.marks.push((index, offset));
    }

    /// Appends the rows, and empties itself.
    fn lay_out(&mut self, columns: usize, out: &mut VecDeque<Row>, places: &mut [Place]) {
        self.close_gap(Cell::EMPTY);
        let cells = std::mem::take(&mut self.cells);
        let marks = std::mem::take(&mut self.marks);
        let mut start = 0;
        loop {
            let mut row = cells[start..cells.len().min(start + columns)].to_vec();
            let used = close(&mut row, columns);
            let end = start + used;
            let is_last = end >= cells.len();
            for (index, offset) in &marks {
                // The end of a full row is its own only when nothing follows.
                if (start..end).contains(offset) || (is_last && *offset >= end) {
                    places[*index] = Place { row: out.len(), column: offset - start };
                }
            }
            let fill = if is_last { self.fill } else { StyleId::DEFAULT };
            out.push_back(Row::new(row, fill, !is_last));
            start = end;
            if is_last {
                break;
            }
        }
        *self = Self::default();
    }
}

/// Moves a wide character that does not fit to the next row. Returns how many cells were used.
fn close(row: &mut [Cell], columns: usize) -> usize {
    if columns == 1 {
        // No row is wide enough: it is lost, and both halves show as blank.
        row.iter_mut().filter(|cell| cell.is_wide() || cell.is_spacer()).for_each(|cell| *cell = cell.emptied());
    }
    let used = row.len();
    let Some(last) = row.last_mut().filter(|last| used == columns && last.is_wide()) else { return used };
    *last = Cell::leading(last.style);
    used - 1
}
