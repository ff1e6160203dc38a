//! Control sequences: `ESC [ parameters final`.

use super::dispatch::Dispatch;
use super::modes::{CursorStyle, Mode, PUBLIC};
use super::parameters::{ControlSequence, Params};
use super::sgr;
use super::terminal::{Region, Terminal, is_default_tab};

/// Titles that XTWINOPS 22 keeps.
const TITLES_MAX: usize = 16;

/// The parameter at `place`; one that is missing or 0 is `default`.
fn number(params: &Params, place: usize, default: u16) -> usize {
    let given = params.iter().nth(place).map_or(0, |param| param[0]);
    usize::from(if given == 0 { default } else { given })
}

impl Dispatch<'_> {
    pub(super) fn csi(&mut self, sequence: &ControlSequence<'_>) {
        let ControlSequence { prefix, params, intermediates, action } = sequence;
        match (*prefix, *intermediates, *action) {
            ([], [], _) => self.standard(params, *action),
            (b"?", [], _) => self.private(params, *action),
            (b">", [], _) => self.extended(params, *action),
            ([prefix], [], _) => self.keyboard(params, *prefix, *action),
            ([], b" ", 'q') => self.cursor_style(params),
            ([], b"!", 'p') => self.terminal.soft_reset(),
            ([], b"$", 'p') => self.report_mode(number(params, 0, 0), false),
            (b"?", b"$", 'p') => self.report_mode(number(params, 0, 0), true),
            _ => {}
        }
    }

    fn standard(&mut self, params: &Params, action: char) {
        let count = number(params, 0, 1);
        let terminal = &mut *self.terminal;
        match action {
            'A' | 'B' | 'C' | 'D' | 'E' | 'F' | 'G' | 'H' | 'I' | 'Z' | 'a' | 'd' | 'e' | 'f' | '`' => {
                terminal.moves(params, action);
            }
            '@' | 'J' | 'K' | 'L' | 'M' | 'P' | 'S' | 'T' | 'X' => terminal.edit(params, action),
            'b' => terminal.repeat(count),
            'c' if number(params, 0, 0) == 0 => self.report_attributes(),
            'g' => terminal.clear_tabs(number(params, 0, 0)),
            'h' | 'l' => terminal.set_public_modes(params, action == 'h'),
            'm' => terminal.apply_sgr(params),
            'n' => self.report_status(number(params, 0, 0), false),
            'r' => terminal.set_region(params),
            's' => terminal.save_cursor(),
            't' => self.window(params),
            'u' => terminal.restore_cursor(),
            _ => {}
        }
    }

    fn private(&mut self, params: &Params, action: char) {
        match action {
            'h' | 'l' => {
                for param in params.iter() {
                    self.terminal.set_private_mode(param[0], action == 'h');
                }
            }
            'J' | 'K' => self.terminal.edit(params, action),
            'W' if number(params, 0, 0) == 5 => {
                self.terminal.tabs = (0..self.terminal.columns()).map(is_default_tab).collect();
            }
            'm' => self.report_modify_other_keys(number(params, 0, 0)),
            'n' => self.report_status(number(params, 0, 0), true),
            'u' => self.report_keyboard(),
            _ => {}
        }
    }

    fn extended(&mut self, params: &Params, action: char) {
        match action {
            'c' if number(params, 0, 0) == 0 => self.report_version_number(),
            'm' if number(params, 0, 0) == 4 => {
                self.terminal.modify_other_keys = u8::try_from(number(params, 1, 0)).unwrap_or(0).min(2);
            }
            'q' if number(params, 0, 0) == 0 => self.report_version(),
            'u' => self.keyboard(params, b'>', action),
            _ => {}
        }
    }

    /// The keyboard protocol of kitty; DA3 looks alike.
    fn keyboard(&mut self, params: &Params, prefix: u8, action: char) {
        /// All flags that there are.
        const FLAGS: usize = 0b11111;
        let keyboard = &mut self.terminal.grid.keyboard;
        let flags = u8::try_from(number(params, 0, 0) & FLAGS).unwrap_or(0);
        match (prefix, action) {
            (b'>', 'u') => keyboard.push(flags),
            (b'<', 'u') => keyboard.pop(number(params, 0, 1)),
            (b'=', 'u') => match number(params, 1, 1) {
                1 => keyboard.flags = flags,
                2 => keyboard.flags |= flags,
                3 => keyboard.flags &= !flags,
                _ => {}
            },
            (b'=', 'c') if number(params, 0, 0) == 0 => self.report_unit(),
            _ => {}
        }
    }

    fn cursor_style(&mut self, params: &Params) {
        if let Ok(style @ 0..=6) = u8::try_from(number(params, 0, 0)) {
            self.terminal.cursor_style = CursorStyle(style);
        }
    }

    /// XTWINOPS: sizes, and titles kept for later.
    fn window(&mut self, params: &Params) {
        let terminal = &mut *self.terminal;
        match number(params, 0, 0) {
            operation @ (14 | 16 | 18) => self.report_size(operation),
            22 if number(params, 1, 0) != 1 => {
                if terminal.titles.len() == TITLES_MAX {
                    terminal.titles.remove(0);
                }
                terminal.titles.push(terminal.title.clone());
            }
            23 if number(params, 1, 0) != 1 => {
                if let Some(title) = terminal.titles.pop() {
                    self.set_title(title);
                }
            }
            _ => {}
        }
    }
}

impl Terminal {
    /// Sequences that move the cursor.
    fn moves(&mut self, params: &Params, action: char) {
        let count = number(params, 0, 1);
        let (row, column) = (self.grid.cursor.row, self.grid.cursor.column);
        match action {
            'A' => self.grid.move_to(self.row_above(count), column),
            'B' | 'e' => self.grid.move_to(self.row_below(count), column),
            'C' | 'a' => self.grid.move_to(row, column + count),
            'D' => self.grid.move_to(row, column.saturating_sub(count)),
            'E' => self.grid.move_to(self.row_below(count), 0),
            'F' => self.grid.move_to(self.row_above(count), 0),
            'G' | '`' => self.grid.move_to(row, count - 1),
            'H' | 'f' => self.move_to(count - 1, number(params, 1, 1) - 1),
            'I' => self.tabs_forward(count),
            'Z' => self.tabs_backward(count),
            'd' => self.move_to(count - 1, column),
            _ => {}
        }
    }

    /// A row further up. The margin holds a cursor that is not above it.
    fn row_above(&self, count: usize) -> usize {
        let row = self.grid.cursor.row;
        let margin = if row >= self.region.top { self.region.top } else { 0 };
        row.saturating_sub(count).max(margin)
    }

    /// A row further down. The margin holds a cursor that is not below it.
    fn row_below(&self, count: usize) -> usize {
        let row = self.grid.cursor.row;
        let margin = if row < self.region.bottom { self.region.bottom } else { self.rows() };
        (row + count).min(margin - 1)
    }

    fn clear_tabs(&mut self, which: usize) {
        match which {
            0 => self.tabs[self.grid.cursor.column] = false,
            3 => self.tabs.fill(false),
            _ => {}
        }
    }

    fn set_public_modes(&mut self, params: &Params, on: bool) {
        for param in params.iter() {
            if let Some((_, mode)) = PUBLIC.iter().find(|(number, _)| *number == param[0]) {
                self.modes.set(*mode, on);
            }
        }
    }

    fn set_private_mode(&mut self, number: u16, on: bool) {
        match (number, on) {
            (47 | 1047 | 1049, true) => self.show_alternate(number),
            (47 | 1047 | 1049, false) => self.show_primary(number),
            (1048, true) => self.save_cursor(),
            (1048, false) => self.restore_cursor(),
            _ => {
                self.modes.set_private(number, on);
            }
        }
        if number == 6 {
            self.move_to(0, 0);
        }
    }

    fn apply_sgr(&mut self, params: &Params) {
        let styles = &mut self.tables.styles;
        let mut style = *styles.get(self.grid.cursor.style);
        sgr::apply(&mut style, params);
        self.grid.cursor.style = styles.intern(style);
    }

    /// DECSTBM: a region has two rows at least.
    fn set_region(&mut self, params: &Params) {
        let rows = self.rows();
        let top = number(params, 0, 1) - 1;
        let bottom = match number(params, 1, 0) {
            0 => rows,
            bottom => bottom.min(rows),
        };
        if top + 1 < bottom || (top == 0 && bottom == rows) {
            self.region = Region { top, bottom };
            self.move_to(0, 0);
        }
    }

    /// Whether rows are counted from the top of the region.
    pub(super) fn is_origin(&self) -> bool {
        self.modes.has(Mode::ORIGIN)
    }
}
