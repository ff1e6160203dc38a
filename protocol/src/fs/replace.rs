//! Replacing what is found: first shown, then done.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FsGrepParams, FsGrepStats};
use crate::path::FilePath;

/// Params of `fs:preview_replace`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FsPreviewReplaceParams {
    /// What is replaced. Lines around it and a stream cannot be asked for; the limit is one of matches, not of lines.
    pub search: FsGrepParams,
    /// What takes its place. `$1`, `${1}` and `${name}` are groups of the match, `$0` is all of it, and `$$` is `$`. A newline
    /// becomes one of the file's.
    pub replacement: String,
}

/// Result of `fs:preview_replace`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsPreviewReplaceResult {
    /// The files that would change, in the order of their paths.
    pub files: Vec<FsFileEdits>,
    /// Files that have a match and cannot be changed, and further names of those that can.
    pub skipped: Vec<FsSkippedFile>,
    /// Whether there are more than the limit, or than an answer holds. The last file may then lack some of its edits.
    pub has_more: bool,
    /// What was looked at.
    pub stats: FsGrepStats,
}

/// Params of `fs:replace`: what was shown by `fs:preview_replace`, and in which of the files.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FsReplaceParams {
    /// What is replaced, and by what, as in the preview; its limit is not looked at.
    pub preview: FsPreviewReplaceParams,
    /// The files to be changed, each as a whole.
    pub files: Vec<FsFileVersion>,
}

/// A file in one version.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsFileVersion {
    /// The file, by its path below the folder that was searched.
    pub path: FilePath,
    /// The version that the preview is of.
    pub base_version: String,
}

/// Result of `fs:replace`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsReplaceResult {
    /// How many matches were replaced.
    pub replaced: u64,
    /// What was written, in the order of the params. A file in which nothing changes is not among them.
    pub files: Vec<FsFileVersion>,
    /// What `fs:undo` takes; absent when nothing was replaced, or that could not be recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<String>,
}

/// How one file would change.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsFileEdits {
    /// The file, by its path below the folder.
    pub path: FilePath,
    /// The version of the content that the edits are of.
    pub base_version: String,
    /// The edits, in order; none overlaps another.
    pub edits: Vec<FsEdit>,
}

/// One match and what takes its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FsEdit {
    /// The line in which the match begins, from 1.
    pub line: u64,
    /// The byte in the line at which it begins, from 1.
    pub column: u64,
    /// The byte of the file at which it begins; in a file in UTF-16 or with a mark of its encoding, of the text in UTF-8.
    pub start: u64,
    /// The byte after its last.
    pub end: u64,
    /// The match, cut as a line is.
    pub before: String,
    /// What takes its place, cut as a line is.
    pub after: String,
    /// The line as it is, cut.
    pub text: String,
}

/// A file that cannot be changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FsSkippedFile {
    /// The file, by its path below the folder.
    pub path: FilePath,
    /// Why, as a sentence.
    pub reason: String,
}
