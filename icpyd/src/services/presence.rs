//! `presence:*`: who is there. Known here alone: who was there before a restart says so again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use icpy_protocol::Empty;
use icpy_protocol::auth::AuthRole;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::presence::{
    CHANGED, LEFT, PresenceApi, PresenceInfo, PresenceLeft, PresenceListParams, PresenceListResult,
    PresenceUpdateParams, PresenceView,
};
use rusqlite::Connection;
use tokio::time::{Instant, sleep_until};

use super::Services;
use crate::caller::Caller;
use crate::journal::Changes;
use crate::store::workspaces;

/// How long a connection may be lost before its session counts as gone.
const GRACE: Duration = Duration::from_millis(800);

/// The most bytes of a name.
const NAME_BYTES_MAX: usize = 100;

/// The most selections of one session.
const SELECTIONS_MAX: usize = 100;

/// The most files that one session waits for, as others are told.
const WAITS_FOR_MAX: usize = 100;

/// The service.
#[derive(Clone, Debug)]
pub struct Presence(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    services: Services,
    /// By session.
    present: Mutex<BTreeMap<String, PresenceInfo>>,
    /// Whether somebody looks for sessions that end.
    is_waiting: AtomicBool,
}

impl Presence {
    pub(super) fn new(services: Services) -> Self {
        Self(Arc::new(Inner { services, present: Mutex::default(), is_waiting: AtomicBool::new(false) }))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, PresenceInfo>> {
        self.0.present.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget(&self, session: &str) {
        let mut present = self.lock();
        if let Some(PresenceInfo { session_id, workspace_id, .. }) = present.remove(session) {
            // The lock is held, so that who comes back at once is told of later.
            self.0.services.bus.publish(&LEFT, &PresenceLeft { session_id, workspace_id });
        }
    }

    /// Has those forgotten whose sessions end, for as long as anybody is there.
    fn wait_for_sessions(&self) {
        if self.0.is_waiting.swap(true, Ordering::AcqRel) {
            return;
        }
        let presence = self.clone();
        self.0.services.tasks.spawn(async move {
            let stop = presence.0.services.stop.clone();
            let _ = stop.run_until_cancelled(presence.watch()).await;
        });
    }

    async fn watch(&self) {
        let sessions = self.0.services.sessions.clone();
        let mut count = sessions.count.clone();
        loop {
            // Who comes from now on has another task wait when this one ends.
            self.0.is_waiting.store(false, Ordering::Release);
            let lost: Vec<String> =
                self.lock().keys().filter(|session| (sessions.client)(session).is_none()).cloned().collect();
            if !lost.is_empty() {
                sleep_until(Instant::now() + GRACE).await;
                lost.iter().filter(|session| (sessions.client)(session).is_none()).for_each(|it| self.forget(it));
            }
            if self.lock().is_empty() || self.0.is_waiting.swap(true, Ordering::AcqRel) {
                return;
            }
            if count.changed().await.is_err() {
                return;
            }
        }
    }
}

impl PresenceApi<Caller> for Presence {
    async fn list(&self, caller: &Caller, params: PresenceListParams) -> Result<PresenceListResult> {
        let is_meant = |it: &&PresenceInfo| {
            params.workspace_id.as_ref().is_none_or(|id| *id == it.workspace_id)
                && caller.check_workspace(&it.workspace_id, AuthRole::Viewer).is_ok()
        };
        let mut present: Vec<PresenceInfo> = self.lock().values().filter(is_meant).cloned().collect();
        present.sort_by_key(|it| it.since_ms);
        Ok(PresenceListResult { present })
    }

    async fn update(&self, caller: &Caller, params: PresenceUpdateParams) -> Result<PresenceInfo> {
        let PresenceUpdateParams { workspace_id, view } = params;
        check(&view)?;
        let Some(client) = (self.0.services.sessions.client)(caller.session()) else {
            let message = "who is there has a session: say so on the socket or a WebSocket, after `session:initialize`";
            return Err(Error::unsupported(message));
        };
        let find = move |connection: &Connection, _: &mut Changes| {
            Ok(workspaces::named_or_active(connection, workspace_id.as_deref())?.workspace_id)
        };
        let workspace_id = self.0.services.journal.commit(find).await?.value;
        caller.check_workspace(&workspace_id, AuthRole::Viewer)?;
        let user = Services::user_of(caller).to_owned();
        let session_id = caller.session().to_owned();
        let info = {
            let mut present = self.lock();
            let since_ms = present.get(&session_id).map_or_else(|| self.0.services.host.now_ms(), |it| it.since_ms);
            let info = PresenceInfo { session_id: session_id.clone(), user, client, workspace_id, since_ms, view };
            if present.insert(session_id, info.clone()).as_ref() != Some(&info) {
                self.0.services.bus.publish(&CHANGED, &info);
            }
            info
        };
        self.wait_for_sessions();
        Ok(info)
    }

    async fn leave(&self, caller: &Caller, _: Empty) -> Result<Empty> {
        self.forget(caller.session());
        Ok(Empty {})
    }
}

fn check(view: &PresenceView) -> Result<()> {
    if view.name.as_ref().is_some_and(|name| name.is_empty() || name.len() > NAME_BYTES_MAX) {
        return Err(Error::invalid_params(format!("`name` has 1 to {NAME_BYTES_MAX} bytes")));
    }
    if view.selections.len() > SELECTIONS_MAX {
        return Err(Error::too_large(format!("at most {SELECTIONS_MAX} selections are told to others")));
    }
    if view.waits_for.len() > WAITS_FOR_MAX {
        return Err(Error::too_large(format!("at most {WAITS_FOR_MAX} files that are waited for are told to others")));
    }
    Ok(())
}
