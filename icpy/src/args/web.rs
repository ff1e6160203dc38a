//! The commands about who comes in over HTTP.

#![allow(clippy::doc_markdown, reason = "clap prints these texts as they are")]

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args as ClapArgs, Subcommand};
use icpy_protocol::auth::{AuthRole, AuthScope};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The listener for browsers.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct Web {
    /// Where to listen, as 127.0.0.1:7070; by default as the settings say, or there
    #[arg(long, value_name = "ADDRESS", group = "what")]
    pub address: Option<String>,
    /// Print the link, and open no browser
    #[arg(long)]
    pub no_open: bool,
    /// End the listener and its connections
    #[arg(long, group = "what")]
    pub stop: bool,
    /// Say whether and where it listens
    #[arg(long, group = "what")]
    pub status: bool,
}

/// Tokens.
#[derive(Clone, Debug, ClapArgs)]
pub struct Token {
    /// What to do
    #[command(subcommand)]
    pub action: TokenAction,
}

/// What can be done with tokens.
#[derive(Clone, Debug, Subcommand)]
pub enum TokenAction {
    /// Make a token and print it, this once
    Create(TokenCreate),
    /// List the tokens, without what is secret
    List,
    /// End a token, and at once all that goes on with it
    Revoke {
        /// Its id or name
        token: String,
    },
    /// Give a token another secret and print it; the old one ends at once
    Rotate {
        /// Its id or name
        token: String,
    },
}

/// Making a token.
#[derive(Clone, Debug, ClapArgs)]
pub struct TokenCreate {
    /// What to call it
    pub name: String,
    /// What it is good for: read, write, execute, terminal, agent and admin, with commas between
    #[arg(long, value_name = "SCOPES", value_delimiter = ',', required = true, value_parser = named::<AuthScope>)]
    pub scope: Vec<AuthScope>,
    /// How long it lasts, as 30days or 12h; by default until it is revoked
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub lasts: Option<Duration>,
    /// Whose it is: by default the daemon's own user's
    #[arg(long)]
    pub user: Option<String>,
    /// Limit it to a workspace, by name, id or folder
    #[arg(long)]
    pub workspace: Option<OsString>,
    /// Limit it to paths in the workspace that this glob matches; several times: any of them
    #[arg(long, value_name = "GLOB", requires = "workspace")]
    pub path: Vec<String>,
}

/// Logins of browsers.
#[derive(Clone, Debug, ClapArgs)]
pub struct Login {
    /// What to do
    #[command(subcommand)]
    pub action: LoginAction,
}

/// What can be done with logins.
#[derive(Clone, Debug, Subcommand)]
pub enum LoginAction {
    /// Print a link that logs one browser in, once, within a minute
    Link {
        /// Whom: by default the daemon's own user
        #[arg(long)]
        user: Option<String>,
    },
    /// List the browsers that are logged in
    List,
    /// Log a browser out
    End {
        /// The login's id
        login: String,
    },
    /// Set a password to log in with: it is asked for, or read from standard input
    Password {
        /// Whose: by default the daemon's own user's
        #[arg(long)]
        user: Option<String>,
        /// Remove it
        #[arg(long)]
        remove: bool,
    },
}

/// Users beside the daemon's own.
#[derive(Clone, Debug, ClapArgs)]
pub struct User {
    /// What to do
    #[command(subcommand)]
    pub action: UserAction,
}

/// What can be done with users.
#[derive(Clone, Debug, Subcommand)]
pub enum UserAction {
    /// Add a user, who may do nothing yet
    Add {
        /// The name
        user: String,
    },
    /// Remove a user, with tokens, logins and roles
    Remove {
        /// The name
        user: String,
    },
    /// List the users and their roles
    List,
    /// Give a user a role on a workspace: viewer, editor, owner, or none
    Role {
        /// The name
        user: String,
        /// The workspace's name, id or folder
        workspace: OsString,
        /// The role
        #[arg(value_parser = role)]
        role: Role,
    },
}

/// A role, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role(pub Option<AuthRole>);

fn role(text: &str) -> Result<Role, String> {
    if text == "none" { Ok(Role(None)) } else { named(text).map(|role| Role(Some(role))) }
}

/// What the protocol calls so.
fn named<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(Value::String(text.to_owned())).map_err(|error| error.to_string())
}
