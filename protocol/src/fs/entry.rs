//! What paths name: folders and their entries.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::path::FilePath;

/// Params of `fs:list_directory`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsListDirectoryParams {
    /// The folder.
    pub path: FilePath,
    /// Only names that sort behind this one: the `nextAfter` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<FilePath>,
    /// At most so many entries; by default, and at most, 10000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Result of `fs:list_directory`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsListDirectoryResult {
    /// The entries, sorted by the bytes of their names.
    pub entries: Vec<FsEntry>,
    /// Give this as `after` for the next page; absent when there are no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_after: Option<FilePath>,
}

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FsKind {
    /// A regular file.
    File,
    /// A folder.
    Directory,
    /// A symbolic link, where links are not followed.
    Symlink,
    /// A FIFO, socket, device, or something stranger.
    Other,
}

/// One entry of a folder. A symbolic link is not followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsEntry {
    /// The entry's name in the folder.
    pub name: FilePath,
    /// What it is.
    pub kind: FsKind,
    /// Its size in bytes.
    pub size: u64,
    /// When its content changed last, in milliseconds since 1970.
    pub modified_at_ms: u64,
}

/// Params of `fs:stat`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsStatParams {
    /// The path.
    pub path: FilePath,
    /// Describe a symbolic link itself and not what it leads to.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_follow: bool,
}

/// Result of `fs:stat`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsStatResult {
    /// What it is.
    pub kind: FsKind,
    /// Its size in bytes.
    pub size: u64,
    /// When its content changed last, in milliseconds since 1970.
    pub modified_at_ms: u64,
    /// Whether the permissions allow nobody to write it.
    pub is_read_only: bool,
}
