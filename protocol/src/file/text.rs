//! The text of open files: what everybody who edits one of them shares.
//!
//! A text is a history of revisions. Whoever edits it says which revision that was made for, and the daemon puts what came
//! since before it: so all who apply the same revisions in the same order have the same text. Lines end with a line feed in a
//! shared text, whatever they end with on disk.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FileOf;
use crate::path::FilePath;

/// A revision of a text. The number alone does not name it: after a crash the same number may come again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TextRevision {
    /// Names the history. It is a new one when some of what was told of the last one is not known any more.
    pub epoch: String,
    /// The revision's number in it.
    pub rev: u64,
}

/// What places in a text are counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextUnit {
    /// Code units of UTF-16, as JavaScript counts, and editors that speak the Language Server Protocol.
    #[default]
    Utf16,
    /// Bytes of UTF-8.
    Utf8,
}

impl TextUnit {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
    fn is_utf16(&self) -> bool {
        *self == Self::Utf16
    }
}

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum TextPlace {
    /// So many units from the beginning of the text.
    Offset(u64),
    /// So many units from the beginning of a line, as in the Language Server Protocol.
    Line {
        /// The line, from 0. Behind the last line the text ends.
        line: u64,
        /// Units from its beginning. Behind its last one the line ends.
        character: u64,
    },
}

/// A part of a text, and what it becomes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TextEdit {
    /// Where the part begins.
    pub from: TextPlace,
    /// Where it ends: by default where it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<TextPlace>,
    /// What it becomes. `\r\n` and `\r` become `\n`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// Params of `file:get_text`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct FileGetTextParams {
    /// The file.
    #[serde(flatten)]
    pub file: FileOf,
}

/// The text of an open file, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileText {
    /// The file.
    pub path: FilePath,
    /// Which revision the text is.
    pub revision: TextRevision,
    /// The text, with lines that end with a line feed.
    pub text: String,
    /// What is known beside the text.
    #[serde(flatten)]
    pub state: FileTextState,
}

/// How a text stands to the file on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileTextState {
    /// Whether the text is another one than on disk.
    pub is_dirty: bool,
    /// The version of the file on disk that was last taken in or written. Absent where there is no file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The charset of the file.
    pub charset: String,
    /// Whether the file begins with a byte order mark.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_bom: bool,
    /// The revision up to which every edit survives a crash.
    pub durable_rev: u64,
    /// What the file on disk has that could not be merged. While there is any the file is not saved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<TextConflict>,
}

/// A part of a text that was changed here and on disk, each in its own way. The text has ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TextConflict {
    /// What it was before.
    pub base: String,
    /// What it was here when the other change came.
    pub ours: String,
    /// What it became on disk.
    pub theirs: String,
}

/// Params of `file:edit`: `edits`, or the whole new `text`, or a `patch`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileEditParams {
    /// The file.
    #[serde(flatten)]
    pub file: FileOf,
    /// The history of the revision that the edit was made for. A patch needs none: it says itself what it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<String>,
    /// The revision that the edit was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_rev: Option<u64>,
    /// Parts of that revision, and what they become, all at once. No two may share any text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edits: Option<Vec<TextEdit>>,
    /// The whole text as it is to be: what differs from that revision is the edit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Whether `text` has in it what this client has changed since that revision: for one that does not know which of its edits
    /// have arrived. Where these cannot be told from those of others the edit is a `conflict`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_own_edits: bool,
    /// A unified diff of this one file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<String>,
    /// What the places in `edits` are counted in.
    #[serde(default, skip_serializing_if = "TextUnit::is_utf16")]
    pub unit: TextUnit,
    /// Names the client for as long as it may send an edit again: by default its session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The client's count of its edits of this file, which rises. An edit that comes again is made once: a client that begins
    /// to count anew takes another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_seq: Option<u64>,
    /// Edits of one author with the same group are undone together, such as those of an agent's task. By default those are that
    /// follow each other within half a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// Result of `file:edit`, and of what else makes revisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileEditResult {
    /// The revision that the edit has become. Whoever follows `file:changed` has been told of all up to it.
    pub revision: TextRevision,
}

/// Params of `file:undo` and `file:redo`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct FileUndoParams {
    /// The file.
    #[serde(flatten)]
    pub file: FileOf,
    /// Whose edits: by default those of the caller's session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
}

/// Result of `file:undo` and `file:redo`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileUndoResult {
    /// The present revision.
    pub revision: TextRevision,
    /// Whether there was something to undo or redo.
    pub is_changed: bool,
}

/// Params of `file:save`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct FileSaveParams {
    /// The file.
    #[serde(flatten)]
    pub file: FileOf,
}

/// Result of `file:save`, and payload of `file:saved`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileSaved {
    /// The file.
    pub path: FilePath,
    /// The revision that was written.
    pub revision: TextRevision,
    /// The version of the file on disk.
    pub version: String,
}

/// Params of `file:resolve`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FileResolveParams {
    /// The file.
    #[serde(flatten)]
    pub file: FileOf,
    /// Which text stays.
    pub keep: TextSide,
}

/// A side of a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextSide {
    /// The text as it is now: also one in which somebody has put both together.
    Ours,
    /// What the file on disk has; the rest of the text stays.
    Theirs,
}

/// Payload of `file:changed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileChanged {
    /// The file.
    pub path: FilePath,
    /// The revision that the text is now: one more than before.
    pub revision: TextRevision,
    /// What has changed since the revision before: places in that, in code units of UTF-16.
    pub edits: Vec<TextEdit>,
    /// Where it came from.
    pub origin: TextOrigin,
}

/// Where a revision came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TextOrigin {
    /// What it was.
    pub kind: TextOriginKind,
    /// The client that sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The client's own count of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_seq: Option<u64>,
    /// The user it came from: `owner` is who the daemon runs for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What the user's program calls itself, such as an editor or an agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
}

/// What a revision was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextOriginKind {
    /// Somebody's edit.
    Edit,
    /// Somebody has undone an edit.
    Undo,
    /// Somebody has made it again.
    Redo,
    /// The file on disk has changed, or the text was made what it is.
    Disk,
}

/// Payload of `file:durable`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileDurable {
    /// The file.
    pub path: FilePath,
    /// The revision up to which every edit survives a crash.
    pub revision: TextRevision,
}

/// Payload of `file:text_state_changed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileTextStateChanged {
    /// The file.
    pub path: FilePath,
    /// The present revision.
    pub revision: TextRevision,
    /// What is so now.
    #[serde(flatten)]
    pub state: FileTextState,
}
