//! What users prefer. What is preferred in a workspace is one of its records, `pref/<key>`.

use icpy_protocol::error::Result;
use icpy_protocol::state::StateRecord;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde_json::Value;

use super::column::{json, text};
use super::{accounts, records, stored};

/// What the keys of records begin with that are preferred in a workspace.
pub const PREFERENCE: &str = "pref/";

/// The most preferences that are set for a user, and for a workspace.
pub const SET_MAX: usize = 1_000;

/// Whose preferences they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// A user's.
    User(String),
    /// Those of all who use a workspace.
    Workspace(String),
}

impl Whose {
    /// All, with the preferences' own keys.
    pub fn list(&self, connection: &Connection) -> Result<Vec<StateRecord>> {
        match self {
            Self::User(user) => {
                let mut statement = connection
                    .prepare_cached("SELECT key, revision, value FROM preference WHERE user = ?1 ORDER BY key")
                    .map_err(stored)?;
                let rows = statement.query_map([user], read).map_err(stored)?;
                rows.collect::<rusqlite::Result<_>>().map_err(stored)
            }
            Self::Workspace(id) => Ok(records::list(connection, id, PREFERENCE)?.into_iter().map(plain).collect()),
        }
    }

    /// One of them, if it is set.
    pub fn get(&self, connection: &Connection, key: &str) -> Result<Option<StateRecord>> {
        match self {
            Self::User(user) => connection
                .prepare_cached("SELECT key, revision, value FROM preference WHERE user = ?1 AND key = ?2")
                .and_then(|mut it| it.query_row([user, key], read).optional())
                .map_err(stored),
            Self::Workspace(id) => Ok(records::get(connection, id, &format!("{PREFERENCE}{key}"))?.map(plain)),
        }
    }

    /// Sets one, or unsets it by `null`. Returns it as it is then.
    pub fn put(&self, connection: &Connection, key: &str, value: Value, now_ms: u64) -> Result<StateRecord> {
        match self {
            Self::User(user) => put_of_user(connection, user, key, value, now_ms),
            Self::Workspace(id) => records::put(connection, id, &format!("{PREFERENCE}{key}"), value).map(plain),
        }
    }
}

/// A number that was given once is never given again, so that a revision is one.
fn put_of_user(connection: &Connection, user: &str, key: &str, value: Value, now_ms: u64) -> Result<StateRecord> {
    if user == accounts::OWNER {
        // Who never was asked for a credential is no account yet.
        accounts::add_account(connection, user, now_ms)?;
    }
    let rev = connection
        .prepare_cached("REPLACE INTO preference (user, key, value) VALUES (?1, ?2, ?3) RETURNING revision")
        .and_then(|mut it| it.query_row(params![user, key, text(&value)], |row| row.get(0)))
        .map_err(stored)?;
    if value.is_null() {
        let gone = connection.execute("DELETE FROM preference WHERE revision = ?1", [rev]);
        gone.map_err(stored)?;
    }
    Ok(StateRecord { key: key.to_owned(), rev, value })
}

fn plain(record: StateRecord) -> StateRecord {
    let key = record.key.strip_prefix(PREFERENCE).map(str::to_owned);
    StateRecord { key: key.unwrap_or(record.key), ..record }
}

fn read(row: &Row<'_>) -> rusqlite::Result<StateRecord> {
    Ok(StateRecord { key: row.get(0)?, rev: row.get(1)?, value: json(row, 2)? })
}
