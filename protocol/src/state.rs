//! `state:*`: the state of a workspace as records that its clients share: panels, layouts, cursors, preferences.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::session::Position;

crate::api! {
    /// The state of a workspace as records, each with a key, a value and a revision, which all its clients share. So that
    /// clients find what others keep, panels are below `panel/`, layouts that can be loaded again are `layout/<name>`, the file
    /// that is in front is `active_file`, and cursors and selections are `cursor/<fileId>`; where somebody's cursor is at this
    /// moment is told by `presence:*`. Other keys are free, best with the client's name in front.
    service StateApi, StateClient = "state" {
        /// Returns records of a workspace, as they are at one place in the history of events: who subscribes to
        /// `state:updated` from there on misses nothing. What other methods change is among them: what is open below
        /// `open_file/`, folders that were added below `folder/`, the 200 files used last below `recent_file/`, and what is
        /// preferred in the workspace below `pref/`.
        Read fn get(StateGetParams) -> StateGetResult; rest GET "/workspaces/{workspaceId}/state";
        /// Changes records, all of them or none. A record that is not of the revision that is expected is a `conflict` with
        /// its present `key`, `rev` and `value`. Stored before the answer; what comes again under the same `mutationId` is
        /// done once.
        Write fn mutate(StateMutateParams) -> StateMutateResult; rest POST "/workspaces/{workspaceId}/state";
        /// Remembers the records as they are now, but for those that other methods change.
        Write fn create_checkpoint(StateCheckpointParams) -> StateCheckpoint;
        rest POST "/workspaces/{workspaceId}/checkpoints" created "/workspaces/{workspaceId}/checkpoints";
        /// Lists what was remembered, the oldest first.
        Read fn list_checkpoints(StateOfParams) -> StateListCheckpointsResult; rest GET "/workspaces/{workspaceId}/checkpoints";
        /// Makes the records what they were, but for those that other methods change.
        Write fn rollback(StateRollbackParams) -> StateMutateResult, idempotent;
        rest POST "/workspaces/{workspaceId}/rollback";
    }
    events {
        /// Records have changed. Carries them as they are now.
        Read UPDATED: StateUpdated = "state:updated", durable, state("state:get");
    }
}

/// One record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StateRecord {
    /// Names it in its workspace, as in `panel/left`.
    pub key: String,
    /// Rises with each change of it.
    pub rev: u64,
    /// What it holds; `null` when it is gone.
    pub value: Value,
}

/// Params of `state:get`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StateGetParams {
    /// The workspace: by default the active one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
    /// Only records whose keys begin so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
}

/// Result of `state:get`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StateGetResult {
    /// The workspace.
    pub workspace_id: String,
    /// The records, by their keys.
    pub records: Vec<StateRecord>,
    /// When this was true.
    pub position: Position,
}

/// A change of one record: `set`, `merge` or `delete`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StateMutation {
    /// The record: 1 to 256 bytes, without control characters. Those below `open_file/`, `folder/`, `recent_file/` and `pref/`
    /// change by `file:*`, `workspace:*` and `preferences:*` alone, but those below `recent_file/` can be deleted.
    pub key: String,
    /// Only if it is of this revision now; 0 means that there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_rev: Option<u64>,
    /// What it is to hold, which is not `null`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<Value>,
    /// Members that its object is to have; those that are `null` go. Of no record, or one that holds no object, they make one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge: Option<Map<String, Value>>,
    /// Removes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub delete: bool,
}

/// Params of `state:mutate`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StateMutateParams {
    /// The workspace: by default the active one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
    /// The changes, one after the other.
    pub mutations: Vec<StateMutation>,
    /// Names the whole: sent again it is answered as the first time. The last thousand of a workspace are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutation_id: Option<String>,
}

/// Result of `state:mutate` and `state:rollback`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StateMutateResult {
    /// The records that were changed, as they were then.
    pub records: Vec<StateRecord>,
}

/// Params that name a workspace.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StateOfParams {
    /// The workspace: by default the active one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
}

/// Params of `state:create_checkpoint`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StateCheckpointParams {
    /// The workspace: by default the active one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
    /// What people call it: 1 to 200 bytes.
    pub name: String,
}

/// Records that are remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StateCheckpoint {
    /// Names it.
    pub checkpoint_id: String,
    /// The workspace.
    pub workspace_id: String,
    /// What people call it.
    pub name: String,
    /// When it was made, in milliseconds since 1970.
    pub created_at_ms: u64,
    /// How many records it has.
    pub records: u32,
}

/// Result of `state:list_checkpoints`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StateListCheckpointsResult {
    /// All of the workspace.
    pub checkpoints: Vec<StateCheckpoint>,
}

/// Params of `state:rollback`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StateRollbackParams {
    /// The workspace: by default the active one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
    /// What to go back to.
    pub checkpoint_id: String,
}

/// Payload of `state:updated`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StateUpdated {
    /// The workspace.
    pub workspace_id: String,
    /// The records that have changed, as they are now.
    pub records: Vec<StateRecord>,
    /// What the change was called by who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutation_id: Option<String>,
    /// The session that made it.
    pub changed_by: String,
}
