//! The records of workspaces as such, and what was remembered of them.
//!
//! What is open in a workspace is a record too, that has its own functions in `workspaces`; so have files that were used lately,
//! in `recent_files`.

use icpy_protocol::error::{Error, Result};
use icpy_protocol::state::{StateCheckpoint, StateRecord};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde_json::Value;

use super::column::{json, text};
use super::preferences::PREFERENCE;
use super::recent_files::RECENT_FILE;
use super::stored;
use super::workspaces::{FOLDER, OPEN_FILE, raise_revision};

/// How many mutations of a workspace are known by their names.
const MUTATIONS_MAX: i64 = 1_000;

/// The most bytes of a key.
pub const KEY_BYTES_MAX: usize = 256;

/// The most bytes of a value as JSON.
const VALUE_BYTES_MAX: usize = 1 << 20;

/// The most records of a workspace.
pub const RECORDS_MAX: usize = 10_000;

/// Records that methods of their own change.
const RESERVED: [&str; 4] = [OPEN_FILE, FOLDER, RECENT_FILE, PREFERENCE];

/// Whether a record is changed by methods of its own.
pub fn is_reserved(key: &str) -> bool {
    RESERVED.iter().any(|prefix| key.starts_with(prefix))
}

/// Checks that something can be the name of a thing, which a request gives as `what`.
pub fn check_name(what: &str, name: &str, bytes_max: usize) -> Result<()> {
    match name.is_empty() || name.len() > bytes_max || name.chars().any(char::is_control) {
        false => Ok(()),
        true => Err(Error::invalid_params(format!("`{what}` has 1 to {bytes_max} bytes, and no control characters"))),
    }
}

/// Checks that a record can hold something.
pub fn check_value(key: &str, value: &Value) -> Result<()> {
    let bytes = value.to_string().len();
    if bytes > VALUE_BYTES_MAX {
        let message = format!("the value of `{key}` has {bytes} bytes as JSON, of at most {VALUE_BYTES_MAX}");
        return Err(Error::too_large(message).with("limit", VALUE_BYTES_MAX));
    }
    Ok(())
}

/// Checks that a workspace has no more records than it may.
pub fn check_count(connection: &Connection, workspace_id: &str) -> Result<()> {
    match count(connection, workspace_id)? > RECORDS_MAX {
        false => Ok(()),
        true => {
            Err(Error::too_large(format!("a workspace has at most {RECORDS_MAX} records")).with("limit", RECORDS_MAX))
        }
    }
}

/// The records of a workspace that no other method changes.
pub fn free(connection: &Connection, workspace_id: &str) -> Result<Vec<StateRecord>> {
    let mut records = list(connection, workspace_id, "")?;
    records.retain(|record| !is_reserved(&record.key));
    Ok(records)
}

/// The records of a workspace whose keys begin so, by their keys.
pub fn list(connection: &Connection, workspace_id: &str, prefix: &str) -> Result<Vec<StateRecord>> {
    let mut statement = connection
        .prepare_cached(
            "SELECT key, revision, value FROM record
             WHERE workspace_id = ?1 AND substr(key, 1, length(?2)) = ?2 ORDER BY key",
        )
        .map_err(stored)?;
    let rows = statement.query_map(params![workspace_id, prefix], read).map_err(stored)?;
    rows.collect::<rusqlite::Result<_>>().map_err(stored)
}

/// One record.
pub fn get(connection: &Connection, workspace_id: &str, key: &str) -> Result<Option<StateRecord>> {
    connection
        .prepare_cached("SELECT key, revision, value FROM record WHERE workspace_id = ?1 AND key = ?2")
        .and_then(|mut it| it.query_row(params![workspace_id, key], read).optional())
        .map_err(stored)
}

/// How many records a workspace has.
fn count(connection: &Connection, workspace_id: &str) -> Result<usize> {
    connection
        .prepare_cached("SELECT count(*) FROM record WHERE workspace_id = ?1")
        .and_then(|mut it| it.query_row([workspace_id], |row| row.get(0)))
        .map_err(stored)
}

/// Makes a record hold something, or removes it with `null`. Returns it as it is then.
pub fn put(connection: &Connection, workspace_id: &str, key: &str, value: Value) -> Result<StateRecord> {
    let rev = raise_revision(connection, workspace_id)?;
    let outcome = match &value {
        Value::Null => connection
            .prepare_cached("DELETE FROM record WHERE workspace_id = ?1 AND key = ?2")
            .and_then(|mut it| it.execute(params![workspace_id, key])),
        value => connection
            .prepare_cached("REPLACE INTO record (workspace_id, key, revision, value) VALUES (?1, ?2, ?3, ?4)")
            .and_then(|mut it| it.execute(params![workspace_id, key, rev, text(value)])),
    };
    outcome.map_err(stored)?;
    Ok(StateRecord { key: key.to_owned(), rev, value })
}

/// What came of a mutation that was made before.
pub fn mutation(connection: &Connection, workspace_id: &str, id: &str) -> Result<Option<Vec<StateRecord>>> {
    connection
        .prepare_cached("SELECT records FROM mutation WHERE workspace_id = ?1 AND id = ?2")
        .and_then(|mut it| it.query_row(params![workspace_id, id], |row| json(row, 0)).optional())
        .map_err(stored)
}

/// Remembers what came of a mutation.
pub fn put_mutation(connection: &Connection, workspace_id: &str, id: &str, records: &[StateRecord]) -> Result<()> {
    connection
        .prepare_cached("INSERT INTO mutation (workspace_id, id, records) VALUES (?1, ?2, ?3)")
        .and_then(|mut it| it.execute(params![workspace_id, id, text(&records)]))
        .map_err(stored)?;
    connection
        .prepare_cached(
            "DELETE FROM mutation WHERE workspace_id = ?1 AND number <=
                 (SELECT number FROM mutation WHERE workspace_id = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)",
        )
        .and_then(|mut it| it.execute(params![workspace_id, MUTATIONS_MAX]))
        .map(drop)
        .map_err(stored)
}

/// Remembers records.
pub fn add_checkpoint(connection: &Connection, checkpoint: &StateCheckpoint, records: &[StateRecord]) -> Result<()> {
    let StateCheckpoint { checkpoint_id, workspace_id, .. } = checkpoint;
    connection
        .prepare_cached("INSERT INTO checkpoint (id, workspace_id, described, records) VALUES (?1, ?2, ?3, ?4)")
        .and_then(|mut it| it.execute(params![checkpoint_id, workspace_id, text(checkpoint), text(&records)]))
        .map(drop)
        .map_err(stored)
}

/// What was remembered of a workspace, the oldest first.
pub fn checkpoints(connection: &Connection, workspace_id: &str) -> Result<Vec<StateCheckpoint>> {
    let mut statement = connection
        .prepare_cached("SELECT described FROM checkpoint WHERE workspace_id = ?1 ORDER BY number")
        .map_err(stored)?;
    let rows = statement.query_map([workspace_id], |row| json(row, 0)).map_err(stored)?;
    rows.collect::<rusqlite::Result<_>>().map_err(stored)
}

/// The records that were remembered.
pub fn checkpoint(connection: &Connection, workspace_id: &str, id: &str) -> Result<Vec<StateRecord>> {
    connection
        .prepare_cached("SELECT records FROM checkpoint WHERE workspace_id = ?1 AND id = ?2")
        .and_then(|mut it| it.query_row(params![workspace_id, id], |row| json(row, 0)).optional())
        .map_err(stored)?
        .ok_or_else(|| Error::not_found(format!("this workspace has no checkpoint `{id}`")))
}

fn read(row: &Row<'_>) -> rusqlite::Result<StateRecord> {
    Ok(StateRecord { key: row.get(0)?, rev: row.get(1)?, value: json(row, 2)? })
}
