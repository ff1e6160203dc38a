//! What was done with files lately, and taking it back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::path::FilePath;

/// What an operation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FsOperationKind {
    /// Made folders.
    CreateDirectory,
    /// Made a symbolic link.
    CreateSymlink,
    /// Set permissions.
    SetMode,
    /// Copied things.
    Copy,
    /// Moved or renamed things.
    Move,
    /// Moved things to the trash.
    Trash,
    /// Deleted things for good.
    Delete,
    /// Brought things back from the trash.
    Restore,
    /// Replaced what was found in files.
    Replace,
}

/// One thing that an operation changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FsOperationItem {
    /// Where it is after the operation; where it was when it was deleted.
    pub path: FilePath,
    /// Where it was before, when it was moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<FilePath>,
}

/// An operation that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsOperation {
    /// Names it.
    pub operation_id: String,
    /// What it did.
    pub kind: FsOperationKind,
    /// What it changed, by where things really are: the first 100.
    pub items: Vec<FsOperationItem>,
    /// How many things it changed.
    pub item_count: u64,
    /// The session that asked for it.
    pub session: String,
    /// The process behind that, where the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// When it was done, in milliseconds since 1970.
    pub done_at_ms: u64,
    /// Whether `fs:undo` may take it back; false when it was taken back, deleted something for good, or replaced more than 2
    /// MiB of text.
    pub can_undo: bool,
    /// When it was taken back, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone_at_ms: Option<u64>,
}

/// Params of `fs:restore`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsRestoreParams {
    /// What `fs:delete` and others have returned. At most 10000.
    pub trash_ids: Vec<FilePath>,
}

/// Params of `fs:list_operations`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct FsListOperationsParams {
    /// At most so many; by default, and at most, the 100 that are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Result of `fs:list_operations`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FsListOperationsResult {
    /// The operations, the newest first. A confined session sees those that changed nothing outside.
    pub operations: Vec<FsOperation>,
}

/// Params of `fs:undo`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsUndoParams {
    /// The operation; by default this session's last one that is not undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<String>,
}

/// Result of `fs:undo`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FsUndoResult {
    /// What was taken back.
    pub operation: FsOperation,
}

/// Payload of `fs:operation_done` and `fs:operation_undone`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsOperationDone {
    /// The operation.
    pub operation: FsOperation,
    /// The session that did it, or took it back.
    pub by: String,
}
