//! Saving content of any size, which comes in parts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FsEncoding;
use crate::path::FilePath;

/// Params of `fs:begin_write`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsBeginWriteParams {
    /// The file. Where it is a symbolic link, the file that it leads to.
    pub path: FilePath,
    /// The charset to write parts in that are sent as text; by default UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charset: Option<String>,
    /// Begin the file with a byte order mark.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_bom: bool,
    /// Write only if the file is of this version, now and when the write is committed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_version: Option<String>,
    /// Write only if the file does not exist, now and when the write is committed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub must_be_new: bool,
    /// Make the folders that the file is to be in, where they do not exist.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub make_folders: bool,
}

impl FsBeginWriteParams {
    /// Replaces a file, or makes it.
    pub fn of(path: impl Into<FilePath>) -> Self {
        let path = path.into();
        Self { path, charset: None, has_bom: false, base_version: None, must_be_new: false, make_folders: false }
    }
}

/// Result of `fs:begin_write`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsBeginWriteResult {
    /// Names the write, for this session alone.
    pub write_id: String,
    /// The byte that the first part begins at: 0, or the length of the byte order mark.
    pub length: u64,
}

/// Params of `fs:write_part`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsWritePartParams {
    /// The write.
    pub write_id: String,
    /// The byte of the new content that the part begins at: the `length` that was answered last. A part that is there
    /// already may be sent again.
    pub at: u64,
    /// The part.
    pub content: String,
    /// How `content` is sent.
    #[serde(default)]
    pub encoding: FsEncoding,
}

/// Result of `fs:write_part`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FsWritePartResult {
    /// How many bytes are there now.
    pub length: u64,
}

/// Params of `fs:commit_write` and `fs:abort_write`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsEndWriteParams {
    /// The write.
    pub write_id: String,
}
