//! What was done with files lately, with what it takes to reverse it.

use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::FsOperation;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::stored;

/// How many operations are kept; older ones go.
const OPERATIONS_MAX: i64 = 100;

const SELECT: &str = "SELECT described, steps FROM operation";

/// An operation, and its steps as the service writes them.
pub type Kept = (FsOperation, String);

/// Adds an operation.
pub fn add(connection: &Connection, operation: &FsOperation, steps: &str) -> Result<()> {
    connection
        .prepare_cached("INSERT INTO operation (id, session, described, steps) VALUES (?1, ?2, ?3, ?4)")
        .and_then(|mut statement| {
            let FsOperation { operation_id, session, .. } = operation;
            statement.execute(params![operation_id, session, text(operation), steps])
        })
        .map_err(stored)?;
    let oldest = connection.last_insert_rowid() - OPERATIONS_MAX;
    connection.execute("DELETE FROM operation WHERE number <= ?1", [oldest]).map(drop).map_err(stored)
}

/// Replaces what is kept of an operation.
pub fn put(connection: &Connection, operation: &FsOperation, steps: &str) -> Result<()> {
    connection
        .prepare_cached("UPDATE operation SET described = ?2, steps = ?3 WHERE id = ?1")
        .and_then(|mut it| it.execute(params![operation.operation_id, text(operation), steps]))
        .map(drop)
        .map_err(stored)
}

/// The operations, the newest first; their steps, which may be many, where they are wanted.
pub fn list(connection: &Connection, with_steps: bool) -> Result<Vec<Kept>> {
    let query = "SELECT described, CASE WHEN ?1 THEN steps ELSE '' END FROM operation ORDER BY number DESC";
    let mut statement = connection.prepare_cached(query).map_err(stored)?;
    let rows = statement.query_map([with_steps], read).map_err(stored)?;
    rows.collect::<rusqlite::Result<_>>().map_err(stored)
}

/// The operation with this id.
pub fn get(connection: &Connection, id: &str) -> Result<Kept> {
    let query = format!("{SELECT} WHERE id = ?1");
    let found = connection.prepare_cached(&query).and_then(|mut it| it.query_row([id], read).optional());
    found
        .map_err(stored)?
        .ok_or_else(|| Error::not_found(format!("no operation on files has the id `{id}`, or not any more")))
}

/// The last operation of a session that was not undone.
pub fn last_of(connection: &Connection, session: &str) -> Result<Kept> {
    let query =
        format!("{SELECT} WHERE session = ?1 AND described ->> '$.undoneAtMs' IS NULL ORDER BY number DESC LIMIT 1");
    let found = connection.prepare_cached(&query).and_then(|mut it| it.query_row([session], read).optional());
    found.map_err(stored)?.ok_or_else(|| Error::not_found("this session has done nothing that could be undone"))
}

fn text(operation: &FsOperation) -> String {
    serde_json::to_string(operation).expect("wire types have string keys")
}

fn read(row: &Row<'_>) -> rusqlite::Result<Kept> {
    let described: String = row.get(0)?;
    let described = serde_json::from_str(&described)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error)))?;
    Ok((described, row.get(1)?))
}
