//! Workspaces and what is open in them.
//!
//! A path is kept as its JSON text on the wire, which holds any path, Unicode or not. An open file is the record
//! `open_file/<id>` of its workspace, a folder that was added to it the record `folder/<id>`.

use icpy_protocol::error::{Error, Result};
use icpy_protocol::file::{FilePurpose, OpenFile};
use icpy_protocol::path::FilePath;
use icpy_protocol::workspace::WorkspaceInfo;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};

use super::column::{json, text};
use super::stored;

/// What the keys of open files begin with.
pub const OPEN_FILE: &str = "open_file/";

/// What the keys of folders that were added begin with.
pub const FOLDER: &str = "folder/";

const SELECT_WORKSPACE: &str = "SELECT id, name, root, created_ms, revision,
        id = (SELECT id FROM workspace ORDER BY activated_ms DESC, id LIMIT 1) AS is_active,
        (SELECT count(*) FROM record WHERE workspace_id = workspace.id AND key >= 'open_file/' AND key < 'open_file0'),
        (SELECT json_group_array(json(value -> '$.path')) FROM record
            WHERE workspace_id = workspace.id AND key >= 'folder/' AND key < 'folder0')
    FROM workspace";

const ROOTS: &str = "SELECT id, root FROM (
        SELECT id, root, activated_ms FROM workspace
        UNION ALL
        SELECT workspace.id, record.value -> '$.path', activated_ms FROM workspace
            JOIN record ON workspace_id = workspace.id AND key >= 'folder/' AND key < 'folder0'
    ) ORDER BY activated_ms DESC, id";

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

/// All workspaces, the one activated last first.
pub fn list(connection: &Connection) -> Result<Vec<WorkspaceInfo>> {
    let mut statement =
        connection.prepare_cached(&format!("{SELECT_WORKSPACE} ORDER BY activated_ms DESC, id")).map_err(stored)?;
    let rows = statement.query_map([], read_workspace).map_err(stored)?;
    rows.collect::<rusqlite::Result<_>>().map_err(stored)
}

/// The id and a folder of every workspace, the one activated last first: as often as it has folders.
pub fn roots(connection: &Connection) -> Result<Vec<(String, FilePath)>> {
    let mut statement = connection.prepare_cached(ROOTS).map_err(stored)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, json(row, 1)?))).map_err(stored)?;
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

/// The active workspace, if there is any workspace.
pub fn active(connection: &Connection) -> Result<Option<WorkspaceInfo>> {
    connection
        .prepare_cached(&format!("{SELECT_WORKSPACE} ORDER BY activated_ms DESC, id LIMIT 1"))
        .and_then(|mut statement| statement.query_row([], read_workspace).optional())
        .map_err(stored)
}

/// A workspace by its id, or the active one.
pub fn named_or_active(connection: &Connection, id: Option<&str>) -> Result<WorkspaceInfo> {
    match id {
        Some(id) => get(connection, id),
        None => active(connection)?
            .ok_or_else(|| Error::not_found("there is no workspace yet: open a file or load a folder")),
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

/// Makes a workspace the active one.
pub fn activate(connection: &Connection, id: &str, now_ms: u64) -> Result<()> {
    connection
        .execute(
            "UPDATE workspace SET activated_ms = ?2, revision = revision + 1 WHERE id = ?1",
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

/// The open file with this path: in one workspace, or in any.
pub fn find_open_file(
    connection: &Connection,
    workspace_id: Option<&str>,
    path: &FilePath,
) -> Result<Option<OpenFile>> {
    connection
        .prepare_cached(
            "SELECT workspace_id, key, value FROM record
             WHERE path = ?1 AND (?2 IS NULL OR workspace_id = ?2) AND key >= 'open_file/' AND key < 'open_file0'",
        )
        .and_then(|mut statement| {
            statement.query_row(params![column_text(path), workspace_id], read_open_file).optional()
        })
        .map_err(stored)
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
