//! Finding text in what was scrolled out and what is shown.

use grep_matcher::Matcher as _;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};

use super::Screen;
use super::line::Tables;
use super::render::{Part, push_text};
use super::row::Row;

/// Rows of one line of text that are looked at together.
const ROWS_TOGETHER_MAX: usize = 1000;

/// What to look for.
#[derive(Clone, Debug)]
pub struct Pattern(RegexMatcher);

impl Pattern {
    /// Text as it is, or an expression. The error is a sentence.
    pub fn new(text: &str, is_literal: bool, is_case_sensitive: bool) -> Result<Self, String> {
        let mut builder = RegexMatcherBuilder::new();
        builder.fixed_strings(is_literal).case_insensitive(!is_case_sensitive).line_terminator(Some(b'\n'));
        builder.build(text).map(Self).map_err(|error| error.to_string())
    }
}

/// Where text was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The number of the line it begins in.
    pub line: u64,
    /// The column it begins in, from 0.
    pub column: usize,
    /// What was found.
    pub text: String,
    /// The row it begins in.
    pub row: String,
}

impl Screen {
    /// The first `count_max` places in a part, from the oldest. Text that is broken over rows is found too.
    pub fn search(&self, pattern: &Pattern, part: Part, count_max: usize) -> Vec<Found> {
        let mut paragraph = Paragraph::default();
        let mut found = Vec::new();
        self.visit_rows(part, &mut |line, row, tables| {
            if found.len() >= count_max {
                return;
            }
            paragraph.push(line, row, tables);
            if !row.is_wrapped || paragraph.rows.len() >= ROWS_TOGETHER_MAX {
                paragraph.search(pattern, count_max, &mut found);
                paragraph = Paragraph::default();
            }
        });
        paragraph.search(pattern, count_max, &mut found);
        found
    }
}

/// A line of text over one or more rows.
#[derive(Debug, Default)]
struct Paragraph {
    text: String,
    /// Of each row: its number, and where each of its cells begins in the text.
    rows: Vec<(u64, Vec<usize>)>,
}

impl Paragraph {
    fn push(&mut self, line: u64, row: &Row, tables: &Tables) {
        let mut starts = Vec::with_capacity(row.cells().len());
        for cell in row.cells() {
            starts.push(self.text.len());
            push_text(&[*cell], tables, &mut self.text);
        }
        self.rows.push((line, starts));
    }

    fn search(&self, pattern: &Pattern, count_max: usize, found: &mut Vec<Found>) {
        // The matcher fails on nothing that is in memory.
        let _ = pattern.0.find_iter(self.text.as_bytes(), |place| {
            if let Some(found_at) = self.position(place.start()).filter(|_| !place.is_empty()) {
                let text = self.text[place.start()..place.end()].to_owned();
                let row = self.row(found_at.0).to_owned();
                found.push(Found { line: found_at.0, column: found_at.1, text, row });
            }
            found.len() < count_max
        });
    }

    /// The text of a row.
    fn row(&self, line: u64) -> &str {
        let starts = |(_, starts): &(u64, Vec<usize>)| starts.first().copied();
        let mut rows = self.rows.iter().skip_while(|(number, _)| *number != line);
        let from = rows.next().and_then(starts).unwrap_or_default();
        &self.text[from..rows.find_map(starts).unwrap_or(self.text.len())]
    }

    fn position(&self, offset: usize) -> Option<(u64, usize)> {
        let row = self.rows.iter().rposition(|(_, starts)| starts.first().is_some_and(|first| *first <= offset))?;
        let (line, starts) = &self.rows[row];
        Some((*line, starts.partition_point(|start| *start < offset).min(starts.len() - 1)))
    }
}
