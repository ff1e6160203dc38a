//! Files that get a path, or another one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FileOf, OpenFile};
use crate::path::FilePath;

/// Params of `file:create_untitled`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileCreateUntitledParams {
    /// The workspace: by default the active one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
}

/// Params of `file:save_as`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileSaveAsParams {
    /// The open file.
    #[serde(flatten)]
    pub file: FileOf,
    /// Where it is written to: absolute, in a folder that is there.
    pub to: FilePath,
    /// Whether a file that is there may be replaced.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overwrite: bool,
}

/// Result of `file:save_as`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileSavedAs {
    /// The open file with its new path.
    pub file: OpenFile,
    /// The version of the file on disk.
    pub version: String,
}

/// Payload of `file:renamed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileRenamed {
    /// The open file with its new path.
    pub file: OpenFile,
    /// The path that it had.
    pub from: FilePath,
}
