//! Modes: what programs switch on and off with DECSET, and ask for with DECRQM.

use serde::{Deserialize, Serialize};

/// All modes that are on or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Modes {
    flags: u32,
    /// Which of them a program has named.
    named: u32,
    /// Which mouse events are reported: 9, 1000, 1002, 1003, or 0.
    pub(super) mouse: u16,
    /// How: 1005, 1006, 1015, 1016, or 0.
    pub(super) mouse_encoding: u16,
}

/// A mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mode(u32);

impl Mode {
    pub(super) const CURSOR_KEYS: Self = Self(1);
    pub(super) const REVERSE_SCREEN: Self = Self(1 << 1);
    pub(super) const ORIGIN: Self = Self(1 << 2);
    pub(super) const AUTO_WRAP: Self = Self(1 << 3);
    pub(super) const BLINKING_CURSOR: Self = Self(1 << 4);
    pub(super) const SHOW_CURSOR: Self = Self(1 << 5);
    pub(super) const REVERSE_WRAP: Self = Self(1 << 6);
    pub(super) const FOCUS: Self = Self(1 << 7);
    pub(super) const ALTERNATE_SCROLL: Self = Self(1 << 8);
    pub(super) const URGENCY: Self = Self(1 << 9);
    pub(super) const BRACKETED_PASTE: Self = Self(1 << 10);
    /// Never part of a snapshot: a terminal that gets it waits for what comes.
    pub(super) const SYNCHRONIZED: Self = Self(1 << 11);
    pub(super) const COLOR_SCHEME: Self = Self(1 << 12);
    pub(super) const INSERT: Self = Self(1 << 14);
    pub(super) const NEW_LINE: Self = Self(1 << 15);
    pub(super) const KEYPAD: Self = Self(1 << 16);
}

/// The modes of `ESC [ ? n h`, by number.
pub(super) const PRIVATE: &[(u16, Mode)] = &[
    (1, Mode::CURSOR_KEYS),
    (5, Mode::REVERSE_SCREEN),
    (6, Mode::ORIGIN),
    (7, Mode::AUTO_WRAP),
    (12, Mode::BLINKING_CURSOR),
    (25, Mode::SHOW_CURSOR),
    (45, Mode::REVERSE_WRAP),
    (66, Mode::KEYPAD),
    (1004, Mode::FOCUS),
    (1007, Mode::ALTERNATE_SCROLL),
    (1042, Mode::URGENCY),
    (2004, Mode::BRACKETED_PASTE),
    (2026, Mode::SYNCHRONIZED),
    (2031, Mode::COLOR_SCHEME),
];

/// The modes of `ESC [ n h`.
pub(super) const PUBLIC: &[(u16, Mode)] = &[(4, Mode::INSERT), (20, Mode::NEW_LINE)];

/// Which mouse events are reported. One at a time.
pub(super) const MOUSE: [u16; 4] = [9, 1000, 1002, 1003];

/// How they are encoded.
pub(super) const MOUSE_ENCODINGS: [u16; 4] = [1005, 1006, 1015, 1016];

impl Default for Modes {
    fn default() -> Self {
        let mut modes = Self { flags: 0, named: 0, mouse: 0, mouse_encoding: 0 };
        for mode in [Mode::AUTO_WRAP, Mode::SHOW_CURSOR, Mode::ALTERNATE_SCROLL, Mode::URGENCY] {
            modes.flags |= mode.0;
        }
        modes
    }
}

/// Terminals do not agree on whether these are on at first: what no program has set is left to the viewer.
const LEFT_TO_VIEWERS: u32 = Mode::ALTERNATE_SCROLL.0 | Mode::URGENCY.0;

impl Modes {
    pub(super) fn has(&self, mode: Mode) -> bool {
        self.flags & mode.0 != 0
    }

    /// Whether a viewer must be told.
    pub(super) fn is_told(&self, mode: Mode) -> bool {
        mode != Mode::SYNCHRONIZED && mode.0 & LEFT_TO_VIEWERS & !self.named == 0
    }

    pub(super) fn set(&mut self, mode: Mode, on: bool) {
        self.named |= mode.0;
        if on {
            self.flags |= mode.0;
        } else {
            self.flags &= !mode.0;
        }
    }

    /// Sets a private mode that is nothing but a flag, or one of the mouse's. Returns whether there is such a mode.
    pub(super) fn set_private(&mut self, number: u16, on: bool) -> bool {
        if MOUSE.contains(&number) {
            self.mouse = if on { number } else { 0 };
        } else if MOUSE_ENCODINGS.contains(&number) {
            self.mouse_encoding = if on { number } else { 0 };
        } else if let Some((_, mode)) = PRIVATE.iter().find(|(it, _)| *it == number) {
            self.set(*mode, on);
        } else {
            return false;
        }
        true
    }

    /// Whether a private mode is on, where there is such a mode.
    pub(super) fn private(&self, number: u16) -> Option<bool> {
        if MOUSE.contains(&number) {
            return Some(self.mouse == number);
        }
        if MOUSE_ENCODINGS.contains(&number) {
            return Some(self.mouse_encoding == number);
        }
        PRIVATE.iter().find(|(it, _)| *it == number).map(|(_, mode)| self.has(*mode))
    }
}

/// How the cursor looks, as DECSCUSR has it: 0 is as the user wants it, 1 and 2 a block, 3 and 4 a line below, 5 and 6 a
/// line before; odd ones blink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CursorStyle(pub(super) u8);
