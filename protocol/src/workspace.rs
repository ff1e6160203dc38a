//! `workspace:*`: the folders a developer works in, and what is open in each.

pub mod document;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::document::{WorkspaceDocument, WorkspaceImportParams, WorkspaceImportResult};
use crate::file::OpenFile;
use crate::path::FilePath;
use crate::session::Position;

crate::api! {
    /// The folders a developer works in, and what is open in each.
    service WorkspaceApi, WorkspaceClient = "workspace" {
        /// Lists the workspaces that are open, or were, the one used last first.
        Read fn list(WorkspaceListParams) -> WorkspaceListResult; rest GET "/workspaces";
        /// Makes a workspace over a folder. Its state is stored before the answer.
        Write fn create(WorkspaceCreateParams) -> WorkspaceInfo; rest POST "/workspaces" created "/workspaces/{workspaceId}";
        /// Returns the whole state of a workspace: of the active one unless another is named.
        Read fn get_state(WorkspaceGetStateParams) -> WorkspaceGetStateResult; rest GET "/workspaces/{workspaceId}";
        /// Makes a workspace the active one. One that was closed is open again.
        Write fn activate(WorkspaceActivateParams) -> WorkspaceInfo, idempotent; rest POST "/workspaces/{workspaceId}/activate";
        /// Gives a workspace another name.
        Write fn rename(WorkspaceRenameParams) -> WorkspaceInfo, idempotent; rest PATCH "/workspaces/{workspaceId}";
        /// Adds a folder to a workspace: files in it open there.
        Write fn add_folder(WorkspaceFolderParams) -> WorkspaceInfo, idempotent; rest POST "/workspaces/{workspaceId}/folders";
        /// Takes a folder that was added out of a workspace again. Files in it that are open stay open.
        Write fn remove_folder(WorkspaceFolderParams) -> WorkspaceInfo; rest DELETE "/workspaces/{workspaceId}/folders";
        /// Closes a workspace with its open files. It is remembered with all else that is in it, and is open again when it is
        /// activated, when its folder is loaded as a project, or when a file is opened in it by its id. Its terminals go on: they
        /// end by `terminal:close`, and belong to it still. Where files have text that is not saved this is a `conflict` that
        /// names them in `unsaved`.
        Write fn close(WorkspaceCloseParams) -> WorkspaceInfo, idempotent; rest POST "/workspaces/{workspaceId}/close";
        /// Forgets a workspace with all that is kept of it: records, checkpoints, preferences, roles, and tokens that are limited
        /// to it. On disk nothing is touched, and its terminals go on. Refused where `workspace:close` would be.
        Write fn delete(WorkspaceDeleteParams) -> WorkspaceInfo; rest DELETE "/workspaces/{workspaceId}";
        /// Returns a workspace as a document, from which it can be made again: here, or by another daemon. Text that is not saved,
        /// checkpoints, roles and terminals are not in it.
        Read fn export(WorkspaceExportParams) -> WorkspaceDocument; rest GET "/workspaces/{workspaceId}/document";
        /// Makes a workspace of a document, all of it or nothing. Files and folders that are not there any more are left out and
        /// told; without the workspace's own folder nothing is made.
        Write fn import(WorkspaceImportParams) -> WorkspaceImportResult; rest POST "/imports" created "/workspaces/{workspace.workspaceId}";
    }
    events {
        /// A workspace was made, activated, or something in it changed. Carries the workspace as it is now.
        Read STATE_CHANGED: WorkspaceStateChanged = "workspace:state_changed",
            latest(|event| event.workspace.workspace_id.clone()), durable, state("workspace:list");
        /// A workspace was closed.
        Read CLOSED: WorkspaceClosed = "workspace:closed", durable, state("workspace:list");
        /// A workspace was forgotten.
        Read DELETED: WorkspaceDeleted = "workspace:deleted", durable, state("workspace:list");
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
    /// When it was made the active one last, in milliseconds since 1970.
    pub activated_at_ms: u64,
    /// When it was closed, in milliseconds since 1970, if it is not open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at_ms: Option<u64>,
    /// Rises with every change of the workspace's state.
    pub revision: u64,
    /// How many files are open in it.
    pub open_files: u32,
}

/// Params of `workspace:list`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceListParams {
    /// Whether those are listed too that were closed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub include_closed: bool,
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
    /// What people call it: by default the folder's name. 1 to 200 bytes, without control characters.
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

/// Params of `workspace:rename`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceRenameParams {
    /// The workspace: by default the active one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
    /// What people are to call it: 1 to 200 bytes, without control characters.
    pub name: String,
}

/// Params of `workspace:add_folder` and `workspace:remove_folder`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceFolderParams {
    /// The folder: absolute, and there when it is added.
    pub path: FilePath,
    /// The workspace: by default the active one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
}

/// Params of `workspace:close`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceCloseParams {
    /// The workspace: by default the active one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
    /// Whether text that is not saved is thrown away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub discard: bool,
}

/// Params of `workspace:delete`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceDeleteParams {
    /// The workspace.
    pub workspace_id: String,
    /// Whether text that is not saved is thrown away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub discard: bool,
}

/// Params of `workspace:export`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceExportParams {
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

/// Payload of `workspace:closed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceClosed {
    /// The workspace as it is now.
    pub workspace: WorkspaceInfo,
    /// The session that closed it.
    pub closed_by: String,
}

/// Payload of `workspace:deleted`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceDeleted {
    /// The workspace as it was.
    pub workspace: WorkspaceInfo,
    /// The session that had it forgotten.
    pub deleted_by: String,
}
