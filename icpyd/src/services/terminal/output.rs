//! What a terminal has printed: counted from its beginning, and kept up to a bound.

use std::collections::VecDeque;

/// Bytes that are kept of each terminal.
pub(super) const KEPT_BYTES_MAX: usize = 256 << 10;

/// Bytes of one answer.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// The last of what a terminal has printed.
#[derive(Debug, Default)]
pub(super) struct Output {
    kept: VecDeque<u8>,
    /// Bytes printed so far.
    end: u64,
}

/// A part of the output.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) from: u64,
    pub(super) bytes: Vec<u8>,
}

impl Part {
    /// Whether it is the beginning of a character and no more.
    pub(super) fn begins_character(&self) -> bool {
        let error = std::str::from_utf8(&self.bytes).err();
        error.is_some_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    }
}

impl Output {
    /// What another program has kept, and where that ended.
    pub(super) fn restored(kept: Vec<u8>, end: u64) -> Self {
        Self { end: end.max(kept.len() as u64), kept: kept.into() }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.end += bytes.len() as u64;
        let bytes = &bytes[bytes.len().saturating_sub(KEPT_BYTES_MAX)..];
        // Room is made first: it takes no more memory than is kept.
        let excess = (self.kept.len() + bytes.len()).saturating_sub(KEPT_BYTES_MAX);
        self.kept.drain(..excess);
        if self.kept.capacity() < self.kept.len() + bytes.len() {
            let grown = (2 * self.kept.len() + bytes.len()).min(KEPT_BYTES_MAX);
            self.kept.reserve_exact(grown - self.kept.len());
        }
        self.kept.extend(bytes);
    }

    /// Forgets what is kept.
    pub(super) fn clear(&mut self) {
        self.kept.clear();
    }

    pub(super) fn end(&self) -> u64 {
        self.end
    }

    pub(super) fn kept(&self) -> Vec<u8> {
        self.kept.iter().copied().collect()
    }

    /// Where what is kept begins.
    pub(super) fn begin(&self) -> u64 {
        self.end - self.kept.len() as u64
    }

    /// What is kept after a place, up to the size of an answer.
    pub(super) fn after(&self, place: u64) -> Part {
        self.part(place, ANSWER_BYTES_MAX)
    }

    /// The same, up to some length. Empty when all that is there is the beginning of a character.
    pub(super) fn part(&self, place: u64, bytes_max: usize) -> Part {
        let from = place.clamp(self.begin(), self.end);
        let skipped = usize::try_from(from - self.begin()).unwrap_or(usize::MAX);
        let (first, second) = self.kept.as_slices();
        let (first, second) =
            (first.get(skipped..).unwrap_or_default(), &second[skipped.saturating_sub(first.len())..]);
        let length = bytes_max.min(first.len() + second.len());
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(&first[..length.min(first.len())]);
        bytes.extend_from_slice(&second[..length - bytes.len()]);
        Part { from, bytes: whole_characters(bytes) }
    }
}

/// Leaves the beginning of a character at the end to the next answer, which has the rest of it.
fn whole_characters(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Err(error) = std::str::from_utf8(&bytes)
        && error.error_len().is_none()
        && error.valid_up_to() > 0
    {
        bytes.truncate(error.valid_up_to());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_read_from_any_place() {
        let mut output = Output::default();
        output.push(b"one two");
        assert_eq!(output.after(0), Part { from: 0, bytes: b"one two".to_vec() });
        assert_eq!(output.after(4), Part { from: 4, bytes: b"two".to_vec() });
        assert_eq!(output.after(99), Part { from: 7, bytes: Vec::new() });
        let output = Output::restored(output.kept(), output.end());
        assert_eq!(output.after(4), Part { from: 4, bytes: b"two".to_vec() });
    }

    #[test]
    fn the_oldest_goes_and_the_count_stays() {
        let mut output = Output::default();
        for number in 0..600_u32 {
            output.push(format!("{number:01023}\n").as_bytes());
        }
        let kept_from = 600 * 1024 - KEPT_BYTES_MAX as u64;
        let part = output.after(0);
        assert_eq!((part.from, part.bytes.len()), (kept_from, ANSWER_BYTES_MAX));
        assert!(part.bytes.starts_with(format!("{:01023}\n", kept_from / 1024).as_bytes()));
    }

    #[test]
    fn a_character_is_not_cut() {
        let mut output = Output::default();
        output.push("aé".as_bytes());
        output.push(&"é".as_bytes()[..1]);
        assert_eq!(output.after(0).bytes, "aé".as_bytes());
        output.push(&"é".as_bytes()[1..]);
        assert_eq!(output.after(3).bytes, "é".as_bytes());
        // What can never become a character is not waited for.
        output.push(b"\xff\xff");
        assert_eq!(output.after(5).bytes, b"\xff\xff");
    }
}
