//! The files of a workspace that were used last, as its records `recent_file/<id>`: they stay when a file is closed.

use icpy_protocol::error::Result;
use icpy_protocol::path::FilePath;
use icpy_protocol::state::StateRecord;
use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::column::json;
use super::workspaces::key_of;
use super::{records, stored};

/// What the keys of files begin with that were used lately.
pub const RECENT_FILE: &str = "recent_file/";

/// How many are known of a workspace.
pub const RECENT_FILES_MAX: usize = 200;

/// Notes that a file is used now, and returns the records that have changed. One that was not known is called `new_id`.
pub fn note(
    connection: &Connection,
    workspace_id: &str,
    path: &FilePath,
    new_id: &str,
    now_ms: u64,
) -> Result<Vec<StateRecord>> {
    let known = key_of(connection, workspace_id, RECENT_FILE, path)?;
    let is_new = known.is_none();
    let key = known.unwrap_or_else(|| format!("{RECENT_FILE}{new_id}"));
    let value = json!({ "path": path, "usedAtMs": now_ms });
    let mut changed = vec![records::put(connection, workspace_id, &key, value)?];
    if is_new {
        for key in surplus(connection, workspace_id)? {
            changed.push(records::put(connection, workspace_id, &key, Value::Null)?);
        }
    }
    Ok(changed)
}

/// The files, the one used last first.
pub fn list(connection: &Connection, workspace_id: &str) -> Result<Vec<FilePath>> {
    let mut statement = connection
        .prepare_cached(
            "SELECT value -> '$.path' FROM record
             WHERE workspace_id = ?1 AND key >= 'recent_file/' AND key < 'recent_file0' ORDER BY revision DESC",
        )
        .map_err(stored)?;
    let rows = statement.query_map([workspace_id], |row| json(row, 0)).map_err(stored)?;
    rows.collect::<rusqlite::Result<_>>().map_err(stored)
}

/// The keys of those that were not used for longest. By their revisions: a clock may jump.
fn surplus(connection: &Connection, workspace_id: &str) -> Result<Vec<String>> {
    let mut statement = connection
        .prepare_cached(
            "SELECT key FROM record WHERE workspace_id = ?1 AND key >= 'recent_file/' AND key < 'recent_file0'
             ORDER BY revision DESC LIMIT -1 OFFSET ?2",
        )
        .map_err(stored)?;
    let rows = statement.query_map(params![workspace_id, RECENT_FILES_MAX], |row| row.get(0)).map_err(stored)?;
    rows.collect::<rusqlite::Result<_>>().map_err(stored)
}
