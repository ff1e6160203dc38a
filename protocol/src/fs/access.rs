//! What of the disk a session may use.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::path::FilePath;

/// Params of `fs:confine`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct FsConfineParams {
    /// The folders that the session may use, with all below them; by default those of all workspaces there are now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roots: Option<Vec<FsRoot>>,
    /// Globs for names, or for paths below a root: what they match is not there for the session.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub denied: Vec<String>,
}

/// A folder that a session may use.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FsRoot {
    /// The folder.
    pub path: FilePath,
    /// Whether the session may change nothing there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_read_only: bool,
}
