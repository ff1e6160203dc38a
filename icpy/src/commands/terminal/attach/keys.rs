//! The keys that detach, found among what the user types.

use icpy::args::{Key, Keys};

use super::paste::Pastes;

/// Finds the keys, but for those in a paste. What may be the beginning of them is held back until it is known.
#[derive(Debug)]
pub(super) struct Detector {
    /// Each key in the ways in which terminals send it.
    keys: Vec<Vec<Vec<u8>>>,
    /// So many of them were pressed.
    pressed: usize,
    held: Vec<u8>,
    pastes: Pastes,
}

impl Detector {
    pub(super) fn new(keys: &Keys, pastes: Pastes) -> Self {
        Self { keys: keys.keys().iter().map(|key| spellings(*key)).collect(), pressed: 0, held: Vec::new(), pastes }
    }

    /// Takes what was typed, and adds what is for the program to `passed`. Returns whether the keys were pressed.
    pub(super) fn take(&mut self, mut typed: &[u8], passed: &mut Vec<u8>) -> bool {
        while let Some(first) = typed.first() {
            let spellings = self.keys.get(self.pressed).into_iter().flatten();
            let mut spellings = spellings.into_iter().filter(|_| !self.pastes.is_within());
            let spelling = spellings.find(|spelling| typed.starts_with(spelling));
            if let Some(length) = spelling.map(Vec::len) {
                self.held.extend_from_slice(&typed[..length]);
                self.pressed += 1;
                typed = &typed[length..];
                if self.pressed == self.keys.len() {
                    return true;
                }
            } else if self.is_holding() {
                self.release(passed);
            } else {
                passed.push(*first);
                self.pastes.note(*first);
                typed = &typed[1..];
            }
        }
        false
    }

    /// Whether something is held back.
    pub(super) fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// No more has come of a paste for a while: it is over, though its end was not seen.
    pub(super) fn end_paste(&mut self) {
        self.pastes.end();
    }

    /// The rest of the keys did not come: what was held back is for the program.
    pub(super) fn release(&mut self, passed: &mut Vec<u8>) {
        passed.append(&mut self.held);
        self.pressed = 0;
    }
}

fn spellings(key: Key) -> Vec<Vec<u8>> {
    match key {
        Key::Plain(character) => vec![character.to_string().into_bytes()],
        Key::Control(character) => {
            let code = u32::from(character);
            let byte = u8::try_from(code).unwrap_or_default() & 0x1f;
            // Programs may have the terminal send keys in other ways: as kitty does, or as xterm does (`modifyOtherKeys`).
            let long = [format!("\x1b[{code};5u"), format!("\x1b[{code};5:1u"), format!("\x1b[27;5;{code}~")];
            std::iter::once(vec![byte]).chain(long.map(String::into_bytes)).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    fn detector(keys: &str) -> Detector {
        Detector::new(&keys.parse().unwrap(), Pastes::new(Rc::new(Cell::new(true))))
    }

    /// What is passed on of pieces of input, and `!` where the keys were pressed.
    fn passed(keys: &str, pieces: &[&str]) -> String {
        let mut detector = detector(keys);
        let mut passed = Vec::new();
        for piece in pieces {
            if detector.take(piece.as_bytes(), &mut passed) {
                passed.push(b'!');
                break;
            }
        }
        String::from_utf8(passed).unwrap()
    }

    #[test]
    fn the_keys_are_found_and_nothing_else_is_kept() {
        assert_eq!(passed("ctrl-] ctrl-]", &["ab\x1d\x1dc"]), "ab!");
        assert_eq!(passed("ctrl-] ctrl-]", &["a\x1d", "\x1d"]), "a!");
        assert_eq!(passed("ctrl-] ctrl-]", &["a\x1d", "b\x1d", "c"]), "a\x1db\x1dc");
        assert_eq!(passed("ctrl-b d", &["\x02\x02", "d"]), "\x02!");
        assert_eq!(passed("ctrl-\\", &["\x1b[92;5u"]), "!");
        assert_eq!(passed("ctrl-] ctrl-]", &["\x1b[27;5;93~\x1d"]), "!");
        assert_eq!(passed("none", &["\x1d\x1d\x1c"]), "\x1d\x1d\x1c");
    }

    #[test]
    fn keys_in_a_paste_were_not_pressed() {
        let paste = "\x1b[200~a\x1d\x1db\x1b[201~";
        assert_eq!(passed("ctrl-] ctrl-]", &[paste, "\x1d\x1d"]), format!("{paste}!"));
        let pieces = ["\x1d\x1b[2", "00~\x1d", "\x1d\x1b[20", "1~\x1d\x1d"];
        assert_eq!(passed("ctrl-] ctrl-]", &pieces), "\x1d\x1b[200~\x1d\x1d\x1b[201~!");
        let mut detector = detector("ctrl-] ctrl-]");
        assert!(!detector.take(b"\x1b[200~\x1d\x1d", &mut Vec::new()));
        detector.end_paste();
        assert!(detector.take(b"\x1d\x1d", &mut Vec::new()));
    }

    #[test]
    fn what_is_held_can_be_released() {
        let mut detector = detector("ctrl-] ctrl-]");
        let mut passed = Vec::new();
        assert!(!detector.take(b"a\x1d", &mut passed));
        assert!(detector.is_holding() && passed == b"a");
        detector.release(&mut passed);
        assert!(!detector.is_holding() && passed == b"a\x1d");
        assert!(!detector.take(b"\x1d", &mut passed) && detector.take(b"\x1d", &mut passed));
    }
}
