//! `yjs:*`: the text of open files for clients that edit with Yjs.
//!
//! A client's document has the text as `doc.getText("text")`. Messages are those of y-protocols (`sync` and `awareness`, as
//! y-websocket frames them, one after the other), in base64. What others edit without Yjs comes to Yjs clients as messages, and what
//! Yjs clients edit comes to others as `file:changed`.
//!
//! What a document has in common with the daemon's ends with its `epoch`, as when the daemon was restarted: a client never sends a
//! document of another epoch, or all text would be there twice. It makes a new document, and gives its text to `file:edit` as the
//! whole `text` for the last `revision` that it knew, with the same `client` as it has sent before and `hasOwnEdits`: what has
//! arrived is not made twice. Where the daemon was killed before it could store that revision, the answer is a `conflict`, whose
//! `knownRev` is the newest one that is left: then the text is for that.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::file::FileOf;
use crate::file::text::TextRevision;
use crate::path::FilePath;

crate::api! {
    /// The text of open files for clients that edit with Yjs.
    service YjsApi, YjsClient = "yjs" {
        /// Begins to edit: returns all that the client lacks, asks for what is not known here, and says who else is there. A
        /// document of another `epoch` is a `conflict` with the present `epoch`, `revision` and `text`.
        Read fn open(YjsOpenParams) -> YjsOpenResult;
        /// Takes messages of the client. An edit is durable when `file:durable` says so of the revision.
        Write fn send(YjsSendParams) -> YjsSendResult;
        /// Ends what the caller's session has told of its Yjs clients. The end of the session does too.
        Read fn leave(YjsLeaveParams) -> YjsLeaveResult;
    }
    events {
        /// Yjs clients of a file are sent messages: also who has caused them.
        Read UPDATED: YjsUpdated = "yjs:updated", state("yjs:open");
    }
}

/// Params of `yjs:open`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct YjsOpenParams {
    /// The file.
    #[serde(flatten)]
    pub file: FileOf,
    /// The epoch of the client's document, where it has one already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<String>,
    /// What the client's document has, as a state vector in base64: by default nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_vector: Option<String>,
}

/// Result of `yjs:open`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct YjsOpenResult {
    /// The file.
    pub path: FilePath,
    /// Names what the client's document has in common with the daemon's.
    pub epoch: String,
    /// The revision of the text that the messages lead to.
    pub revision: TextRevision,
    /// Messages for the client, in base64.
    pub message: String,
}

/// Params of `yjs:send`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct YjsSendParams {
    /// The file.
    #[serde(flatten)]
    pub file: FileOf,
    /// The epoch of the client's document.
    pub epoch: String,
    /// Messages of the client, in base64.
    pub message: String,
    /// Names the client in the history of the text: by default its session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
}

/// Result of `yjs:send`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct YjsSendResult {
    /// The present revision of the text.
    pub revision: TextRevision,
    /// Messages for the client alone, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Params of `yjs:leave`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct YjsLeaveParams {
    /// The file.
    #[serde(flatten)]
    pub file: FileOf,
}

/// Result of `yjs:leave`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct YjsLeaveResult {
    /// Whether the session was there.
    pub was_there: bool,
}

/// Payload of `yjs:updated`. The daemon's epoch is a member of every event, so that this one has another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct YjsUpdated {
    /// The file.
    pub path: FilePath,
    /// The epoch of the documents that the messages are for: those of another one have nothing to do with them.
    pub document_epoch: String,
    /// The revision of the text that the messages lead to.
    pub revision: TextRevision,
    /// The messages, in base64.
    pub message: String,
}
