//! The event log: durable events in the order in which they happened. Their ids have no holes, and rise over the daemon's
//! restarts; the oldest go by age and by bytes, and the newest stays.

use icpy_protocol::error::Result;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::stored;

/// What an event takes of the bound in bytes beside its text.
const OVERHEAD_BYTES: usize = 32;

/// Every so-manieth event is in the index of times, and has the old ones looked for. The schema says so too.
const SAMPLE: u64 = 256;

/// The most events that are removed in one go: more than come before the next one, so that a log that is too long is soon
/// as long as it may be.
const PRUNED_MAX: u64 = 1024;

/// Old events are looked for at least this often, where any come at all.
const HOUR_MS: u64 = 3_600_000;

/// How long events are kept.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Older ones go.
    pub age_max_ms: u64,
    /// While there are so many bytes of newer ones, the oldest go.
    pub bytes_max: u64,
}

/// Events that are added together.
#[derive(Debug)]
pub struct Batch<'a> {
    /// When they happened, in milliseconds since 1970.
    pub time_ms: u64,
    /// Who caused them, as JSON.
    pub caused_by: Option<&'a str>,
    /// Their topics and their payloads, which are JSON objects.
    pub events: &'a [(&'a str, &'a str)],
}

/// An event as it is kept. The texts are the store's own while it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept<T = String> {
    /// Its place in the log.
    pub id: u64,
    /// When it happened, in milliseconds since 1970.
    pub time_ms: u64,
    /// Its topic.
    pub topic: T,
    /// Its payload as JSON.
    pub payload: T,
    /// Who caused it, as JSON.
    pub caused_by: Option<T>,
}

impl<'a> Kept<&'a str> {
    fn read(row: &'a Row<'_>) -> rusqlite::Result<Self> {
        let [id, time_ms] = [row.get(0)?, row.get(1)?];
        let [topic, payload] = [row.get_ref(2)?.as_str()?, row.get_ref(3)?.as_str()?];
        Ok(Self { id, time_ms, topic, payload, caused_by: row.get_ref(4)?.as_str_or_null()? })
    }

    fn bytes(&self) -> usize {
        self.topic.len() + self.payload.len() + OVERHEAD_BYTES
    }
}

/// The same event, to be taken away.
pub fn owned(event: &Kept<&str>) -> Kept {
    let Kept { id, time_ms, topic, payload, caused_by } = *event;
    Kept { id, time_ms, topic: topic.into(), payload: payload.into(), caused_by: caused_by.map(Into::into) }
}

/// The end of the log.
#[derive(Clone, Copy, Debug, Default)]
struct End {
    id: u64,
    time_ms: u64,
    /// Bytes of all events up to the last one, also of those that are no longer there.
    bytes: u64,
}

/// The ids of the oldest and the newest event that are kept. In an empty log the oldest is 1, and the newest 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The oldest.
    pub oldest: u64,
    /// The newest.
    pub newest: u64,
}

/// Adds events, and removes some that are too old. Returns the id of the first; the others follow it.
pub fn append(connection: &Connection, batch: &Batch<'_>, retention: &Retention) -> Result<u64> {
    let end = end(connection)?;
    let (id, mut bytes) = (end.id + batch.events.len() as u64, end.bytes);
    // SQLite gives a row the id after the largest one, which is quicker than to look whether a given one is free.
    let mut insert = connection
        .prepare_cached(
            "INSERT INTO event (time_ms, topic, payload, caused_by, bytes_until) VALUES (?1, ?2, ?3, ?4, ?5)",
        )
        .map_err(stored)?;
    for (topic, payload) in batch.events {
        bytes += (topic.len() + payload.len() + OVERHEAD_BYTES) as u64;
        insert.execute(params![batch.time_ms, topic, payload, batch.caused_by, bytes]).map_err(stored)?;
    }
    debug_assert_eq!(connection.last_insert_rowid(), integer(id), "the newest event stays");
    if id / SAMPLE != end.id / SAMPLE || batch.time_ms / HOUR_MS != end.time_ms / HOUR_MS {
        prune(connection, batch.time_ms, retention)?;
    }
    Ok(end.id + 1)
}

/// Removes some of the oldest events, as far as they are too old or too many. An event stays as long as one before it does,
/// and the newest one stays.
pub fn prune(connection: &Connection, now_ms: u64, retention: &Retention) -> Result<()> {
    let end = end(connection)?;
    let oldest_ms = now_ms.saturating_sub(retention.age_max_ms);
    let mut last = None;
    let mut oldest = connection
        .prepare_cached("SELECT id, time_ms, bytes_until FROM event WHERE id < ?1 ORDER BY id LIMIT ?2")
        .map_err(stored)?;
    let mut rows = oldest.query([end.id, PRUNED_MAX]).map_err(stored)?;
    while let Some(row) = rows.next().map_err(stored)? {
        let [id, time_ms, bytes_until]: [u64; 3] = read_three(row).map_err(stored)?;
        if time_ms >= oldest_ms && end.bytes.saturating_sub(bytes_until) < retention.bytes_max {
            break;
        }
        last = Some(id);
    }
    if let Some(last) = last {
        let mut remove = connection.prepare_cached("DELETE FROM event WHERE id <= ?1").map_err(stored)?;
        remove.execute([last]).map_err(stored)?;
    }
    Ok(())
}

/// The oldest and the newest event.
pub fn extent(connection: &Connection) -> Result<Extent> {
    let newest = end(connection)?.id;
    let mut first = connection.prepare_cached("SELECT id FROM event ORDER BY id LIMIT 1").map_err(stored)?;
    let oldest = first.query_row([], |row| row.get(0)).optional().map_err(stored)?;
    Ok(Extent { oldest: oldest.unwrap_or(newest + 1), newest })
}

/// The id of the last event before the first one that happened at this time or later. Where the clock was set back, up to
/// some hundred events of such a time may count as earlier.
pub fn before(connection: &Connection, time_ms: u64) -> Result<u64> {
    let (time_ms, Extent { newest, .. }) = (integer(time_ms), extent(connection)?);
    let first = |statement: &str, from: u64| -> Result<Option<u64>> {
        let mut statement = connection.prepare_cached(statement).map_err(stored)?;
        statement.query_row(params![time_ms, from], |row| row.get(0)).map_err(stored)
    };
    let sampled = first("SELECT min(id) FROM event WHERE id % 256 = 0 AND time_ms >= ?1 AND id > ?2", 0)?;
    let from = sampled.unwrap_or(newest).saturating_sub(2 * SAMPLE);
    let found =
        first("SELECT min(id) FROM (SELECT id FROM event WHERE id > ?2 AND time_ms >= ?1 ORDER BY id LIMIT 1)", from)?;
    Ok(found.map_or(newest, |id| id - 1))
}

/// What is made of the events after the one with this id, oldest first: no more than so many, nor much more than so many bytes.
/// Says too whether there are others behind them.
pub fn after<T>(
    connection: &Connection,
    id: u64,
    max: (usize, usize),
    make: impl FnMut(&Kept<&str>) -> T,
) -> Result<(Vec<T>, bool)> {
    const NEXT: &str = "SELECT id, time_ms, topic, payload, caused_by FROM event WHERE id > ?1 ORDER BY id";
    take(connection, NEXT, id, max, make)
}

/// The same for those before it, newest first.
pub fn up_to<T>(
    connection: &Connection,
    id: u64,
    max: (usize, usize),
    make: impl FnMut(&Kept<&str>) -> T,
) -> Result<(Vec<T>, bool)> {
    const LAST: &str = "SELECT id, time_ms, topic, payload, caused_by FROM event WHERE id <= ?1 ORDER BY id DESC";
    take(connection, LAST, id, max, make)
}

fn take<T>(
    connection: &Connection,
    statement: &str,
    id: u64,
    (events_max, bytes_max): (usize, usize),
    mut make: impl FnMut(&Kept<&str>) -> T,
) -> Result<(Vec<T>, bool)> {
    let mut statement = connection.prepare_cached(statement).map_err(stored)?;
    let mut rows = statement.query([integer(id)]).map_err(stored)?;
    let (mut made, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next().map_err(stored)? {
        if made.len() == events_max || bytes >= bytes_max {
            return Ok((made, true));
        }
        let event = Kept::read(row).map_err(stored)?;
        bytes += event.bytes();
        made.push(make(&event));
    }
    Ok((made, false))
}

fn end(connection: &Connection) -> Result<End> {
    let mut last = connection
        .prepare_cached("SELECT id, time_ms, bytes_until FROM event ORDER BY id DESC LIMIT 1")
        .map_err(stored)?;
    let read = |row: &Row<'_>| read_three(row).map(|[id, time_ms, bytes]| End { id, time_ms, bytes });
    Ok(last.query_row([], read).optional().map_err(stored)?.unwrap_or_default())
}

fn read_three(row: &Row<'_>) -> rusqlite::Result<[u64; 3]> {
    Ok([row.get(0)?, row.get(1)?, row.get(2)?])
}

/// SQLite's integers end where no id and no time will ever be.
fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
