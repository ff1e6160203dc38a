//! What is in a terminal, for those who read rather than show it: as text, and found in it. Answers are bounded.

use std::ops::Range;

use icpy_protocol::error::{Error, Result};
use icpy_protocol::terminal::{
    TerminalFormat, TerminalFound, TerminalLines, TerminalPart, TerminalPlace, TerminalSearchParams,
    TerminalSearchResult, TerminalSnapshotParams, TerminalSnapshotResult,
};

use super::one::Terminal;
use super::screen::{Format, Part, Pattern, Screen};

/// Bytes of text in one answer. A single piece may go beyond.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// Lines that are written at once.
const PIECE_LINES: u64 = 256;

/// Results of one search.
const RESULTS_MAX: usize = 1000;

/// Of something longer that was found, and of its row, the beginning is told.
const FOUND_BYTES_MAX: usize = 4 << 10;

/// What is around the lines in HTML.
const HTML: (&str, &str) = ("<pre>", "</pre>\n");

impl Terminal {
    /// Its lines as text.
    pub(super) fn text(&self, params: &TerminalSnapshotParams) -> TerminalSnapshotResult {
        let screen = &self.model().screen;
        let (first_line, screen_line) = screen.line_numbers();
        let size = screen.size();
        let format = match params.format {
            TerminalFormat::Text => Format::Text,
            TerminalFormat::Ansi => Format::Ansi,
            TerminalFormat::Html => Format::Html,
        };
        let end = screen_line + u64::from(size.rows);
        let (wanted, text) = match (params.lines, params.what) {
            (Some(lines), _) => {
                let from = lines.from.clamp(first_line, end);
                let wanted = from..lines.to.clamp(from, end);
                (wanted.clone(), first_of(screen, wanted, format))
            }
            (None, TerminalPart::Screen) => {
                let text = bare(screen.render(Part::Screen, format), format);
                (screen_line..end, Excerpt { lines: screen_line..end, text })
            }
            (None, TerminalPart::Scrollback) => {
                (first_line..screen_line, last_of(screen, first_line..screen_line, format, String::new()))
            }
            (None, TerminalPart::Both) => {
                let shown = bare(screen.render(Part::Screen, format), format);
                let before = last_of(screen, first_line..screen_line, format, shown);
                (first_line..end, Excerpt { lines: before.lines.start..end, text: before.text })
            }
        };
        let Excerpt { lines, text } = text;
        let (row, column) = screen.cursor();
        TerminalSnapshotResult {
            is_cut: lines != wanted,
            lines: TerminalLines { from: lines.start, to: lines.end },
            text: if format == Format::Html { [HTML.0, &text, HTML.1].concat() } else { text },
            first_line,
            screen_line,
            size,
            cursor: TerminalPlace { row, column },
            is_alternate: screen.is_alternate(),
            title: screen.title().map(str::to_owned),
        }
    }

    /// Finds text in it.
    pub(super) fn search(&self, params: &TerminalSearchParams) -> Result<TerminalSearchResult> {
        let pattern = Pattern::new(&params.pattern, !params.is_regex, params.is_case_sensitive).map_err(|error| {
            Error::invalid_params(format!("`{}` is not a regular expression: {error}", params.pattern))
        })?;
        if params.pattern.is_empty() {
            return Err(Error::invalid_params("there is no text to look for"));
        }
        let part = match (params.lines, params.what.unwrap_or(TerminalPart::Both)) {
            (Some(lines), _) => Part::Lines(lines.from, lines.to),
            (None, TerminalPart::Screen) => Part::Screen,
            (None, TerminalPart::Scrollback) => Part::Scrollback,
            (None, TerminalPart::Both) => Part::Both,
        };
        let count_max = params.results_max.map_or(RESULTS_MAX, |max| RESULTS_MAX.min(max as usize));
        let screen = &self.model().screen;
        // One more shows that there are more.
        let all = screen.search(&pattern, part, count_max + 1);
        let (mut found, mut bytes) = (Vec::new(), 0);
        for it in all.iter().take(count_max) {
            let (text, row) = (cut(&it.text).to_owned(), cut(it.row.trim_end()).to_owned());
            bytes += text.len() + row.len();
            if bytes > TEXT_BYTES_MAX {
                break;
            }
            let column = u32::try_from(it.column).unwrap_or(u32::MAX);
            found.push(TerminalFound { line: it.line, column, text, row });
        }
        Ok(TerminalSearchResult { is_cut: found.len() < all.len(), found })
    }

    /// Forgets what was printed, but for the screen, which all who are shown the terminal are given anew.
    pub(super) fn clear(&self) {
        let mut model = self.model();
        let state = &mut *self.lock();
        model.screen.clear_scrollback();
        state.output.clear();
        state.viewers.show_anew();
    }
}

/// Some lines as they are written.
struct Excerpt {
    lines: Range<u64>,
    text: String,
}

/// The first of some lines, as many as fit.
fn first_of(screen: &Screen, lines: Range<u64>, format: Format) -> Excerpt {
    let (mut text, mut to) = (String::new(), lines.start);
    while to < lines.end && text.len() < TEXT_BYTES_MAX {
        let next = (to + PIECE_LINES).min(lines.end);
        text += &bare(screen.render(Part::Lines(to, next), format), format);
        to = next;
    }
    Excerpt { lines: lines.start..to, text }
}

/// The last of some lines, as many as fit before what is behind them.
fn last_of(screen: &Screen, lines: Range<u64>, format: Format, behind: String) -> Excerpt {
    let (mut pieces, mut from) = (vec![behind], lines.end);
    let mut bytes = pieces[0].len();
    while from > lines.start && bytes < TEXT_BYTES_MAX {
        let next = from.saturating_sub(PIECE_LINES).max(lines.start);
        let piece = bare(screen.render(Part::Lines(next, from), format), format);
        bytes += piece.len();
        pieces.push(piece);
        from = next;
    }
    pieces.reverse();
    Excerpt { lines: from..lines.end, text: pieces.concat() }
}

/// Lines without what is around them.
fn bare(text: String, format: Format) -> String {
    let inner = text.strip_prefix(HTML.0).and_then(|text| text.strip_suffix(HTML.1));
    match inner {
        Some(inner) if format == Format::Html => inner.to_owned(),
        _ => text,
    }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(FOUND_BYTES_MAX)]
}
