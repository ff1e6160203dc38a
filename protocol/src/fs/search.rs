//! Finding files by their names.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::path::FilePath;

/// Params of `fs:find`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FsFindParams {
    /// The folder.
    pub path: FilePath,
    /// A part of the file's path below the folder, or a glob for its path or name. Upper and lower case are the same,
    /// unless it has upper case.
    pub query: String,
    /// At most so many files; by default, and at most, 10000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Result of `fs:find`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsFindResult {
    /// The files, by their paths below the folder, folder by folder in the order of names.
    pub files: Vec<FilePath>,
    /// Whether there are more than the limit.
    pub has_more: bool,
}
