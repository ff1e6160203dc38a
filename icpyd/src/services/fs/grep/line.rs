//! A line as it is shown: cut where it is too long, with what is no UTF-8 replaced, and the places of its matches.

use std::ops::Range;

use grep_matcher::{Match, Matcher};
use grep_searcher::SinkMatch;
use icpy_protocol::fs::FsRange;

use super::pattern::Pattern;

/// The most of a line that is shown, in bytes.
const LINE_BYTES_MAX: usize = 512;

/// The most of the lines of a match over several, in bytes.
const LINES_BYTES_MAX: usize = 4096;

/// How much of a line is shown before a match that is too far behind its beginning, in bytes.
const BEFORE_MATCH_BYTES: usize = 64;

/// How far behind its lines the matcher may look: what follows can decide whether there is a match.
const LOOK_AHEAD_BYTES: usize = 128;

/// A line, or the lines of a match over several.
#[derive(Debug)]
pub(super) struct Line<'b> {
    bytes: &'b [u8],
    /// Where in the line they begin.
    start: usize,
}

impl<'b> Line<'b> {
    /// A line without its end.
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        Self::whole(bytes.strip_suffix(b"\r").unwrap_or(bytes))
    }

    /// Some text that need not end as a line does.
    pub(super) fn whole(bytes: &'b [u8]) -> Self {
        Self { bytes, start: 0 }
    }

    /// Has a single line shown from shortly before a match on, when that would not be shown from its beginning.
    pub(super) fn show(&mut self, part: &Range<usize>) {
        if part.end <= LINE_BYTES_MAX || self.bytes.contains(&b'\n') {
            return;
        }
        let start = part.start.min(self.bytes.len()).saturating_sub(BEFORE_MATCH_BYTES);
        // A character is shown whole or not at all.
        let is_within = |byte: &u8| (0x80..0xc0).contains(byte);
        self.start = start + self.bytes[start..].iter().take(3).take_while(|byte| is_within(byte)).count();
        self.bytes = &self.bytes[self.start..];
    }

    /// The byte of the line at which the text begins.
    pub(super) fn start(&self) -> usize {
        self.start
    }

    /// Whether there is more behind the text.
    pub(super) fn is_cut(&self) -> bool {
        self.shown_bytes().len() < self.bytes.len()
    }

    fn shown_bytes(&self) -> &'b [u8] {
        let bytes_max = if self.bytes.contains(&b'\n') { LINES_BYTES_MAX } else { LINE_BYTES_MAX };
        &self.bytes[..self.bytes.len().min(bytes_max)]
    }

    /// The text that is shown.
    pub(super) fn text(&self) -> String {
        let bytes = self.shown_bytes();
        let mut text = String::from_utf8_lossy(bytes).into_owned();
        if bytes.len() < self.bytes.len() || text.len() > LINES_BYTES_MAX {
            let bytes_max = if bytes.len() > LINE_BYTES_MAX { LINES_BYTES_MAX } else { LINE_BYTES_MAX };
            text.truncate(text.floor_char_boundary(bytes_max));
        }
        text
    }

    /// Whether what begins at a byte is not shown.
    pub(super) fn is_cut_off(&self, byte: usize) -> bool {
        let (byte, shown) = (byte.saturating_sub(self.start), self.shown_bytes().len());
        byte > shown || (byte == shown && shown < self.bytes.len())
    }

    /// Where in the text a part of the line is; `None` when it is cut off, or is nothing within a character.
    pub(super) fn range(&self, part: &Range<usize>, text: &str) -> Option<FsRange> {
        if self.is_cut_off(part.start) {
            return None;
        }
        let bytes = self.shown_bytes();
        let start = part.start.checked_sub(self.start)?;
        let end = (part.end - self.start).min(bytes.len());
        let (start, end) = if bytes.starts_with(text.as_bytes()) {
            // Nearly every line is UTF-8, and its text is what it is.
            let is_within = start < end || text.is_char_boundary(start.min(text.len()));
            is_within.then(|| (text.floor_char_boundary(start), text.ceil_char_boundary(end)))?
        } else {
            let place = |byte: usize| text.floor_char_boundary(String::from_utf8_lossy(&bytes[..byte]).len());
            (place(start), place(end))
        };
        // A character that was cut in two is not shown.
        let is_whole = bytes.len() == self.bytes.len();
        let range = FsRange { start: u32::try_from(start).ok()?, end: u32::try_from(end).ok()? };
        (is_whole || start < text.len()).then_some(range)
    }
}

/// Where lines are that were found, with as much around them as decides whether there is a match: what is before them,
/// and a little of what is behind.
pub(super) fn seen<'b>(lines: &SinkMatch<'b>, pattern: &Pattern) -> (&'b [u8], Range<usize>) {
    let Range { start, end } = lines.bytes_range_in_buffer();
    let buffer = lines.buffer();
    if pattern.is_multiline {
        return (&buffer[..buffer.len().min(end + LOOK_AHEAD_BYTES)], start..end);
    }
    // A pattern for lines never sees their end.
    let seen = match &buffer[..end] {
        [line @ .., b'\r', b'\n'] if pattern.line_end.is_crlf() => line,
        [line @ .., b'\n'] | line => line,
    };
    (seen, start..end)
}

/// Calls with each match in the lines of a found one, as a range in them, until told to stop.
pub(super) fn each_match(pattern: &Pattern, lines: &SinkMatch<'_>, mut found: impl FnMut(Range<usize>) -> bool) {
    let (seen, Range { start, end }) = seen(lines, pattern);
    let next = |found_match: Match| {
        found_match.start() < end && found(found_match.start() - start..found_match.end().min(end) - start)
    };
    // This matcher never fails.
    let _ = pattern.matcher.find_iter_at(seen, start, next);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_shown_with_its_matches() {
        let check = |bytes: &[u8], part: Range<usize>, expect: Option<(&str, u32, u32)>| {
            let line = Line::new(bytes);
            let text = line.text();
            let found = line.range(&part, &text).map(|range| (text.as_str(), range.start, range.end));
            assert_eq!(found, expect, "{}", bytes.escape_ascii());
        };
        check(b"a needle\r\n", 2..8, Some(("a needle", 2, 8)));
        check("é needle\n".as_bytes(), 3..9, Some(("é needle", 3, 9)));
        check(b"\xe9 needle", 2..8, Some(("\u{fffd} needle", 4, 10)));
        check(b"\xe9\n", 0..1, Some(("\u{fffd}", 0, 3)));
        check(b"", 0..0, Some(("", 0, 0)));
        check("aé".as_bytes(), 2..2, None);
        check("aé".as_bytes(), 1..2, Some(("aé", 1, 3)));
        let long = [b'x'; 600];
        let cut = "x".repeat(512);
        check(&long, 500..600, Some((&cut, 500, 512)));
        check(&long, 512..512, None);
        check(&[b'x'; 512], 512..512, Some((&cut, 512, 512)));
        let text = Line::new(&[&b"\xe9"[..], &long].concat()).text();
        assert_eq!(text.len(), 512);
        let lines = [&long[..], b"\nb"].concat();
        check(&lines, 601..602, Some((std::str::from_utf8(&lines).unwrap(), 601, 602)));
        assert_eq!(Line::new(&b"x\n".repeat(3000)).text().len(), 4096);
        let mut far = Line::new(&long);
        far.show(&(550..560));
        let text = far.text();
        assert_eq!((far.start(), text.len(), far.is_cut()), (486, 114, false));
        assert_eq!(far.range(&(550..560), &text), Some(FsRange { start: 64, end: 74 }));
        let wide = "é".repeat(600);
        let mut far = Line::new(wide.as_bytes());
        far.show(&(601..603));
        assert_eq!((far.start(), far.text(), far.is_cut()), (538, "é".repeat(256), true));
        let split = ["x".repeat(511), "é".to_owned()].concat();
        assert_eq!(Line::new(split.as_bytes()).text().len(), 511);
    }
}
