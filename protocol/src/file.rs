//! `file:*`: files that are open in a workspace, for all clients at once.

pub mod history;
pub mod naming;
pub mod text;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::history::{FileDiffParams, FileDiffResult, FileHistoryParams, FileHistoryResult, FileRestoreParams};
use self::naming::{FileCreateUntitledParams, FileRenamed, FileSaveAsParams, FileSavedAs};
use self::text::{
    FileChanged, FileDurable, FileEditParams, FileEditResult, FileGetTextParams, FileResolveParams, FileSaveParams,
    FileSaved, FileText, FileTextStateChanged, FileUndoParams, FileUndoResult,
};
use crate::path::FilePath;
use crate::session::Position;

crate::api! {
    /// Files that are open in a workspace, for all clients at once.
    service FileApi, FileClient = "file" {
        /// Opens a file in every attached editor: in the workspace whose root holds it, else in the active one, else in
        /// a new one over the enclosing repository or folder. A file that is open already is shown again.
        Write fn open(FileOpenParams) -> FileOpenResult, idempotent; rest POST "/files" created "/files/{file.fileId}";
        /// Opens a text that has no file yet, in every attached editor. Its path is a name: `file:save_as` gives it a real one.
        Write fn create_untitled(FileCreateUntitledParams) -> OpenFile; rest POST "/untitled" created "/files/{fileId}";
        /// Closes an open file in every attached editor. What was not saved is there when it is opened again, unless it is
        /// thrown away; a text that has no file yet is not closed without that.
        Write fn close(FileCloseParams) -> FileCloseResult; rest DELETE "/files/{fileId}";
        /// Lists the open files: of all workspaces unless one is named.
        Read fn list(FileListParams) -> FileListResult; rest GET "/files";
        /// Returns the text of an open file, which all who edit it share.
        Read fn get_text(FileGetTextParams) -> FileText; rest GET "/files/{fileId}/text";
        /// Edits that text: what others have edited since the revision that the edit was made for stays. Answered at once;
        /// `file:durable` tells when the edit survives a crash. An edit for a revision that is not known any more is a
        /// `conflict` with the present `epoch`, `rev` and `text`.
        Write fn edit(FileEditParams) -> FileEditResult; rest POST "/files/{fileId}/edits";
        /// Takes back the last edits of the caller that belong together, and nothing of others.
        Write fn undo(FileUndoParams) -> FileUndoResult; rest POST "/files/{fileId}/undo";
        /// Makes again what was taken back last.
        Write fn redo(FileUndoParams) -> FileUndoResult; rest POST "/files/{fileId}/redo";
        /// Writes the text to the file, in the charset and with the line ends that it has. What others have written to it
        /// meanwhile is merged first; while there are conflicts nothing is written.
        Write fn save(FileSaveParams) -> FileSaved; rest POST "/files/{fileId}/save";
        /// Writes the text to another file, which is the open one from then on, with its history. The one before stays as it is
        /// on disk.
        Write fn save_as(FileSaveAsParams) -> FileSavedAs; rest POST "/files/{fileId}/save_as";
        /// Makes the text what is on disk. That is an edit, which can be undone.
        Write fn revert(FileSaveParams) -> FileEditResult; rest POST "/files/{fileId}/revert";
        /// Settles what was changed in the text and on disk, each in its own way.
        Write fn resolve(FileResolveParams) -> FileText; rest POST "/files/{fileId}/resolve";
        /// Tells what was changed in a text, by whom and when, and when it was saved. What led to the last 10,000 revisions is
        /// kept; of files that are closed and saved, for 30 days.
        Read fn history(FileHistoryParams) -> FileHistoryResult; rest GET "/files/{fileId}/history";
        /// Compares two revisions of a text, or what was changed with what is on disk.
        Read fn diff(FileDiffParams) -> FileDiffResult; rest GET "/files/{fileId}/diff";
        /// Makes the text what it was in an older revision. That is an edit, which can be undone.
        Write fn restore(FileRestoreParams) -> FileEditResult; rest POST "/files/{fileId}/restore";
    }
    events {
        /// A file was opened, or is to be shown again: an editor shows it at the place that is named.
        Read OPENED: FileOpened = "file:opened", durable, state("file:list");
        /// An open file has another path: it was renamed, with a folder or alone, or saved as another one.
        Read RENAMED: FileRenamed = "file:renamed", durable, state("file:list");
        /// A file was closed.
        Read CLOSED: FileClosed = "file:closed", durable, state("file:list");
        /// The text of an open file has a new revision.
        Read CHANGED: FileChanged = "file:changed", state("file:get_text");
        /// What was edited survives a crash up to this revision.
        Read DURABLE: FileDurable = "file:durable", latest(|event| path_key(&event.path)), state("file:get_text");
        /// The text of an open file was written to the file.
        Read SAVED: FileSaved = "file:saved", durable, state("file:get_text");
        /// The text of an open file stands to the file on disk in another way than before.
        Read TEXT_STATE_CHANGED: FileTextStateChanged = "file:text_state_changed",
            latest(|event| path_key(&event.path)), state("file:get_text");
    }
}

/// What tells events of one file from those of others.
fn path_key(path: &FilePath) -> String {
    serde_json::to_string(path).unwrap_or_default()
}

/// One open file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenFile {
    /// Names the open file.
    pub file_id: String,
    /// The workspace it is open in.
    pub workspace_id: String,
    /// Its path, absolute. That of a text without a file is `untitled:WORKSPACE/NAME`.
    pub path: FilePath,
    /// When it was opened first, in milliseconds since 1970.
    pub opened_at_ms: u64,
    /// What it is open for, when not just to be edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<FilePurpose>,
}

/// Says which open file is meant: by its id, or by its path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileOf {
    /// The open file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_id: Option<String>,
    /// Its path, when no id is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<FilePath>,
}

/// What a file is open for: an editor shows it accordingly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FilePurpose {
    /// To be compared with another file, which is the older one. Either may be the null device, where a file was made or
    /// removed.
    Compare {
        /// The older file, absolute.
        with: FilePath,
    },
    /// To take the result of a merge.
    Merge {
        /// Our version, absolute.
        local: FilePath,
        /// Their version, absolute.
        remote: FilePath,
        /// What both come from, absolute.
        base: FilePath,
    },
}

impl FilePurpose {
    /// The other files.
    pub fn paths(&self) -> Vec<&FilePath> {
        match self {
            Self::Compare { with } => vec![with],
            Self::Merge { local, remote, base } => vec![local, remote, base],
        }
    }
}

/// Which workspace a file opens in, when none is named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FilePlacing {
    /// The one that holds it, else the active one, else a new one.
    #[default]
    Auto,
    /// The active one, whatever it holds.
    Active,
    /// The one over the enclosing repository or folder and no other; it is made where it is missing.
    Own,
}

impl FilePlacing {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
    fn is_auto(&self) -> bool {
        *self == Self::Auto
    }
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
    /// The file: absolute, and there unless it may be new.
    pub path: FilePath,
    /// Whether it need not be there: then its text is empty, and it is made when that is saved.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_be_new: bool,
    /// The place to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<TextPosition>,
    /// The workspace to open it in, whatever its root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
    /// How the workspace is found where none is named.
    #[serde(default, skip_serializing_if = "FilePlacing::is_auto")]
    pub placing: FilePlacing,
    /// What it is opened for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<FilePurpose>,
}

impl FileOpenParams {
    /// Opens a file as usual.
    pub fn new(path: impl Into<FilePath>) -> Self {
        Self {
            path: path.into(),
            may_be_new: false,
            position: None,
            workspace_id: None,
            placing: FilePlacing::default(),
            purpose: None,
        }
    }
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
    /// Whether what was changed is thrown away: who waits for the file is told so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub discard: bool,
}

/// Result of `file:close`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileCloseResult {
    /// What was closed.
    #[serde(flatten)]
    pub file: OpenFile,
    /// Whether its text is not saved. It is kept, and there again when the file is opened.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_unsaved: bool,
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
    /// Whether what was changed was thrown away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_discarded: bool,
}
