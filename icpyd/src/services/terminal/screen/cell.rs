//! One character cell: eight bytes.

use super::style::StyleId;

/// A character or the number of a cluster, what kind of cell it is, and its style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// The lower 21 bits are the character, or the cluster's number; the rest are flags.
    content: u32,
    pub(super) style: StyleId,
}

const VALUE: u32 = (1 << 21) - 1;
/// The value is the number of a cluster: a character with combining marks.
const CLUSTER: u32 = 1 << 21;
/// The left half of a character that is two cells wide.
const WIDE: u32 = 1 << 22;
/// The right half.
const SPACER: u32 = 1 << 23;
/// Left empty at the end of a row, since a wide character did not fit and went to the next.
const LEADING: u32 = 1 << 24;

/// What a cell shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Glyph {
    Char(char),
    Cluster(u32),
}

impl Cell {
    /// An empty cell without style.
    pub(super) const EMPTY: Self = Self::blank(StyleId::DEFAULT);

    pub(super) const fn blank(style: StyleId) -> Self {
        Self { content: b' ' as u32, style }
    }

    pub(super) const fn ascii(byte: u8, style: StyleId) -> Self {
        Self { content: byte as u32, style }
    }

    pub(super) fn narrow(c: char, style: StyleId) -> Self {
        Self { content: u32::from(c), style }
    }

    pub(super) fn wide(c: char, style: StyleId) -> Self {
        Self { content: u32::from(c) | WIDE, style }
    }

    pub(super) const fn spacer(style: StyleId) -> Self {
        Self { content: b' ' as u32 | SPACER, style }
    }

    pub(super) const fn leading(style: StyleId) -> Self {
        Self { content: b' ' as u32 | LEADING, style }
    }

    /// The same cell with a cluster in place of its character.
    pub(super) fn with_cluster(self, cluster: u32) -> Self {
        Self { content: (self.content & !VALUE) | CLUSTER | cluster, ..self }
    }

    pub(super) fn glyph(self) -> Glyph {
        match self.content & CLUSTER {
            0 => Glyph::Char(char::from_u32(self.content & VALUE).unwrap_or(char::REPLACEMENT_CHARACTER)),
            _ => Glyph::Cluster(self.content & VALUE),
        }
    }

    fn bits(self) -> u64 {
        u64::from(self.content) | u64::from(self.style.number()) << 32
    }

    /// Whether it is a plain ASCII character of a style.
    pub(super) fn is_ascii_in(self, style: StyleId) -> bool {
        self.bits() & !0x7f == Self { content: 0, style }.bits()
    }

    /// The byte of a cell that is known to be ASCII.
    pub(super) fn ascii_byte(self) -> u8 {
        (self.content & 0x7f) as u8
    }

    pub(super) fn is_wide(self) -> bool {
        self.content & WIDE != 0
    }

    pub(super) fn is_spacer(self) -> bool {
        self.content & SPACER != 0
    }

    pub(super) fn is_leading(self) -> bool {
        self.content & LEADING != 0
    }

    /// Whether it shows nothing but its style.
    pub(super) fn is_space(self) -> bool {
        self.content == u32::from(b' ')
    }

    /// What is left when the other half of a wide character is gone.
    pub(super) fn emptied(self) -> Self {
        Self::blank(self.style)
    }
}
