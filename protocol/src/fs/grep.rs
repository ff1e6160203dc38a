//! Finding lines by what is in them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::path::FilePath;

/// Params of `fs:grep`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct FsGrepParams {
    /// The folder, or the file.
    pub path: FilePath,
    /// The regular expression. `\r\n` ends a line as `\n` does, so that `$` is before it and `.` is neither of the two. For a
    /// pattern that names `\r` itself only `\n` ends a line.
    pub pattern: String,
    /// Whether upper and lower case are the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignore_case: bool,
    /// Whether upper and lower case are the same where the pattern has letters, and none of upper case.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub smart_case: bool,
    /// Whether the pattern is a text and no expression.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_literal: bool,
    /// Whether a match begins and ends where words do.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole_word: bool,
    /// Whether lines are found that do not match. Nothing can be replaced in those.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_inverted: bool,
    /// Whether a match may go over several lines.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_multiline: bool,
    /// Whether `.` is a newline too, in a match over several lines.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_dot_all: bool,
    /// Globs, as in `.gitignore`, for paths below the folder. Where there is one without `!` only files that fit one are
    /// searched; what fits one that begins with `!` is not. The last that fits wins, also over what is ignored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub globs: Vec<String>,
    /// Only files of one of these types are searched: names as ripgrep has them, such as `rust` or `py`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// Whether binary files are searched as if they were text. Else a file is not looked at any more from its first NUL on; so
    /// it is with UTF-16 that no mark begins.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub search_binary: bool,
    /// Whether to search what is hidden too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// Whether to search what git ignores too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_ignore: bool,
    /// So many lines before each match come with it; at most 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u32>,
    /// So many lines after each match come with it; at most 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u32>,
    /// At most so many lines. In an answer 10000 by default, and at most; in a stream as many as there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// At most so many lines of each file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count_per_file: Option<u32>,
    /// Whether files come in any order, as soon as they are searched; by default they come in the order of their paths.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_unsorted: bool,
    /// Whether the lines come as found, before the answer, which then holds none: as pieces of a stream, each of whose
    /// `data` is one or more `FsMatch` objects, one a line.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("x-needs-session" = true))]
    pub stream: bool,
}

impl FsGrepParams {
    /// A search for a regular expression in a folder or file, and nothing else asked.
    pub fn new(path: impl Into<FilePath>, pattern: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            pattern: pattern.into(),
            ignore_case: false,
            smart_case: false,
            is_literal: false,
            whole_word: false,
            is_inverted: false,
            is_multiline: false,
            is_dot_all: false,
            globs: Vec::new(),
            types: Vec::new(),
            search_binary: false,
            hidden: false,
            no_ignore: false,
            before: None,
            after: None,
            limit: None,
            count_per_file: None,
            is_unsorted: false,
            stream: false,
        }
    }
}

/// Result of `fs:grep`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsGrepResult {
    /// The lines, file by file; none where they were streamed.
    pub matches: Vec<FsMatch>,
    /// Whether there are more than the limit, or than an answer holds.
    pub has_more: bool,
    /// What was looked at.
    pub stats: FsGrepStats,
    /// The first of the files and folders that could not be read, by their paths from the folder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<FilePath>,
}

/// What a search looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsGrepStats {
    /// Files that were read.
    pub files: u64,
    /// Files that have a match.
    pub files_matched: u64,
    /// Files that could not be read, and folders.
    pub files_failed: u64,
    /// Files that were not read to their end because they are binary.
    #[serde(default)]
    pub files_binary: u64,
    /// Lines that were found, as they are counted for the limit.
    pub lines: u64,
    /// Bytes that were read.
    pub bytes: u64,
}

/// One line that matches, or the lines of a match over several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsMatch {
    /// The file, by its path below the folder.
    pub path: FilePath,
    /// The line, from 1.
    pub line: u64,
    /// The byte in the line at which the first match begins, from 1.
    pub column: u64,
    /// The byte of the file at which the line begins; in a file in UTF-16, of its text in UTF-8.
    pub offset: u64,
    /// The line without its end, and at most 512 bytes of it, among them where the first match begins; of a match over several
    /// lines the first 4096. Bytes that are no UTF-8 are replaced.
    pub text: String,
    /// The byte in the line at which `text` begins, from 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub text_start: u64,
    /// Whether there is more behind `text`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_cut: bool,
    /// Where in `text` the matches are.
    pub ranges: Vec<FsRange>,
    /// Lines before it, those that no match before it has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<FsContextLine>,
    /// Lines after it, up to the next match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<FsContextLine>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
pub(super) fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A part of a text, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FsRange {
    /// Where it begins.
    pub start: u32,
    /// Where it ends: the byte after the last.
    pub end: u32,
}

/// A line near a match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FsContextLine {
    /// The line, from 1.
    pub line: u64,
    /// The line without its end, and at most 512 bytes of it.
    pub text: String,
    /// Whether there is more behind `text`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_cut: bool,
}
