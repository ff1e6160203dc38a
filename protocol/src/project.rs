//! `project:*`: opening a folder.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::path::FilePath;
use crate::workspace::WorkspaceInfo;

crate::api! {
    /// Opening a folder as a whole.
    service ProjectApi, ProjectClient = "project" {
        /// Makes the folder's workspace the active one, and makes that workspace when there is none.
        Write fn load(ProjectLoadParams) -> ProjectLoadResult, idempotent;
        rest POST "/projects" created "/workspaces/{workspace.workspaceId}";
    }
}

/// Params of `project:load`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProjectLoadParams {
    /// The folder: absolute and there.
    pub path: FilePath,
}

/// Result of `project:load`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProjectLoadResult {
    /// The folder's workspace.
    pub workspace: WorkspaceInfo,
    /// Whether it was made just now.
    pub is_new: bool,
    /// How many subscribers were told.
    pub receivers: u32,
}
