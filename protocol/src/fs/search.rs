//! Finding files by their names.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::grep::is_zero;
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
    /// Folders of which files are missing because they cannot be read, or are more than 8192 bytes of path away.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub folders_failed: u64,
    /// The first of them, by their paths below the folder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<FilePath>,
}
