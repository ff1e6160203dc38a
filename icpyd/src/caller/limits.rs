//! What who is confined may call, and hear of.

use std::path::Path;

use icpy_protocol::path::untitled;
use serde_json::{Map, Value};

use super::{Identity, Principal};

impl Identity {
    /// Whether it may call a method. What is confined has to do with files alone, and with the workspaces that it is confined to.
    pub fn may_call(&self, method: &str) -> bool {
        let Some(confinement) = self.confinement.get() else { return true };
        let is_of_workspaces = || confinement.workspaces().is_some() && is_of(method, OF_WORKSPACES);
        (is_of(method, OF_CONFINED) && method != "session:list") || is_of_workspaces() || OWN.contains(&method)
    }

    /// Whether it may receive an event. One that names a path outside is not for it. Who is not confined hears all, and nobody
    /// need parse a payload for that.
    pub fn may_hear<'a>(&self, topic: &str, payload: impl FnOnce() -> &'a Map<String, Value>) -> bool {
        let Some(confinement) = self.confinement.get() else { return true };
        let payload = payload();
        let is_inside = |path: &str| !Path::new(path).is_absolute() || confinement.find(Path::new(path)).is_some();
        let is_of_workspace = || {
            let has = |it: &Value| {
                it.as_str().is_some_and(|id| confinement.workspaces().is_some_and(|all| all.contains_key(id)))
            };
            is_of(topic, OF_WORKSPACES) && names_workspaces(payload, &has)
        };
        if OF_TEXTS.contains(&topic) {
            // What is in the text is no path.
            let is_seen = |path: &str| match untitled(path) {
                Some((id, _)) => confinement.workspaces().is_some_and(|all| all.contains_key(id)),
                None => is_inside(path),
            };
            return payload.get("path").and_then(Value::as_str).is_some_and(is_seen);
        }
        if is_of(topic, &["state:", "preferences:"]) {
            // Nor is what clients keep there.
            return is_of_workspace() || self.is_own(payload);
        }
        (is_of(topic, OF_CONFINED) || topic == "file:changed_on_disk" || is_of_workspace())
            && payload.values().all(|it| all_texts(it, &is_inside))
    }

    /// Whether a payload is about the user and no workspace.
    fn is_own(&self, payload: &Map<String, Value>) -> bool {
        let named = payload.get("user").and_then(Value::as_str);
        let is_of_workspace = payload.contains_key("workspaceId");
        matches!(&self.principal, Principal::Remote { user, .. } if named == Some(user) && !is_of_workspace)
    }
}

/// What who is confined may use.
const OF_CONFINED: &[&str] = &["fs:", "session:", "rpc:"];

/// What who is confined to workspaces may use beside: the services look which workspace it is about.
const OF_WORKSPACES: &[&str] =
    &["workspace:", "file:", "project:", "state:", "presence:", "preferences:", "yjs:", "event:"];

/// Events about the text of a file, for who may read the file.
const OF_TEXTS: &[&str] = &["file:changed", "file:durable", "file:saved", "file:text_state_changed", "yjs:updated"];

/// What is about the caller alone, or asks for a role.
const OWN: &[&str] = &["auth:whoami", "auth:create_ticket", "auth:logout", "auth:set_role"];

fn is_of(name: &str, namespaces: &[&str]) -> bool {
    namespaces.iter().any(|namespace| name.starts_with(namespace))
}

/// Whether a payload names a workspace, itself or in a member, and only such as `has` knows.
fn names_workspaces(payload: &Map<String, Value>, has: &impl Fn(&Value) -> bool) -> bool {
    let inner = payload.values().filter_map(Value::as_object).filter_map(|it| it.get("workspaceId"));
    let mut named = payload.get("workspaceId").into_iter().chain(inner).peekable();
    named.peek().is_some() && named.all(has)
}

/// Whether something holds for all texts in a value.
fn all_texts(value: &Value, holds: &impl Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => holds(text),
        Value::Array(values) => values.iter().all(|value| all_texts(value, holds)),
        Value::Object(members) => members.values().all(|value| all_texts(value, holds)),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}
