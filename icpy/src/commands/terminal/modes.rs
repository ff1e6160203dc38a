//! What a program, or a recording of one, has set in the user's terminal and not set back, so that it can be set back for it.
//!
//! Only what would disturb the user afterwards is looked at. A terminal's state as a whole is the daemon's business.

use std::collections::BTreeSet;

/// The longest control sequence that is looked at.
const SEQUENCE_BYTES_MAX: usize = 128;

/// Modes that are off before, and that programs turn on: keys, colours, origin, margins, mouse, focus, paste, synchronized
/// output, reports.
const OFF_BEFORE: &[u16] =
    &[1, 5, 6, 9, 45, 66, 69, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016, BRACKETED_PASTE, 2026, 2031, 2048];

/// Pastes are marked.
const BRACKETED_PASTE: u16 = 2004;

/// Modes that are on before: lines wrap, and the cursor is shown.
const ON_BEFORE: &[u16] = &[7, 25];

/// The alternate screen.
const OTHER_SCREEN: &[u16] = &[47, 1047, 1049];

/// What is different from before.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mode that is on or off")]
pub(super) struct Modes {
    place: Place,
    sequence: Vec<u8>,
    changed: BTreeSet<u16>,
    /// Keyboard modes of kitty that are on the stack.
    keyboards: u16,
    has_other_keys: bool,
    has_keypad: bool,
    has_margins: bool,
    has_style: bool,
    has_cursor_style: bool,
    has_charset: bool,
    /// Something stands in the line.
    is_within_line: bool,
}

/// Where in the output we are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Text,
    Escape,
    Charset,
    Sequence,
    /// A string that the terminal takes, such as a title.
    String,
    StringEscape,
}

impl Modes {
    /// Takes note of what the user's terminal is given.
    pub(super) fn note(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.place = self.next(*byte);
        }
    }

    /// Whether pastes come with marks around them.
    #[cfg(unix)]
    pub(super) fn are_pastes_marked(&self) -> bool {
        self.changed.contains(&BRACKETED_PASTE)
    }

    fn next(&mut self, byte: u8) -> Place {
        match (self.place, byte) {
            // These end whatever there was.
            (_, 0x18 | 0x1a) | (Place::String, 0x07) | (Place::StringEscape, b'\\') => Place::Text,
            (Place::String, 0x1b) => Place::StringEscape,
            (Place::String, _) => Place::String,
            (_, 0x1b) => Place::Escape,
            (Place::Text, _) => self.text(byte),
            (Place::Escape | Place::StringEscape, _) => self.escape(byte),
            (Place::Charset, _) => {
                self.has_charset = byte != b'B';
                Place::Text
            }
            (Place::Sequence, 0x40..=0x7e) => {
                let sequence = std::mem::take(&mut self.sequence);
                self.sequence(&sequence, byte);
                Place::Text
            }
            (Place::Sequence, _) => {
                if byte >= b' ' && self.sequence.len() < SEQUENCE_BYTES_MAX {
                    self.sequence.push(byte);
                }
                Place::Sequence
            }
        }
    }

    fn text(&mut self, byte: u8) -> Place {
        match byte {
            b'\n' => self.is_within_line = false,
            0x0e => self.has_charset = true,
            0x0f => self.has_charset = false,
            b' '.. => self.is_within_line = true,
            _ => {}
        }
        Place::Text
    }

    fn escape(&mut self, byte: u8) -> Place {
        match byte {
            b'[' => {
                self.sequence.clear();
                return Place::Sequence;
            }
            b']' | b'P' | b'X' | b'^' | b'_' => return Place::String,
            b'(' => return Place::Charset,
            b'=' => self.has_keypad = true,
            b'>' => self.has_keypad = false,
            b'c' => *self = Self::default(),
            _ => {}
        }
        Place::Text
    }

    /// A control sequence: its parameters, and what it does.
    fn sequence(&mut self, parameters: &[u8], end: u8) {
        let (mark, rest) = match parameters.first() {
            Some(mark @ (b'?' | b'>' | b'<' | b'=' | b'!')) => (*mark, &parameters[1..]),
            _ => (b' ', parameters),
        };
        let text = std::str::from_utf8(rest).unwrap_or_default();
        let number = |text: &str| text.trim_end().parse::<u16>().ok();
        let first = text.split(';').next().and_then(number);
        match (mark, end) {
            (b'?', b'h' | b'l') => text.split(';').filter_map(number).for_each(|mode| self.set(mode, end == b'h')),
            (b'!', b'p') => *self = Self { is_within_line: self.is_within_line, ..Self::default() },
            (b'>', b'u') => self.keyboards += 1,
            (b'<', b'u') => self.keyboards = self.keyboards.saturating_sub(first.unwrap_or(1)),
            (b'>', b'm') if first == Some(4) => {
                self.has_other_keys = text.split(';').nth(1).and_then(number).is_some_and(|level| level > 0);
            }
            (b' ', b'r') => self.has_margins = !text.is_empty(),
            (b' ', b'm') => self.has_style = !text.is_empty() && text != "0",
            (b' ', b'q') if text.ends_with(' ') => self.has_cursor_style = first.unwrap_or(0) > 0,
            _ => {}
        }
    }

    fn set(&mut self, mode: u16, is_on: bool) {
        let is_known = [OFF_BEFORE, ON_BEFORE, OTHER_SCREEN].iter().any(|known| known.contains(&mode));
        if ON_BEFORE.contains(&mode) == is_on {
            self.changed.remove(&mode);
        } else if is_known {
            self.changed.insert(mode);
        }
    }

    /// What sets the terminal back. After that a line begins.
    pub(super) fn leave(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut add = |is_needed: bool, text: &str| {
            if is_needed {
                bytes.extend_from_slice(text.as_bytes());
            }
        };
        // What was begun and did not come to its end.
        add(matches!(self.place, Place::String | Place::StringEscape), "\x1b\\");
        add(matches!(self.place, Place::Escape | Place::Sequence | Place::Charset), "\x18");
        add(self.keyboards > 0, &format!("\x1b[<{}u", self.keyboards));
        add(self.has_other_keys, "\x1b[>4m");
        add(self.has_keypad, "\x1b>");
        add(self.has_charset, "\x0f\x1b(B");
        // To change the margins moves the cursor.
        add(self.has_margins, "\x1b7\x1b[r\x1b8");
        add(self.has_cursor_style, "\x1b[0 q");
        let is_other_screen = |mode: &&u16| OTHER_SCREEN.contains(mode);
        for mode in self.changed.iter().filter(|mode| !is_other_screen(mode)) {
            add(true, &format!("\x1b[?{mode}{}", if ON_BEFORE.contains(mode) { 'h' } else { 'l' }));
        }
        for mode in self.changed.iter().filter(is_other_screen) {
            add(true, &format!("\x1b[?{mode}l"));
        }
        add(self.has_style, "\x1b[m");
        add(self.is_within_line || self.changed.iter().any(|mode| OTHER_SCREEN.contains(mode)), "\r\n");
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What sets a terminal back that was given these bytes, in pieces of every size.
    fn check(given: &str, expect: &str) {
        for size in 1..=given.len().max(1) {
            let mut modes = Modes::default();
            given.as_bytes().chunks(size).for_each(|piece| modes.note(piece));
            assert_eq!(String::from_utf8(modes.leave()).unwrap(), expect, "{given:?} in pieces of {size}");
        }
    }

    #[test]
    fn what_was_set_is_set_back() {
        check("", "");
        check("text\r\n", "");
        check("text", "\r\n");
        check(
            "\x1b[?1049h\x1b[?25l\x1b[1;5r\x1b[?1002;1006h",
            "\x1b7\x1b[r\x1b8\x1b[?25h\x1b[?1002l\x1b[?1006l\x1b[?1049l\r\n",
        );
        check("\x1b[?2004h\x1b[?1h\x1b=\x1b[31m", "\x1b>\x1b[?1l\x1b[?2004l\x1b[m");
        check("\x1b[>1u\x1b[>4;2m\x1b[2 q\x1b(0\x1b[?7l", "\x1b[<1u\x1b[>4m\x0f\x1b(B\x1b[0 q\x1b[?7h");
    }

    #[test]
    fn what_the_program_sets_back_is_left_alone() {
        check("\x1b[?1049h\x1b[?25l\x1b[?25h\x1b[?1049l\n", "");
        check("\x1b[?2004h\x1b[?2004l\x1b[1m\x1b[0m\x1b[>1u\x1b[<u\x1b[3 q\x1b[ q", "");
        check("\x1b[?1000h\x1bc", "");
        // Of modes that nobody knows nothing is known.
        check("\x1b[?9999h", "");
    }

    #[test]
    fn strings_are_not_read_and_are_ended() {
        check("\x1b]0;\x1b[?25l\x07\n", "\x1b[?25h");
        check("\x1b]0;[?25l\x07", "");
        check("\x1bP[?25l\x1b\\", "");
        check("\x1b]0;title", "\x1b\\");
        check("\x1b[?2", "\x18");
    }
}
