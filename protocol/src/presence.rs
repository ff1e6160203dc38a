//! `presence:*`: who else is there, and what they look at.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Empty;
use crate::file::text::TextPlace;
use crate::path::FilePath;

crate::api! {
    /// Who else is there, and what they look at. Nothing of it is kept.
    service PresenceApi, PresenceClient = "presence" {
        /// Lists who is there: in all workspaces unless one is named.
        Read fn list(PresenceListParams) -> PresenceListResult; rest GET "/presence";
        /// Says what the caller looks at from now on, instead of what it said before. It ends with the session; one whose
        /// connection is lost for less than a second is there all the time.
        Read fn update(PresenceUpdateParams) -> PresenceInfo;
        /// Is there no more.
        Read fn leave(Empty) -> Empty;
    }
    events {
        /// Somebody is there now, or looks at something else.
        Read CHANGED: PresenceInfo = "presence:changed", latest(|event| event.session_id.clone()), state("presence:list");
        /// Somebody is not there any more.
        Read LEFT: PresenceLeft = "presence:left", state("presence:list");
    }
}

/// A part of a text that somebody has selected: where it begins and ends. A cursor begins where it ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PresenceRange {
    /// The end that stays.
    pub anchor: TextPlace,
    /// The end that moves.
    pub head: TextPlace,
}

/// Somebody who is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PresenceInfo {
    /// The session.
    pub session_id: String,
    /// The user.
    pub user: String,
    /// The program, as it names itself.
    pub client: String,
    /// The workspace.
    pub workspace_id: String,
    /// When it came, in milliseconds since 1970.
    pub since_ms: u64,
    /// What it looks at.
    #[serde(flatten)]
    pub view: PresenceView,
}

/// What somebody looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PresenceView {
    /// What people call it, as far as it says so: 1 to 100 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<FilePath>,
    /// What is selected in it: at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub selections: Vec<PresenceRange>,
    /// What of it can be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub viewport: Option<PresenceRange>,
    /// Whether it does nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_idle: bool,
    /// The session that it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<String>,
    /// Open files that it waits for until they are closed, as `icpy --wait` does: at most 100. An editor shows how to say
    /// that they are done, or not: `file:close`, with `discard`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits_for: Vec<FilePath>,
}

/// Params of `presence:list`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PresenceListParams {
    /// Only in this workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
}

/// Result of `presence:list`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PresenceListResult {
    /// Who is there, who came first first.
    pub present: Vec<PresenceInfo>,
}

/// Params of `presence:update`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PresenceUpdateParams {
    /// The workspace: by default the active one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
    /// What it looks at.
    #[serde(flatten)]
    pub view: PresenceView,
}

/// Payload of `presence:left`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PresenceLeft {
    /// The session.
    pub session_id: String,
    /// The workspace that it was in.
    pub workspace_id: String,
}
