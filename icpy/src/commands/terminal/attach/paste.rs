//! Where a paste begins and ends in what the user's terminal sends: no key in it was pressed.

use std::cell::Cell;
use std::rc::Rc;

/// Follows the marks of pastes (bracketed paste), which may come in pieces.
#[derive(Debug, Default)]
pub(super) struct Pastes {
    /// Whether the program has the user's terminal mark them. What looks like a mark is none otherwise.
    are_marked: Rc<Cell<bool>>,
    /// Bytes that have come of what may be a mark.
    come: usize,
    /// It is that of a beginning.
    is_begin: bool,
    is_within: bool,
}

impl Pastes {
    pub(super) fn new(are_marked: Rc<Cell<bool>>) -> Self {
        Self { are_marked, ..Self::default() }
    }

    /// Takes note of a byte that the terminal has sent.
    pub(super) fn note(&mut self, byte: u8) {
        self.come = match (self.come, byte) {
            (_, 0x1b) => 1,
            (1, b'[') | (2, b'2') | (3, b'0') => self.come + 1,
            (4, b'0' | b'1') => {
                self.is_begin = byte == b'0';
                5
            }
            (5, b'~') => {
                self.is_within = self.is_begin && (self.is_within || self.are_marked.get());
                0
            }
            _ => 0,
        };
    }

    /// Whether what comes next is pasted.
    pub(super) fn is_within(&self) -> bool {
        self.is_within
    }

    /// The end was lost.
    pub(super) fn end(&mut self) {
        self.is_within = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is pasted of what comes, where pastes are marked.
    fn pasted(text: &str, are_marked: bool) -> String {
        let mut pastes = Pastes::new(Rc::new(Cell::new(are_marked)));
        let mut pasted = Vec::new();
        for byte in text.bytes() {
            if pastes.is_within() {
                pasted.push(byte);
            }
            pastes.note(byte);
        }
        String::from_utf8(pasted).unwrap()
    }

    #[test]
    fn a_paste_is_what_is_between_marks() {
        assert_eq!(pasted("a\x1b[200~bc\x1b[201~d", true), "bc\x1b[201~");
        assert_eq!(pasted("\x1b\x1b[200~b\x1b[2\x1b[200~\x1b[201~d\x1b[201~", true), "b\x1b[2\x1b[200~\x1b[201~");
        assert_eq!(pasted("\x1b[20~\x1b[2004~\x1b200~\x1b[201~d", true), "");
        assert_eq!(pasted("a\x1b[200~bc\x1b[201~d", false), "");
    }
}
