//! Watching files: what changes on disk, by whoever.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FsKind;
use crate::path::FilePath;

/// Params of `fs:watch`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsWatchParams {
    /// The folder, with all below it, or the file.
    pub path: FilePath,
    /// Only the folder's own entries, and those that are ignored too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_shallow: bool,
}

/// Result of `fs:watch`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsWatchResult {
    /// Give this to `fs:unwatch`.
    pub watch_id: String,
    /// The path without symbolic links: the paths in events begin with it.
    pub path: FilePath,
    /// How many files are watched.
    pub files: u64,
    /// Whether it is looked at by the clock, every two seconds or less often: the system does not tell of changes there.
    pub is_polled: bool,
}

/// Params of `fs:unwatch`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsUnwatchParams {
    /// The watch.
    pub watch_id: String,
}

/// Params of `fs:sync`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct FsSyncParams {
    /// Only what is below this folder; by default everything that is watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<FilePath>,
}

/// How a file changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileChange {
    /// It is new, or was not there for a while.
    Created,
    /// Its content changed, or what is known of it.
    Modified,
    /// It has gone. What was in a folder has gone with it.
    Deleted,
    /// It has this path now, and had `from` before, with all that is in it.
    Renamed,
    /// Anything below may have changed: look again.
    Unknown,
}

/// Payload of `file:changed_on_disk`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileChangedOnDisk {
    /// The file or folder, by its path without symbolic links.
    pub path: FilePath,
    /// How it changed.
    pub kind: FileChange,
    /// Where it was before it was renamed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<FilePath>,
    /// What is there; absent when it has gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<FsKind>,
    /// The version of the content, where it is known without reading the file: when the change was made through the daemon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Who made the change, when it was made through the daemon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<FileOrigin>,
}

/// Who made a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileOrigin {
    /// The session.
    pub session_id: String,
}

/// Payload of `fs:watch_limited`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FsWatchLimited {
    /// The folder.
    pub path: FilePath,
    /// Why, and what can be done about it, as a sentence fragment.
    pub reason: String,
}
