//! A row as bytes, and back: UTF-8 with SGR where the style changes. So rows are kept in the log, and shown to terminals.
//!
//! Each line stands for itself: it begins and ends without style and outside of links.

use unicode_width::UnicodeWidthChar as _;

use super::cell::{Cell, Glyph};
use super::cluster::Clusters;
use super::link::{Link, LinkId, push_link};
use super::parameters::{ControlSequence, Params};
use super::row::Row;
use super::sequence::{Piece, Sequencer};
use super::sgr;
use super::style::{Style, StyleId, Styles};

/// What cells name by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    pub(super) styles: Styles,
    pub(super) clusters: Clusters,
}

/// What is around a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Around {
    /// The row before goes on in this one.
    pub(super) is_continued: bool,
    pub(super) next: Next,
    /// How long rows are.
    pub(super) columns: usize,
}

/// What the next row begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Next {
    #[default]
    Narrow,
    /// A wide character, which makes the place again that it left empty in the row before.
    Wide,
    /// What is not known yet.
    Unknown,
}

/// Stands before the place that was left empty for a wide character, where that may have to be left out.
const LEADING: u8 = 0x1f;

/// Appends a row. A wrapped one is written to its last column, so that what comes next wraps. One that continues another
/// has a character at least, since nothing else makes a terminal wrap.
pub(super) fn encode(row: &Row, around: Around, tables: &Tables, out: &mut Vec<u8>) {
    let mut pen = Pen { tables, style: StyleId::DEFAULT };
    let cells = if row.is_wrapped { without_leading(row.cells()) } else { trimmed(row) };
    if around.is_continued && cells.is_empty() {
        pen.write(&[row.cell(0)], out);
    }
    pen.write(cells, out);
    // A terminal that wraps in its last row makes the new one in the style of that moment.
    let is_filled = around.is_continued && cells.len() < around.columns;
    if !row.is_wrapped && (is_filled || row.fill() != StyleId::DEFAULT) {
        pen.change(row.fill(), out);
        out.extend_from_slice(b"\x1b[K");
    }
    pen.change(StyleId::DEFAULT, out);
    if row.is_wrapped
        && around.next != Next::Wide
        && let Some(leading) = row.cells().last().filter(|last| last.is_leading())
    {
        if around.next == Next::Unknown {
            out.push(LEADING);
        }
        pen.write(&[leading.emptied()], out);
        pen.change(StyleId::DEFAULT, out);
    }
}

/// An encoded line, and what to write behind it if the next one does not begin with a wide character.
pub(super) fn parts(line: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(LEADING, line) {
        Some(place) => (&line[..place], &line[place + 1..]),
        None => (line, b""),
    }
}

/// Whether the cell that a row begins with makes the empty place before it again as it was. Both are of the same tables.
pub(super) fn makes_leading(cell: Cell, leading: Cell) -> bool {
    cell.is_wide() && cell.style == leading.style
}

/// The cells up to the last that can be told from an empty one.
fn trimmed(row: &Row) -> &[Cell] {
    let cells = row.cells();
    if row.fill() != StyleId::DEFAULT {
        return cells;
    }
    let end = cells.iter().rposition(|cell| *cell != Cell::EMPTY).map_or(0, |last| last + 1);
    &cells[..end]
}

pub(super) fn without_leading(cells: &[Cell]) -> &[Cell] {
    match cells {
        [rest @ .., last] if last.is_leading() => rest,
        _ => cells,
    }
}

/// Writes cells, and style changes between them.
pub(super) struct Pen<'a> {
    pub(super) tables: &'a Tables,
    pub(super) style: StyleId,
}

impl Pen<'_> {
    pub(super) fn write(&mut self, mut cells: &[Cell], out: &mut Vec<u8>) {
        while let Some((cell, rest)) = cells.split_first() {
            // The right half of a wide character has no style of its own.
            if cell.is_spacer() {
                cells = rest;
                continue;
            }
            self.change(cell.style, out);
            if cell.is_ascii_in(self.style) {
                let (ascii, others) = cells.split_at(ascii_run(cells, self.style));
                out.extend(ascii.iter().map(|cell| cell.ascii_byte()));
                cells = others;
            } else {
                self.write_other(*cell, out);
                cells = rest;
            }
        }
    }

    fn write_other(&self, cell: Cell, out: &mut Vec<u8>) {
        match cell.glyph() {
            Glyph::Char(c) => push_char(out, c),
            Glyph::Cluster(number) => out.extend_from_slice(self.tables.clusters.get(number).as_bytes()),
        }
    }

    #[inline]
    pub(super) fn change(&mut self, style: StyleId, out: &mut Vec<u8>) {
        if style != self.style {
            self.change_from_other(style, out);
        }
    }

    fn change_from_other(&mut self, style: StyleId, out: &mut Vec<u8>) {
        let styles = &self.tables.styles;
        let (old, new) = (styles.get(self.style), styles.get(style));
        if old.link != new.link {
            push_link(out, styles.links.get(new.link));
        }
        if (Style { link: old.link, ..*new }) != *old {
            out.extend_from_slice(styles.sgr(style));
        }
        self.style = style;
    }
}

/// How many cells from the first on are ASCII of a style.
#[inline]
fn ascii_run(cells: &[Cell], style: StyleId) -> usize {
    const BLOCK: usize = 8;
    let (blocks, _) = cells.as_chunks::<BLOCK>();
    // Without a branch inside, a block is looked at in a few instructions.
    let blocks = blocks.iter().take_while(|block| block.iter().fold(true, |all, cell| all & cell.is_ascii_in(style)));
    let run = BLOCK * blocks.count();
    run + cells[run..].iter().take_while(|cell| cell.is_ascii_in(style)).count()
}

/// Appends a character that is mostly not ASCII.
fn push_char(out: &mut Vec<u8>, c: char) {
    // Copying a length that is known takes no call.
    match *c.encode_utf8(&mut [0; 4]).as_bytes() {
        [a, b] => out.extend_from_slice(&[a, b]),
        [a, b, d] => out.extend_from_slice(&[a, b, d]),
        ref bytes => out.extend_from_slice(bytes),
    }
}

/// Reads a line that [`encode`] has written.
pub(super) fn decode(line: &[u8], is_wrapped: bool, tables: &mut Tables) -> Row {
    let mut reader = Reader {
        tables,
        style: Style::default(),
        id: StyleId::DEFAULT,
        cells: Vec::new(),
        fill: None,
        is_leading: false,
    };
    Sequencer::default().feed(line, &mut |piece| reader.piece(piece));
    Row::new(reader.cells, reader.fill.unwrap_or_default(), is_wrapped)
}

struct Reader<'a> {
    tables: &'a mut Tables,
    style: Style,
    id: StyleId,
    cells: Vec<Cell>,
    fill: Option<StyleId>,
    /// What comes is the place that was left empty.
    is_leading: bool,
}

impl Reader<'_> {
    fn piece(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Control(byte) => self.is_leading |= byte == LEADING,
            Piece::Ascii(text) if !self.is_leading => {
                let id = self.id;
                self.cells.extend(text.iter().map(|byte| Cell::ascii(*byte, id)));
            }
            Piece::Ascii(_) => self.cells.push(Cell::leading(self.id)),
            Piece::Text(text) => text.chars().for_each(|c| self.print(c)),
            Piece::Sequence(content) => self.sequence(content),
            Piece::Command(content, _) => self.command(content),
            Piece::LineEnd | Piece::Invalid | Piece::Escape(_) | Piece::Device(_) => {}
        }
    }

    fn print(&mut self, c: char) {
        match c.width() {
            Some(0) => {
                // The mark belongs to the character before, which may be two cells wide.
                let place = self.cells.iter().rposition(|cell| !cell.is_spacer());
                if let Some(place) = place {
                    self.cells[place] = self.tables.clusters.combine(self.cells[place], c);
                }
            }
            Some(2) => self.cells.extend([Cell::wide(c, self.id), Cell::spacer(self.id)]),
            _ => self.cells.push(Cell::narrow(c, self.id)),
        }
    }

    fn sequence(&mut self, content: &[u8]) {
        match ControlSequence::parse(content, &mut Params::default()) {
            Some(ControlSequence { action: 'm', params, .. }) => {
                sgr::apply(&mut self.style, params);
                self.id = self.tables.styles.intern(self.style);
            }
            Some(ControlSequence { action: 'K', .. }) => self.fill = Some(self.id),
            _ => {}
        }
    }

    /// A link: `8`, its id and its address.
    fn command(&mut self, content: &[u8]) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut parts = content.splitn(3, |byte| *byte == b';');
        let (Some(b"8"), Some(id), Some(address)) = (parts.next(), parts.next(), parts.next()) else { return };
        self.style.link = match address.is_empty() {
            true => LinkId::NONE,
            false => {
                let id = text(id.strip_prefix(b"id=").unwrap_or_default());
                self.tables.styles.links.intern(Link { id: id.into(), address: text(address).into() })
            }
        };
        self.id = self.tables.styles.intern(self.style);
    }
}
