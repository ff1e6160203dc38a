//! What a content becomes when what is found in it is replaced. Pure: bytes in, bytes out. All that is not replaced stays as
//! it is, byte for byte, and so does the encoding.

mod reversal;
mod text;

use std::io;
use std::ops::Range;

use grep_matcher::{Captures as _, Match, Matcher as _};
use grep_searcher::{Searcher, Sink, SinkMatch};
use icpy_protocol::fs::FsGrepParams;

pub(in crate::services::fs) use self::reversal::Reversal;
use self::text::Text;
use super::line::seen;
use super::pattern::Pattern;
use super::scan::searcher;

/// One match and what takes its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    /// The line in which the match begins, from 1.
    pub(super) line: u64,
    /// Where the line begins in the text.
    pub(super) line_start: usize,
    /// Where the match is in the text.
    pub(super) range: Range<usize>,
    /// What takes its place.
    pub(super) after: Vec<u8>,
}

/// How a content changes.
#[derive(Debug)]
pub(in crate::services::fs) struct Replaced<'a> {
    text: Text<'a>,
    /// The edits, in order; none overlaps another, and each one changes something.
    pub(super) edits: Vec<Edit>,
}

/// Replaces what is found in a content. What fails is a sentence.
pub(super) fn replace<'a>(
    content: &'a [u8],
    pattern: &Pattern,
    params: &FsGrepParams,
    replacement: &str,
) -> Result<Replaced<'a>, &'static str> {
    let text = Text::decode(content)?;
    if memchr::memchr(0, &text.bytes).is_some() {
        return Err("it is binary");
    }
    if !replacement.is_ascii() && std::str::from_utf8(&text.bytes).is_err() {
        return Err("it is not in Unicode, and the replacement is not in ASCII");
    }
    let replacement = text.with_its_line_ends(replacement);
    let mut editor = Editor { pattern, replacement: replacement.as_bytes(), edits: Vec::new() };
    let mut searcher = searcher(pattern, params).before_context(0).after_context(0).bom_sniffing(false).build();
    let searched = searcher.search_reader(&pattern.matcher, &*text.bytes, &mut editor);
    searched.map_err(|_| "it has a line that is too long")?;
    let mut edits = editor.edits;
    edits.retain(|edit| text.bytes[edit.range.clone()] != edit.after);
    Ok(Replaced { text, edits })
}

impl Replaced<'_> {
    /// The text that the edits are of: the content in UTF-8, without a mark of its encoding.
    pub(super) fn text(&self) -> &[u8] {
        &self.text.bytes
    }

    /// The new content.
    pub(super) fn content(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.text.bytes.len());
        let mut done = 0;
        for edit in &self.edits {
            bytes.extend_from_slice(&self.text.bytes[done..edit.range.start]);
            bytes.extend_from_slice(&edit.after);
            done = edit.range.end;
        }
        bytes.extend_from_slice(&self.text.bytes[done..]);
        self.text.encode(bytes)
    }
}

/// Collects the edits of what the searcher finds.
struct Editor<'a> {
    pattern: &'a Pattern,
    replacement: &'a [u8],
    edits: Vec<Edit>,
}

impl Sink for Editor<'_> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, lines: &SinkMatch<'_>) -> io::Result<bool> {
        let matcher = &self.pattern.matcher;
        let (seen, Range { start, end }) = seen(lines, self.pattern);
        // At the end of the text a match may be nothing: no line begins there.
        let is_last = !lines.bytes().ends_with(b"\n");
        let offset = usize::try_from(lines.absolute_byte_offset()).map_err(io::Error::other)?;
        let (mut line, mut line_start) = (lines.line_number().unwrap_or_default(), start);
        let mut captures = matcher.new_captures().map_err(io::Error::other)?;
        let edits = &mut self.edits;
        let next = |captures: &grep_regex::RegexCaptures| {
            let is_within = |found: &Match| found.start() < end || (is_last && found.start() == end);
            let Some(found) = captures.get(0).filter(is_within) else { return false };
            let passed = &seen[line_start..found.start()];
            line += memchr::memchr_iter(b'\n', passed).count() as u64;
            line_start += memchr::memrchr(b'\n', passed).map_or(0, |newline| newline + 1);
            let mut after = Vec::new();
            captures.interpolate(|name| matcher.capture_index(name), seen, self.replacement, &mut after);
            let range = found.start() - start + offset..found.end() - start + offset;
            edits.push(Edit { line, line_start: line_start - start + offset, range, after });
            true
        };
        matcher.captures_iter_at(seen, start, &mut captures, next).map_err(io::Error::other)?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
