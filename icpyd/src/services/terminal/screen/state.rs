//! The exact state as bytes, for the daemon that takes over from this one.
//!
//! A head in JSON, and then lines as the log has them: the rows of both screens, and what was scrolled out. The reader may be
//! of another version: members are added and not changed.

use std::collections::VecDeque;

use icpy_protocol::terminal::TerminalSize;
use serde::{Deserialize, Serialize};

use super::cell::Cell;
use super::color::{Palette, Theme};
use super::cursor::{Charsets, Cursor};
use super::grid::{Grid, Keyboard};
use super::line::{Around, Next, Pen, Tables, decode, encode};
use super::log::LineEnd;
use super::marks::Mark;
use super::modes::{CursorStyle, Modes};
use super::prompt::Position;
use super::style::StyleId;
use super::terminal::{Region, Terminal};
use super::{Screen, ScreenLimits};

/// All but lines.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    size: TerminalSize,
    scrollback_bytes: usize,
    alternate: Option<u16>,
    region: (usize, usize),
    modes: Modes,
    cursor_style: CursorStyle,
    modify_other_keys: u8,
    tabs: Vec<bool>,
    title: Option<String>,
    titles: Vec<Option<String>>,
    palette: Palette,
    theme: Theme,
    last_char: Option<char>,
    #[serde(default)]
    prompt_end: Option<Position>,
    #[serde(default)]
    marks: VecDeque<Mark>,
    unnamed_links: u64,
    /// The number of the first line of the log.
    first_line: u64,
    shown: ScreenHead,
    hidden: ScreenHead,
    /// What was begun and not ended.
    pending: Vec<u8>,
}

/// One of the screens.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScreenHead {
    rows: usize,
    cursor: CursorHead,
    saved: CursorHead,
    keyboard_flags: u8,
    keyboard_stack: Vec<u8>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CursorHead {
    row: usize,
    column: usize,
    is_wrap_pending: bool,
    is_origin: bool,
    charsets: Charsets,
    /// As a line that has one space in this style.
    style: String,
}

impl CursorHead {
    fn new(cursor: &Cursor, tables: &Tables) -> Self {
        let mut style = Vec::new();
        Pen { tables, style: StyleId::DEFAULT }.write(&[Cell::blank(cursor.style)], &mut style);
        Self {
            row: cursor.row,
            column: cursor.column,
            is_wrap_pending: cursor.is_wrap_pending,
            is_origin: cursor.is_origin,
            charsets: cursor.charsets,
            style: String::from_utf8_lossy(&style).into_owned(),
        }
    }

    /// The cursor, on a screen of this size.
    fn restore(self, rows: usize, columns: usize, tables: &mut Tables) -> Cursor {
        let style = decode(self.style.as_bytes(), false, tables).cell(0).style;
        Cursor {
            row: self.row.min(rows - 1),
            column: self.column.min(columns - 1),
            is_wrap_pending: self.is_wrap_pending,
            style,
            charsets: self.charsets.checked(),
            is_origin: self.is_origin,
        }
    }
}

impl ScreenHead {
    fn new(grid: &Grid, tables: &Tables) -> Self {
        Self {
            rows: grid.rows.len(),
            cursor: CursorHead::new(&grid.cursor, tables),
            saved: CursorHead::new(&grid.saved, tables),
            keyboard_flags: grid.keyboard.flags,
            keyboard_stack: grid.keyboard.stack.clone(),
        }
    }

    fn restore(self, size: (usize, usize), lines: &mut Lines<'_>, tables: &mut Tables) -> Option<Grid> {
        let (rows, columns) = size;
        let mut grid = Grid::new(0, columns);
        for _ in 0..self.rows {
            let (end, line) = lines.next()?;
            grid.rows.push_back(decode(line, end.is_wrapped, tables));
        }
        if !grid.rows.iter().all(|row| row.is_in_columns(columns)) {
            return None;
        }
        grid.cursor = self.cursor.restore(rows, columns, tables);
        grid.saved = self.saved.restore(rows, columns, tables);
        grid.keyboard = Keyboard { flags: self.keyboard_flags, stack: self.keyboard_stack };
        Some(grid)
    }
}

/// Lines with their lengths before.
struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = (LineEnd, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (entry, rest) = self.0.split_first_chunk()?;
        let (length, end) = LineEnd::read(u32::from_le_bytes(*entry));
        let (line, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((end, line))
    }
}

fn push_line(out: &mut Vec<u8>, end: LineEnd, line: &[u8]) {
    out.extend_from_slice(&end.entry(line.len()).to_le_bytes());
    out.extend_from_slice(line);
}

impl Screen {
    /// The state as bytes.
    pub fn save(&self) -> Vec<u8> {
        let head = serde_json::to_vec(&self.head()).expect("nothing in it cannot be written");
        let mut out = Vec::new();
        push_line(&mut out, LineEnd::default(), &head);
        let terminal = &self.terminal;
        for row in terminal.grid.rows.iter().chain(&terminal.hidden.rows) {
            let mut line = Vec::new();
            encode(row, Around { next: Next::Unknown, ..Around::default() }, &terminal.tables, &mut line);
            push_line(&mut out, LineEnd::of(row), &line);
        }
        terminal.log.visit(0, u64::MAX, &mut |line| {
            push_line(&mut out, line.end, line.text);
            true
        });
        out
    }

    fn head(&self) -> Head {
        let terminal = &self.terminal;
        Head {
            size: self.size(),
            scrollback_bytes: terminal.log.bytes_max(),
            alternate: terminal.alternate,
            region: (terminal.region.top, terminal.region.bottom),
            modes: terminal.modes,
            cursor_style: terminal.cursor_style,
            modify_other_keys: terminal.modify_other_keys,
            tabs: terminal.tabs.clone(),
            title: terminal.title.clone(),
            titles: terminal.titles.clone(),
            palette: terminal.palette.clone(),
            theme: terminal.theme.clone(),
            last_char: terminal.last_char,
            prompt_end: terminal.prompt_end,
            marks: terminal.marks.clone(),
            unnamed_links: terminal.tables.styles.links.unnamed(),
            first_line: terminal.log.first(),
            shown: ScreenHead::new(&terminal.grid, &terminal.tables),
            hidden: ScreenHead::new(&terminal.hidden, &terminal.tables),
            pending: self.sequencer.pending().to_vec(),
        }
    }

    /// The terminal that was saved. None when the bytes are not what `save` gives.
    pub fn restore(bytes: &[u8]) -> Option<Self> {
        let mut lines = Lines(bytes);
        let head: Head = serde_json::from_slice(lines.next()?.1).ok()?;
        let mut screen = Self::new(head.size, ScreenLimits { scrollback_bytes: head.scrollback_bytes });
        let (rows, columns) = (screen.terminal.rows(), screen.terminal.columns());
        let hidden_rows = if head.alternate.is_some() { rows } else { 0 };
        let is_sound = head.tabs.len() == columns
            && head.shown.rows == rows
            && head.hidden.rows == hidden_rows
            && head.region.0 < head.region.1
            && head.region.1 <= rows;
        if !is_sound {
            return None;
        }
        let mut tables = Tables::default();
        tables.styles.links.set_unnamed(head.unnamed_links);
        let grid = head.shown.restore((rows, columns), &mut lines, &mut tables)?;
        let hidden = head.hidden.restore((rows, columns), &mut lines, &mut tables)?;
        screen.terminal = Terminal {
            grid,
            hidden,
            alternate: head.alternate,
            region: Region { top: head.region.0, bottom: head.region.1 },
            modes: head.modes,
            cursor_style: head.cursor_style,
            modify_other_keys: head.modify_other_keys,
            tabs: head.tabs,
            tables,
            title: head.title,
            titles: head.titles,
            palette: head.palette,
            theme: head.theme,
            last_char: head.last_char,
            prompt_end: head.prompt_end,
            marks: head.marks,
            ..screen.terminal
        };
        screen.terminal.log.start_at(head.first_line);
        lines.for_each(|(end, line)| screen.terminal.log.push_encoded(line, end));
        // It was begun and not ended, and so leads to nothing yet.
        screen.feed(&head.pending, &mut Vec::new());
        Some(screen)
    }
}
