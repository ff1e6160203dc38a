//! `event:*`: the durable history of what happened.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::topic::Pattern;

crate::api! {
    /// The event log: what happened, as far as it is declared durable. It survives the daemon.
    service EventApi, EventClient = "event" {
        /// Lists logged events, oldest first.
        Read fn list(EventListParams) -> EventListResult; rest GET "/events/log";
    }
}

/// Params of `event:list`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventListParams {
    /// Only events whose topic matches one of these; by default all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patterns: Vec<Pattern>,
    /// Only events logged after the one with this id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_id: Option<u64>,
    /// Only events at or after this time, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<u64>,
    /// At most so many events; by default, and at most, 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Result of `event:list`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventListResult {
    /// The events, oldest first.
    pub events: Vec<LoggedEvent>,
    /// Give this as `afterId` for the next ones; absent when there are no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_after_id: Option<u64>,
}

/// One event of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoggedEvent {
    /// Its place in the log, rising over the daemon's restarts.
    pub id: u64,
    /// When it happened, in milliseconds since 1970.
    pub time_ms: u64,
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Map<String, Value>,
}
