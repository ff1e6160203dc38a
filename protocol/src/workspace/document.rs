//! A workspace as a document: what is written by one daemon and read by the same or another.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::WorkspaceInfo;
use crate::path::FilePath;

/// The version of the documents that this build writes and reads.
const VERSION: u32 = 1;

/// The version of a document, which is 1. What makes older daemons read a document wrongly raises it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u32", into = "u32")]
pub struct WorkspaceDocumentVersion;

impl TryFrom<u32> for WorkspaceDocumentVersion {
    type Error = String;

    fn try_from(version: u32) -> Result<Self, String> {
        match version {
            VERSION => Ok(Self),
            _ => Err(format!("the document is of version {version}, and this icpyd reads version {VERSION}")),
        }
    }
}

impl From<WorkspaceDocumentVersion> for u32 {
    fn from(_: WorkspaceDocumentVersion) -> Self {
        VERSION
    }
}

/// A workspace as a document. It has at most 10,000 folders, files, records and preferences in all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceDocument {
    /// The version of the document.
    pub version: WorkspaceDocumentVersion,
    /// What people call the workspace.
    pub name: String,
    /// Its folder, absolute.
    pub root: FilePath,
    /// Further folders of it, absolute.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<FilePath>,
    /// The files that are open, but for those that are compared or merged, the one opened first first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FilePath>,
    /// Files that were used, the one used last first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recent_files: Vec<FilePath>,
    /// The records that clients keep, by their keys: panels, layouts, cursors.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub records: BTreeMap<String, Value>,
    /// What is preferred in this workspace, by the preferences' keys: at most 1,000.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub preferences: BTreeMap<String, Value>,
}

/// Params of `workspace:import`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceImportParams {
    /// What `workspace:export` has returned.
    pub document: WorkspaceDocument,
    /// Another folder than the document's: what the document has below that is then below this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<FilePath>,
    /// Whether a workspace over the same folder becomes what the document says, and loses what it was but for its checkpoints
    /// and roles. Without this it is an error that there is one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replace: bool,
    /// Whether text of files that are closed by that is thrown away where it is not saved.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub discard: bool,
}

/// Result of `workspace:import`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceImportResult {
    /// The workspace, which is the active one now.
    pub workspace: WorkspaceInfo,
    /// Whether it was made, and not replaced.
    pub is_new: bool,
    /// Files and folders of the document that were left out.
    pub missing: Vec<WorkspaceMissing>,
}

/// Something of a document that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkspaceMissing {
    /// The file or folder.
    pub path: FilePath,
    /// Why, as a sentence for people.
    pub reason: String,
}
