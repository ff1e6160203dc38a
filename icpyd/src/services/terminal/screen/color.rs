//! Colours that programs ask for and set (OSC 4, 10, 11 and 12).

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// Red, green and blue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// What programs are told of a terminal's looks. The daemon answers for all viewers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Theme {
    /// Text without a colour of its own.
    pub foreground: Rgb,
    /// What is behind it.
    pub background: Rgb,
    /// The cursor.
    pub cursor: Rgb,
    /// The first sixteen colours of the palette.
    pub palette: [Rgb; 16],
    /// Width and height of a cell in pixels.
    pub cell_pixels: (u16, u16),
}

impl Default for Theme {
    /// xterm's colours on black.
    fn default() -> Self {
        const fn grey(level: u8) -> Rgb {
            Rgb(level, level, level)
        }
        let palette = [
            grey(0),
            Rgb(205, 0, 0),
            Rgb(0, 205, 0),
            Rgb(205, 205, 0),
            Rgb(0, 0, 238),
            Rgb(205, 0, 205),
            Rgb(0, 205, 205),
            grey(229),
            grey(127),
            Rgb(255, 0, 0),
            Rgb(0, 255, 0),
            Rgb(255, 255, 0),
            Rgb(92, 92, 255),
            Rgb(255, 0, 255),
            Rgb(0, 255, 255),
            grey(255),
        ];
        Self { foreground: grey(229), background: grey(0), cursor: grey(229), palette, cell_pixels: (8, 16) }
    }
}

impl Theme {
    /// A colour of the palette: the sixteen, the cube of 6 by 6 by 6, and the greys.
    pub(super) fn indexed(&self, index: u8) -> Rgb {
        let level = |part: u8| if part == 0 { 0 } else { 55 + 40 * part };
        match index {
            0..=15 => self.palette[usize::from(index)],
            16..=231 => {
                let place = index - 16;
                Rgb(level(place / 36), level(place / 6 % 6), level(place % 6))
            }
            232.. => {
                let grey = 8 + 10 * (index - 232);
                Rgb(grey, grey, grey)
            }
        }
    }

    /// Whether text is lighter than what is behind it.
    pub(super) fn is_dark(&self) -> bool {
        let light = |Rgb(red, green, blue): Rgb| 3 * u32::from(red) + 6 * u32::from(green) + u32::from(blue);
        light(self.background) < light(self.foreground)
    }
}

/// Which colour: one of the palette, or foreground, background and cursor behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct ColorSlot(u16);

impl ColorSlot {
    /// OSC 10, 11 and 12.
    pub(super) fn dynamic(code: usize) -> Option<Self> {
        let offset = u16::try_from(code.checked_sub(10)?).ok().filter(|offset| *offset < 3)?;
        Some(Self(256 + offset))
    }

    pub(super) fn indexed(index: usize) -> Option<Self> {
        u8::try_from(index).ok().map(|index| Self(u16::from(index)))
    }
}

/// The colours that a program has set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Palette(Vec<(ColorSlot, Rgb)>);

impl Palette {
    pub(super) fn set(&mut self, slot: ColorSlot, color: Rgb) {
        match self.0.binary_search_by_key(&slot, |(slot, _)| *slot) {
            Ok(place) => self.0[place].1 = color,
            Err(place) => self.0.insert(place, (slot, color)),
        }
    }

    pub(super) fn reset(&mut self, slot: ColorSlot) {
        self.0.retain(|(it, _)| *it != slot);
    }

    /// Resets the palette, but not foreground, background and cursor.
    pub(super) fn reset_indexed(&mut self) {
        self.0.retain(|(slot, _)| slot.0 >= 256);
    }

    /// What is shown now.
    pub(super) fn get(&self, slot: ColorSlot, theme: &Theme) -> Rgb {
        let set = self.0.binary_search_by_key(&slot, |(slot, _)| *slot).map(|place| self.0[place].1);
        set.unwrap_or_else(|_| match (u8::try_from(slot.0), slot.0) {
            (Ok(index), _) => theme.indexed(index),
            (_, 256) => theme.foreground,
            (_, 257) => theme.background,
            _ => theme.cursor,
        })
    }

    /// Appends what sets the same colours in another terminal.
    pub(super) fn push_sequences(&self, out: &mut Vec<u8>) {
        let mut text = String::new();
        for (slot, color) in &self.0 {
            let name = match slot.0 {
                index @ 0..=255 => format!("4;{index}"),
                other => format!("{}", other - 256 + 10),
            };
            // Writing to a string does not fail.
            let _ = write!(text, "\x1b]{name};{}\x1b\\", color.spec());
        }
        out.extend_from_slice(text.as_bytes());
    }
}

impl Rgb {
    /// In the notation of X11, as answers have it.
    pub(super) fn spec(self) -> String {
        let Self(red, green, blue) = self;
        format!("rgb:{red:02x}{red:02x}/{green:02x}{green:02x}/{blue:02x}{blue:02x}")
    }

    /// Reads `rgb:r/g/b` or `#rgb`, with one to four digits for each part.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let text = str::from_utf8(text).ok()?;
        let parts: Vec<&str> = if let Some(parts) = text.strip_prefix("rgb:") {
            parts.split('/').collect()
        } else {
            let digits = text.strip_prefix('#').filter(|digits| digits.is_ascii() && digits.len() % 3 == 0)?;
            let size = digits.len() / 3;
            if size == 0 {
                return None;
            }
            vec![&digits[..size], &digits[size..2 * size], &digits[2 * size..]]
        };
        match parts[..] {
            [red, green, blue] => Some(Self(scaled(red)?, scaled(green)?, scaled(blue)?)),
            _ => None,
        }
    }
}

/// A part of one to four digits, scaled to eight bits.
fn scaled(digits: &str) -> Option<u8> {
    if digits.is_empty() || digits.len() > 4 || digits.starts_with('+') {
        return None;
    }
    let max = (1_u32 << (4 * digits.len())) - 1;
    u8::try_from(255 * u32::from_str_radix(digits, 16).ok()? / max).ok()
}
