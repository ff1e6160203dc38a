//! How matches are printed: a line each where a program reads them, below the file's name where a person does.

use std::io::{self, IsTerminal as _};
use std::iter;
use std::path::{Path, PathBuf};

use icpy::args::Grep;
use icpy_protocol::fs::{FsContextLine, FsMatch, FsRange};
use icpy_protocol::path::FilePath;
use serde_json::json;

use super::super::find::name;
use crate::output::color::{self, GREEN, MAGENTA, RED, paint};

/// What stands for the part of a long line that is not shown.
const CUT: &str = "[...]";

/// Prints the matches of one search after another.
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub(super) struct Printer<'a> {
    grep: &'a Grep,
    is_json: bool,
    is_terminal: bool,
    is_colored: bool,
    /// The folder or file that is searched, as the user named it.
    root: PathBuf,
    is_folder: bool,
    /// The file that was printed last, and how many of its lines match.
    file: Option<(FilePath, u64)>,
    /// The line that was printed last.
    last_line: u64,
    has_printed: bool,
}

impl<'a> Printer<'a> {
    pub(super) fn new(grep: &'a Grep, is_json: bool) -> Self {
        let stdout = io::stdout();
        Self {
            grep,
            is_json,
            is_terminal: stdout.is_terminal(),
            is_colored: color::is_wanted(&stdout),
            root: PathBuf::new(),
            is_folder: false,
            file: None,
            last_line: 0,
            has_printed: false,
        }
    }

    /// Begins with a folder or file.
    pub(super) fn begin(&mut self, root: &Path, is_folder: bool) {
        (self.root, self.is_folder, self.file) = (root.to_owned(), is_folder, None);
    }

    /// Returns what is known of the last file only now.
    pub(super) fn end(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        self.write_count(&mut text);
        self.file = None;
        text
    }

    /// Writes one match, which is `json` as it came.
    pub(super) fn write(&mut self, text: &mut Vec<u8>, found: &FsMatch, json: &str) {
        let is_new = self.file.as_ref().is_none_or(|(path, _)| *path != found.path);
        if is_new {
            self.write_count(text);
            self.file = Some((found.path.clone(), 0));
        }
        if let Some((_, count)) = &mut self.file {
            *count += 1;
        }
        if self.grep.quiet {
            // The exit status tells.
        } else if self.grep.count {
            // Told when all are counted.
        } else if self.grep.files_with_matches {
            if is_new {
                self.write_file(text, &json!({ "path": found.path }), None);
            }
        } else if self.is_json {
            text.extend_from_slice(json.as_bytes());
            text.push(b'\n');
        } else {
            self.write_lines(text, found, is_new);
        }
    }

    fn write_count(&self, text: &mut Vec<u8>) {
        if let Some((path, count)) = self.file.as_ref().filter(|_| self.grep.count && !self.grep.quiet) {
            self.write_file(text, &json!({ "path": path, "count": count }), Some(*count));
        }
    }

    fn write_file(&self, text: &mut Vec<u8>, json: &serde_json::Value, count: Option<u64>) {
        if self.is_json {
            text.extend(json.to_string().into_bytes());
        } else {
            text.extend(self.name());
            text.extend(count.map(|count| format!(":{count}")).unwrap_or_default().into_bytes());
        }
        text.push(b'\n');
    }

    /// The file's name, from where the user is.
    fn name(&self) -> Vec<u8> {
        let below = self.file.as_ref().filter(|_| self.is_folder).map(|(path, _)| path.clone());
        let name = name(&self.root, &below.unwrap_or_else(|| FilePath::from("")));
        match self.is_colored {
            true => [format!("\x1b[{MAGENTA}m").as_bytes(), &name, b"\x1b[0m"].concat(),
            false => name,
        }
    }

    fn write_lines(&mut self, text: &mut Vec<u8>, found: &FsMatch, is_new: bool) {
        let first = found.before.first().map_or(found.line, |line| line.line);
        let has_context = [self.grep.context, self.grep.after_context, self.grep.before_context]
            .iter()
            .any(|lines| lines.is_some_and(|lines| lines > 0));
        if is_new && self.is_terminal {
            text.extend(if self.has_printed { &b"\n"[..] } else { b"" });
            text.extend(self.name());
            text.push(b'\n');
        } else if has_context && self.has_printed && (is_new || first != self.last_line + 1) {
            text.extend(b"--\n");
        }
        self.has_printed = true;
        for line in &found.before {
            self.write_context(text, line);
        }
        if self.grep.only_matching && !self.grep.invert_match {
            self.write_matches(text, found);
        } else {
            self.write_matched_lines(text, found);
        }
        for line in &found.after {
            self.write_context(text, line);
        }
    }

    fn write_context(&mut self, text: &mut Vec<u8>, line: &FsContextLine) {
        let end = if line.is_cut { CUT } else { "" };
        self.write_line(text, line.line, None, &format!("{}{end}", line.text));
    }

    /// Writes each match by itself; of one over several lines each line.
    fn write_matches(&mut self, text: &mut Vec<u8>, found: &FsMatch) {
        for FsRange { start, end } in &found.ranges {
            let (start, end) = (*start as usize, *end as usize);
            let Some((before, matched)) = found.text.get(..start).zip(found.text.get(start..end)) else { continue };
            let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
            let first = found.line + before.matches('\n').count() as u64;
            // Only what is shown of a line is counted from its beginning by `text_start`.
            let shown_from = if line_start == 0 { found.text_start } else { 0 };
            let column = shown_from + (start - line_start) as u64 + 1;
            for (number, (line, column)) in
                (first..).zip(matched.split('\n').zip([column].into_iter().chain(iter::repeat(1))))
            {
                if !line.is_empty() {
                    self.write_line(text, number, Some(column), &paint(line, RED, self.is_colored));
                }
            }
        }
    }

    fn write_matched_lines(&mut self, text: &mut Vec<u8>, found: &FsMatch) {
        let mut range_start = 0;
        for (number, line) in (found.line..).zip(found.text.split('\n')) {
            let end = range_start + line.len();
            let painted = self.painted(line, range_start, &found.ranges);
            // What is left out of a line is marked.
            let before = if range_start == 0 && found.text_start > 0 { CUT } else { "" };
            let after = if end == found.text.len() && found.is_cut { CUT } else { "" };
            let painted = format!("{before}{painted}{after}");
            self.write_line(text, number, Some(found.column), &painted);
            range_start = end + 1;
        }
    }

    fn write_line(&mut self, text: &mut Vec<u8>, number: u64, column: Option<u64>, line: &str) {
        let separator = if column.is_some() { ':' } else { '-' };
        if !self.is_terminal {
            text.extend(self.name());
            text.extend(separator.to_string().into_bytes());
        }
        let number_text = number.to_string();
        text.extend(paint(&number_text, GREEN, self.is_colored).as_bytes());
        let column = column.map(|column| format!("{separator}{column}")).unwrap_or_default();
        text.extend(format!("{column}{separator}{line}\n").into_bytes());
        self.last_line = number;
    }

    /// A line with its matches in colour. It begins at `start` of the text that the ranges are of.
    fn painted(&self, line: &str, start: usize, ranges: &[FsRange]) -> String {
        let (mut painted, mut done) = (String::new(), 0);
        for range in ranges.iter().filter(|_| self.is_colored) {
            let place = |byte: u32| (byte as usize).saturating_sub(start).min(line.len());
            let (from, to) = (place(range.start), place(range.end));
            let Some((plain, matched)) = line.get(done..from).zip(line.get(from..to)).filter(|_| from < to) else {
                continue;
            };
            painted.push_str(plain);
            painted.push_str(&paint(matched, RED, true));
            done = to;
        }
        painted.push_str(line.get(done..).unwrap_or_default());
        painted
    }
}
