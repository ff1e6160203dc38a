//! Cuts a stream of output into text, controls and whole sequences, wherever the pieces that it comes in end.
//!
//! What is begun and not ended is kept as bytes, and is all there is of a parser's state: another terminal that is given
//! these bytes can go on from there.

use memchr::memchr;

/// A control sequence that is longer means nothing.
const SEQUENCE_BYTES_MAX: usize = 1024;

/// A longer operating system command is passed over.
const COMMAND_BYTES_MAX: usize = 8 << 10;

/// A clipboard of 1 MiB in base64, and what is before it.
const CLIPBOARD_BYTES_MAX: usize = (1 << 20) / 3 * 4 + 64;

/// What a stream consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Printable ASCII.
    Ascii(&'a [u8]),
    /// Other text.
    Text(&'a str),
    /// Bytes that are no text.
    Invalid,
    Control(u8),
    /// CR and LF, as nearly all lines end.
    LineEnd,
    /// What is behind `ESC`, up to the final byte.
    Escape(&'a [u8]),
    /// What is behind `ESC [`, up to the final byte.
    Sequence(&'a [u8]),
    /// What is between `ESC ]` and its end, and whether BEL ended it.
    Command(&'a [u8], bool),
    /// What is between `ESC P` and its end. Images are passed over.
    Device(&'a [u8]),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Ground,
    /// Within a character.
    Character,
    Escape,
    Control,
    /// The sequence is too long, and passed over up to its end.
    LongControl,
    Command,
    Device,
    /// A string that nobody reads; BEL ends it when it is a command.
    Passed {
        is_command: bool,
    },
}

/// The state.
#[derive(Clone, Debug, Default)]
pub(super) struct Sequencer {
    state: State,
    /// What was begun. For strings that are passed over: what begins another of that kind.
    pending: Vec<u8>,
}

/// What begins a command that no terminal knows, so that the rest of one that is passed over means nothing either.
const UNKNOWN_COMMAND: &[u8] = b"\x1b]7777;";

/// What begins a string that no terminal reads.
const UNREAD_STRING: &[u8] = b"\x1bX";

const CANCEL: u8 = 0x18;
const SUBSTITUTE: u8 = 0x1a;
const ESCAPE: u8 = 0x1b;

impl Sequencer {
    /// What a terminal must be given to be in the same state.
    pub(super) fn pending(&self) -> &[u8] {
        &self.pending
    }

    /// Cuts `bytes` up.
    pub(super) fn feed(&mut self, mut bytes: &[u8], visit: &mut impl FnMut(Piece<'_>)) {
        while !bytes.is_empty() {
            let used = match self.state {
                State::Ground => self.ground(bytes, visit),
                State::Character => self.character(bytes[0], visit),
                State::Escape => self.escape(bytes[0], visit),
                State::Control | State::LongControl => self.control(bytes[0], visit),
                State::Command | State::Device | State::Passed { .. } => self.string(bytes, visit),
            };
            bytes = &bytes[used..];
        }
    }

    fn enter(&mut self, state: State, pending: &[u8]) {
        self.state = state;
        self.pending.clear();
        self.pending.extend_from_slice(pending);
        if self.pending.capacity() > COMMAND_BYTES_MAX {
            self.pending.shrink_to(SEQUENCE_BYTES_MAX);
        }
    }

    fn ground(&mut self, bytes: &[u8], visit: &mut impl FnMut(Piece<'_>)) -> usize {
        match bytes[0] {
            ESCAPE => self.begin(bytes, visit),
            b'\r' if bytes.get(1) == Some(&b'\n') => {
                visit(Piece::LineEnd);
                2
            }
            byte @ 0..0x20 => {
                visit(Piece::Control(byte));
                1
            }
            b' '..=b'~' => {
                let end = ascii_run(bytes);
                visit(Piece::Ascii(&bytes[..end]));
                end
            }
            0x7f => 1,
            _ => self.text(bytes, visit),
        }
    }

    /// An escape: a control sequence that is whole is used where it is.
    fn begin(&mut self, bytes: &[u8], visit: &mut impl FnMut(Piece<'_>)) -> usize {
        if let [_, b'[', rest @ ..] = bytes
            && let Some(end) = rest.iter().take(SEQUENCE_BYTES_MAX).position(|byte| !(0x20..=0x3f).contains(byte))
            && matches!(rest[end], 0x40..=0x7e)
        {
            visit(Piece::Sequence(&rest[..=end]));
            return end + 3;
        }
        self.enter(State::Escape, &[ESCAPE]);
        1
    }

    /// Text up to the next control, beginning with what is not ASCII.
    fn text(&mut self, bytes: &[u8], visit: &mut impl FnMut(Piece<'_>)) -> usize {
        let end = bytes.iter().position(|byte| *byte < 0x20 || *byte == 0x7f).unwrap_or(bytes.len());
        let error = match str::from_utf8(&bytes[..end]) {
            Ok(text) => {
                visit(Piece::Text(text));
                return end;
            }
            Err(error) => error,
        };
        let valid = error.valid_up_to();
        if let Ok(text) = str::from_utf8(&bytes[..valid])
            && !text.is_empty()
        {
            visit(Piece::Text(text));
        }
        match error.error_len() {
            None if end == bytes.len() => {
                self.enter(State::Character, &bytes[valid..]);
                end
            }
            length => {
                let length = length.unwrap_or(end - valid);
                invalid(&bytes[valid..valid + length], visit);
                valid + length
            }
        }
    }

    fn character(&mut self, byte: u8, visit: &mut impl FnMut(Piece<'_>)) -> usize {
        self.pending.push(byte);
        match str::from_utf8(&self.pending) {
            Ok(text) => visit(Piece::Text(text)),
            Err(error) if error.error_len().is_none() => return 1,
            Err(_) => {
                // The byte does not belong to the character: it is looked at again.
                visit(Piece::Invalid);
                self.enter(State::Ground, &[]);
                return 0;
            }
        }
        self.enter(State::Ground, &[]);
        1
    }

    fn escape(&mut self, byte: u8, visit: &mut impl FnMut(Piece<'_>)) -> usize {
        let is_first = self.pending.len() == 1;
        match byte {
            ESCAPE => self.enter(State::Escape, &[ESCAPE]),
            CANCEL | SUBSTITUTE => self.enter(State::Ground, &[]),
            0..0x20 => visit(Piece::Control(byte)),
            0x20..=0x2f if self.pending.len() < SEQUENCE_BYTES_MAX => self.pending.push(byte),
            b'[' if is_first => self.enter(State::Control, b"\x1b["),
            b']' if is_first => self.enter(State::Command, b"\x1b]"),
            b'P' if is_first => self.enter(State::Device, b"\x1bP"),
            b'X' | b'^' | b'_' if is_first => self.enter(State::Passed { is_command: false }, UNREAD_STRING),
            0x30..=0x7e => {
                self.pending.push(byte);
                visit(Piece::Escape(&self.pending[1..]));
                self.enter(State::Ground, &[]);
            }
            _ => {}
        }
        1
    }

    fn control(&mut self, byte: u8, visit: &mut impl FnMut(Piece<'_>)) -> usize {
        match byte {
            ESCAPE => self.enter(State::Escape, &[ESCAPE]),
            CANCEL | SUBSTITUTE => self.enter(State::Ground, &[]),
            0..0x20 => visit(Piece::Control(byte)),
            0x20..=0x3f if self.state == State::LongControl => {}
            0x20..=0x3f if self.pending.len() < SEQUENCE_BYTES_MAX => self.pending.push(byte),
            // What is left of it means as little to another terminal: a private mark cannot come after a parameter.
            0x20..=0x3f => self.enter(State::LongControl, b"\x1b[0?"),
            0x40..=0x7e => {
                self.pending.push(byte);
                if self.state == State::Control {
                    visit(Piece::Sequence(&self.pending[2..]));
                }
                self.enter(State::Ground, &[]);
            }
            _ => {}
        }
        1
    }

    /// A string, up to its end or as much as there is.
    fn string(&mut self, bytes: &[u8], visit: &mut impl FnMut(Piece<'_>)) -> usize {
        let is_command = matches!(self.state, State::Command | State::Passed { is_command: true });
        let ends = |byte: &u8| matches!(*byte, ESCAPE | CANCEL | SUBSTITUTE) || (is_command && *byte == b'\x07');
        let end = match self.state {
            // Images are long, and have no controls in them.
            State::Passed { is_command: false } => string_end(bytes),
            _ => bytes.iter().position(ends),
        };
        self.keep(&bytes[..end.unwrap_or(bytes.len())]);
        let Some(end) = end else { return bytes.len() };
        let byte = bytes[end];
        if byte == ESCAPE || byte == b'\x07' {
            match self.state {
                State::Command => visit(Piece::Command(&self.pending[2..], byte == b'\x07')),
                State::Device => visit(Piece::Device(&self.pending[2..])),
                _ => {}
            }
        }
        match byte {
            ESCAPE => self.enter(State::Escape, &[ESCAPE]),
            _ => self.enter(State::Ground, &[]),
        }
        end + 1
    }

    /// Keeps more of a string, unless it is too long or nobody reads it.
    fn keep(&mut self, bytes: &[u8]) {
        let (State::Command | State::Device) = self.state else { return };
        self.pending.extend(bytes.iter().filter(|byte| **byte >= 0x20));
        let content = &self.pending[2..];
        if self.state == State::Command {
            let max = if content.starts_with(b"52;") { CLIPBOARD_BYTES_MAX } else { COMMAND_BYTES_MAX };
            if content.len() > max {
                self.enter(State::Passed { is_command: true }, UNKNOWN_COMMAND);
            }
        } else if content.len() > SEQUENCE_BYTES_MAX
            || (content.len() > 1 && !matches!(content, [b'$' | b'+', b'q', ..]))
        {
            self.enter(State::Passed { is_command: false }, UNREAD_STRING);
        }
    }
}

/// Where a string that nobody reads ends.
fn string_end(bytes: &[u8]) -> Option<usize> {
    let end = memchr(ESCAPE, bytes);
    let before = &bytes[..end.unwrap_or(bytes.len())];
    memchr::memchr2(CANCEL, SUBSTITUTE, before).or(end)
}

/// C1 controls are not used in UTF-8, and so mean nothing; all else that is no text shows as such.
fn invalid(bytes: &[u8], visit: &mut impl FnMut(Piece<'_>)) {
    if !matches!(bytes, [0x80..=0x9f]) {
        visit(Piece::Invalid);
    }
}

/// How many bytes from the first on are printable ASCII.
#[inline]
fn ascii_run(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut run = 0;
    for word in words {
        let others = not_printable(u64::from_le_bytes(*word));
        if others != 0 {
            return run + others.trailing_zeros() as usize / 8;
        }
        run += 8;
    }
    run + rest.iter().take_while(|byte| (b' '..=b'~').contains(*byte)).count()
}

/// Eight bytes at once: the lowest bit that is set is in the first byte that is not printable ASCII. Those above it mean
/// nothing, since subtracting borrows from them.
fn not_printable(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let below_space = word.wrapping_sub(ONES * 0x20) & !word;
    let delete = word ^ (ONES * 0x7f);
    let is_delete = delete.wrapping_sub(ONES) & !delete;
    (word | below_space | is_delete) & HIGH
}

#[cfg(test)]
mod tests {
    use super::ascii_run;

    #[test]
    fn text_ends_at_the_first_byte_that_is_not_printable() {
        for (first, second) in
            (0..=255_u8).flat_map(|first| [0, b'\r', b' ', b'~', 0x7f, 0x80, 255].map(|it| (first, it)))
        {
            for place in 0..20 {
                let mut bytes = [b'a'; 21];
                bytes[place..place + 2].copy_from_slice(&[first, second]);
                let expect = bytes.iter().position(|byte| !(b' '..=b'~').contains(byte)).unwrap_or(bytes.len());
                assert_eq!(ascii_run(&bytes), expect, "{bytes:?}");
            }
        }
    }
}
