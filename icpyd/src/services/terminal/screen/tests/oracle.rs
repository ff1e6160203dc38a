//! `alacritty_terminal` as the judge.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use alacritty_terminal::event::{Event, EventListener};
use alacritty_terminal::grid::{Dimensions, GridCell, Row as TheirRow};
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::cell::{Cell as TheirCell, Flags};
use alacritty_terminal::term::{Config, Term, TermMode};
use alacritty_terminal::vte::ansi::{Color as TheirColor, NamedColor, Processor};
use alacritty_terminal::vte::{Params, Parser, Perform};
use icpy_protocol::terminal::TerminalSize;

use super::super::Screen;
use super::super::style::{Attributes, Color};
use super::view::{CellView, View, named_modes, view};

/// Enough that nothing is dropped.
pub(super) const HISTORY: usize = 100_000;

/// What our screen shows, but for what alacritty does not know: blinking, and lines above.
pub(super) fn view_without_blinking(screen: &Screen) -> View {
    let mut view = view(screen);
    for cell in view.cells_mut() {
        cell.attributes.remove(Attributes::BLINK | Attributes::RAPID_BLINK | Attributes::OVERLINE);
    }
    view
}

/// The judge.
pub(super) struct Oracle {
    pub(super) term: Term<Titles>,
    processor: Processor,
    titles: Titles,
    /// Finds where text and sequences end.
    scout: Parser,
    /// What was not yet given to alacritty, and how much of it is text that is whole.
    begun: Vec<u8>,
    whole: usize,
    /// Whether a character came last.
    is_repeatable: bool,
    /// Lines of the history that were deleted and not scrolled out.
    deleted: Vec<Range<usize>>,
}

/// What a byte ends.
#[derive(Clone, Copy, Default)]
enum End {
    #[default]
    Within,
    Text,
    Control,
    Sequence,
}

impl Perform for End {
    fn print(&mut self, _c: char) {
        *self = Self::Text;
    }

    fn execute(&mut self, _byte: u8) {
        *self = Self::Control;
    }

    fn csi_dispatch(&mut self, _params: &Params, _intermediates: &[u8], _is_cut: bool, _action: char) {
        *self = Self::Sequence;
    }

    fn esc_dispatch(&mut self, _intermediates: &[u8], _is_cut: bool, _byte: u8) {
        *self = Self::Sequence;
    }

    fn osc_dispatch(&mut self, _params: &[&[u8]], _is_ended_by_bell: bool) {
        *self = Self::Sequence;
    }

    fn unhook(&mut self) {
        *self = Self::Sequence;
    }
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
        Self {
            term,
            processor: Processor::new(),
            titles,
            scout: Parser::new(),
            begun: Vec::new(),
            whole: 0,
            is_repeatable: false,
            deleted: Vec::new(),
        }
    }

    /// Takes output, in pieces of its own: text, and single sequences. What is begun and not ended waits for its end, since vte
    /// loses characters behind one that was cut.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.begun.push(*byte);
            let mut end = End::default();
            self.scout.advance(&mut end, &[*byte]);
            match end {
                End::Within => {}
                End::Text | End::Control => {
                    self.whole = self.begun.len();
                    self.is_repeatable = matches!(end, End::Text);
                }
                End::Sequence => {
                    let sequence = self.begun.split_off(self.whole);
                    self.feed_text();
                    self.feed_sequence(&sequence);
                    self.is_repeatable = false;
                }
            }
        }
        self.feed_text();
    }

    /// Text and controls, as far as they are whole.
    fn feed_text(&mut self) {
        let later = self.begun.split_off(self.whole);
        self.processor.advance(&mut self.term, &self.begun);
        if self.term.mode().contains(TermMode::INSERT) {
            self.repair(0..self.term.screen_lines());
        }
        self.begun = later;
        self.whole = 0;
    }

    /// A sequence, and then puts right what alacritty leaves broken.
    fn feed_sequence(&mut self, sequence: &[u8]) {
        // DECCOLM empties the screen although the number of columns stays. Where it may not change them, xterm does nothing.
        if matches!(sequence, b"\x1b[?3h" | b"\x1b[?3l") {
            return;
        }
        // It repeats the last character whatever came since.
        if sequence.starts_with(b"\x1b[") && sequence.ends_with(b"b") && !self.is_repeatable {
            return;
        }
        let history = self.term.grid().history_size();
        let was_new = sequence == b"\x1b[2J" && history == 0 && self.is_blank();
        self.processor.advance(&mut self.term, sequence);
        // Erasing a screen that is blank puts one blank line into an empty history.
        if was_new {
            self.term.grid_mut().clear_history();
        }
        // A reset takes the title away, and tells nobody.
        if sequence == b"\x1bc" {
            self.titles.0.lock().unwrap().clear();
        }
        // It keeps what is deleted from the first row.
        if sequence.starts_with(b"\x1b[") && sequence.ends_with(b"M") {
            self.deleted.push(history..self.term.grid().history_size());
        }
        // It inserts and deletes lines without going to the first column.
        if sequence.starts_with(b"\x1b[") && matches!(sequence.last(), Some(b'L' | b'M')) {
            self.processor.advance(&mut self.term, b"\r");
        }
        if self.term.grid().history_size() == 0 {
            self.deleted.clear();
        }
        if sequence.starts_with(b"\x1b[") {
            let row = usize::try_from(self.term.grid().cursor.point.line.0).unwrap();
            self.repair(row..row + 1);
        }
    }

    pub(super) fn resize(&mut self, size: TerminalSize) {
        self.term.resize(Size(size));
        self.repair(0..usize::from(size.rows));
    }

    fn is_blank(&self) -> bool {
        let grid = self.term.grid();
        let is_blank = |line: i32| (&grid[Line(line)]).into_iter().all(GridCell::is_empty);
        (0..i32::try_from(grid.screen_lines()).unwrap()).all(is_blank)
    }

    /// Erasing half of a wide character, or moving it, leaves the other half as it was, which no terminal can be brought to
    /// by printing. Ours empties it.
    fn repair(&mut self, rows: Range<usize>) {
        let grid = self.term.grid_mut();
        let columns = grid.columns();
        for line in rows {
            let row = &mut grid[Line(i32::try_from(line).unwrap())];
            let has = |row: &TheirRow<TheirCell>, column: usize, flag: Flags| {
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
        let is_deleted = |line: usize| self.deleted.iter().any(|lines| lines.contains(&line));
        let kept = (0..).zip(-history..0).filter(|(number, _)| !is_deleted(*number)).map(|(_, line)| line);
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
            history: kept.map(row).collect(),
            rows: (0..lines).map(row).collect(),
            cursor: (usize::try_from(cursor.point.line.0).unwrap(), cursor.point.column.0, cursor.input_needs_wrap),
            modes: named_modes(&named),
            keyboard: Some(u8::try_from(keyboard).unwrap()),
            title: Some(self.titles.0.lock().unwrap().clone()),
            next: Some(next),
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
