//! What a program's output has made of a terminal: the screens, what was scrolled out, modes, colours.
//!
//! Output goes in by [`Screen::feed`]; what others must know comes out as [`Effect`]s. A [snapshot](Screen::snapshot)
//! brings any other terminal to the same state. Cells take eight bytes and blank ends of rows none; a row that is scrolled
//! out is encoded once, and kept as bytes within a budget. Images are not kept: viewers get them as they come.
//!
//! No I/O and no clock: a function of the bytes and sizes that it was given.

mod cell;
mod cluster;
mod color;
mod csi;
mod cursor;
mod dispatch;
mod edit;
mod grid;
mod line;
mod link;
mod log;
mod marks;
mod modes;
mod number;
mod osc;
mod parameters;
mod plain;
mod print;
mod prompt;
mod reflow;
mod render;
mod report;
mod resize;
mod row;
mod search;
mod sequence;
mod sgr;
mod snapshot;
mod state;
mod style;
mod terminal;
#[cfg(test)]
mod tests;

use std::fmt;

use icpy_protocol::terminal::TerminalSize;

pub use self::color::{Rgb, Theme};
pub use self::plain::plain_text;
pub use self::render::{Format, Part};
pub use self::search::{Found, Pattern};

use self::dispatch::Dispatch;
use self::parameters::{ControlSequence, Params};
use self::sequence::{Piece, Sequencer};
use self::terminal::Terminal;

/// The largest number of rows, and of columns.
const SIDE_MAX: u16 = 4096;

/// How much output may make new styles and clusters before those that nothing shows any more are dropped.
const COLLECT_AFTER_BYTES: usize = 64 << 10;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScreenLimits {
    /// Bytes of lines that were scrolled out. The oldest go first, 64 KiB at a time.
    pub scrollback_bytes: usize,
}

impl Default for ScreenLimits {
    fn default() -> Self {
        Self { scrollback_bytes: 2 << 20 }
    }
}

/// What output leads to beside the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// To be typed to the program: the answer to a question.
    Answer(Vec<u8>),
    /// The title changed; none is empty.
    Title(String),
    /// The program's folder, as it was told: a path, or a `file:` address.
    Cwd(String),
    /// The bell rang.
    Bell,
    /// The program sets a clipboard.
    Clipboard {
        /// Which.
        selection: Clipboard,
        /// To what.
        data: Vec<u8>,
    },
    /// The program wants the user to read this.
    Notification(String),
}

/// The clipboards of OSC 52.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clipboard {
    /// What is copied.
    Clipboard,
    /// What is selected, and pasted with the middle button.
    Selection,
}

/// One terminal's state.
pub struct Screen {
    sequencer: Sequencer,
    terminal: Terminal,
}

impl fmt::Debug for Screen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Screen").field("size", &self.size()).finish_non_exhaustive()
    }
}

impl Screen {
    /// A new terminal. A size outside of 1 to 4096 is made to fit.
    pub fn new(size: TerminalSize, limits: ScreenLimits) -> Self {
        let terminal = Terminal::new(fitting(size), limits.scrollback_bytes, Theme::default());
        Self { sequencer: Sequencer::default(), terminal }
    }

    /// Sets the colours that programs are told when they ask.
    pub fn set_theme(&mut self, theme: Theme) {
        self.terminal.theme = theme;
    }

    /// Takes a piece of output, which may end anywhere, and appends what it leads to.
    pub fn feed(&mut self, bytes: &[u8], effects: &mut Vec<Effect>) {
        let Self { sequencer, terminal } = self;
        let mut dispatch = Dispatch { terminal, effects };
        for bytes in bytes.chunks(COLLECT_AFTER_BYTES) {
            sequencer.feed(bytes, &mut |piece| dispatch.piece(piece));
            dispatch.terminal.collect();
        }
    }

    /// The size in cells.
    pub fn size(&self) -> TerminalSize {
        let cells = |count: usize| u16::try_from(count).unwrap_or(SIDE_MAX);
        TerminalSize { columns: cells(self.terminal.columns()), rows: cells(self.terminal.rows()) }
    }

    /// Changes the size. Text of the primary screen is laid out anew when there are more or fewer columns.
    pub fn resize(&mut self, size: TerminalSize) {
        let size = fitting(size);
        self.terminal.resize(usize::from(size.rows), usize::from(size.columns));
    }

    /// The title.
    pub fn title(&self) -> Option<&str> {
        self.terminal.title.as_deref()
    }

    /// Whether the alternate screen is shown, as full-screen programs do.
    pub fn is_alternate(&self) -> bool {
        self.terminal.alternate.is_some()
    }

    /// Whether programs want pastes marked.
    pub fn is_paste_bracketed(&self) -> bool {
        self.terminal.modes.has(modes::Mode::BRACKETED_PASTE)
    }

    /// Row and column of the cursor, from 0.
    pub fn cursor(&self) -> (u16, u16) {
        let cursor = self.terminal.grid.cursor;
        let cells = |count: usize| u16::try_from(count).unwrap_or(SIDE_MAX);
        (cells(cursor.row), cells(cursor.column))
    }

    /// Forgets what was scrolled out.
    pub fn clear_scrollback(&mut self) {
        self.terminal.log.clear();
    }

    /// Gives up the oldest of what was scrolled out: as many bytes, or all but the newest lines.
    pub fn give_up_scrollback(&mut self, bytes: usize) {
        self.terminal.log.give_up(bytes);
    }

    /// Bytes that hold what was scrolled out.
    pub fn scrollback_bytes(&self) -> usize {
        self.terminal.log.memory_bytes()
    }

    /// How many lines were scrolled out and are kept.
    pub fn scrollback_lines(&self) -> usize {
        self.terminal.log.len()
    }

    /// The number of the first line that is kept, and of the first row of the primary screen. Numbers stay: line 0 is the
    /// first that was ever written.
    pub fn line_numbers(&self) -> (u64, u64) {
        (self.terminal.log.first(), self.terminal.log.end())
    }

    /// Bytes held, nearly.
    pub fn memory_bytes(&self) -> usize {
        self.terminal.memory_bytes() + self.sequencer.pending().len() + size_of::<Self>()
    }

    /// Compresses what was scrolled out, and gives back memory that is not used. For when nothing has come for a while.
    pub fn compress_idle(&mut self) {
        self.terminal.log.compress();
        self.terminal.trim_memory();
    }
}

fn fitting(size: TerminalSize) -> TerminalSize {
    TerminalSize { columns: size.columns.clamp(1, SIDE_MAX), rows: size.rows.clamp(1, SIDE_MAX) }
}

impl Dispatch<'_> {
    fn piece(&mut self, piece: Piece<'_>) {
        self.act(piece);
        // REP repeats what it follows.
        if !matches!(piece, Piece::Ascii(_) | Piece::Text(_) | Piece::Invalid) {
            self.terminal.last_char = None;
        }
    }

    fn act(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Ascii(text) => self.terminal.print_ascii(text),
            Piece::Text(text) => text.chars().for_each(|c| self.terminal.print(c)),
            Piece::Invalid => self.terminal.print(char::REPLACEMENT_CHARACTER),
            Piece::Control(byte) => self.control(byte),
            Piece::LineEnd => {
                self.terminal.carriage_return();
                self.terminal.line_feed();
            }
            Piece::Escape(content) => self.escape(content),
            Piece::Sequence(content) => {
                if let Some(sequence) = ControlSequence::parse(content, &mut Params::default()) {
                    self.csi(&sequence);
                }
            }
            Piece::Command(content, is_ended_by_bell) => self.command(content, is_ended_by_bell),
            Piece::Device(content) => self.device(content),
        }
    }
}
