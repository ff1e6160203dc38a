//! Workspaces and what is open in them.
//!
//! A path is kept as its JSON text on the wire, which holds any path, Unicode or not. An open file is the record
//! `open_file/<id>` of its workspace, a folder that was added to it the record `folder/<id>`. A workspace that was closed stays.

use icpy_protocol::error::{Error, Result};
use icpy_protocol::file::{FilePurpose, OpenFile};
use icpy_protocol::path::FilePath;
use icpy_protocol::workspace::WorkspaceInfo;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::column::{json, text};
use super::{records, stored};

/// What the keys of open files begin with.
pub const OPEN_FILE: &str = "open_file/";

/// What the keys of folders that were added begin with.
pub const FOLDER: &str = "folder/";

/// Which workspaces are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that were not closed.
    Open,
    /// Those that were closed too.
    All,
}

const SELECT_WORKSPACE: &str = "SELECT id, name, root, created_ms, revision,
        id IS (SELECT id FROM workspace WHERE closed_ms IS NULL ORDER BY activated_ms DESC, id LIMIT 1) AS is_active,
        (SELECT count(*) FROM record WHERE workspace_id = workspace.id AND key >= 'open_file/' AND key < 'open_file0'),
        (SELECT json_group_array(json(value -> '$.path')) FROM record
            WHERE workspace_id = workspace.id AND key >= 'folder/' AND key < 'folder0'),
        activated_ms, closed_ms
    FROM workspace";

const ROOTS: &str = "SELECT id, root FROM (
        SELECT id, root, activated_ms, closed_ms FROM workspace
        UNION ALL
        SELECT workspace.id, record.value -> '$.path', activated_ms, closed_ms FROM workspace
            JOIN record ON workspace_id = workspace.id AND key >= 'folder/' AND key < 'folder0'
    ) WHERE closed_ms IS NULL OR ?1 ORDER BY activated_ms DESC, id";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OpenFileRecord {
    path: FilePath,
    opened_at_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    purpose: Option<FilePurpose>,
}

#[derive(Serialize)]
struct FolderRecord<'a> {
    path: &'a FilePath,
}

/// The workspaces, the one activated last first.
pub fn list(connection: &Connection, which: Which) -> Result<Vec<WorkspaceInfo>> {
    let query = format!("{SELECT_WORKSPACE} WHERE closed_ms IS NULL OR ?1 ORDER BY activated_ms DESC, id");
    let mut statement = connection.prepare_cached(&query).map_err(stored)?;
    let rows = statement.query_map([which == Which::All], read_workspace).map_err(stored)?;
    rows.collect::<rusqlite::Result<_>>().map_err(stored)
}

/// The id and a folder of every workspace, the one activated last first: as often as it has folders.
pub fn roots(connection: &Connection, which: Which) -> Result<Vec<(String, FilePath)>> {
    let mut statement = connection.prepare_cached(ROOTS).map_err(stored)?;
    let rows = statement.query_map([which == Which::All], |row| Ok((row.get(0)?, json(row, 1)?))).map_err(stored)?;
    rows.collect::<rusqlite::Result<_>>().map_err(stored)
}

/// The workspace with this id.
pub fn get(connection: &Connection, id: &str) -> Result<WorkspaceInfo> {
    connection
        .prepare_cached(&format!("{SELECT_WORKSPACE} WHERE id = ?1"))
        .and_then(|mut statement| statement.query_row([id], read_workspace).optional())
        .map_err(stored)?
        .ok_or_else(|| Error::not_found(format!("no workspace has the id `{id}`")))
}

/// The workspace over this folder.
pub fn find(connection: &Connection, root: &FilePath) -> Result<Option<WorkspaceInfo>> {
    connection
        .prepare_cached(&format!("{SELECT_WORKSPACE} WHERE root = ?1"))
        .and_then(|mut statement| statement.query_row([text(root)], read_workspace).optional())
        .map_err(stored)
}

/// The active workspace, if any is open.
pub fn active(connection: &Connection) -> Result<Option<WorkspaceInfo>> {
    connection
        .prepare_cached(&format!("{SELECT_WORKSPACE} WHERE closed_ms IS NULL ORDER BY activated_ms DESC, id LIMIT 1"))
        .and_then(|mut statement| statement.query_row([], read_workspace).optional())
        .map_err(stored)
}

/// A workspace by its id, or the active one.
pub fn named_or_active(connection: &Connection, id: Option<&str>) -> Result<WorkspaceInfo> {
    match id {
        Some(id) => get(connection, id),
        None => {
            active(connection)?.ok_or_else(|| Error::not_found("no workspace is open: open a file or load a folder"))
        }
    }
}

/// Adds a workspace and makes it the active one.
pub fn insert(connection: &Connection, id: &str, name: &str, root: &FilePath, now_ms: u64) -> Result<()> {
    let root = text(root);
    connection
        .execute(
            "INSERT INTO workspace (id, name, root, created_ms, activated_ms, revision) VALUES (?1, ?2, ?3, ?4, ?5, 1)",
            params![id, name, root, now_ms, next_activation(connection, now_ms)?],
        )
        .map_err(stored)?;
    Ok(())
}

/// Adds a folder to a workspace.
pub fn insert_folder(connection: &Connection, workspace_id: &str, folder_id: &str, path: &FilePath) -> Result<()> {
    let revision = raise_revision(connection, workspace_id)?;
    connection
        .execute(
            "INSERT INTO record (workspace_id, key, revision, value) VALUES (?1, ?2, ?3, ?4)",
            params![workspace_id, format!("{FOLDER}{folder_id}"), revision, text(&FolderRecord { path })],
        )
        .map_err(stored)?;
    Ok(())
}

/// Takes a folder out of a workspace again, and returns the key that it had there.
pub fn remove_folder(connection: &Connection, workspace_id: &str, path: &FilePath) -> Result<Option<String>> {
    let Some(key) = key_of(connection, workspace_id, FOLDER, path)? else { return Ok(None) };
    records::put(connection, workspace_id, &key, Value::Null)?;
    Ok(Some(key))
}

/// The key below a prefix under which a workspace has a path.
pub fn key_of(connection: &Connection, workspace_id: &str, prefix: &str, path: &FilePath) -> Result<Option<String>> {
    connection
        .prepare_cached(
            "SELECT key FROM record WHERE path = ?1 AND workspace_id = ?2 AND substr(key, 1, length(?3)) = ?3",
        )
        .and_then(|mut it| it.query_row(params![column_text(path), workspace_id, prefix], |row| row.get(0)).optional())
        .map_err(stored)
}

/// Gives a workspace another name.
pub fn rename(connection: &Connection, id: &str, name: &str) -> Result<()> {
    let query = "UPDATE workspace SET name = ?2, revision = revision + 1 WHERE id = ?1";
    connection.execute(query, [id, name]).map(drop).map_err(stored)
}

/// Closes a workspace.
pub fn close(connection: &Connection, id: &str, now_ms: u64) -> Result<()> {
    let query = "UPDATE workspace SET closed_ms = ?2, revision = revision + 1 WHERE id = ?1";
    connection.execute(query, params![id, now_ms]).map(drop).map_err(stored)
}

/// Forgets a workspace with all that belongs to it.
pub fn delete(connection: &Connection, id: &str) -> Result<()> {
    connection.execute("DELETE FROM workspace WHERE id = ?1", [id]).map(drop).map_err(stored)
}

/// Makes a workspace the active one, which is open then.
pub fn activate(connection: &Connection, id: &str, now_ms: u64) -> Result<()> {
    connection
        .execute(
            "UPDATE workspace SET activated_ms = ?2, closed_ms = NULL, revision = revision + 1 WHERE id = ?1",
            params![id, next_activation(connection, now_ms)?],
        )
        .map_err(stored)?;
    Ok(())
}

/// Later than every activation so far, whatever the clock says.
fn next_activation(connection: &Connection, now_ms: u64) -> Result<u64> {
    let latest: Option<u64> =
        connection.query_row("SELECT max(activated_ms) FROM workspace", [], |row| row.get(0)).map_err(stored)?;
    Ok(latest.map_or(now_ms, |latest| now_ms.max(latest + 1)))
}

/// The open files of one workspace, or of all: the one opened first first.
pub fn open_files(connection: &Connection, workspace_id: Option<&str>) -> Result<Vec<OpenFile>> {
    let mut statement = connection
        .prepare_cached(
            "SELECT workspace_id, key, value FROM record
             WHERE key >= 'open_file/' AND key < 'open_file0' AND (?1 IS NULL OR workspace_id = ?1)
             ORDER BY value ->> '$.openedAtMs', key",
        )
        .map_err(stored)?;
    let rows = statement.query_map([workspace_id], read_open_file).map_err(stored)?;
    rows.collect::<rusqlite::Result<_>>().map_err(stored)
}

/// How many files are open in all workspaces.
pub fn count_open_files(connection: &Connection) -> Result<u32> {
    connection
        .query_row("SELECT count(*) FROM record WHERE key >= 'open_file/' AND key < 'open_file0'", [], |row| row.get(0))
        .map_err(stored)
}

/// The open files with this path: at most one in each workspace.
pub fn find_open_files(connection: &Connection, path: &FilePath) -> Result<Vec<OpenFile>> {
    let mut statement = connection
        .prepare_cached(
            "SELECT workspace_id, key, value FROM record
             WHERE path = ?1 AND key >= 'open_file/' AND key < 'open_file0' ORDER BY value ->> '$.openedAtMs', key",
        )
        .map_err(stored)?;
    let rows = statement.query_map([column_text(path)], read_open_file).map_err(stored)?;
    rows.collect::<rusqlite::Result<_>>().map_err(stored)
}

/// The open file with this path in one workspace.
pub fn find_open_file(connection: &Connection, workspace_id: &str, path: &FilePath) -> Result<Option<OpenFile>> {
    let found = find_open_files(connection, path)?;
    Ok(found.into_iter().find(|file| file.workspace_id == workspace_id))
}

/// The open file with this id.
pub fn get_open_file(connection: &Connection, file_id: &str) -> Result<Option<OpenFile>> {
    connection
        .prepare_cached("SELECT workspace_id, key, value FROM record WHERE key = ?1")
        .and_then(|mut statement| statement.query_row([format!("{OPEN_FILE}{file_id}")], read_open_file).optional())
        .map_err(stored)
}

/// Records that a file is open, or what it is open for now.
pub fn put_open_file(connection: &Connection, file: &OpenFile) -> Result<()> {
    let revision = raise_revision(connection, &file.workspace_id)?;
    let value = text(&OpenFileRecord {
        path: file.path.clone(),
        opened_at_ms: file.opened_at_ms,
        purpose: file.purpose.clone(),
    });
    connection
        .prepare_cached("REPLACE INTO record (workspace_id, key, revision, value) VALUES (?1, ?2, ?3, ?4)")
        .and_then(|mut statement| {
            statement.execute(params![file.workspace_id, format!("{OPEN_FILE}{}", file.file_id), revision, value])
        })
        .map_err(stored)?;
    Ok(())
}

/// Records that a file is no longer open.
pub fn remove_open_file(connection: &Connection, file: &OpenFile) -> Result<()> {
    raise_revision(connection, &file.workspace_id)?;
    connection
        .execute(
            "DELETE FROM record WHERE workspace_id = ?1 AND key = ?2",
            params![file.workspace_id, format!("{OPEN_FILE}{}", file.file_id)],
        )
        .map_err(stored)?;
    Ok(())
}

/// Counts one more change of a workspace.
pub(super) fn raise_revision(connection: &Connection, workspace_id: &str) -> Result<u64> {
    connection
        .prepare_cached("UPDATE workspace SET revision = revision + 1 WHERE id = ?1 RETURNING revision")
        .and_then(|mut statement| statement.query_row([workspace_id], |row| row.get(0)))
        .map_err(stored)
}

fn read_workspace(row: &Row<'_>) -> rusqlite::Result<WorkspaceInfo> {
    Ok(WorkspaceInfo {
        workspace_id: row.get(0)?,
        name: row.get(1)?,
        root: json(row, 2)?,
        created_at_ms: row.get(3)?,
        revision: row.get(4)?,
        is_active: row.get(5)?,
        open_files: row.get(6)?,
        folders: json(row, 7)?,
        activated_at_ms: row.get(8)?,
        closed_at_ms: row.get(9)?,
    })
}

fn read_open_file(row: &Row<'_>) -> rusqlite::Result<OpenFile> {
    let key: String = row.get(1)?;
    let record: OpenFileRecord = json(row, 2)?;
    Ok(OpenFile {
        file_id: key.trim_start_matches(OPEN_FILE).to_owned(),
        workspace_id: row.get(0)?,
        path: record.path,
        opened_at_ms: record.opened_at_ms,
        purpose: record.purpose,
    })
}

/// A path as SQLite's `->>` gives it: a string without its quotes, an object as its JSON text.
fn column_text(path: &FilePath) -> String {
    match path.as_path().to_str() {
        Some(text) => text.to_owned(),
        None => text(path),
    }
}
