//! `preferences:*`: what users prefer, in layers.

pub mod declared;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Empty;
use crate::session::Position;

crate::api! {
    /// What users prefer, for editors and terminals of all clients alike. Of each preference holds what the workspace says, else
    /// what the user says, else its default; a value holds as a whole. The keys that begin with `x.` are free for plugins:
    /// they have no default and any value. The daemon keeps preferences, and does nothing by them.
    service PreferencesApi, PreferencesClient = "preferences" {
        /// Returns the preferences that hold, each with the layer that it is from.
        Read fn get(PreferencesGetParams) -> PreferencesGetResult; rest GET "/preferences";
        /// Returns what preferences there are, with their defaults and what they can be.
        Read fn schema(Empty) -> PreferencesSchemaResult; rest GET "/schemas/preferences";
        /// Sets a preference in one layer, or takes it out of there. Stored before the answer. What it cannot be is refused with
        /// its `key`, the `given` value and a JSON Schema of what is `allowed`; one that is not of the revision that is expected
        /// is a `conflict` with its present `rev` and `value`.
        Write fn set(PreferencesSetParams) -> PreferencesSetResult; rest PUT "/preferences/{key}";
    }
    events {
        /// A preference was set in one layer, or taken out of there.
        Read CHANGED: PreferencesChanged = "preferences:changed", durable, state("preferences:get");
    }
}

/// Where a preference is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PreferencesLayer {
    /// Nobody has set it.
    Default,
    /// The user has set it.
    User,
    /// It was set for the workspace.
    Workspace,
}

/// A preference as it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PreferencesValue {
    /// What holds.
    pub value: Value,
    /// Where it is from.
    pub layer: PreferencesLayer,
    /// Its revision in that layer, which rises with each change; 0 of a default.
    pub rev: u64,
}

/// Params of `preferences:get`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreferencesGetParams {
    /// The workspace; without one, what holds where no workspace says anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
}

/// Result of `preferences:get`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PreferencesGetResult {
    /// By their keys.
    pub preferences: BTreeMap<String, PreferencesValue>,
    /// When this was true.
    pub position: Position,
}

/// A preference that there is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PreferencesDeclared {
    /// Names it.
    pub key: String,
    /// What it is.
    pub description: String,
    /// What it is when nobody has set it.
    pub default: Value,
    /// What it can be, as a JSON Schema.
    pub schema: Value,
}

/// Result of `preferences:schema`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreferencesSchemaResult {
    /// All, but for those of plugins.
    pub preferences: Vec<PreferencesDeclared>,
    /// What the keys of plugins begin with.
    pub free_prefix: String,
    /// The most bytes of a value as JSON.
    pub value_bytes_max: u32,
}

/// Params of `preferences:set`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreferencesSetParams {
    /// The preference: 1 to 200 bytes, without control characters. At most 1,000 are set in one layer.
    pub key: String,
    /// What it is to be, of at most 65,536 bytes as JSON; `null` takes it out of the layer.
    #[serde(default)]
    pub value: Value,
    /// The workspace in which it is to hold; without one it is the user's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
    /// Only if it is of this revision in that layer now; 0 means that it is not set there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_rev: Option<u64>,
}

/// Result of `preferences:set`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PreferencesSetResult {
    /// The preference.
    pub key: String,
    /// Its value in the layer; `null` when it is not set there.
    pub value: Value,
    /// Its revision in the layer.
    pub rev: u64,
}

/// Payload of `preferences:changed`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreferencesChanged {
    /// The workspace, unless it is a user's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
    /// The user, unless it is a workspace's or the daemon's own user's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The preference.
    pub key: String,
    /// Its value in that layer; `null` when it is not set there any more.
    pub value: Value,
    /// Its revision in that layer.
    pub rev: u64,
    /// The session that changed it.
    pub changed_by: String,
}
