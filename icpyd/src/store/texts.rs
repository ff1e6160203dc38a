//! Texts that differ from their files on disk, or did lately: what they were, and every revision since.
//!
//! A text is kept as it was at one revision, the snapshot, with all later revisions to be made again. Of those before only some
//! are kept, to be undone.

use std::collections::HashSet;

use icpy_protocol::error::Result;
use icpy_protocol::path::FilePath;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};

use super::column::{json, text};
use super::stored;

/// How many revisions before the snapshot are kept.
const FORMER_MAX: u64 = 1_000;

/// A text without its revisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptText {
    /// The file.
    pub path: FilePath,
    /// Names its history.
    pub epoch: String,
    /// Those before, and the last revision that each has in common with it.
    pub former: Vec<(String, u64)>,
    /// The revision of `snapshot`.
    pub rev: u64,
    /// The text at that revision.
    pub snapshot: String,
    /// What was known of the file on disk then.
    pub disk: KeptDisk,
}

/// What was last read from a file, or written to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptDisk {
    /// Its version; `None` where there was no file.
    pub version: Option<String>,
    /// Its text as it was, with the line ends that it had.
    pub text: String,
    /// Its charset.
    pub charset: String,
    /// Whether it began with a byte order mark.
    pub has_bom: bool,
    /// What could not be merged, as the service writes it.
    pub conflicts: serde_json::Value,
}

/// A revision as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRevision {
    /// Its number.
    pub rev: u64,
    /// When it came, in milliseconds since 1970.
    pub time_ms: u64,
    /// All else, as the service writes it.
    pub described: String,
}

/// Keeps a text from now on, or as it is now: revisions up to its snapshot need not be made again.
pub fn put(connection: &Connection, kept: &KeptText) -> Result<()> {
    let KeptText { path, epoch, former, rev, snapshot, disk } = kept;
    let path = text(path);
    connection
        .prepare_cached(
            "INSERT INTO text (path, epoch, former, rev, snapshot, disk) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (path) DO UPDATE SET epoch = ?2, former = ?3, rev = ?4, snapshot = ?5, disk = ?6",
        )
        .and_then(|mut it| it.execute(params![path, epoch, text(former), rev, snapshot, text(disk)]))
        .map_err(stored)?;
    let oldest = rev.saturating_sub(FORMER_MAX);
    connection
        .prepare_cached("DELETE FROM text_revision WHERE path = ?1 AND rev <= ?2")
        .and_then(|mut it| it.execute(params![path, oldest]))
        .map(drop)
        .map_err(stored)
}

/// Begins another history of a text that is kept: a client that knows the one before goes on with this one.
pub fn begin_epoch(connection: &Connection, path: &FilePath, epoch: &str, former: &[(String, u64)]) -> Result<()> {
    connection
        .prepare_cached("UPDATE text SET epoch = ?2, former = ?3 WHERE path = ?1")
        .and_then(|mut it| it.execute(params![text(path), epoch, text(&former)]))
        .map(drop)
        .map_err(stored)
}

/// Adds revisions to a text that is kept.
pub fn append(connection: &Connection, path: &FilePath, revisions: &[KeptRevision]) -> Result<()> {
    let path = text(path);
    let mut statement = connection
        .prepare_cached("INSERT INTO text_revision (path, rev, time_ms, described) VALUES (?1, ?2, ?3, ?4)")
        .map_err(stored)?;
    for KeptRevision { rev, time_ms, described } in revisions {
        statement.execute(params![path, rev, time_ms, described]).map_err(stored)?;
    }
    Ok(())
}

/// A text that is kept, with its revisions in their order.
pub fn get(connection: &Connection, path: &FilePath) -> Result<Option<(KeptText, Vec<KeptRevision>)>> {
    let key = text(path);
    let read_text = |row: &Row<'_>| {
        Ok(KeptText {
            path: path.clone(),
            epoch: row.get(0)?,
            former: json(row, 1)?,
            rev: row.get(2)?,
            snapshot: row.get(3)?,
            disk: json(row, 4)?,
        })
    };
    let found = connection
        .prepare_cached("SELECT epoch, former, rev, snapshot, disk FROM text WHERE path = ?1")
        .and_then(|mut it| it.query_row([&key], read_text).optional())
        .map_err(stored)?;
    let Some(kept) = found else { return Ok(None) };
    let mut statement = connection
        .prepare_cached("SELECT rev, time_ms, described FROM text_revision WHERE path = ?1 ORDER BY rev")
        .map_err(stored)?;
    let read = |row: &Row<'_>| Ok(KeptRevision { rev: row.get(0)?, time_ms: row.get(1)?, described: row.get(2)? });
    let revisions = statement.query_map([&key], read).map_err(stored)?;
    Ok(Some((kept, revisions.collect::<rusqlite::Result<_>>().map_err(stored)?)))
}

/// The files whose texts are kept.
pub fn paths(connection: &Connection) -> Result<HashSet<FilePath>> {
    let mut statement = connection.prepare_cached("SELECT path FROM text").map_err(stored)?;
    let rows = statement.query_map([], |row| json(row, 0)).map_err(stored)?;
    rows.collect::<rusqlite::Result<_>>().map_err(stored)
}

/// Forgets a text.
pub fn remove(connection: &Connection, path: &FilePath) -> Result<()> {
    let remove = connection.prepare_cached("DELETE FROM text WHERE path = ?1");
    remove.and_then(|mut it| it.execute([text(path)])).map(drop).map_err(stored)
}
