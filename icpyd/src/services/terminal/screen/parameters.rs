//! What a control sequence consists of: its final byte, and numbers between semicolons, each with parts between colons.

/// A sequence with more numbers means nothing.
const NUMBERS_MAX: usize = 32;

/// A control sequence, in parts.
#[derive(Clone, Debug)]
pub(super) struct ControlSequence<'a> {
    /// One of `<=>?`, or nothing.
    pub(super) prefix: &'a [u8],
    pub(super) params: &'a Params,
    /// What is between the numbers and the final byte: mostly nothing.
    pub(super) intermediates: &'a [u8],
    pub(super) action: char,
}

/// The numbers. There is one at least: what is not given is 0.
#[derive(Clone, Debug)]
pub(super) struct Params {
    numbers: [u16; NUMBERS_MAX],
    count: usize,
    /// Bit n: number n is a part, behind a colon.
    parts: u64,
}

impl<'a> ControlSequence<'a> {
    /// Takes apart what is behind `ESC [`. None when that is no sequence, or one that is too long. The numbers are written
    /// where they are read, since moving them would take longer than all the rest.
    pub(super) fn parse(content: &'a [u8], params: &'a mut Params) -> Option<Self> {
        let (action, content) = content.split_last()?;
        let prefix_length = usize::from(matches!(content.first(), Some(b'<'..=b'?')));
        let (prefix, content) = content.split_at(prefix_length);
        let intermediates = params.read(content)?;
        let is_sound = intermediates.iter().all(|byte| (0x20..0x30).contains(byte));
        is_sound.then_some(Self { prefix, params, intermediates, action: char::from(*action) })
    }
}

impl Default for Params {
    fn default() -> Self {
        Self { numbers: [0; NUMBERS_MAX], count: 1, parts: 0 }
    }
}

impl Params {
    /// Reads as much as is numbers, and returns the rest.
    fn read<'a>(&mut self, content: &'a [u8]) -> Option<&'a [u8]> {
        let mut number = 0_u16;
        for (place, byte) in content.iter().enumerate() {
            match byte {
                b'0'..=b'9' => number = number.saturating_mul(10).saturating_add(u16::from(byte - b'0')),
                b';' | b':' => {
                    self.numbers[self.count - 1] = number;
                    number = 0;
                    if self.count == NUMBERS_MAX {
                        return None;
                    }
                    self.parts |= u64::from(*byte == b':') << self.count;
                    self.count += 1;
                }
                _ => {
                    self.numbers[self.count - 1] = number;
                    return Some(&content[place..]);
                }
            }
        }
        self.numbers[self.count - 1] = number;
        Some(&[])
    }

    /// Each number with its parts.
    pub(super) fn iter(&self) -> Iter<'_> {
        Iter { numbers: &self.numbers[..self.count], parts: self.parts }
    }

    /// The first number.
    pub(super) fn first(&self) -> u16 {
        self.numbers[0]
    }

    /// How many numbers and parts there are.
    pub(super) fn len(&self) -> usize {
        self.count
    }
}

/// Goes through the numbers.
#[derive(Clone, Debug)]
pub(super) struct Iter<'a> {
    numbers: &'a [u16],
    parts: u64,
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a [u16];

    #[inline]
    fn next(&mut self) -> Option<&'a [u16]> {
        if self.numbers.is_empty() {
            return None;
        }
        let length = 1 + (self.parts >> 1).trailing_ones() as usize;
        let (number, rest) = self.numbers.split_at(length);
        self.numbers = rest;
        self.parts >>= length;
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use alacritty_terminal::vte;
    use proptest::prelude::*;

    use super::{ControlSequence, Params};

    type Parts = (Vec<u8>, Vec<Vec<u16>>, char);

    fn ours(content: &str) -> Option<Parts> {
        let mut params = Params::default();
        let sequence = ControlSequence::parse(content.as_bytes(), &mut params)?;
        let ControlSequence { prefix, params, intermediates, action } = sequence;
        let marks = [prefix, intermediates].concat();
        // The judge passes sequences with more over, and no terminal knows any.
        (marks.len() <= 2).then(|| (marks, params.iter().map(<[u16]>::to_vec).collect(), action))
    }

    /// What the `vte` crate, which is the judge, makes of it.
    fn theirs(content: &str) -> Option<Parts> {
        struct Judge(Option<Parts>);
        impl vte::Perform for Judge {
            fn csi_dispatch(&mut self, params: &vte::Params, intermediates: &[u8], is_cut: bool, action: char) {
                let numbers = params.iter().map(<[u16]>::to_vec).collect();
                self.0 = (!is_cut).then_some((intermediates.to_vec(), numbers, action));
            }
        }
        let mut judge = Judge(None);
        vte::Parser::<1024>::default().advance(&mut judge, format!("\x1b[{content}").as_bytes());
        judge.0
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 5000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn random_sequences_are_taken_apart_as_by_vte(
            content in prop_oneof!["[<=>?]?([0-9]{0,6}[;:]?){0,6}[ !$\"]{0,2}[@-~]", "[0-9;:]{0,80}m", "[0-?!$]{0,9}[@-~]"],
        ) {
            prop_assert_eq!(ours(&content), theirs(&content));
        }
    }

    #[test]
    fn a_long_sequence_means_nothing() {
        let numbers = |count: usize| format!("{}m", vec!["1"; count].join(";"));
        assert_eq!(ours(&numbers(32)).map(|(_, numbers, _)| numbers.len()), Some(32));
        assert_eq!(ours(&numbers(33)), None);
        assert_eq!((ours(&numbers(32)), ours(&numbers(33))), (theirs(&numbers(32)), theirs(&numbers(33))));
    }
}
