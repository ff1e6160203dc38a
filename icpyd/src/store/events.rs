//! The event log: durable events in the order in which they happened.

use icpy_protocol::error::Result;
use icpy_protocol::event::LoggedEvent;
use rusqlite::{Connection, params};

use super::stored;

/// How many events are kept; older ones go.
const EVENTS_MAX: i64 = 100_000;

/// Old events are looked for at every so-manieth new one.
const PRUNE_EVERY: i64 = 1_000;

/// Adds an event. `payload` is the JSON text of an object.
pub fn append(connection: &Connection, time_ms: u64, topic: &str, payload: &str) -> Result<()> {
    connection
        .prepare_cached("INSERT INTO event (time_ms, topic, payload) VALUES (?1, ?2, ?3)")
        .and_then(|mut statement| statement.execute(params![time_ms, topic, payload]))
        .map_err(stored)?;
    let id = connection.last_insert_rowid();
    if id % PRUNE_EVERY == 0 {
        connection.execute("DELETE FROM event WHERE id <= ?1", [id - EVENTS_MAX]).map_err(stored)?;
    }
    Ok(())
}

/// Calls `take` with the events after `after_id`, at or after `since_ms`, oldest first, as long as it says so.
pub fn each_after(
    connection: &Connection,
    after_id: u64,
    since_ms: u64,
    mut take: impl FnMut(LoggedEvent) -> bool,
) -> Result<()> {
    let mut statement = connection
        .prepare_cached("SELECT id, time_ms, topic, payload FROM event WHERE id > ?1 AND time_ms >= ?2 ORDER BY id")
        .map_err(stored)?;
    let mut rows = statement.query(params![integer(after_id), integer(since_ms)]).map_err(stored)?;
    while let Some(row) = rows.next().map_err(stored)? {
        let event = read(row).map_err(stored)?;
        if !take(event) {
            break;
        }
    }
    Ok(())
}

/// SQLite's integers end where no id and no time will ever be.
fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<LoggedEvent> {
    let payload: String = row.get(3)?;
    let payload = serde_json::from_str(&payload)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(3, rusqlite::types::Type::Text, Box::new(error)))?;
    Ok(LoggedEvent { id: row.get(0)?, time_ms: row.get(1)?, topic: row.get(2)?, payload })
}
