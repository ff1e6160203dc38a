//! What has become of a text over time, and by whom.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FileOf;
use super::text::TextOrigin;
use crate::path::FilePath;

/// Params of `file:history`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileHistoryParams {
    /// The file. It need not be open any more, when `path` is its path without symbolic links.
    #[serde(flatten)]
    pub file: FileOf,
    /// Only what led to this revision, and not further: by default the present one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// The most entries, from 1 to 1000: by default 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Result of `file:history`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileHistoryResult {
    /// The file.
    pub path: FilePath,
    /// The present revision.
    pub rev: u64,
    /// What was changed, the last first.
    pub entries: Vec<TextHistoryEntry>,
    /// When the text was written to the file in that time, the last first.
    pub saves: Vec<TextSave>,
    /// The `before` with which the history goes on. Absent where no older revision is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_before: Option<u64>,
}

/// Revisions of one author that belong together: what is undone at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TextHistoryEntry {
    /// The revision before.
    pub from_rev: u64,
    /// The last of its revisions.
    pub to_rev: u64,
    /// Where it came from.
    pub origin: TextOrigin,
    /// What its author calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// When its first revision came, in milliseconds since 1970.
    pub began_at_ms: u64,
    /// When its last revision came, in milliseconds since 1970.
    pub ended_at_ms: u64,
    /// How many bytes were inserted.
    pub inserted_bytes: u64,
    /// How many bytes were removed.
    pub removed_bytes: u64,
}

/// A text that was written to its file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TextSave {
    /// The revision that was written.
    pub rev: u64,
    /// When, in milliseconds since 1970.
    pub saved_at_ms: u64,
    /// The version that the file on disk had then.
    pub version: String,
}

/// Params of `file:diff`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileDiffParams {
    /// The file. It need not be open any more, when `path` is its path without symbolic links.
    #[serde(flatten)]
    pub file: FileOf,
    /// The older revision: by default what is on disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_rev: Option<u64>,
    /// The newer revision: by default the present one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_rev: Option<u64>,
}

/// Result of `file:diff`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileDiffResult {
    /// The file.
    pub path: FilePath,
    /// The newer revision.
    pub to_rev: u64,
    /// What differs, as a unified diff. Empty where nothing does.
    pub patch: String,
}

/// Params of `file:restore`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileRestoreParams {
    /// The file, which is open.
    #[serde(flatten)]
    pub file: FileOf,
    /// The revision whose text is to be there again.
    pub rev: u64,
    /// Names the client, as in `file:edit`: it can undo what was restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
}
