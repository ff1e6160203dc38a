//! What can be seen of a terminal, so that ours can be compared with others.

use std::fmt::Write as _;

use icpy_protocol::terminal::TerminalSize;

use super::super::cell::Cell;
use super::super::line::Tables;
use super::super::modes::Mode;
use super::super::render::{Part, push_text};
use super::super::row::Row;
use super::super::style::{Attributes, Color};
use super::super::{Effect, Screen, ScreenLimits};

pub(super) fn size(columns: u16, rows: u16) -> TerminalSize {
    TerminalSize { columns, rows }
}

pub(super) fn screen(size: TerminalSize) -> Screen {
    Screen::new(size, ScreenLimits { scrollback_bytes: 64 << 20 })
}

/// Feeds text, and tells what it leads to.
pub(super) fn feed(screen: &mut Screen, bytes: impl AsRef<[u8]>) -> Vec<Effect> {
    let mut effects = Vec::new();
    screen.feed(bytes.as_ref(), &mut effects);
    effects
}

/// A cell as it is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CellView {
    pub(super) text: String,
    pub(super) is_wide: bool,
    pub(super) is_spacer: bool,
    /// Of the character, behind it, and of the line below it.
    pub(super) colors: [Color; 3],
    pub(super) attributes: Attributes,
    pub(super) link: Option<String>,
}

/// All that can be seen of a terminal. What another terminal does not tell is missing from its view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct View {
    pub(super) history: Vec<Vec<CellView>>,
    pub(super) rows: Vec<Vec<CellView>>,
    /// Row, column, and whether a wrap is pending.
    pub(super) cursor: (usize, usize, bool),
    pub(super) modes: Vec<(String, bool)>,
    pub(super) keyboard: Option<u8>,
    pub(super) title: Option<String>,
    /// How the next character will look.
    pub(super) next: Option<CellView>,
}

impl View {
    /// Every cell.
    pub(super) fn cells_mut(&mut self) -> impl Iterator<Item = &mut CellView> {
        self.history.iter_mut().chain(&mut self.rows).flatten().chain(&mut self.next)
    }

    /// Takes blanks off the ends of rows, whatever colour they have.
    pub(super) fn trim_rows(&mut self) {
        for row in self.history.iter_mut().chain(&mut self.rows) {
            let end = row.iter().rposition(|cell| cell.text != " ").map_or(0, |last| last + 1);
            row.truncate(end);
        }
    }

    /// Without what is missing from `other`.
    pub(super) fn limited_to(mut self, other: &Self) -> Self {
        self.modes.retain(|(name, _)| other.modes.iter().any(|(it, _)| it == name));
        self.keyboard = self.keyboard.filter(|_| other.keyboard.is_some());
        self.title = self.title.filter(|_| other.title.is_some());
        self.next = self.next.filter(|_| other.next.is_some());
        self
    }

    /// What differs, in a few lines.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        if self == other {
            return None;
        }
        let mut out = String::new();
        push_rows("history", &self.history, &other.history, &mut out);
        push_rows("screen", &self.rows, &other.rows, &mut out);
        if self.cursor != other.cursor {
            let _ = writeln!(out, "cursor: {:?}, not {:?}", self.cursor, other.cursor);
        }
        if (&self.modes, self.keyboard, &self.title) != (&other.modes, other.keyboard, &other.title) {
            let _ = write!(
                out,
                "{:?} {:?} {:?}\n  not {:?} {:?} {:?}\n",
                self.modes, self.keyboard, self.title, other.modes, other.keyboard, other.title
            );
        }
        if self.next != other.next {
            let _ = write!(out, "next: {:?}\n  not {:?}\n", self.next, other.next);
        }
        Some(out)
    }
}

/// More rows that differ say nothing more.
const ROWS_SHOWN: usize = 3;

fn push_rows(name: &str, mine: &[Vec<CellView>], theirs: &[Vec<CellView>], out: &mut String) {
    if mine.len() != theirs.len() {
        let _ = writeln!(out, "{name}: {} rows, not {}", mine.len(), theirs.len());
    }
    let different = mine.iter().zip(theirs).enumerate().filter(|(_, (mine, theirs))| mine != theirs);
    for (row, (mine, theirs)) in different.take(ROWS_SHOWN) {
        let column = mine.iter().zip(theirs).position(|(mine, theirs)| mine != theirs).unwrap_or(mine.len());
        let _ = write!(
            out,
            "{name} {row}, {column}: {:?}\n  not {:?}\n  in {:?}\n  not {:?}\n",
            mine.get(column),
            theirs.get(column),
            shown(mine),
            shown(theirs)
        );
    }
}

fn shown(row: &[CellView]) -> String {
    row.iter().filter(|cell| !cell.is_spacer).map(|cell| cell.text.as_str()).collect()
}

/// What our screen shows.
pub(super) fn view(screen: &Screen) -> View {
    let terminal = &screen.terminal;
    let columns = terminal.columns();
    let mut history = Vec::new();
    // Other terminals tell of no history while the alternate screen is shown.
    let part = if screen.is_alternate() { Part::Lines(0, 0) } else { Part::Scrollback };
    screen.visit_rows(part, &mut |_, row, tables| {
        history.push(row_view(row, tables, columns));
    });
    let rows = terminal.grid.rows.iter().map(|row| row_view(row, &terminal.tables, columns)).collect();
    let cursor = terminal.grid.cursor;
    let modes = &terminal.modes;
    let named = [
        ("cursor keys", modes.has(Mode::CURSOR_KEYS)),
        ("keypad", modes.has(Mode::KEYPAD)),
        ("wrap", modes.has(Mode::AUTO_WRAP)),
        ("origin", modes.has(Mode::ORIGIN)),
        ("insert", modes.has(Mode::INSERT)),
        ("focus", modes.has(Mode::FOCUS)),
        ("paste", modes.has(Mode::BRACKETED_PASTE)),
        ("cursor", modes.has(Mode::SHOW_CURSOR)),
        ("alternate scroll", modes.has(Mode::ALTERNATE_SCROLL)),
        ("alternate", screen.is_alternate()),
        ("clicks", modes.mouse == 1000),
        ("drags", modes.mouse == 1002),
        ("motion", modes.mouse == 1003),
        ("sgr mouse", modes.mouse_encoding == 1006),
        ("utf-8 mouse", modes.mouse_encoding == 1005),
    ];
    View {
        history,
        rows,
        cursor: (cursor.row, cursor.column, cursor.is_wrap_pending),
        modes: named_modes(&named),
        keyboard: Some(terminal.grid.keyboard.flags),
        title: Some(screen.title().unwrap_or_default().to_owned()),
        next: Some(cell_view(Cell::blank(cursor.style), &terminal.tables)),
    }
}

/// Modes, and whether they are on.
pub(super) fn named_modes(modes: &[(&str, bool)]) -> Vec<(String, bool)> {
    modes.iter().map(|(name, is_on)| ((*name).to_owned(), *is_on)).collect()
}

fn row_view(row: &Row, tables: &Tables, columns: usize) -> Vec<CellView> {
    (0..columns.max(row.cells().len())).map(|column| cell_view(row.cell(column), tables)).collect()
}

fn cell_view(cell: Cell, tables: &Tables) -> CellView {
    let style = tables.styles.get(cell.style);
    let mut text = String::new();
    push_text(&[cell], tables, &mut text);
    if cell.is_spacer() || cell.is_leading() {
        text = " ".to_owned();
    }
    CellView {
        text,
        is_wide: cell.is_wide(),
        is_spacer: cell.is_spacer(),
        colors: [style.foreground, style.background, style.underline_color],
        attributes: style.attributes,
        link: tables.styles.links.get(style.link).map(|link| link.address.to_string()),
    }
}
