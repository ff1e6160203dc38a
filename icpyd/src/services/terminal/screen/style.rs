//! How a cell looks, and the table that gives each look a number. The SGR sequence of each is kept beside it.

use std::collections::HashMap;
use std::fmt;

use super::link::{LinkId, Links};
use super::number::push_number;

/// A colour as the program named it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColorName {
    Default,
    /// One of the sixteen of SGR 30 to 37 and 90 to 97.
    Named(u8),
    /// One of the palette's 256, by number. Terminals may show 0 to 7 in bold otherwise than the named ones.
    Indexed(u8),
    Rgb(u8, u8, u8),
}

/// The same in one number, so that styles are compared and hashed soon: which of the names it is, and three bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Color(u32);

impl Color {
    pub(super) const DEFAULT: Self = Self(0);

    pub(super) const fn named(index: u8) -> Self {
        Self(u32::from_be_bytes([1, 0, 0, index]))
    }

    pub(super) const fn indexed(index: u8) -> Self {
        Self(u32::from_be_bytes([2, 0, 0, index]))
    }

    pub(super) const fn rgb(red: u8, green: u8, blue: u8) -> Self {
        Self(u32::from_be_bytes([3, red, green, blue]))
    }

    pub(super) const fn name(self) -> ColorName {
        match self.0.to_be_bytes() {
            [0, ..] => ColorName::Default,
            [1, .., index] => ColorName::Named(index),
            [2, .., index] => ColorName::Indexed(index),
            [_, red, green, blue] => ColorName::Rgb(red, green, blue),
        }
    }
}

impl fmt::Debug for Color {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name().fmt(formatter)
    }
}

/// Flags, and the kind of underline in the upper bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Attributes(u16);

impl Attributes {
    pub(super) const BOLD: u16 = 1;
    pub(super) const DIM: u16 = 1 << 1;
    pub(super) const ITALIC: u16 = 1 << 2;
    pub(super) const BLINK: u16 = 1 << 3;
    pub(super) const RAPID_BLINK: u16 = 1 << 4;
    pub(super) const INVERSE: u16 = 1 << 5;
    pub(super) const HIDDEN: u16 = 1 << 6;
    pub(super) const STRIKE: u16 = 1 << 7;
    pub(super) const OVERLINE: u16 = 1 << 8;
    const UNDERLINE_SHIFT: u16 = 9;
    const FLAGS: u16 = (1 << Self::UNDERLINE_SHIFT) - 1;

    pub(super) fn has(self, flag: u16) -> bool {
        self.0 & flag != 0
    }

    pub(super) fn insert(&mut self, flags: u16) {
        self.0 |= flags;
    }

    pub(super) fn remove(&mut self, flags: u16) {
        self.0 &= !flags;
    }

    /// 0 for none, else as the second part of SGR `4:n`: single, double, curly, dotted, dashed.
    pub(super) fn underline(self) -> u16 {
        self.0 >> Self::UNDERLINE_SHIFT
    }

    pub(super) fn set_underline(&mut self, kind: u16) {
        self.0 = (self.0 & Self::FLAGS) | (kind << Self::UNDERLINE_SHIFT);
    }
}

/// The look of a cell, its link included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Style {
    pub(super) foreground: Color,
    pub(super) background: Color,
    pub(super) underline_color: Color,
    pub(super) attributes: Attributes,
    pub(super) link: LinkId,
}

impl Style {
    /// Whether an empty cell of this style cannot be told from one that was never written to.
    pub(super) fn is_invisible_when_blank(&self) -> bool {
        let shown = Attributes::INVERSE | Attributes::STRIKE;
        self.foreground == Color::DEFAULT
            && self.background == Color::DEFAULT
            && !self.attributes.has(shown)
            && self.attributes.underline() == 0
    }

    /// Appends the parameters of SGR that make this style of none, each with a semicolon before it.
    fn push_parameters(&self, out: &mut Vec<u8>) {
        const FLAGS: [(u16, &[u8]); 9] = [
            (Attributes::BOLD, b";1"),
            (Attributes::DIM, b";2"),
            (Attributes::ITALIC, b";3"),
            (Attributes::BLINK, b";5"),
            (Attributes::RAPID_BLINK, b";6"),
            (Attributes::INVERSE, b";7"),
            (Attributes::HIDDEN, b";8"),
            (Attributes::STRIKE, b";9"),
            (Attributes::OVERLINE, b";53"),
        ];
        for (flag, text) in FLAGS {
            if self.attributes.has(flag) {
                out.extend_from_slice(text);
            }
        }
        match self.attributes.underline() {
            0 => {}
            1 => out.extend_from_slice(b";4"),
            kind => {
                out.extend_from_slice(b";4:");
                push_number(out, usize::from(kind));
            }
        }
        push_color(out, self.foreground, 30);
        push_color(out, self.background, 40);
        push_color(out, self.underline_color, 50);
    }

    /// The SGR sequence that makes this style, whatever was before.
    pub(super) fn sgr(&self) -> Vec<u8> {
        let mut parameters = Vec::new();
        self.push_parameters(&mut parameters);
        let mut out = b"\x1b[".to_vec();
        if !parameters.is_empty() {
            out.push(b'0');
        }
        out.append(&mut parameters);
        out.push(b'm');
        out
    }
}

/// Appends a colour's parameters; `base` is 30, 40 or 50 for foreground, background and underline.
fn push_color(out: &mut Vec<u8>, color: Color, base: usize) {
    let number = |out: &mut Vec<u8>, number: usize| {
        out.push(b';');
        push_number(out, number);
    };
    match color.name() {
        ColorName::Default => {}
        ColorName::Named(index) if base != 50 => {
            let bright = if index < 8 { base } else { base + 52 };
            number(out, bright + usize::from(index));
        }
        ColorName::Named(index) | ColorName::Indexed(index) => {
            number(out, base + 8);
            number(out, 5);
            number(out, usize::from(index));
        }
        ColorName::Rgb(red, green, blue) => {
            number(out, base + 8);
            number(out, 2);
            for part in [red, green, blue] {
                number(out, usize::from(part));
            }
        }
    }
}

/// A style's number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct StyleId(u32);

impl StyleId {
    pub(super) const DEFAULT: Self = Self(0);

    pub(super) fn number(self) -> u32 {
        self.0
    }

    fn index(self) -> usize {
        self.0 as usize
    }
}

#[derive(Clone, Debug)]
struct Entry {
    style: Style,
    /// The same background and nothing else: what erasing leaves.
    background: StyleId,
    sgr: Box<[u8]>,
    is_invisible_when_blank: bool,
}

/// A table this large is looked through for what is still in use.
const COLLECT_AT: usize = 1024;

/// How many of the last looks are found without hashing.
const RECENT: usize = 512;

/// Every look in use, and the links they name.
#[derive(Clone, Debug)]
pub(super) struct Styles {
    entries: Vec<Entry>,
    numbers: HashMap<Style, StyleId>,
    recent: [StyleId; RECENT],
    collect_at: usize,
    pub(super) links: Links,
}

impl Default for Styles {
    fn default() -> Self {
        let mut styles = Self {
            entries: Vec::new(),
            numbers: HashMap::new(),
            recent: [StyleId::DEFAULT; RECENT],
            collect_at: COLLECT_AT,
            links: Links::default(),
        };
        styles.add(Style::default());
        styles
    }
}

impl Styles {
    pub(super) fn get(&self, id: StyleId) -> &Style {
        &self.entries[id.index()].style
    }

    pub(super) fn sgr(&self, id: StyleId) -> &[u8] {
        &self.entries[id.index()].sgr
    }

    pub(super) fn background(&self, id: StyleId) -> StyleId {
        self.entries[id.index()].background
    }

    pub(super) fn is_invisible_when_blank(&self, id: StyleId) -> bool {
        self.entries[id.index()].is_invisible_when_blank
    }

    /// The number of a style, new or known.
    pub(super) fn intern(&mut self, style: Style) -> StyleId {
        let place = recent_place(&style);
        let recent = self.recent[place];
        if self.entries[recent.index()].style == style {
            return recent;
        }
        let id = self.numbers.get(&style).copied().unwrap_or_else(|| self.add(style));
        self.recent[place] = id;
        id
    }

    fn add(&mut self, style: Style) -> StyleId {
        let plain = Style { background: style.background, ..Style::default() };
        let known = if plain == style { None } else { Some(self.intern(plain)) };
        let id = StyleId(u32::try_from(self.entries.len()).expect("fewer styles than cells"));
        let sgr = style.sgr().into_boxed_slice();
        let is_invisible_when_blank = style.is_invisible_when_blank();
        self.entries.push(Entry { style, background: known.unwrap_or(id), sgr, is_invisible_when_blank });
        self.numbers.insert(style, id);
        id
    }

    /// Whether what is no longer in use should be looked for.
    pub(super) fn is_full(&self) -> bool {
        self.entries.len() >= self.collect_at || self.links.len() >= self.collect_at
    }

    /// Keeps only those styles that `visit` is shown through, and gives each its new number.
    pub(super) fn collect(&mut self, visit: impl FnOnce(&mut dyn FnMut(&mut StyleId))) {
        let old = std::mem::take(self);
        let mut links = HashMap::new();
        self.links.continue_numbers(&old.links);
        visit(&mut |id| {
            let mut style = *old.get(*id);
            style.link = *links.entry(style.link).or_insert_with(|| self.links.adopt(&old.links, style.link));
            *id = self.intern(style);
        });
        self.collect_at = COLLECT_AT.max(2 * self.entries.len()).max(2 * self.links.len());
    }

    /// Bytes held.
    pub(super) fn memory_bytes(&self) -> usize {
        let entry = size_of::<Entry>() + size_of::<(Style, StyleId)>() + 16;
        self.entries.capacity() * entry + self.links.memory_bytes()
    }
}

/// Where a style is looked for first. Fibonacci hashing: looks that differ a little are far from each other.
fn recent_place(style: &Style) -> usize {
    let colors = style.foreground.0 ^ style.background.0.rotate_left(8) ^ style.underline_color.0.rotate_left(16);
    let others = u32::from(style.attributes.0).rotate_left(12) ^ style.link.number().rotate_left(20);
    let spread = (colors ^ others).wrapping_mul(0x9e37_79b1);
    (spread >> (u32::BITS - RECENT.ilog2())) as usize
}
