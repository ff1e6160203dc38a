//! Collecting what the searcher finds in one file, and handing it on piece by piece.

use std::io;

use grep_searcher::{Searcher, Sink, SinkContext, SinkContextKind, SinkFinish, SinkMatch};
use icpy_protocol::fs::{FsContextLine, FsMatch};
use icpy_protocol::path::FilePath;

use super::line::{Line, each_match};
use super::pattern::Pattern;
use super::turns::Found;

/// How much of one file is collected before it is handed on, in bytes.
const PIECE_BYTES: usize = 64 << 10;

/// What a match takes beside its texts, in about so many bytes.
const MATCH_BYTES: usize = 160;

/// What is found in one file.
pub(super) struct Collector<'a, F> {
    pub(super) pattern: &'a Pattern,
    /// The file as it is shown.
    pub(super) path: &'a FilePath,
    /// Takes a piece, and says whether to go on.
    pub(super) hand_on: F,
    pub(super) found: Found,
    /// Lines before the match that comes next.
    pub(super) before: Vec<FsContextLine>,
    pub(super) has_match: bool,
    /// Whether it was not searched to its end because it is binary.
    pub(super) is_binary: bool,
    /// Bytes that were searched.
    pub(super) bytes: u64,
}

impl<F: FnMut(Found) -> bool> Collector<'_, F> {
    /// Hands on what was found so far. The last match is kept: lines that follow it still come.
    fn hand_on(&mut self) -> bool {
        let Some(last) = self.found.matches.pop() else { return true };
        let found = std::mem::take(&mut self.found);
        self.found.bytes = size(&last);
        self.found.matches.push(last);
        (self.hand_on)(found)
    }
}

impl<F: FnMut(Found) -> bool> Sink for Collector<'_, F> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, lines: &SinkMatch<'_>) -> io::Result<bool> {
        let mut line = Line::new(lines.bytes());
        let (mut first, mut ranges) = (None, Vec::new());
        if line.is_cut() {
            each_match(self.pattern, lines, |part| {
                line.show(&part);
                false
            });
        }
        let text = line.text();
        each_match(self.pattern, lines, |part| {
            first.get_or_insert(part.start);
            ranges.extend(line.range(&part, &text));
            !line.is_cut_off(part.start)
        });
        let found = FsMatch {
            path: self.path.clone(),
            line: lines.line_number().unwrap_or_default(),
            column: first.unwrap_or_default() as u64 + 1,
            offset: lines.absolute_byte_offset(),
            text,
            text_start: line.start() as u64,
            is_cut: line.is_cut(),
            ranges,
            before: std::mem::take(&mut self.before),
            after: Vec::new(),
        };
        self.has_match = true;
        self.found.bytes += size(&found);
        self.found.matches.push(found);
        Ok(self.found.bytes < PIECE_BYTES || self.hand_on())
    }

    fn context(&mut self, _: &Searcher, context: &SinkContext<'_>) -> io::Result<bool> {
        let line = Line::new(context.bytes());
        let (text, is_cut) = (line.text(), line.is_cut());
        self.found.bytes += MATCH_BYTES + text.len();
        let line = FsContextLine { line: context.line_number().unwrap_or_default(), text, is_cut };
        match (context.kind(), self.found.matches.last_mut()) {
            (SinkContextKind::After, Some(last)) => last.after.push(line),
            _ => self.before.push(line),
        }
        Ok(true)
    }

    fn binary_data(&mut self, _: &Searcher, _: u64) -> io::Result<bool> {
        self.is_binary = true;
        Ok(true)
    }

    fn finish(&mut self, _: &Searcher, finish: &SinkFinish) -> io::Result<()> {
        self.bytes = finish.byte_count();
        Ok(())
    }
}

/// About how much a match takes, in bytes.
fn size(found: &FsMatch) -> usize {
    let around: usize = found.before.iter().chain(&found.after).map(|line| MATCH_BYTES + line.text.len()).sum();
    MATCH_BYTES + found.path.as_path().as_os_str().len() + found.text.len() + found.ranges.len() * 8 + around
}
