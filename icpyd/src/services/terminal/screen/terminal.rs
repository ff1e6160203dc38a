//! A terminal's whole state but the parser's: both screens, modes, colours, titles, the log, and where the prompt ends and commands are.

use std::collections::VecDeque;

use icpy_protocol::terminal::TerminalSize;

use super::color::{Palette, Theme};
use super::cursor::{Charsets, Cursor};
use super::grid::Grid;
use super::line::Tables;
use super::log::Log;
use super::marks::Mark;
use super::modes::{CursorStyle, Mode, Modes};
use super::prompt::Position;
use super::row::Row;
use super::style::StyleId;

/// The state. Columns and rows are counted from 0.
#[derive(Clone, Debug)]
pub(super) struct Terminal {
    /// The screen that is shown.
    pub(super) grid: Grid,
    /// The other one. The alternate screen has no rows while it is not shown.
    pub(super) hidden: Grid,
    /// The number of the mode that the alternate screen was asked for with, while it is shown.
    pub(super) alternate: Option<u16>,
    pub(super) region: Region,
    pub(super) modes: Modes,
    /// DECSCUSR.
    pub(super) cursor_style: CursorStyle,
    /// XTMODKEYS 4.
    pub(super) modify_other_keys: u8,
    pub(super) tabs: Vec<bool>,
    pub(super) tables: Tables,
    pub(super) log: Log,
    /// Where the shell's last prompt ends.
    pub(super) prompt_end: Option<Position>,
    /// Its commands, from top to bottom.
    pub(super) marks: VecDeque<Mark>,
    pub(super) title: Option<String>,
    pub(super) titles: Vec<Option<String>>,
    pub(super) palette: Palette,
    pub(super) theme: Theme,
    /// What REP repeats: the character that was printed last, if nothing else came since.
    pub(super) last_char: Option<char>,
}

/// The rows that scroll: from `top` to before `bottom`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) top: usize,
    pub(super) bottom: usize,
}

const TAB_COLUMNS: usize = 8;

/// The tab stops that every terminal begins with.
pub(super) fn is_default_tab(column: usize) -> bool {
    column.is_multiple_of(TAB_COLUMNS)
}

impl Terminal {
    pub(super) fn new(size: TerminalSize, scrollback_bytes: usize, theme: Theme) -> Self {
        let (rows, columns) = (usize::from(size.rows), usize::from(size.columns));
        Self {
            grid: Grid::new(rows, columns),
            hidden: Grid::new(0, columns),
            alternate: None,
            region: Region { top: 0, bottom: rows },
            modes: Modes::default(),
            cursor_style: CursorStyle::default(),
            modify_other_keys: 0,
            tabs: (0..columns).map(is_default_tab).collect(),
            tables: Tables::default(),
            log: Log::new(scrollback_bytes),
            prompt_end: None,
            marks: VecDeque::new(),
            title: None,
            titles: Vec::new(),
            palette: Palette::default(),
            theme,
            last_char: None,
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.grid.rows.len()
    }

    pub(super) fn columns(&self) -> usize {
        self.grid.columns
    }

    /// The screen that has scrollback.
    pub(super) fn primary(&self) -> &Grid {
        if self.alternate.is_some() { &self.hidden } else { &self.grid }
    }

    pub(super) fn primary_mut(&mut self) -> &mut Grid {
        if self.alternate.is_some() { &mut self.hidden } else { &mut self.grid }
    }

    /// What erasing leaves: the background that is set.
    pub(super) fn fill(&self) -> StyleId {
        self.tables.styles.background(self.grid.cursor.style)
    }

    /// Scrolls the rows from `top` to the end of the region up. What leaves the primary screen at its top goes to the
    /// log, when `is_kept`.
    pub(super) fn scroll_up(&mut self, top: usize, count: usize, is_kept: bool) {
        let bottom = self.region.bottom;
        if top >= bottom {
            return;
        }
        let count = count.min(bottom - top);
        if is_kept && top == 0 && self.alternate.is_none() {
            for row in 0..count {
                self.log.push(&self.grid.rows[row], self.grid.columns, &self.tables);
            }
        }
        let fill = self.fill();
        self.grid.scroll_up(top, bottom, count, fill);
    }

    /// Scrolls the rows from `top` to the end of the region down.
    pub(super) fn scroll_down(&mut self, top: usize, count: usize) {
        let bottom = self.region.bottom;
        if top < bottom {
            let fill = self.fill();
            self.grid.scroll_down(top, bottom, count.min(bottom - top), fill);
        }
    }

    /// IND: down, scrolling at the end of the region.
    pub(super) fn index(&mut self) {
        let row = self.grid.cursor.row;
        if row + 1 == self.region.bottom {
            self.scroll_up(self.region.top, 1, true);
        } else if row + 1 < self.rows() {
            self.grid.cursor.row += 1;
        }
    }

    /// RI: up, scrolling at the top of the region.
    pub(super) fn reverse_index(&mut self) {
        let row = self.grid.cursor.row;
        if row == self.region.top {
            self.scroll_down(self.region.top, 1);
        } else {
            self.grid.cursor.row = row.saturating_sub(1);
        }
    }

    /// CUP: in origin mode rows are counted from the top of the region, and the cursor stays inside.
    pub(super) fn move_to(&mut self, row: usize, column: usize) {
        let row = match self.modes.has(Mode::ORIGIN) {
            true => row.saturating_add(self.region.top).min(self.region.bottom - 1),
            false => row,
        };
        self.grid.move_to(row, column);
    }

    /// DECSC.
    pub(super) fn save_cursor(&mut self) {
        self.grid.saved = Cursor { is_origin: self.modes.has(Mode::ORIGIN), ..self.grid.cursor };
    }

    /// DECRC.
    pub(super) fn restore_cursor(&mut self) {
        let saved = self.grid.saved;
        self.modes.set(Mode::ORIGIN, saved.is_origin);
        self.grid.cursor = Cursor { is_origin: false, ..saved };
        self.grid.cursor.row = saved.row.min(self.rows() - 1);
        self.grid.cursor.column = saved.column.min(self.grid.last_column());
    }

    /// Shows the alternate screen, empty, as mode `number` asks for it.
    pub(super) fn show_alternate(&mut self, number: u16) {
        if self.alternate.is_some() {
            return;
        }
        if number == 1049 {
            self.save_cursor();
        }
        self.hidden.cursor = self.grid.cursor;
        let fill = self.fill();
        self.hidden.rows.resize_with(self.grid.rows.len(), Row::default);
        let rows = self.hidden.rows.len();
        self.hidden.clear_rows(0..rows, fill);
        std::mem::swap(&mut self.grid, &mut self.hidden);
        self.alternate = Some(number);
    }

    /// Shows the primary screen again. Only 1049 gives back the cursor that it had.
    pub(super) fn show_primary(&mut self, number: u16) {
        let Some(shown_by) = self.alternate.take() else { return };
        std::mem::swap(&mut self.grid, &mut self.hidden);
        self.hidden.rows = VecDeque::new();
        match (shown_by, number) {
            // It has moved with the text, if the terminal was resized meanwhile; the saved one has not.
            (1049, 1049) => self.modes.set(Mode::ORIGIN, self.grid.saved.is_origin),
            (_, 1049) => self.restore_cursor(),
            _ => self.grid.cursor = self.hidden.cursor,
        }
    }

    /// RIS: as new, but for colours and the title.
    pub(super) fn reset(&mut self) {
        let size = (self.rows(), self.columns());
        self.show_primary(47);
        self.grid = Grid::new(size.0, size.1);
        self.hidden = Grid::new(0, size.1);
        self.region = Region { top: 0, bottom: size.0 };
        self.modes = Modes::default();
        self.cursor_style = CursorStyle::default();
        self.modify_other_keys = 0;
        self.tabs = (0..size.1).map(is_default_tab).collect();
        self.titles.clear();
        self.log.clear();
        self.prompt_end = None;
        self.marks.clear();
    }

    /// DECSTR: modes and margins as new; the screen stays.
    pub(super) fn soft_reset(&mut self) {
        let kept = self.modes;
        self.modes = Modes::default();
        self.modes.mouse = kept.mouse;
        self.modes.mouse_encoding = kept.mouse_encoding;
        for mode in [Mode::BRACKETED_PASTE, Mode::FOCUS, Mode::ALTERNATE_SCROLL, Mode::REVERSE_SCREEN] {
            self.modes.set(mode, kept.has(mode));
        }
        self.region = Region { top: 0, bottom: self.rows() };
        self.cursor_style = CursorStyle::default();
        self.grid.saved = Cursor::default();
        self.grid.cursor.style = StyleId::DEFAULT;
        self.grid.cursor.charsets = Charsets::default();
    }

    /// Drops the styles and clusters that nothing shows any more, when there are many.
    pub(super) fn collect(&mut self) {
        let Self { grid, hidden, tables, .. } = self;
        if tables.styles.is_full() {
            tables.styles.collect(|visit| {
                grid.visit_styles(visit);
                hidden.visit_styles(visit);
            });
        }
        if tables.clusters.is_full() {
            tables.clusters.collect(|visit| {
                let rows = grid.rows.iter_mut().chain(hidden.rows.iter_mut());
                rows.for_each(|row| row.cells_mut().iter_mut().for_each(&mut *visit));
            });
        }
    }

    pub(super) fn trim_memory(&mut self) {
        self.grid.rows.iter_mut().chain(&mut self.hidden.rows).for_each(Row::trim_memory);
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let titles: usize = self.titles.iter().chain([&self.title]).flatten().map(String::len).sum();
        let tables = self.tables.styles.memory_bytes() + self.tables.clusters.memory_bytes();
        let screens = self.grid.memory_bytes() + self.hidden.memory_bytes();
        self.log.memory_bytes() + tables + screens + titles + self.tabs.capacity()
    }
}
