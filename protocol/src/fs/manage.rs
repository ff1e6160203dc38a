//! Managing files: making, copying, moving, deleting and restoring them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::path::FilePath;

/// Params of `fs:create_directory`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FsCreateDirectoryParams {
    /// The folder.
    pub path: FilePath,
}

/// Result of `fs:create_directory`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsCreateDirectoryResult {
    /// The folders that were made, the outermost first; none where it was there already.
    pub created: Vec<FilePath>,
    /// Whether the folder was not there before.
    #[serde(default)]
    pub is_new: bool,
    /// What `fs:undo` takes; absent when nothing was made, or that could not be recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<String>,
}

/// Params of `fs:create_symlink`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FsCreateSymlinkParams {
    /// Where the link is to be.
    pub path: FilePath,
    /// The text of the link: an absolute path, or one from the link's folder. It need not lead anywhere.
    pub target: FilePath,
}

/// Result of `fs:create_symlink`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsCreateSymlinkResult {
    /// What `fs:undo` takes; absent when that could not be recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<String>,
}

/// Params of `fs:set_mode`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsSetModeParams {
    /// Files and folders; a symbolic link stands for what it leads to. At most 10000.
    pub paths: Vec<FilePath>,
    /// The permissions, as a number from 0 to 4095: 420 is what `chmod` calls 644.
    pub mode: u32,
    /// Others for folders; by default the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory_mode: Option<u32>,
    /// Set them for all that is below folders too; symbolic links there are not followed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_recursive: bool,
    /// Send `$/progress` on the way, in things.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("x-needs-session" = true))]
    pub progress: bool,
}

/// One thing to copy or move. A symbolic link is copied or moved itself.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FsTransfer {
    /// Where it is.
    pub from: FilePath,
    /// Where it is to be: its new path, not the folder to put it into.
    pub to: FilePath,
}

/// Params of `fs:copy` and `fs:move`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FsTransferParams {
    /// What to copy or move, in this order. At most 10000.
    pub items: Vec<FsTransfer>,
    /// Replace as a whole what is at a new path already. What was there goes to the trash where there is one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overwrite: bool,
    /// Send `$/progress` on the way, in bytes, where content is copied.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("x-needs-session" = true))]
    pub progress: bool,
}

/// Params of `fs:delete`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsDeleteParams {
    /// Files, folders with all in them, and symbolic links themselves. At most 10000.
    pub paths: Vec<FilePath>,
    /// Delete for good; by default they go to the trash.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_permanent: bool,
    /// Send `$/progress` on the way, in things, where they are deleted for good.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("x-needs-session" = true))]
    pub progress: bool,
}

/// Result of what is done with several things: what became of each, in their order. One that fails does not stop the
/// others.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsBatchResult {
    /// What became of each.
    pub items: Vec<FsItemResult>,
    /// What `fs:undo` takes; absent when nothing was done, or that could not be recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<String>,
}

/// What became of one of several things.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsItemResult {
    /// Where it is now; where it was when it is deleted, or when nothing was done.
    pub path: FilePath,
    /// Why it was not done; absent when it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
    /// What `fs:restore` brings it back by: where it is in the trash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trash_id: Option<FilePath>,
    /// The same for what was replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_trash_id: Option<FilePath>,
}

impl FsItemResult {
    /// It was done.
    pub fn done(path: impl Into<FilePath>) -> Self {
        Self { path: path.into(), error: None, trash_id: None, replaced_trash_id: None }
    }

    /// It was not done.
    pub fn failed(path: FilePath, error: Error) -> Self {
        Self { error: Some(error), ..Self::done(path) }
    }
}
