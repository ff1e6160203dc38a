//! `preferences:*`: what users prefer. All of it is in the store; what there is to prefer, and what that can be, is declared in the
//! protocol.

use std::collections::BTreeMap;

use icpy_protocol::Empty;
use icpy_protocol::auth::AuthRole;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::preferences::declared::{self, FREE_PREFIX, PREFERENCES, Preference, VALUE_BYTES_MAX};
use icpy_protocol::preferences::{
    CHANGED, PreferencesApi, PreferencesChanged, PreferencesGetParams, PreferencesGetResult, PreferencesLayer,
    PreferencesSchemaResult, PreferencesSetParams, PreferencesSetResult, PreferencesValue,
};
use icpy_protocol::state::{StateRecord, StateUpdated, UPDATED};
use rusqlite::Connection;
use serde_json::Value;

use super::Services;
use crate::caller::{Caller, LONG_RESULT_BYTES};
use crate::journal::Changes;
use crate::store::accounts::OWNER;
use crate::store::preferences::{PREFERENCE, SET_MAX, Whose};
use crate::store::workspaces;

/// The service.
#[derive(Debug)]
pub struct Preferences {
    services: Services,
}

impl Preferences {
    pub(super) fn new(services: Services) -> Self {
        Self { services }
    }
}

impl PreferencesApi<Caller> for Preferences {
    async fn get(&self, caller: &Caller, params: PreferencesGetParams) -> Result<PreferencesGetResult> {
        let _room = caller.reserve(LONG_RESULT_BYTES).await;
        let asking = caller.clone();
        let read = move |connection: &Connection, _: &mut Changes| {
            let mut layers = Vec::new();
            if let Some(user) = own(&asking) {
                layers.push((PreferencesLayer::User, user.list(connection)?));
            }
            if let Some(id) = params.workspace_id {
                let workspace = workspace(connection, &asking, id, AuthRole::Viewer)?;
                layers.push((PreferencesLayer::Workspace, workspace.list(connection)?));
            }
            Ok(layers)
        };
        let read = self.services.journal.commit(read).await?;
        Ok(PreferencesGetResult { preferences: in_force(read.value), position: read.position })
    }

    async fn schema(&self, _: &Caller, _: Empty) -> Result<PreferencesSchemaResult> {
        Ok(PreferencesSchemaResult {
            preferences: PREFERENCES.iter().map(Preference::declared).collect(),
            free_prefix: FREE_PREFIX.to_owned(),
            value_bytes_max: VALUE_BYTES_MAX,
        })
    }

    async fn set(&self, caller: &Caller, params: PreferencesSetParams) -> Result<PreferencesSetResult> {
        let PreferencesSetParams { key, value, workspace_id, if_rev } = params;
        match value {
            Value::Null => declared::check_key(&key)?,
            _ => declared::check(&key, &value)?,
        }
        let asking = caller.clone();
        let change = move |connection: &Connection, changes: &mut Changes| {
            let whose = match workspace_id {
                Some(id) => workspace(connection, &asking, id, AuthRole::Editor)?,
                None => own(&asking).ok_or_else(|| {
                    Error::permission_denied("a credential with limits does not change what the daemon's user prefers")
                })?,
            };
            let now = whose.get(connection, &key)?;
            let rev = now.as_ref().map_or(0, |record| record.rev);
            let now = now.map_or(Value::Null, |record| record.value);
            if let Some(expected) = if_rev.filter(|expected| *expected != rev) {
                let message = format!("`{key}` is of revision {rev}, and not {expected}");
                return Err(Error::conflict(message).with("key", key).with("rev", rev).with("value", now));
            }
            if now == value {
                return Ok(PreferencesSetResult { key, value, rev });
            }
            if now.is_null() && whose.list(connection)?.len() >= SET_MAX {
                return Err(Error::too_large(format!("at most {SET_MAX} preferences are set")).with("limit", SET_MAX));
            }
            let set = whose.put(connection, &key, value, changes.now_ms)?;
            tell(changes, &asking, whose, &set);
            Ok(PreferencesSetResult { key, value: set.value, rev: set.rev })
        };
        Ok(self.services.journal.commit_by(caller, change).await?.value)
    }
}

/// The caller's own preferences. A credential of the daemon's user that is limited has nothing to do with the user's.
fn own(caller: &Caller) -> Option<Whose> {
    let user = Services::user_of(caller).to_owned();
    (user != OWNER || caller.confinement().is_none()).then_some(Whose::User(user))
}

fn workspace(connection: &Connection, caller: &Caller, id: String, least: AuthRole) -> Result<Whose> {
    caller.check_workspace(&id, least)?;
    workspaces::get(connection, &id)?;
    Ok(Whose::Workspace(id))
}

/// What holds, given layers of which the last one wins. What another version has let in, and this one would not, does not.
fn in_force(layers: Vec<(PreferencesLayer, Vec<StateRecord>)>) -> BTreeMap<String, PreferencesValue> {
    let default =
        |it: &Preference| PreferencesValue { value: it.default_value(), layer: PreferencesLayer::Default, rev: 0 };
    let mut preferences: BTreeMap<String, PreferencesValue> =
        PREFERENCES.iter().map(|it| (it.key.to_owned(), default(it))).collect();
    for (layer, records) in layers {
        let good = records.into_iter().filter(|record| declared::check(&record.key, &record.value).is_ok());
        preferences.extend(good.map(|StateRecord { key, rev, value }| (key, PreferencesValue { value, layer, rev })));
    }
    preferences
}

fn tell(changes: &mut Changes, caller: &Caller, whose: Whose, set: &StateRecord) {
    let changed_by = caller.session().to_owned();
    let (workspace_id, user) = match whose {
        Whose::User(user) => (None, (user != OWNER).then_some(user)),
        Whose::Workspace(id) => (Some(id), None),
    };
    if let Some(workspace_id) = workspace_id.clone() {
        let record = StateRecord { key: format!("{PREFERENCE}{}", set.key), ..set.clone() };
        let changed_by = changed_by.clone();
        changes.publish(&UPDATED, &StateUpdated { workspace_id, records: vec![record], mutation_id: None, changed_by });
    }
    let StateRecord { key, rev, value } = set.clone();
    changes.publish(&CHANGED, &PreferencesChanged { workspace_id, user, key, value, rev, changed_by });
}
