//! `file:*`: files that are open in a workspace, for all clients at once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::path::FilePath;
use crate::session::Position;

crate::api! {
    /// Files that are open in a workspace, for all clients at once.
    service FileApi, FileClient = "file" {
        /// Opens a file in every attached editor: in the workspace whose root holds it, else in the active one, else in
        /// a new one over the enclosing repository or folder. A file that is open already is shown again.
        Write fn open(FileOpenParams) -> FileOpenResult, idempotent; rest POST "/files";
        /// Closes an open file in every attached editor.
        Write fn close(FileCloseParams) -> OpenFile; rest DELETE "/files";
        /// Lists the open files: of all workspaces unless one is named.
        Read fn list(FileListParams) -> FileListResult; rest GET "/files";
    }
    events {
        /// A file was opened, or is to be shown again: an editor shows it at the place that is named.
        Read OPENED: FileOpened = "file:opened", durable, state("file:list");
        /// A file was closed.
        Read CLOSED: FileClosed = "file:closed", durable, state("file:list");
    }
}

/// One open file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenFile {
    /// Names the open file.
    pub file_id: String,
    /// The workspace it is open in.
    pub workspace_id: String,
    /// Its path, absolute.
    pub path: FilePath,
    /// When it was opened first, in milliseconds since 1970.
    pub opened_at_ms: u64,
}

/// A place in a text, as people count: from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TextPosition {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1; by default the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

/// Params of `file:open`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileOpenParams {
    /// The file: absolute and there.
    pub path: FilePath,
    /// The place to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<TextPosition>,
    /// The workspace to open it in, whatever its root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
}

/// Result of `file:open`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileOpenResult {
    /// The open file.
    pub file: OpenFile,
    /// Whether it was opened just now, and not shown again.
    pub is_new: bool,
    /// How many subscribers were told: with none, nobody sees the file.
    pub receivers: u32,
}

/// Params of `file:close`: the open file by its id, or by its path.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileCloseParams {
    /// The open file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_id: Option<String>,
    /// Its path, when no id is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<FilePath>,
}

/// Params of `file:list`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileListParams {
    /// Only the files of this workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
}

/// Result of `file:list`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FileListResult {
    /// The open files, the one opened first first.
    pub files: Vec<OpenFile>,
    /// When this was true.
    pub position: Position,
}

/// Payload of `file:opened`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileOpened {
    /// The open file.
    pub file: OpenFile,
    /// The place to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<TextPosition>,
    /// Whether it was opened just now, and not shown again.
    pub is_new: bool,
    /// The session that opened it.
    pub opened_by: String,
}

/// Payload of `file:closed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileClosed {
    /// The file that was open.
    pub file: OpenFile,
    /// The session that closed it.
    pub closed_by: String,
}
