//! Finding files by their names, and lines by what is in them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::path::FilePath;

/// Params of `fs:find`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsFindParams {
    /// The folder.
    pub path: FilePath,
    /// Some characters of the file's path below the folder, in their order; or a glob for its path or name, with `*`, `?` or
    /// `[`. Of several words each must be found: `'word` as it is, `^word` at the beginning, `word$` at the end, `!word` not at
    /// all. Upper and lower case are the same, unless it has upper case. Without a query all files are found.
    pub query: String,
    /// Whether hidden files are found too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub include_hidden: bool,
    /// At most so many files; by default, and at most, 10000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Result of `fs:find`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsFindResult {
    /// The files, by their paths below the folder: the best first, files that are open and those used last before others; for a
    /// glob folder by folder in the order of names.
    pub files: Vec<FilePath>,
    /// Whether there are more than the limit.
    pub has_more: bool,
    /// Whether the folder is still being read, so that files are missing: ask again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_partial: bool,
}

/// Params of `fs:grep`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsGrepParams {
    /// The folder, or the file.
    pub path: FilePath,
    /// The regular expression.
    pub pattern: String,
    /// Whether upper and lower case are the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignore_case: bool,
    /// Whether the pattern is a text and no expression.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_literal: bool,
    /// At most so many lines; by default, and at most, 10000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Result of `fs:grep`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsGrepResult {
    /// The lines, file by file.
    pub matches: Vec<FsMatch>,
    /// Whether there are more than the limit.
    pub has_more: bool,
}

/// One line that matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FsMatch {
    /// The file, by its path below the folder.
    pub path: FilePath,
    /// The line, from 1.
    pub line: u64,
    /// The byte in the line at which the first match begins, from 1.
    pub column: u64,
    /// The line without its end, and at most 512 bytes of it; bytes that are no UTF-8 are replaced.
    pub text: String,
}
