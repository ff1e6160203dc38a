//! Users beside the daemon's own: their names, passwords and roles.

use icpy_protocol::Empty;
use icpy_protocol::auth::{AuthMembership, AuthRole, AuthScope, AuthSetPasswordParams, AuthSetRoleParams, AuthUser};
use icpy_protocol::error::{Error, Result};
use rusqlite::Connection;

use super::Access;
use crate::caller::Caller;
use crate::store::accounts::{self, Account, Everybody, OWNER};
use crate::store::workspaces;

/// The most bytes of a user's name.
const USER_BYTES_MAX: usize = 64;

impl Access {
    pub(super) async fn add_user(&self, user: String) -> Result<AuthUser> {
        check_name(&user)?;
        let name = user.clone();
        let add = move |connection: &Connection, now_ms: u64| match accounts::add_account(connection, &name, now_ms)? {
            true => Ok(()),
            false => Err(Error::already_exists(format!("there is a user `{name}` already"))),
        };
        let ((), everybody) = self.auth.change(add).await?;
        find(&everybody, &user)
    }

    pub(super) async fn forget_user(&self, user: String) -> Result<Empty> {
        check_other(&user)?;
        self.auth.change(move |connection, _| accounts::remove_account(connection, &user)).await?;
        Ok(Empty {})
    }

    pub(super) async fn change_password(&self, params: AuthSetPasswordParams) -> Result<Empty> {
        let AuthSetPasswordParams { user, password } = params;
        let user = user.unwrap_or_else(|| OWNER.to_owned());
        let kept = match password {
            Some(password) => Some(self.auth.hash_password(password).await?),
            None => None,
        };
        self.auth.change(move |connection, _| accounts::set_password(connection, &user, kept.as_deref())).await?;
        Ok(Empty {})
    }

    /// Who has the scope `admin`, or owns the workspace, gives roles on it.
    pub(super) async fn change_role(&self, caller: &Caller, params: AuthSetRoleParams) -> Result<AuthUser> {
        let AuthSetRoleParams { user, workspace_id, role } = params;
        check_other(&user)?;
        caller.check_workspace(&workspace_id, AuthRole::Owner)?;
        if caller.confinement().is_none() && !caller.scopes().contains(AuthScope::Admin.access()) {
            let message = "`auth:set_role` needs the scope `admin`, or the role `owner` on the workspace";
            return Err(Error::permission_denied(message));
        }
        let name = user.clone();
        let set = move |connection: &Connection, _| {
            accounts::account(connection, &name)?.ok_or_else(|| accounts::no_user(&name))?;
            workspaces::get(connection, &workspace_id)?;
            accounts::set_role(connection, &name, &workspace_id, role)
        };
        let ((), everybody) = self.auth.change(set).await?;
        find(&everybody, &user)
    }
}

/// What is told of the users.
pub(super) fn described(everybody: &Everybody) -> Vec<AuthUser> {
    everybody
        .accounts
        .iter()
        .filter(|(user, _)| *user != OWNER)
        .map(|(user, account)| describe(user, account))
        .collect()
}

fn find(everybody: &Everybody, user: &str) -> Result<AuthUser> {
    everybody.accounts.get(user).map(|account| describe(user, account)).ok_or_else(|| accounts::no_user(user))
}

fn describe(user: &str, account: &Account) -> AuthUser {
    let role =
        |(workspace_id, role): (&String, &AuthRole)| AuthMembership { workspace_id: workspace_id.clone(), role: *role };
    AuthUser {
        user: user.to_owned(),
        created_at_ms: account.created_at_ms,
        has_password: account.password.is_some(),
        roles: account.roles.iter().map(role).collect(),
    }
}

fn check_name(user: &str) -> Result<()> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if (1..=USER_BYTES_MAX).contains(&user.len()) && user.bytes().all(is_plain) {
        return Ok(());
    }
    Err(Error::invalid_params(format!("a user's name has 1 to {USER_BYTES_MAX} letters, digits, `.`, `_` and `-`")))
}

fn check_other(user: &str) -> Result<()> {
    match user {
        OWNER => Err(Error::unsupported(format!("`{OWNER}` is the daemon's own user, who may do everything"))),
        _ => Ok(()),
    }
}
