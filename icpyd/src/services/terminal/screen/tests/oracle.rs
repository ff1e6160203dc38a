//! `alacritty_terminal` as the judge, and what of a terminal is compared.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use alacritty_terminal::event::{Event, EventListener};
use alacritty_terminal::grid::{Dimensions, GridCell};
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::cell::{Cell as TheirCell, Flags};
use alacritty_terminal::term::{Config, Term, TermMode};
use alacritty_terminal::vte::ansi::{Color as TheirColor, NamedColor, Processor};
use icpy_protocol::terminal::TerminalSize;

use super::super::cell::Cell;
use super::super::line::Tables;
use super::super::modes::Mode;
use super::super::render::{Part, push_text};
use super::super::row::Row;
use super::super::style::{Attributes, Color};
use super::super::{Effect, Screen, ScreenLimits};

/// Enough that nothing is dropped.
pub(super) const HISTORY: usize = 100_000;

pub(super) fn size(columns: u16, rows: u16) -> TerminalSize {
    TerminalSize { columns, rows }
}

pub(super) fn screen(size: TerminalSize) -> Screen {
    Screen::new(size, ScreenLimits { scrollback_bytes: 64 << 20 })
}

/// A cell as it is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CellView {
    text: String,
    is_wide: bool,
    is_spacer: bool,
    colors: [Color; 3],
    attributes: Attributes,
    link: Option<String>,
}

/// All that can be seen of a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct View {
    pub(super) history: Vec<Vec<CellView>>,
    pub(super) rows: Vec<Vec<CellView>>,
    /// Row, column, and whether a wrap is pending.
    pub(super) cursor: (usize, usize, bool),
    modes: Vec<(&'static str, bool)>,
    keyboard: u8,
    title: String,
    /// How the next character will look.
    next: CellView,
}

impl View {
    /// What differs, in a few lines.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        if self == other {
            return None;
        }
        let mut out = String::new();
        for (name, mine, theirs) in [("history", &self.history, &other.history), ("screen", &self.rows, &other.rows)] {
            if mine.len() != theirs.len() {
                let _ = writeln!(out, "{name}: {} rows, not {}", mine.len(), theirs.len());
            }
            for (row, (mine, theirs)) in
                mine.iter().zip(theirs).enumerate().filter(|(_, (mine, theirs))| mine != theirs)
            {
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
        if self.cursor != other.cursor {
            let _ = writeln!(out, "cursor: {:?}, not {:?}", self.cursor, other.cursor);
        }
        if (&self.modes, self.keyboard, &self.title) != (&other.modes, other.keyboard, &other.title) {
            let _ = write!(
                out,
                "{:?} {} {:?}\n  not {:?} {} {:?}\n",
                self.modes, self.keyboard, self.title, other.modes, other.keyboard, other.title
            );
        }
        if self.next != other.next {
            let _ = write!(out, "next: {:?}\n  not {:?}\n", self.next, other.next);
        }
        Some(out)
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
    // The judge tells of no history while the alternate screen is shown.
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
        modes: named.to_vec(),
        keyboard: terminal.grid.keyboard.flags,
        title: screen.title().unwrap_or_default().to_owned(),
        next: cell_view(Cell::blank(cursor.style), &terminal.tables),
    }
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

/// The judge.
pub(super) struct Oracle {
    pub(super) term: Term<Titles>,
    processor: Processor,
    titles: Titles,
    /// Whether what was fed ends in an escape, whose sequence comes next.
    is_escaped: bool,
}

/// Keeps the last title.
#[derive(Clone, Default)]
pub(super) struct Titles(Arc<Mutex<String>>);

impl EventListener for Titles {
    fn send_event(&self, event: Event) {
        match event {
            Event::Title(title) => *self.0.lock().unwrap() = title,
            Event::ResetTitle => self.0.lock().unwrap().clear(),
            _ => {}
        }
    }
}

struct Size(TerminalSize);

impl Dimensions for Size {
    fn total_lines(&self) -> usize {
        self.screen_lines()
    }

    fn screen_lines(&self) -> usize {
        usize::from(self.0.rows)
    }

    fn columns(&self) -> usize {
        usize::from(self.0.columns)
    }
}

impl Oracle {
    pub(super) fn new(size: TerminalSize) -> Self {
        let titles = Titles::default();
        let config = Config { scrolling_history: HISTORY, kitty_keyboard: true, ..Config::default() };
        let term = Term::new(config, &Size(size), titles.clone());
        Self { term, processor: Processor::new(), titles, is_escaped: false }
    }

    /// Takes output, and then puts right what alacritty leaves broken.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let was_new = self.term.grid().history_size() == 0 && self.is_blank();
        self.processor.advance(&mut self.term, bytes);
        // Erasing a screen that is blank puts one blank line into an empty history.
        if was_new && b"\x1b[2J".ends_with(bytes) && self.has_no_text() {
            self.term.grid_mut().clear_history();
        }
        // A reset takes the title away, and tells nobody.
        if bytes.ends_with(b"\x1bc") || (self.is_escaped && bytes == b"c") {
            self.titles.0.lock().unwrap().clear();
        }
        self.is_escaped = if bytes.is_empty() { self.is_escaped } else { bytes.ends_with(b"\x1b") };
        self.repair();
    }

    pub(super) fn resize(&mut self, size: TerminalSize) {
        self.term.resize(Size(size));
        self.repair();
    }

    fn has_no_text(&self) -> bool {
        self.term.grid().display_iter().all(|cell| cell.c == ' ')
    }

    fn is_blank(&self) -> bool {
        let grid = self.term.grid();
        let is_blank = |line: i32| (&grid[Line(line)]).into_iter().all(GridCell::is_empty);
        (0..i32::try_from(grid.screen_lines()).unwrap()).all(is_blank)
    }

    /// Erasing half of a wide character, or moving it, leaves the other half as it was, which no terminal can be brought to
    /// by printing. Ours empties it.
    fn repair(&mut self) {
        let grid = self.term.grid_mut();
        let columns = grid.columns();
        for line in 0..i32::try_from(grid.screen_lines()).unwrap() {
            let row = &mut grid[Line(line)];
            let has = |row: &alacritty_terminal::grid::Row<TheirCell>, column: usize, flag: Flags| {
                column < columns && row[Column(column)].flags.contains(flag)
            };
            for column in 0..columns {
                if has(row, column, Flags::WIDE_CHAR) && !has(row, column + 1, Flags::WIDE_CHAR_SPACER) {
                    row[Column(column)].clear_wide();
                }
                if has(row, column, Flags::WIDE_CHAR_SPACER) && (column == 0 || !has(row, column - 1, Flags::WIDE_CHAR))
                {
                    row[Column(column)].flags.remove(Flags::WIDE_CHAR_SPACER);
                }
            }
        }
    }

    pub(super) fn view(&self) -> View {
        let grid = self.term.grid();
        let (lines, history) =
            (i32::try_from(grid.screen_lines()).unwrap(), i32::try_from(grid.history_size()).unwrap());
        let row = |line: i32| (&grid[Line(line)]).into_iter().map(their_view).collect();
        let cursor = &grid.cursor;
        let mode = self.term.mode();
        let named = [
            ("cursor keys", mode.contains(TermMode::APP_CURSOR)),
            ("keypad", mode.contains(TermMode::APP_KEYPAD)),
            ("wrap", mode.contains(TermMode::LINE_WRAP)),
            ("origin", mode.contains(TermMode::ORIGIN)),
            ("insert", mode.contains(TermMode::INSERT)),
            ("focus", mode.contains(TermMode::FOCUS_IN_OUT)),
            ("paste", mode.contains(TermMode::BRACKETED_PASTE)),
            ("cursor", mode.contains(TermMode::SHOW_CURSOR)),
            ("alternate scroll", mode.contains(TermMode::ALTERNATE_SCROLL)),
            ("alternate", mode.contains(TermMode::ALT_SCREEN)),
            ("clicks", mode.contains(TermMode::MOUSE_REPORT_CLICK)),
            ("drags", mode.contains(TermMode::MOUSE_DRAG)),
            ("motion", mode.contains(TermMode::MOUSE_MOTION)),
            ("sgr mouse", mode.contains(TermMode::SGR_MOUSE)),
            ("utf-8 mouse", mode.contains(TermMode::UTF8_MOUSE)),
        ];
        let keyboard = (*mode & TermMode::KITTY_KEYBOARD_PROTOCOL).bits() / TermMode::DISAMBIGUATE_ESC_CODES.bits();
        let mut next = their_view(&cursor.template);
        next.text = " ".to_owned();
        View {
            history: (-history..0).map(row).collect(),
            rows: (0..lines).map(row).collect(),
            cursor: (usize::try_from(cursor.point.line.0).unwrap(), cursor.point.column.0, cursor.input_needs_wrap),
            modes: named.to_vec(),
            keyboard: u8::try_from(keyboard).unwrap(),
            title: self.titles.0.lock().unwrap().clone(),
            next,
        }
    }
}

fn their_view(cell: &TheirCell) -> CellView {
    // A tab is written as such into an empty cell: it looks as blank as before.
    let base = if cell.c == '\t' { ' ' } else { cell.c };
    CellView {
        text: std::iter::once(base).chain(cell.zerowidth().into_iter().flatten().copied()).collect(),
        is_wide: cell.flags.contains(Flags::WIDE_CHAR),
        is_spacer: cell.flags.contains(Flags::WIDE_CHAR_SPACER),
        colors: [cell.fg, cell.bg, cell.underline_color().unwrap_or(TheirColor::Named(NamedColor::Foreground))]
            .map(color),
        attributes: attributes(cell.flags),
        link: cell.hyperlink().map(|link| link.uri().to_owned()),
    }
}

fn color(color: TheirColor) -> Color {
    match color {
        TheirColor::Named(name) => {
            u8::try_from(name as usize).ok().filter(|it| *it < 16).map_or(Color::DEFAULT, Color::named)
        }
        TheirColor::Indexed(index) => Color::indexed(index),
        TheirColor::Spec(rgb) => Color::rgb(rgb.r, rgb.g, rgb.b),
    }
}

fn attributes(flags: Flags) -> Attributes {
    let mut attributes = Attributes::default();
    for (flag, ours) in [
        (Flags::BOLD, Attributes::BOLD),
        (Flags::DIM, Attributes::DIM),
        (Flags::ITALIC, Attributes::ITALIC),
        (Flags::INVERSE, Attributes::INVERSE),
        (Flags::HIDDEN, Attributes::HIDDEN),
        (Flags::STRIKEOUT, Attributes::STRIKE),
    ] {
        if flags.contains(flag) {
            attributes.insert(ours);
        }
    }
    let kinds =
        [Flags::UNDERLINE, Flags::DOUBLE_UNDERLINE, Flags::UNDERCURL, Flags::DOTTED_UNDERLINE, Flags::DASHED_UNDERLINE];
    for (kind, flag) in (1..).zip(kinds) {
        if flags.contains(flag) {
            attributes.set_underline(kind);
        }
    }
    attributes
}

/// Feeds text, and what it leads to is of no interest.
pub(super) fn feed(screen: &mut Screen, bytes: impl AsRef<[u8]>) -> Vec<Effect> {
    let mut effects = Vec::new();
    screen.feed(bytes.as_ref(), &mut effects);
    effects
}
