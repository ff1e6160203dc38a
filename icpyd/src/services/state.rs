//! `state:*`: the records of a workspace. All of it is in the store, and every change is one transaction there.

use std::collections::BTreeMap;

use icpy_protocol::auth::AuthRole;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::state::{
    StateApi, StateCheckpoint, StateCheckpointParams, StateGetParams, StateGetResult, StateListCheckpointsResult,
    StateMutateParams, StateMutateResult, StateMutation, StateOfParams, StateRecord, StateRollbackParams, StateUpdated,
    UPDATED,
};
use rusqlite::Connection;
use serde_json::{Map, Value};

use super::Services;
use crate::caller::{Caller, LONG_RESULT_BYTES};
use crate::journal::Changes;
use crate::store::recent_files::RECENT_FILE;
use crate::store::records::{KEY_BYTES_MAX, check_name, is_reserved};
use crate::store::{records, workspaces};

/// The most bytes of a checkpoint's name.
const NAME_BYTES_MAX: usize = 200;

/// The most checkpoints of a workspace.
const CHECKPOINTS_MAX: usize = 100;

/// The service.
#[derive(Debug)]
pub struct State {
    services: Services,
}

impl State {
    pub(super) fn new(services: Services) -> Self {
        Self { services }
    }
}

impl StateApi<Caller> for State {
    async fn get(&self, caller: &Caller, params: StateGetParams) -> Result<StateGetResult> {
        let _room = caller.reserve(LONG_RESULT_BYTES).await;
        let asking = caller.clone();
        let read = move |connection: &Connection, _: &mut Changes| {
            let id = workspace(connection, &asking, params.workspace_id.as_deref(), AuthRole::Viewer)?;
            let records = records::list(connection, &id, params.prefix.as_deref().unwrap_or_default())?;
            Ok((id, records))
        };
        let read = self.services.journal.commit(read).await?;
        let (workspace_id, records) = read.value;
        Ok(StateGetResult { workspace_id, records, position: read.position })
    }

    async fn mutate(&self, caller: &Caller, params: StateMutateParams) -> Result<StateMutateResult> {
        let StateMutateParams { workspace_id, mutations, mutation_id } = params;
        mutations.iter().try_for_each(check)?;
        if let Some(id) = &mutation_id {
            check_name("mutationId", id, KEY_BYTES_MAX)?;
        }
        let asking = caller.clone();
        let change = move |connection: &Connection, changes: &mut Changes| {
            let id = workspace(connection, &asking, workspace_id.as_deref(), AuthRole::Editor)?;
            let known = mutation_id.as_deref().map(|name| records::mutation(connection, &id, name)).transpose()?;
            if let Some(records) = known.flatten() {
                return Ok(StateMutateResult { records });
            }
            let made: Result<Vec<StateRecord>> = mutations.into_iter().map(|it| mutate(connection, &id, it)).collect();
            let records = made?;
            records::check_count(connection, &id)?;
            if let Some(name) = &mutation_id {
                records::put_mutation(connection, &id, name, &records)?;
            }
            tell(changes, &asking, id, &records, mutation_id);
            Ok(StateMutateResult { records })
        };
        Ok(self.services.journal.commit_by(caller, change).await?.value)
    }

    async fn create_checkpoint(&self, caller: &Caller, params: StateCheckpointParams) -> Result<StateCheckpoint> {
        check_name("name", &params.name, NAME_BYTES_MAX)?;
        let (checkpoint_id, asking) = (self.services.host.new_id(), caller.clone());
        let change = move |connection: &Connection, changes: &mut Changes| {
            let workspace_id = workspace(connection, &asking, params.workspace_id.as_deref(), AuthRole::Editor)?;
            if records::checkpoints(connection, &workspace_id)?.len() >= CHECKPOINTS_MAX {
                return Err(Error::too_large(format!("a workspace has at most {CHECKPOINTS_MAX} checkpoints")));
            }
            let kept = records::free(connection, &workspace_id)?;
            let checkpoint = StateCheckpoint {
                checkpoint_id,
                workspace_id,
                name: params.name,
                created_at_ms: changes.now_ms,
                records: u32::try_from(kept.len()).unwrap_or(u32::MAX),
            };
            records::add_checkpoint(connection, &checkpoint, &kept)?;
            Ok(checkpoint)
        };
        Ok(self.services.journal.commit_by(caller, change).await?.value)
    }

    async fn list_checkpoints(&self, caller: &Caller, params: StateOfParams) -> Result<StateListCheckpointsResult> {
        let asking = caller.clone();
        let read = move |connection: &Connection, _: &mut Changes| {
            let id = workspace(connection, &asking, params.workspace_id.as_deref(), AuthRole::Viewer)?;
            records::checkpoints(connection, &id)
        };
        let checkpoints = self.services.journal.commit(read).await?.value;
        Ok(StateListCheckpointsResult { checkpoints })
    }

    async fn rollback(&self, caller: &Caller, params: StateRollbackParams) -> Result<StateMutateResult> {
        let asking = caller.clone();
        let change = move |connection: &Connection, changes: &mut Changes| {
            let id = workspace(connection, &asking, params.workspace_id.as_deref(), AuthRole::Editor)?;
            let before = records::checkpoint(connection, &id, &params.checkpoint_id)?;
            let before: BTreeMap<String, Value> = before.into_iter().map(|it| (it.key, it.value)).collect();
            let now: BTreeMap<String, Value> =
                records::free(connection, &id)?.into_iter().map(|it| (it.key, it.value)).collect();
            let gone = now.keys().filter(|key| !before.contains_key(*key)).map(|key| (key, Value::Null));
            let other = before.iter().filter(|(key, value)| now.get(*key) != Some(*value));
            let wanted = gone.chain(other.map(|(key, value)| (key, value.clone())));
            let records: Result<Vec<StateRecord>> =
                wanted.map(|(key, value)| records::put(connection, &id, key, value)).collect();
            let records = records?;
            tell(changes, &asking, id, &records, None);
            Ok(StateMutateResult { records })
        };
        Ok(self.services.journal.commit_by(caller, change).await?.value)
    }
}

/// The id of the workspace that is meant.
fn workspace(connection: &Connection, caller: &Caller, id: Option<&str>, least: AuthRole) -> Result<String> {
    let workspace = workspaces::named_or_active(connection, id)?;
    caller.check_workspace(&workspace.workspace_id, least)?;
    Ok(workspace.workspace_id)
}

fn check(mutation: &StateMutation) -> Result<()> {
    let StateMutation { key, set, merge, delete, .. } = mutation;
    check_name("key", key, KEY_BYTES_MAX)?;
    let can_be_deleted = *delete && key.starts_with(RECENT_FILE);
    if is_reserved(key) && !can_be_deleted {
        let message = format!("`{key}` changes by `file:*`, `workspace:*` and `preferences:*` alone");
        return Err(Error::unsupported(message));
    }
    if u8::from(set.is_some()) + u8::from(merge.is_some()) + u8::from(*delete) != 1 {
        return Err(Error::invalid_params(format!(
            "of `{key}` either `set`, `merge` or `delete` says what becomes of it"
        )));
    }
    Ok(())
}

fn mutate(connection: &Connection, workspace_id: &str, mutation: StateMutation) -> Result<StateRecord> {
    let StateMutation { key, if_rev, set, merge, .. } = mutation;
    let now = records::get(connection, workspace_id, &key)?;
    let rev = now.as_ref().map_or(0, |record| record.rev);
    let value = now.map_or(Value::Null, |record| record.value);
    if let Some(expected) = if_rev
        && expected != rev
    {
        let message = format!("`{key}` is of revision {rev}, and not {expected}");
        return Err(Error::conflict(message).with("key", key).with("rev", rev).with("value", value));
    }
    let value = match (set, merge) {
        (Some(value), _) => value,
        (None, Some(members)) => merged(value, members),
        (None, None) => Value::Null,
    };
    records::check_value(&key, &value)?;
    records::put(connection, workspace_id, &key, value)
}

/// An object with other members.
fn merged(value: Value, members: Map<String, Value>) -> Value {
    let mut object = match value {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    for (name, value) in members {
        match value {
            Value::Null => drop(object.remove(&name)),
            value => drop(object.insert(name, value)),
        }
    }
    Value::Object(object)
}

fn tell(
    changes: &mut Changes,
    caller: &Caller,
    workspace_id: String,
    records: &[StateRecord],
    mutation_id: Option<String>,
) {
    if !records.is_empty() {
        let changed_by = caller.session().to_owned();
        changes.publish(&UPDATED, &StateUpdated { workspace_id, records: records.to_vec(), mutation_id, changed_by });
    }
}
