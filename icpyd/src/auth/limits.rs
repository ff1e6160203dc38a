//! What a credential is limited to: its scopes, its workspace and globs, and the roles of its user.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use icpy_protocol::api::Access;
use icpy_protocol::auth::{AuthRole, AuthScope};
use icpy_protocol::error::{Error, Result};
use rusqlite::Connection;

use crate::caller::{Grant, Scopes};
use crate::confinement::Confinement;
use crate::store::Store;
use crate::store::accounts::{self, Account, Credential, Described, OWNER};
use crate::store::workspaces::{self, Which};

/// The folders of the workspaces, with the workspace's id.
pub(super) type Folders = Vec<(String, PathBuf)>;

/// Reads what a grant is made of.
pub(super) async fn read(store: &Store, credential: &Credential) -> Result<(Option<Account>, Folders)> {
    let user = credential.user.clone();
    let work = move |connection: &Connection| {
        let account = accounts::account(connection, &user)?;
        let folders = workspaces::roots(connection, Which::All)?;
        Ok((account, folders.into_iter().map(|(id, path)| (id, path.into_path_buf())).collect()))
    };
    store.transact(work, |read| read).await
}

/// Narrows a grant of everything.
pub(super) fn narrow(
    mut grant: Grant,
    credential: &Credential,
    account: &Account,
    folders: Folders,
    state_folder: &Path,
) -> Result<Grant> {
    let (scopes, limit, paths) = match &credential.kind {
        Described::Login => (Scopes::ALL, None, &[][..]),
        Described::Token { scopes, workspace_id, paths, .. } => (of(scopes), workspace_id.as_deref(), &paths[..]),
    };
    if credential.user == OWNER && limit.is_none() {
        grant.scopes = scopes;
        return Ok(grant);
    }
    let role = |workspace: &str| match credential.user == OWNER {
        true => Some(AuthRole::Owner),
        false => account.roles.get(workspace).copied(),
    };
    let mut roles = BTreeMap::new();
    let mut roots = Vec::new();
    for (id, path) in folders {
        let Some(role) = role(&id).filter(|_| limit.is_none_or(|limit| limit == id)) else { continue };
        if path.is_dir() {
            roots.push((path, role == AuthRole::Viewer));
        }
        roles.insert(id, role);
    }
    let confinement = Confinement::open(roots, &[], state_folder)?;
    let confinement = if paths.is_empty() { confinement } else { confinement.allowing(paths)? };
    grant.scopes = scopes;
    grant.confinement = Some(confinement.within(roles).into());
    Ok(grant)
}

/// Checks the globs of a token that is to be made.
pub fn check_globs(paths: &[String], state_folder: &Path) -> Result<()> {
    if let Some(path) = paths.iter().find(|path| Path::new(path).is_absolute() || path.is_empty()) {
        return Err(Error::invalid_params(format!("the glob `{path}` is not for paths below a folder")));
    }
    Confinement::open([], &[], state_folder)?.allowing(paths).map(drop)
}

fn of(scopes: &[AuthScope]) -> Scopes {
    let accesses: Vec<Access> = scopes.iter().map(|scope| scope.access()).collect();
    Scopes::of(&accesses)
}
