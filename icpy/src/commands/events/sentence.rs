//! An entry of the event log in words: who did what with which file, and when.

use std::path::{Path, PathBuf};

use icpy::host;
use icpy_protocol::event::{EventActor, EventEntry, LoggedEvent};
use icpy_protocol::path::FilePath;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use crate::output::{date_in, shown};

/// The most things that a line names.
const NAMED_MAX: usize = 3;

/// How entries are written.
pub(super) struct Words {
    zone: TimeZone,
    /// Paths below it are written as from there.
    folder: Option<PathBuf>,
    /// The user of this machine's processes.
    user: Option<String>,
    is_for_person: bool,
}

impl Words {
    pub(super) fn new(is_remote: bool, is_for_person: bool) -> Self {
        let user = || host::variable("USER").or_else(|| host::variable("USERNAME"));
        let folder = host::current_folder().ok();
        Self {
            zone: TimeZone::system(),
            folder: folder.filter(|_| !is_remote),
            user: (!is_remote).then(user).flatten(),
            is_for_person,
        }
    }

    /// A line without its end.
    pub(super) fn line(&self, event: &LoggedEvent) -> String {
        let EventEntry { time_ms, by, .. } = &event.entry;
        let who = by.as_ref().map_or_else(|| "-".to_owned(), |by| self.who(by));
        let (what, things) = what(event);
        let named: Vec<String> = things.iter().take(NAMED_MAX).map(|thing| self.named(thing)).collect();
        let more = things.len().saturating_sub(NAMED_MAX);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let line = format!("{}  {who}  {what}  {}{more}", date_in(&self.zone, *time_ms), named.join(", "));
        let line = FilePath::from(PathBuf::from(line.trim_end()));
        String::from_utf8_lossy(&shown(&line, self.is_for_person)).into_owned()
    }

    /// A person and the program that they used.
    fn who(&self, by: &EventActor) -> String {
        let person = match (&by.user, by.uid) {
            (Some(user), _) => user.clone(),
            (None, Some(0)) => "root".to_owned(),
            (None, uid) if by.session != "daemon" => self
                .user
                .clone()
                .or_else(|| uid.map(|uid| format!("user {uid}")))
                .unwrap_or_else(|| "somebody".to_owned()),
            _ => "icpyd".to_owned(),
        };
        let program = by.client.clone().or_else(|| by.pid.map(|pid| format!("process {pid}")));
        program.map_or_else(|| person.clone(), |program| format!("{person} ({program})"))
    }

    fn named(&self, thing: &str) -> String {
        let path = Path::new(thing);
        let below = self.folder.as_deref().and_then(|folder| path.strip_prefix(folder).ok());
        match below {
            Some(below) if below.as_os_str().is_empty() => ".".to_owned(),
            Some(below) => below.display().to_string(),
            None => thing.to_owned(),
        }
    }
}

/// Whether an event says no more than others that the same change has caused: a file that was opened is also a record of
/// the workspace's state.
pub(super) fn is_implied(event: &LoggedEvent) -> bool {
    let is_open = |record: &Value| {
        let key = record["key"].as_str().unwrap_or_default();
        ["open_file/", "recent_file/", "folder/"].iter().any(|of_files| key.starts_with(of_files))
    };
    match &*event.topic {
        "workspace:state_changed" => true,
        "state:updated" => {
            event.payload.get("records").and_then(Value::as_array).is_some_and(|it| it.iter().all(is_open))
        }
        _ => false,
    }
}

/// What was done, and with what.
fn what(event: &LoggedEvent) -> (String, Vec<String>) {
    let payload = &event.payload;
    let (name, done) = event.topic.rsplit_once(':').unwrap_or(("", &event.topic));
    match (name, done) {
        ("fs", "operation_done") => (done_kind(payload), paths(payload)),
        ("fs", "operation_undone") => (format!("undone: {}", done_kind(payload)), paths(payload)),
        ("state", _) => ("changed".to_owned(), members(payload.get("records"), "key")),
        ("workspace", "state_changed") => ("changed workspace".to_owned(), texts(payload.get("workspace"), "name")),
        ("workspace", _) => (format!("{done} workspace"), texts(payload.get("workspace"), "name")),
        ("preferences", _) => ("set".to_owned(), texts_of(payload.get("key"))),
        ("file", "closed") if payload.get("isDiscarded").is_some() => ("closed, unsaved".to_owned(), paths(payload)),
        _ => (done.replace('_', " "), paths(payload)),
    }
}

/// What an operation on files did, in the past tense.
fn done_kind(payload: &Map<String, Value>) -> String {
    let kind = payload.get("operation").and_then(|it| it["kind"].as_str()).unwrap_or_default();
    let done = match kind {
        "create_directory" => "made folder",
        "create_symlink" => "linked",
        "set_mode" => "set permissions",
        "copy" => "copied",
        "move" => "moved",
        "trash" => "trashed",
        "delete" => "deleted",
        "restore" => "restored",
        "replace" => "replaced text in",
        other => other,
    };
    done.to_owned()
}

/// The paths that a payload is about.
fn paths(payload: &Map<String, Value>) -> Vec<String> {
    let own = texts_of(payload.get("path"));
    let file = texts(payload.get("file"), "path");
    let items = members(payload.get("operation").and_then(|it| it.get("items")), "path");
    let user = texts_of(payload.get("user"));
    own.into_iter().chain(file).chain(items).chain(user).collect()
}

fn members(list: Option<&Value>, member: &str) -> Vec<String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.flat_map(|value| texts_of(value.get(member))).collect()
}

fn texts(value: Option<&Value>, member: &str) -> Vec<String> {
    texts_of(value.and_then(|value| value.get(member)))
}

fn texts_of(value: Option<&Value>) -> Vec<String> {
    let path = value.and_then(|value| serde_json::from_value::<FilePath>(value.clone()).ok());
    path.map(|path| path.to_string()).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_entry_is_who_did_what_with_which_file() {
        let words = Words {
            zone: TimeZone::UTC,
            folder: Some("/w".into()),
            user: Some("alice".to_owned()),
            is_for_person: true,
        };
        let check = |by: Value, topic: &str, payload: Value, expect: &str| {
            let event = json!({ "id": 1, "timeMs": 86_400_000, "by": by, "topic": topic, "payload": payload });
            let event: LoggedEvent = serde_json::from_value(event).unwrap();
            assert_eq!(words.line(&event), format!("1970-01-02 00:00:00  {expect}"));
        };
        let peer = json!({ "session": "s", "client": "icpy", "uid": 1000, "pid": 7 });
        check(peer.clone(), "file:saved", json!({ "path": "/w/src/main.rs" }), "alice (icpy)  saved  src/main.rs");
        let closed = json!({ "file": { "path": "/v/a" }, "isDiscarded": true });
        check(peer.clone(), "file:closed", closed, "alice (icpy)  closed, unsaved  /v/a");
        let remote = json!({ "session": "http:t", "user": "bob" });
        let item = |path: &str| json!({ "path": path });
        let items = json!([item("/w/1"), item("/w/2"), item("/w/3"), item("/w/4")]);
        let moved = json!({ "operation": { "kind": "move", "items": items } });
        check(remote.clone(), "fs:operation_done", moved, "bob  moved  1, 2, 3 and 1 more");
        let made = json!({ "operation": { "kind": "create_directory", "items": [item("/w")] } });
        check(remote, "fs:operation_undone", made, "bob  undone: made folder  .");
        let records = json!({ "records": [{ "key": "panel/left" }, { "key": "a\u{1b}b" }] });
        check(json!({ "session": "daemon" }), "state:updated", records, "icpyd  changed  panel/left, a?b");
        check(json!({ "session": "s", "uid": 0, "pid": 3 }), "x:was_done", json!({}), "root (process 3)  was done");
        check(
            Value::Null,
            "workspace:state_changed",
            json!({ "workspace": { "name": "w" } }),
            "-  changed workspace  w",
        );
    }
}
