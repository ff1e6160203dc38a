//! A row as bytes, and back: UTF-8 with SGR where the style changes. So rows are kept in the log, and shown to terminals.
//!
//! Each line stands for itself: it begins and ends without style and outside of links.

use unicode_width::UnicodeWidthChar as _;
use vte::{Params, Parser, Perform};

use super::cell::{Cell, Glyph};
use super::cluster::Clusters;
use super::link::{Link, LinkId, push_link};
use super::row::Row;
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
    pub(super) fn write(&mut self, cells: &[Cell], out: &mut Vec<u8>) {
        out.reserve(cells.len());
        for cell in cells {
            if cell.style != self.style {
                // The right half of a wide character has no style of its own.
                if cell.is_spacer() {
                    continue;
                }
                self.change(cell.style, out);
            }
            match cell.as_ascii() {
                Some(byte) => out.push(byte),
                None => self.write_other(*cell, out),
            }
        }
    }

    #[inline(never)]
    fn write_other(&self, cell: Cell, out: &mut Vec<u8>) {
        if cell.is_spacer() {
            return;
        }
        match cell.glyph() {
            Glyph::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Glyph::Cluster(number) => out.extend_from_slice(self.tables.clusters.get(number).as_bytes()),
        }
    }

    pub(super) fn change(&mut self, style: StyleId, out: &mut Vec<u8>) {
        if style == self.style {
            return;
        }
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
    let mut parser = Parser::new();
    parser.advance(&mut reader, line);
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

impl Perform for Reader<'_> {
    fn execute(&mut self, byte: u8) {
        self.is_leading |= byte == LEADING;
    }

    fn print(&mut self, c: char) {
        match c.width() {
            _ if self.is_leading => self.cells.push(Cell::leading(self.id)),
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

    fn csi_dispatch(&mut self, params: &Params, _intermediates: &[u8], _ignore: bool, action: char) {
        match action {
            'm' => {
                sgr::apply(&mut self.style, params);
                self.id = self.tables.styles.intern(self.style);
            }
            'K' => self.fill = Some(self.id),
            _ => {}
        }
    }

    fn osc_dispatch(&mut self, params: &[&[u8]], _bell_terminated: bool) {
        let [b"8", id, address @ ..] = params else { return };
        let address = address.join(&b';');
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.style.link = match address.is_empty() {
            true => LinkId::NONE,
            false => {
                let id = text(id.strip_prefix(b"id=").unwrap_or_default());
                self.tables.styles.links.intern(Link { id: id.into(), address: text(&address).into() })
            }
        };
        self.id = self.tables.styles.intern(self.style);
    }
}
