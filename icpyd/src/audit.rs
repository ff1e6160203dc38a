//! The audit log: one line of JSON for each decision about who asks for what. Lines are added and never changed, in a file that
//! only its user can read. What is asked is named; nothing of what is in files, terminals or secrets is.
//!
//! Who comes over HTTP is always written down, and so is whatever is refused. The user's own processes, over the socket,
//! are where the settings say so.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use icpy_protocol::api::Access;
use icpy_protocol::endpoint::make_private_folder;
use icpy_protocol::error::{Error, Kind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::Instant;

use crate::caller::{Caller, Credential, Principal};
use crate::host::Host;
use crate::rolling::Rolling;

/// Full files that are kept.
const FULL_FILES_MAX: u32 = 16;

/// The most of a target that is written down.
const TARGET_CHARS_MAX: usize = 512;

/// Where decisions are written down.
#[derive(Debug)]
pub struct Audit {
    path: PathBuf,
    host: Host,
    /// Whether the user's own processes are too.
    has_peers: bool,
    file: OnceLock<Option<Rolling>>,
}

/// A decision.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    time_ms: u64,
    /// `socket`, or the user and the credential's name.
    who: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<&'a str>,
    method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    decision: &'a str,
    /// `done`, `cancelled`, or the kind of the error.
    outcome: &'a str,
    duration_us: u64,
}

/// A request whose end is to be written down. Dropped without an end, it counts as cancelled.
#[derive(Debug)]
pub struct Audited {
    audit: Arc<Audit>,
    caller: Caller,
    method: &'static str,
    target: Option<String>,
    began: Instant,
    has_ended: bool,
}

impl Audit {
    /// An audit log in this file, which is made with the first line.
    pub fn new(path: PathBuf, host: Host, has_peers: bool) -> Arc<Self> {
        Arc::new(Self { path, host, has_peers, file: OnceLock::new() })
    }

    /// Begins with a request that is allowed. `None` where it is not written down.
    pub fn begin(
        self: &Arc<Self>,
        caller: &Caller,
        method: &'static str,
        access: Access,
        params: &str,
    ) -> Option<Audited> {
        let is_wanted = match caller.principal() {
            Principal::Remote { .. } => true,
            Principal::Peer { .. } => self.has_peers,
            Principal::Daemon => false,
        };
        (is_wanted && access != Access::Open).then(|| Audited {
            audit: Arc::clone(self),
            caller: caller.clone(),
            method,
            target: target(params),
            began: Instant::now(),
            has_ended: false,
        })
    }

    /// Writes down a request that is refused. What nobody declared is not repeated.
    pub fn refuse(&self, caller: &Caller, method: Option<&str>, params: &str, error: &Error) {
        let (who, target) = (who(caller.principal()), target(params));
        self.write(&Entry {
            time_ms: self.host.now_ms(),
            who,
            session: Some(caller.session()),
            method: method.unwrap_or("unknown"),
            target: target.as_deref(),
            decision: "refused",
            outcome: error.kind().info().name,
            duration_us: 0,
        });
    }

    /// Writes down somebody who was let in, or was not, before there was any method.
    pub fn door(&self, who: &str, what: &str, outcome: Result<(), Kind>) {
        self.write(&Entry {
            time_ms: self.host.now_ms(),
            who: who.into(),
            session: None,
            method: what,
            target: None,
            decision: if outcome.is_ok() { "allowed" } else { "refused" },
            outcome: outcome.map_or_else(|kind| kind.info().name, |()| "done"),
            duration_us: 0,
        });
    }

    fn write(&self, entry: &Entry<'_>) {
        let mut line = serde_json::to_vec(entry).expect("an entry has string keys");
        line.push(b'\n');
        if let Some(file) = self.file.get_or_init(|| self.open())
            && let Err(error) = file.write(&line)
        {
            tracing::error!(%error, "the audit log cannot be written");
        }
    }

    fn open(&self) -> Option<Rolling> {
        let folder = self.path.parent().map_or(Ok(()), make_private_folder).map_err(io::Error::other);
        folder
            .and_then(|()| Rolling::open(self.path.clone(), FULL_FILES_MAX))
            .inspect_err(|error| tracing::error!(%error, "the audit log cannot be opened"))
            .ok()
    }
}

impl Audited {
    /// Writes the request down with how it has ended.
    pub fn end(mut self, outcome: Result<(), Kind>) {
        self.has_ended = true;
        self.write(outcome.map_or_else(|kind| kind.info().name, |()| "done"));
    }

    fn write(&self, outcome: &str) {
        self.audit.write(&Entry {
            time_ms: self.audit.host.now_ms(),
            who: who(self.caller.principal()),
            session: Some(self.caller.session()),
            method: self.method,
            target: self.target.as_deref(),
            decision: "allowed",
            outcome,
            duration_us: u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX),
        });
    }
}

impl Drop for Audited {
    fn drop(&mut self) {
        if !self.has_ended {
            self.write(Kind::Cancelled.info().name);
        }
    }
}

fn who(principal: &Principal) -> Cow<'static, str> {
    match principal {
        Principal::Peer { pid: Some(pid), .. } => format!("socket:{pid}").into(),
        Principal::Peer { pid: None, .. } => "socket".into(),
        Principal::Daemon => "daemon".into(),
        Principal::Remote { user, credential: Credential::Token(id) } => format!("{user}:token:{id}").into(),
        Principal::Remote { user, credential: Credential::Login(id) } => format!("{user}:login:{id}").into(),
    }
}

/// Members that name what a request is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Names {
    path: Option<Value>,
    paths: Option<Vec<Value>>,
    root: Option<Value>,
    terminal_id: Option<Value>,
    workspace_id: Option<Value>,
    file_id: Option<Value>,
    token_id: Option<Value>,
    login_id: Option<Value>,
    user: Option<Value>,
}

/// What a request is about, by its name.
fn target(params: &str) -> Option<String> {
    let names: Names = serde_json::from_str(params).ok()?;
    let Names { path, paths, root, terminal_id, workspace_id, file_id, token_id, login_id, user } = names;
    let first = paths.and_then(|paths| paths.into_iter().next());
    let all = [path, first, root, terminal_id, file_id, workspace_id, token_id, login_id, user];
    let name = all.into_iter().flatten().next()?;
    let text = name.as_str().map_or_else(|| name.to_string(), str::to_owned);
    Some(text.chars().take(TARGET_CHARS_MAX).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_name_and_no_content() {
        let check = |params: &str, expect: Option<&str>| assert_eq!(target(params).as_deref(), expect, "{params}");
        check(r#"{"path":"/a","content":"secret"}"#, Some("/a"));
        check(r#"{"content":"secret"}"#, None);
        check(r#"{"paths":["/a","/b"]}"#, Some("/a"));
        check(r#"{"terminalId":"t1","data":"secret"}"#, Some("t1"));
        check(r#"{"user":"ann","password":"secret"}"#, Some("ann"));
        check(r#"{"path":{"bytes":"L2E="}}"#, Some(r#"{"bytes":"L2E="}"#));
        check("[1]", None);
        check("", None);
    }
}
