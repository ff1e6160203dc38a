//! `event:*`: the durable history of what happened.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::path::FilePath;
use crate::topic::Pattern;

crate::api! {
    /// The event log: what happened, as far as it is declared durable, and who caused it. It survives the daemon.
    service EventApi, EventClient = "event" {
        /// Lists logged events, oldest first, as far as the caller could have heard of them. A subscription with `replay`
        /// tells them too, and goes on with what happens.
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
    /// Only events that name this file, or something below this folder: absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<FilePath>,
    /// Only events logged after the one with this id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_id: Option<u64>,
    /// Only events from the first one on that happened at this time or later, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<u64>,
    /// The newest ones, when there are more than the limit; by default it is the oldest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub newest: bool,
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
    /// Give this as `afterId` for the next ones; absent when there are no more, and of the newest ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_after_id: Option<u64>,
    /// The last event of the log, which this is up to. Who goes on by `replay` after it misses nothing.
    #[serde(default)]
    pub last_id: u64,
}

/// An event's entry in the event log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventEntry {
    /// Its place in the log, rising over the daemon's restarts.
    pub id: u64,
    /// When it happened, in milliseconds since 1970.
    pub time_ms: u64,
    /// Who caused it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<EventActor>,
}

/// Who caused an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventActor {
    /// The session; `daemon` is the daemon itself.
    pub session: String,
    /// What the session's client calls itself: an editor, an agent, a command. Of one that has not said so it is what its
    /// program is called, where the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The user, of who came over HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The user of the system, of who came over the socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The process at the other end of the socket, where the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
}

/// Whether a payload names a file, or something below it.
pub fn names_path(payload: &Map<String, Value>, path: &FilePath) -> bool {
    let folder = path.as_path();
    let is_below = |text: &str| folder.is_absolute() && Path::new(text).starts_with(folder);
    let whole = serde_json::to_value(path).unwrap_or_default();
    payload.values().any(|value| any(value, &|it| *it == whole || it.as_str().is_some_and(is_below)))
}

/// Whether something holds for a value, or one in it.
fn any(value: &Value, holds: &impl Fn(&Value) -> bool) -> bool {
    holds(value)
        || match value {
            Value::Array(values) => values.iter().any(|value| any(value, holds)),
            Value::Object(members) => members.values().any(|value| any(value, holds)),
            _ => false,
        }
}

/// One event of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoggedEvent {
    /// Its place in the log, when it happened, and who caused it.
    #[serde(flatten)]
    pub entry: EventEntry,
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_payload_names_what_is_anywhere_in_it() {
        let check = |payload: Value, path: &str, expect: bool| {
            let payload = payload.as_object().unwrap().clone();
            assert_eq!(names_path(&payload, &FilePath::from(path)), expect, "{payload:?} {path}");
        };
        check(json!({ "path": "/a/b" }), "/a/b", true);
        check(json!({ "path": "/a/b" }), "/a", true);
        check(json!({ "path": "/a/b" }), "/", true);
        check(json!({ "path": "/ab" }), "/a", false);
        check(json!({ "path": "/a" }), "/a/b", false);
        check(json!({ "operation": { "items": [{ "path": "/x", "from": "/a/b/c" }] } }), "/a/b", true);
        check(json!({ "name": "a/b", "count": 7 }), "/a/b", false);
        check(json!({ "path": { "bytes": "L2E=" } }), "/a", false);
    }
}
