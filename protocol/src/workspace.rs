//! `workspace:*`: the folders a developer works in, and what is open in each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Empty;
use crate::file::OpenFile;
use crate::path::FilePath;
use crate::session::Position;

crate::api! {
    /// The folders a developer works in, and what is open in each.
    service WorkspaceApi, WorkspaceClient = "workspace" {
        /// Lists the workspaces, the one used last first.
        Read fn list(Empty) -> WorkspaceListResult; rest GET "/workspaces";
        /// Makes a workspace over a folder. Its state is stored before the answer.
        Write fn create(WorkspaceCreateParams) -> WorkspaceInfo; rest POST "/workspaces" created "/workspaces/{workspaceId}";
        /// Returns the whole state of a workspace: of the active one unless another is named.
        Read fn get_state(WorkspaceGetStateParams) -> WorkspaceGetStateResult; rest GET "/workspaces/{workspaceId}";
        /// Makes a workspace the active one.
        Write fn activate(WorkspaceActivateParams) -> WorkspaceInfo, idempotent; rest POST "/workspaces/{workspaceId}/activate";
        /// Adds a folder to a workspace: files in it open there.
        Write fn add_folder(WorkspaceAddFolderParams) -> WorkspaceInfo, idempotent; rest POST "/workspaces/{workspaceId}/folders";
    }
    events {
        /// A workspace was made, activated, or something in it changed. Carries the workspace as it is now.
        Read STATE_CHANGED: WorkspaceStateChanged = "workspace:state_changed",
            latest(|event| event.workspace.workspace_id.clone()), durable, state("workspace:list");
    }
}

/// One workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceInfo {
    /// Names the workspace.
    pub workspace_id: String,
    /// What people call it: by default the folder's name.
    pub name: String,
    /// The folder.
    pub root: FilePath,
    /// Further folders that were added to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<FilePath>,
    /// Whether it is the active one, in which a file opens that belongs to none.
    pub is_active: bool,
    /// When it was made, in milliseconds since 1970.
    pub created_at_ms: u64,
    /// Rises with every change of the workspace's state.
    pub revision: u64,
    /// How many files are open in it.
    pub open_files: u32,
}

/// Result of `workspace:list`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WorkspaceListResult {
    /// The workspaces, the one used last first.
    pub workspaces: Vec<WorkspaceInfo>,
    /// When this was true.
    pub position: Position,
}

/// Params of `workspace:create`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceCreateParams {
    /// The folder: absolute and there.
    pub root: FilePath,
    /// What people call it: by default the folder's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Params of `workspace:get_state`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceGetStateParams {
    /// The workspace: by default the active one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
}

/// Result of `workspace:get_state`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceGetStateResult {
    /// The workspace.
    pub workspace: WorkspaceInfo,
    /// Its open files, the one opened first first.
    pub files: Vec<OpenFile>,
    /// When this was true: events after it are changes of this state.
    pub position: Position,
}

/// Params of `workspace:activate`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceActivateParams {
    /// The workspace.
    pub workspace_id: String,
}

/// Params of `workspace:add_folder`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceAddFolderParams {
    /// The folder: absolute and there.
    pub path: FilePath,
    /// The workspace: by default the active one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
}

/// Payload of `workspace:state_changed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkspaceStateChanged {
    /// The workspace as it is now.
    pub workspace: WorkspaceInfo,
}
