//! Texts that differ from their files on disk, or did lately: what they were, every revision since, and many before.
//!
//! A text is kept as it was at one revision, the snapshot, with all later revisions to be made again. Of those before many are
//! kept as its history. What is closed and on disk is kept for that alone, for a while.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use icpy_protocol::error::Result;
use icpy_protocol::file::history::TextSave;
use icpy_protocol::path::FilePath;
use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, params};
use serde::{Deserialize, Serialize};

use super::column::{json, text};
use super::stored;

/// How many revisions before the snapshot are kept.
const FORMER_MAX: u64 = 10_000;

/// How many of them are read with the text, to be undone.
const FORMER_READ_MAX: u64 = 1_000;

/// How long the history of a text is kept that is closed and on disk.
const CLOSED_MS_MAX: u64 = 30 * 24 * 60 * 60 * 1000;

/// The most bytes that all of these may take.
const CLOSED_BYTES_MAX: u64 = 256 << 20;

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
    /// The revision that was about to be written to the file since then.
    pub saving_rev: Option<u64>,
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
    let KeptText { path, epoch, former, rev, snapshot, disk, saving_rev } = kept;
    let path = text(path);
    connection
        .prepare_cached(
            "INSERT INTO text (path, epoch, former, rev, snapshot, disk, saving_rev)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (path) DO UPDATE SET epoch = ?2, former = ?3, rev = ?4, snapshot = ?5, disk = ?6,
                saving_rev = ?7, closed_ms = NULL",
        )
        .and_then(|mut it| it.execute(params![path, epoch, text(former), rev, snapshot, text(disk), saving_rev]))
        .map_err(stored)?;
    let oldest = rev.saturating_sub(FORMER_MAX);
    connection
        .prepare_cached("DELETE FROM text_revision WHERE path = ?1 AND rev <= ?2")
        .and_then(|mut it| it.execute(params![path, oldest]))
        .map(drop)
        .map_err(stored)
}

/// Keeps what is on disk of a text that is kept, and the revision that may be on its way there.
pub fn put_disk(connection: &Connection, path: &FilePath, disk: &KeptDisk, saving_rev: Option<u64>) -> Result<()> {
    connection
        .prepare_cached("UPDATE text SET disk = ?2, saving_rev = ?3 WHERE path = ?1")
        .and_then(|mut it| it.execute(params![text(path), text(disk), saving_rev]))
        .map(drop)
        .map_err(stored)
}

/// Notes that a revision of a text that is kept is about to be written to its file.
pub fn begin_save(connection: &Connection, path: &FilePath, rev: u64) -> Result<()> {
    connection
        .prepare_cached("UPDATE text SET saving_rev = ?2 WHERE path = ?1")
        .and_then(|mut it| it.execute(params![text(path), rev]))
        .map(drop)
        .map_err(stored)
}

/// Begins another history of a text that is kept: a client that knows the one before goes on with this one.
pub fn begin_epoch(connection: &Connection, path: &FilePath, epoch: &str, former: &[(String, u64)]) -> Result<()> {
    connection
        .prepare_cached("UPDATE text SET epoch = ?2, former = ?3, closed_ms = NULL WHERE path = ?1")
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
            saving_rev: row.get(5)?,
        })
    };
    let found = connection
        .prepare_cached("SELECT epoch, former, rev, snapshot, disk, saving_rev FROM text WHERE path = ?1")
        .and_then(|mut it| it.query_row([&key], read_text).optional())
        .map_err(stored)?;
    let Some(kept) = found else { return Ok(None) };
    let oldest = kept.rev.saturating_sub(FORMER_READ_MAX);
    let revisions = select(
        connection,
        "SELECT rev, time_ms, described FROM text_revision WHERE path = ?1 AND rev > ?2 ORDER BY rev",
        params![key, oldest],
    )?;
    Ok(Some((kept, revisions)))
}

/// At most so many of a text's revisions, from one on backwards, the last first.
pub fn back_from(connection: &Connection, path: &FilePath, rev: u64, count: u64) -> Result<Vec<KeptRevision>> {
    select(
        connection,
        "SELECT rev, time_ms, described FROM text_revision WHERE path = ?1 AND rev <= ?2 ORDER BY rev DESC LIMIT ?3",
        params![text(path), rev, count],
    )
}

fn select(connection: &Connection, sql: &str, params: &[&dyn ToSql]) -> Result<Vec<KeptRevision>> {
    let mut statement = connection.prepare_cached(sql).map_err(stored)?;
    let read = |row: &Row<'_>| Ok(KeptRevision { rev: row.get(0)?, time_ms: row.get(1)?, described: row.get(2)? });
    let revisions = statement.query_map(params, read).map_err(stored)?;
    revisions.collect::<rusqlite::Result<_>>().map_err(stored)
}

/// Notes that a text that is kept was written to its file.
pub fn note_save(connection: &Connection, path: &FilePath, save: &TextSave) -> Result<()> {
    connection
        .prepare_cached("REPLACE INTO text_save (path, rev, time_ms, version) VALUES (?1, ?2, ?3, ?4)")
        .and_then(|mut it| it.execute(params![text(path), save.rev, save.saved_at_ms, save.version]))
        .map(drop)
        .map_err(stored)
}

/// When a text was written to its file, from one revision to another, the last first.
pub fn saves(connection: &Connection, path: &FilePath, revs: RangeInclusive<u64>) -> Result<Vec<TextSave>> {
    let mut statement = connection
        .prepare_cached(
            "SELECT rev, time_ms, version FROM text_save WHERE path = ?1 AND rev BETWEEN ?2 AND ?3 ORDER BY rev DESC",
        )
        .map_err(stored)?;
    let read = |row: &Row<'_>| Ok(TextSave { rev: row.get(0)?, saved_at_ms: row.get(1)?, version: row.get(2)? });
    let saves = statement.query_map(params![text(path), revs.start(), revs.end()], read).map_err(stored)?;
    saves.collect::<rusqlite::Result<_>>().map_err(stored)
}

/// Keeps a text for its history alone from now on, and forgets what was kept so for too long.
pub fn close(connection: &Connection, path: &FilePath, now_ms: u64) -> Result<()> {
    connection
        .prepare_cached(
            "UPDATE text SET closed_ms = ?2, closed_bytes = octet_length(snapshot) + octet_length(disk) +
                (SELECT coalesce(sum(octet_length(described)), 0) FROM text_revision WHERE path = ?1) WHERE path = ?1",
        )
        .and_then(|mut it| it.execute(params![text(path), now_ms]))
        .map_err(stored)?;
    connection
        .prepare_cached(
            "DELETE FROM text WHERE path IN (SELECT path FROM (
                SELECT path, closed_ms, sum(closed_bytes) OVER (ORDER BY closed_ms DESC, path) AS bytes
                FROM text WHERE closed_ms IS NOT NULL
            ) WHERE closed_ms < ?1 OR bytes > ?2)",
        )
        .and_then(|mut it| it.execute(params![now_ms.saturating_sub(CLOSED_MS_MAX), CLOSED_BYTES_MAX]))
        .map(drop)
        .map_err(stored)
}

/// The paths of all that is kept.
pub fn paths(connection: &Connection) -> Result<Vec<FilePath>> {
    let mut statement = connection.prepare_cached("SELECT path FROM text").map_err(stored)?;
    let paths = statement.query_map([], |row| json(row, 0)).map_err(stored)?;
    paths.collect::<rusqlite::Result<_>>().map_err(stored)
}

/// The paths of those that are kept for more than their history: they are open, or not saved.
pub fn paths_in_use(connection: &Connection) -> Result<HashSet<FilePath>> {
    let mut statement = connection.prepare_cached("SELECT path FROM text WHERE closed_ms IS NULL").map_err(stored)?;
    let paths = statement.query_map([], |row| json(row, 0)).map_err(stored)?;
    paths.collect::<rusqlite::Result<_>>().map_err(stored)
}

/// Whether a text is kept for more than its history.
pub fn is_in_use(connection: &Connection, path: &FilePath) -> Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM text WHERE path = ?1 AND closed_ms IS NULL)")
        .and_then(|mut it| it.query_row([text(path)], |row| row.get(0)))
        .map_err(stored)
}

/// Gives a text and all that is kept of it another path: what was kept under that is forgotten. Returns whether anything is
/// kept.
pub fn rename(connection: &Connection, from: &FilePath, to: &FilePath) -> Result<bool> {
    let (from, to) = (text(from), text(to));
    let execute =
        |sql: &str| connection.prepare_cached(sql).and_then(|mut it| it.execute([&from, &to])).map_err(stored);
    if execute("UPDATE text SET path = path WHERE path = ?1 AND ?2 <> ?1")? == 0 {
        return Ok(false);
    }
    execute("DELETE FROM text WHERE path = ?2 AND ?1 <> ?2")?;
    execute(
        "INSERT INTO text (path, epoch, rev, saving_rev, closed_ms, closed_bytes, former, disk, snapshot)
            SELECT ?2, epoch, rev, saving_rev, closed_ms, closed_bytes, former, disk, snapshot
            FROM text WHERE path = ?1",
    )?;
    execute("UPDATE text_revision SET path = ?2 WHERE path = ?1")?;
    execute("UPDATE text_save SET path = ?2 WHERE path = ?1")?;
    execute("DELETE FROM text WHERE path = ?1 AND ?1 <> ?2")?;
    Ok(true)
}

/// Forgets a text.
pub fn remove(connection: &Connection, path: &FilePath) -> Result<()> {
    let remove = connection.prepare_cached("DELETE FROM text WHERE path = ?1");
    remove.and_then(|mut it| it.execute([text(path)])).map(drop).map_err(stored)
}
