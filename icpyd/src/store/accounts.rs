//! Who may come in over HTTP: users, their roles, and their credentials. What is secret is here as a hash alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use icpy_protocol::auth::{AuthRole, AuthScope};
use icpy_protocol::error::{Error, Result};
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

use super::column::{json, text};
use super::stored;

/// The daemon's own user, who may do everything.
pub const OWNER: &str = "owner";

/// The SHA-256 of what is secret in a credential.
pub type Hash = [u8; 32];

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// When it was added, in milliseconds since 1970.
    pub created_at_ms: u64,
    /// Its password, as argon2 writes its hash.
    pub password: Option<String>,
    /// Its roles, by workspace.
    pub roles: BTreeMap<String, AuthRole>,
}

/// What somebody shows to come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Names it.
    pub id: String,
    /// The hash of its secret.
    pub hash: Hash,
    /// Whose it is.
    pub user: String,
    /// What it is.
    pub kind: Described,
    /// When it was made, in milliseconds since 1970.
    pub created_at_ms: u64,
    /// When it ends, in milliseconds since 1970.
    pub expires_at_ms: Option<u64>,
}

/// What a credential is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Described {
    /// A token.
    Token {
        /// What people call it.
        name: String,
        /// What it lets its holder do.
        scopes: Vec<AuthScope>,
        /// The workspace that it is limited to.
        workspace_id: Option<String>,
        /// The globs that it is limited to.
        paths: Vec<String>,
    },
    /// A browser that is logged in.
    Login,
}

/// Everybody who may come in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Everybody {
    /// The users, by name.
    pub accounts: BTreeMap<String, Account>,
    /// All credentials, the oldest first.
    pub credentials: Vec<Arc<Credential>>,
}

/// Reads everybody; what has ended by now is forgotten.
pub fn everybody(connection: &Connection, now_ms: u64) -> Result<Everybody> {
    connection.execute("DELETE FROM credential WHERE expires_ms <= ?1", [now_ms]).map_err(stored)?;
    let query = "SELECT id, hash, user, described, created_ms, expires_ms FROM credential ORDER BY created_ms, id";
    let credentials = rows(connection, query, |row| {
        Ok(Arc::new(Credential {
            id: row.get(0)?,
            hash: row.get(1)?,
            user: row.get(2)?,
            kind: json(row, 3)?,
            created_at_ms: row.get(4)?,
            expires_at_ms: row.get(5)?,
        }))
    })?;
    Ok(Everybody { accounts: accounts(connection)?, credentials })
}

fn accounts(connection: &Connection) -> Result<BTreeMap<String, Account>> {
    let mut accounts: BTreeMap<String, Account> =
        rows(connection, "SELECT user, created_ms, password FROM account", |row| {
            Ok((row.get(0)?, Account { created_at_ms: row.get(1)?, password: row.get(2)?, roles: BTreeMap::new() }))
        })?;
    let memberships: Vec<(String, String, AuthRole)> =
        rows(connection, "SELECT user, workspace_id, role FROM membership", |row| {
            Ok((row.get(0)?, row.get(1)?, json(row, 2)?))
        })?;
    for (user, workspace_id, role) in memberships {
        if let Some(account) = accounts.get_mut(&user) {
            account.roles.insert(workspace_id, role);
        }
    }
    Ok(accounts)
}

/// The user of this name.
pub fn account(connection: &Connection, user: &str) -> Result<Option<Account>> {
    Ok(accounts(connection)?.remove(user))
}

/// Adds a user; one that is there already stays.
pub fn add_account(connection: &Connection, user: &str, now_ms: u64) -> Result<bool> {
    let added =
        connection.execute("INSERT OR IGNORE INTO account (user, created_ms) VALUES (?1, ?2)", params![user, now_ms]);
    Ok(added.map_err(stored)? > 0)
}

/// Removes a user with all that is theirs.
pub fn remove_account(connection: &Connection, user: &str) -> Result<()> {
    changed(connection.execute("DELETE FROM account WHERE user = ?1", [user]), || no_user(user))
}

/// Sets a user's password, as a hash, and logs all of the user's browsers out.
pub fn set_password(connection: &Connection, user: &str, password: Option<&str>) -> Result<()> {
    let set = connection.execute("UPDATE account SET password = ?2 WHERE user = ?1", params![user, password]);
    changed(set, || no_user(user))?;
    let logins = "DELETE FROM credential WHERE user = ?1 AND described = ?2";
    connection.execute(logins, params![user, text(&Described::Login)]).map(drop).map_err(stored)
}

/// Gives a user a role, or takes it away.
pub fn set_role(connection: &Connection, user: &str, workspace_id: &str, role: Option<AuthRole>) -> Result<()> {
    let Some(role) = role else {
        let query = "DELETE FROM membership WHERE user = ?1 AND workspace_id = ?2";
        return connection.execute(query, [user, workspace_id]).map(drop).map_err(stored);
    };
    let query = "REPLACE INTO membership (user, workspace_id, role) VALUES (?1, ?2, ?3)";
    connection.execute(query, params![user, workspace_id, text(&role)]).map(drop).map_err(stored)
}

/// Adds a credential.
pub fn add_credential(connection: &Connection, it: &Credential) -> Result<()> {
    let query =
        "INSERT INTO credential (id, hash, user, described, created_ms, expires_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let values = params![it.id, it.hash, it.user, text(&it.kind), it.created_at_ms, it.expires_at_ms];
    connection.execute(query, values).map(drop).map_err(stored)
}

/// Gives a token another secret.
pub fn set_hash(connection: &Connection, id: &str, hash: &Hash) -> Result<()> {
    let set = connection.execute("UPDATE credential SET hash = ?2 WHERE id = ?1", params![id, hash]);
    changed(set, || no_credential(id))
}

/// Removes a credential.
pub fn remove_credential(connection: &Connection, id: &str) -> Result<()> {
    changed(connection.execute("DELETE FROM credential WHERE id = ?1", [id]), || no_credential(id))
}

/// Removes the tokens that are limited to a workspace.
pub fn remove_tokens_of(connection: &Connection, workspace_id: &str) -> Result<()> {
    let query = "DELETE FROM credential WHERE described ->> '$.Token.workspace_id' = ?1";
    connection.execute(query, [workspace_id]).map(drop).map_err(stored)
}

/// That there is no such user.
pub fn no_user(user: &str) -> Error {
    Error::not_found(format!("there is no user `{user}`"))
}

/// That there is no such token or login.
pub fn no_credential(id: &str) -> Error {
    Error::not_found(format!("there is no token and no login `{id}`, or not any more"))
}

fn changed(rows: rusqlite::Result<usize>, otherwise: impl FnOnce() -> Error) -> Result<()> {
    match rows.map_err(stored)? {
        0 => Err(otherwise()),
        _ => Ok(()),
    }
}

fn rows<T, C: FromIterator<T>>(
    connection: &Connection,
    query: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<C> {
    let mut statement = connection.prepare_cached(query).map_err(stored)?;
    let rows = statement.query_map([], read).map_err(stored)?;
    rows.collect::<rusqlite::Result<C>>().map_err(stored)
}
