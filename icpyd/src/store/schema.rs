//! Opening the store's file and bringing its tables up to date.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::time::Duration;

use icpy_protocol::endpoint::make_private_folder;
use icpy_protocol::error::{Error, Result};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::stored;

/// Each entry brings the tables from the version of its place to the next. Entries are only ever added.
const MIGRATIONS: &[&str] = &[
    // 1: workspaces, their state as keyed records with a revision each, and the event log.
    "CREATE TABLE workspace (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        root TEXT NOT NULL UNIQUE,
        created_ms INTEGER NOT NULL,
        activated_ms INTEGER NOT NULL,
        revision INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX workspace_activated ON workspace (activated_ms DESC);
    CREATE TABLE record (
        workspace_id TEXT NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
        key TEXT NOT NULL,
        revision INTEGER NOT NULL,
        value TEXT NOT NULL,
        path TEXT GENERATED ALWAYS AS (value ->> '$.path') VIRTUAL,
        PRIMARY KEY (workspace_id, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX record_path ON record (path, workspace_id) WHERE path IS NOT NULL;
    CREATE TABLE event (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        time_ms INTEGER NOT NULL,
        topic TEXT NOT NULL,
        payload TEXT NOT NULL
    ) STRICT;
    CREATE INDEX event_time ON event (time_ms);",
    // 2: what was done with files lately, and the steps to reverse it.
    "CREATE TABLE operation (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        session TEXT NOT NULL,
        described TEXT NOT NULL,
        steps TEXT NOT NULL
    ) STRICT;",
    // 3: who may come in over HTTP: users with their roles, and credentials by the hash of what is secret in them.
    "CREATE TABLE account (
        user TEXT PRIMARY KEY,
        created_ms INTEGER NOT NULL,
        password TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE membership (
        user TEXT NOT NULL REFERENCES account (user) ON DELETE CASCADE,
        workspace_id TEXT NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
        role TEXT NOT NULL,
        PRIMARY KEY (user, workspace_id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE credential (
        id TEXT PRIMARY KEY,
        hash BLOB NOT NULL UNIQUE,
        user TEXT NOT NULL REFERENCES account (user) ON DELETE CASCADE,
        described TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        expires_ms INTEGER
    ) STRICT, WITHOUT ROWID;",
    // 4: texts that are not as on disk, or were not, with their revisions.
    "CREATE TABLE text (
        path TEXT PRIMARY KEY,
        epoch TEXT NOT NULL,
        former TEXT NOT NULL,
        rev INTEGER NOT NULL,
        snapshot TEXT NOT NULL,
        disk TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE text_revision (
        path TEXT NOT NULL REFERENCES text (path) ON DELETE CASCADE,
        rev INTEGER NOT NULL,
        time_ms INTEGER NOT NULL,
        described TEXT NOT NULL,
        PRIMARY KEY (path, rev)
    ) STRICT, WITHOUT ROWID;",
    // 5: what was done with records, by its name, and records that are remembered.
    "CREATE TABLE mutation (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        workspace_id TEXT NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
        id TEXT NOT NULL,
        records TEXT NOT NULL,
        UNIQUE (workspace_id, id)
    ) STRICT;
    CREATE TABLE checkpoint (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        workspace_id TEXT NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
        described TEXT NOT NULL,
        records TEXT NOT NULL
    ) STRICT;
    CREATE INDEX checkpoint_workspace ON checkpoint (workspace_id);",
    // 6: the history of texts: when they were saved, and since when one is kept for that alone.
    "ALTER TABLE text ADD COLUMN closed_ms INTEGER;
    ALTER TABLE text ADD COLUMN closed_bytes INTEGER;
    ALTER TABLE text ADD COLUMN saving_rev INTEGER;
    CREATE INDEX text_closed ON text (closed_ms) WHERE closed_ms IS NOT NULL;
    CREATE TABLE text_save (
        path TEXT NOT NULL REFERENCES text (path) ON DELETE CASCADE,
        rev INTEGER NOT NULL,
        time_ms INTEGER NOT NULL,
        version TEXT NOT NULL,
        PRIMARY KEY (path, rev)
    ) STRICT, WITHOUT ROWID;",
    // 7: workspaces that were closed, and what users prefer.
    "ALTER TABLE workspace ADD COLUMN closed_ms INTEGER;
    CREATE TABLE preference (
        revision INTEGER PRIMARY KEY AUTOINCREMENT,
        user TEXT NOT NULL REFERENCES account (user) ON DELETE CASCADE,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        UNIQUE (user, key)
    ) STRICT;",
    // 8: who caused an event, and how long the log was with it. Ids follow each other without an autoincrement, since the
    // newest event always stays; of the times one in 256 is enough to find a place by.
    "CREATE TABLE logged (
        id INTEGER PRIMARY KEY,
        time_ms INTEGER NOT NULL,
        topic TEXT NOT NULL,
        payload TEXT NOT NULL,
        caused_by TEXT,
        bytes_until INTEGER NOT NULL
    ) STRICT;
    INSERT INTO logged SELECT id, time_ms, topic, payload, NULL,
        sum(octet_length(topic) + octet_length(payload) + 32) OVER (ORDER BY id) FROM event;
    DROP TABLE event;
    ALTER TABLE logged RENAME TO event;
    CREATE INDEX event_time ON event (time_ms) WHERE id % 256 = 0;",
    // 9: texts by number, with what is long at the end of a row: where rows are kept in the order of a text, finding one reads
    // all of it, and each revision that is added looks for its text.
    "CREATE TABLE numbered (
        number INTEGER PRIMARY KEY,
        path TEXT NOT NULL UNIQUE,
        epoch TEXT NOT NULL,
        rev INTEGER NOT NULL,
        saving_rev INTEGER,
        closed_ms INTEGER,
        closed_bytes INTEGER,
        former TEXT NOT NULL,
        disk TEXT NOT NULL,
        snapshot TEXT NOT NULL
    ) STRICT;
    INSERT INTO numbered (path, epoch, rev, saving_rev, closed_ms, closed_bytes, former, disk, snapshot)
        SELECT path, epoch, rev, saving_rev, closed_ms, closed_bytes, former, disk, snapshot FROM text;
    DROP TABLE text;
    ALTER TABLE numbered RENAME TO text;
    CREATE INDEX text_closed ON text (closed_ms) WHERE closed_ms IS NOT NULL;",
];

/// Prepared statements that are kept: more than there are.
const STATEMENTS_MAX: usize = 64;

/// Makes a file as an older version of this program did.
#[cfg(test)]
pub(super) fn open_at(path: &Path, version: usize) {
    let mut connection = Connection::open(path).expect("a new file");
    migrate_to(&mut connection, version).expect("a new file");
}

/// Opens the file, making it and its folder where they are missing.
pub(super) fn open(path: &Path) -> Result<Connection> {
    let named = |error: Error| Error::new(error.kind(), format!("the store `{}`: {error}", path.display()));
    if let Some(folder) = path.parent() {
        make_private_folder(folder).map_err(Error::unavailable)?;
    }
    make_private_file(path)
        .map_err(|error| Error::unavailable(format!("cannot make `{}`: {error}", path.display())))?;
    let mut connection = Connection::open(path).map_err(stored).map_err(named)?;
    prepare(&mut connection).map_err(named)?;
    Ok(connection)
}

/// SQLite gives its other files the mode of this one.
fn make_private_file(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// With `synchronous = FULL` a commit is on the disk when it returns; the write-ahead log makes that one flush.
fn prepare(connection: &mut Connection) -> Result<()> {
    connection.busy_timeout(Duration::from_secs(2)).map_err(stored)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // Without it SQLite plans a statement anew whenever it is given other values.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(stored)?;
    // The file is ours alone: another daemon that uses the same state folder is told so by its lock.
    connection
        .execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE;
             PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA foreign_keys = OFF;",
        )
        .map_err(stored)?;
    // What refers to a table stays when that is made anew.
    migrate(connection)?;
    connection.execute_batch("PRAGMA foreign_keys = ON").map_err(stored)
}

fn migrate(connection: &mut Connection) -> Result<()> {
    migrate_to(connection, MIGRATIONS.len())
}

fn migrate_to(connection: &mut Connection, wanted: usize) -> Result<()> {
    let version: usize = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(stored)?;
    if version > MIGRATIONS.len() {
        return Err(Error::unavailable(format!(
            "it was written by a newer icpyd (version {version} of its tables, and this one knows {}): upgrade icpyd",
            MIGRATIONS.len()
        )));
    }
    for (place, migration) in MIGRATIONS.iter().enumerate().take(wanted).skip(version) {
        let transaction = connection.transaction().map_err(stored)?;
        transaction.execute_batch(migration).map_err(stored)?;
        transaction.pragma_update(None, "user_version", place + 1).map_err(stored)?;
        transaction.commit().map_err(stored)?;
    }
    Ok(())
}
