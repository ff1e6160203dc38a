//! Where the next character goes and how it looks: what DECSC saves.

use serde::{Deserialize, Serialize};

use super::style::StyleId;

/// The character sets that programs use: others are old national ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Charset {
    #[default]
    Ascii,
    /// DEC's special graphics: lines.
    Lines,
    /// ASCII with a pound sign.
    British,
}

impl Charset {
    /// What a character means in this set.
    pub(super) fn map(self, c: char) -> char {
        match self {
            Self::British if c == '#' => '£',
            Self::Ascii | Self::British => c,
            Self::Lines => match c {
                '_'..='~' => LINES[c as usize - '_' as usize],
                _ => c,
            },
        }
    }
}

/// DEC special graphics, from `_` on.
const LINES: [char; 32] = [
    ' ', '◆', '▒', '␉', '␌', '␍', '␊', '°', '±', '␤', '␋', '┘', '┐', '┌', '└', '┼', '⎺', '⎻', '─', '⎼', '⎽', '├', '┤',
    '┴', '┬', '│', '≤', '≥', 'π', '≠', '£', '·',
];

/// The cursor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) row: usize,
    pub(super) column: usize,
    /// The last column was written: the next character goes to the next row first.
    pub(super) is_wrap_pending: bool,
    pub(super) style: StyleId,
    pub(super) charsets: Charsets,
    /// In the saved cursor: whether rows were counted from the top of the region. The mode decides for the real one.
    pub(super) is_origin: bool,
}

/// G0 to G3, and which of them is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Charsets {
    pub(super) sets: [Charset; 4],
    /// Which is used from now on.
    pub(super) locked: u8,
    /// Which is used for the next character only.
    pub(super) single: Option<u8>,
}

impl Charsets {
    /// Whether printable ASCII means itself.
    pub(super) fn is_ascii(self) -> bool {
        self.single.is_none() && self.sets[usize::from(self.locked)] == Charset::Ascii
    }

    /// The same, of sets that there are.
    pub(super) fn checked(self) -> Self {
        Self { locked: self.locked.min(3), single: self.single.map(|set| set.min(3)), ..self }
    }

    /// What the next character means.
    pub(super) fn map(&mut self, c: char) -> char {
        let set = self.single.take().unwrap_or(self.locked);
        self.sets[usize::from(set)].map(c)
    }
}
