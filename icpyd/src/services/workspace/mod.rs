//! `workspace:*`, `project:*` and `file:*`: which folders a developer works in, and what is open in each.
//!
//! All state is in the store, and every change is one transaction there: nothing is kept here. What a path names is
//! asked of `fs` over the bus.

mod files;
mod placing;
mod texts;

use icpy_protocol::Empty;
use icpy_protocol::auth::AuthRole;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{FsClient, FsKind, FsStatParams};
use icpy_protocol::path::FilePath;
use icpy_protocol::project::{ProjectApi, ProjectLoadParams, ProjectLoadResult};
use icpy_protocol::state::{StateRecord, StateUpdated, UPDATED};
use icpy_protocol::workspace::{
    STATE_CHANGED, WorkspaceActivateParams, WorkspaceAddFolderParams, WorkspaceApi, WorkspaceCreateParams,
    WorkspaceGetStateParams, WorkspaceGetStateResult, WorkspaceInfo, WorkspaceListResult, WorkspaceStateChanged,
};
use rusqlite::Connection;
use serde_json::Value;

use self::placing::{folder_name, plain};
use self::texts::Texts;
use super::Services;
use crate::bus::Requester;
use crate::caller::{Caller, LONG_RESULT_BYTES};
use crate::journal::Changes;
use crate::store::records;
use crate::store::workspaces::{self, FOLDER};

/// The service.
#[derive(Debug)]
pub struct Workspaces {
    services: Services,
    texts: Texts,
}

impl Workspaces {
    pub(super) fn new(services: Services) -> Self {
        Self { texts: Texts::new(services.clone()), services }
    }

    fn fs(&self, caller: &Caller) -> FsClient<Requester> {
        FsClient::new(self.services.requester(caller))
    }

    /// Checks that a path names a folder.
    async fn check_folder(&self, caller: &Caller, path: &FilePath) -> Result<()> {
        match self.kind(caller, path).await? {
            FsKind::Directory => Ok(()),
            _ => Err(Error::unsupported(format!("`{path}` is not a folder"))),
        }
    }

    /// Checks that a path names a regular file.
    async fn check_file(&self, caller: &Caller, path: &FilePath) -> Result<()> {
        match self.kind(caller, path).await? {
            FsKind::File => Ok(()),
            FsKind::Directory => Err(Error::unsupported(format!("`{path}` is a folder: load it as a project"))),
            _ => Err(Error::unsupported(format!("`{path}` is neither a regular file nor a folder"))),
        }
    }

    async fn kind(&self, caller: &Caller, path: &FilePath) -> Result<FsKind> {
        Ok(self.fs(caller).stat(&FsStatParams::of(path.clone())).await?.kind)
    }
}

impl WorkspaceApi<Caller> for Workspaces {
    async fn list(&self, caller: &Caller, _: Empty) -> Result<WorkspaceListResult> {
        let _room = caller.reserve(LONG_RESULT_BYTES).await;
        let read = self.services.journal.commit(|connection, _| workspaces::list(connection)).await?;
        let is_seen = |it: &WorkspaceInfo| caller.check_workspace(&it.workspace_id, AuthRole::Viewer).is_ok();
        let workspaces = read.value.into_iter().filter(is_seen).collect();
        Ok(WorkspaceListResult { workspaces, position: read.position })
    }

    async fn create(&self, caller: &Caller, params: WorkspaceCreateParams) -> Result<WorkspaceInfo> {
        let WorkspaceCreateParams { root, name } = params;
        check_may_make(caller)?;
        let root = plain(&root)?;
        if name.as_ref().is_some_and(|name| name.trim().is_empty()) {
            return Err(Error::invalid_params("the workspace's name is empty"));
        }
        self.check_folder(caller, &root).await?;
        let id = self.services.host.new_id();
        let change = move |connection: &Connection, changes: &mut Changes| {
            if let Some(existing) = workspaces::list(connection)?.into_iter().find(|it| it.root == root) {
                let message = format!("`{root}` is the workspace `{}` already", existing.name);
                return Err(Error::already_exists(message).with("workspaceId", existing.workspace_id));
            }
            make(connection, changes, &id, name, &root)?;
            announce(connection, changes, &id)
        };
        Ok(self.services.journal.commit_by(caller, change).await?.value)
    }

    async fn get_state(&self, caller: &Caller, params: WorkspaceGetStateParams) -> Result<WorkspaceGetStateResult> {
        let _room = caller.reserve(LONG_RESULT_BYTES).await;
        let asking = caller.clone();
        let read = move |connection: &Connection, _: &mut Changes| {
            let workspace = workspaces::named_or_active(connection, params.workspace_id.as_deref())?;
            asking.check_workspace(&workspace.workspace_id, AuthRole::Viewer)?;
            let files = workspaces::open_files(connection, Some(&workspace.workspace_id))?;
            Ok((workspace, files))
        };
        let read = self.services.journal.commit(read).await?;
        let (workspace, files) = read.value;
        Ok(WorkspaceGetStateResult { workspace, files, position: read.position })
    }

    async fn activate(&self, caller: &Caller, params: WorkspaceActivateParams) -> Result<WorkspaceInfo> {
        caller.check_workspace(&params.workspace_id, AuthRole::Editor)?;
        let change = move |connection: &Connection, changes: &mut Changes| {
            let workspace = workspaces::get(connection, &params.workspace_id)?;
            if workspace.is_active { Ok(workspace) } else { activate(connection, changes, &workspace.workspace_id) }
        };
        Ok(self.services.journal.commit_by(caller, change).await?.value)
    }

    async fn add_folder(&self, caller: &Caller, params: WorkspaceAddFolderParams) -> Result<WorkspaceInfo> {
        let path = plain(&params.path)?;
        self.check_folder(caller, &path).await?;
        let (id, asking) = (self.services.host.new_id(), caller.clone());
        let change = move |connection: &Connection, changes: &mut Changes| {
            let workspace = workspaces::named_or_active(connection, params.workspace_id.as_deref())?;
            asking.check_workspace(&workspace.workspace_id, AuthRole::Editor)?;
            if workspace.root == path || workspace.folders.contains(&path) {
                return Ok(workspace);
            }
            workspaces::insert_folder(connection, &workspace.workspace_id, &id, &path)?;
            tell_record(connection, changes, &asking, &workspace.workspace_id, format!("{FOLDER}{id}"))?;
            announce(connection, changes, &workspace.workspace_id)
        };
        Ok(self.services.journal.commit_by(caller, change).await?.value)
    }
}

/// Refuses a new workspace to who is confined to some.
fn check_may_make(caller: &Caller) -> Result<()> {
    match caller.confinement() {
        None => Ok(()),
        Some(_) => Err(Error::permission_denied("this caller is limited to some workspaces, and cannot make another")),
    }
}

impl ProjectApi<Caller> for Workspaces {
    async fn load(&self, caller: &Caller, params: ProjectLoadParams) -> Result<ProjectLoadResult> {
        let path = plain(&params.path)?;
        self.check_folder(caller, &path).await?;
        let (id, asking) = (self.services.host.new_id(), caller.clone());
        let change = move |connection: &Connection, changes: &mut Changes| {
            let found = workspaces::list(connection)?.into_iter().find(|workspace| workspace.root == path);
            match &found {
                Some(workspace) => asking.check_workspace(&workspace.workspace_id, AuthRole::Editor)?,
                None => check_may_make(&asking)?,
            }
            match found {
                // Announced also when nothing changes: somebody wants to see it.
                Some(workspace) if workspace.is_active => {
                    let event = WorkspaceStateChanged { workspace: workspace.clone() };
                    changes.publish_unlogged(&STATE_CHANGED, &event);
                    Ok((workspace, false))
                }
                Some(workspace) => Ok((activate(connection, changes, &workspace.workspace_id)?, false)),
                None => {
                    make(connection, changes, &id, None, &path)?;
                    Ok((announce(connection, changes, &id)?, true))
                }
            }
        };
        let committed = self.services.journal.commit_by(caller, change).await?;
        let receivers = committed.published.iter().map(|event| event.receivers).max().unwrap_or(0);
        let (workspace, is_new) = committed.value;
        Ok(ProjectLoadResult { workspace, is_new, receivers })
    }
}

/// Makes a workspace, which is then the active one. What follows announces it.
fn make(connection: &Connection, changes: &mut Changes, id: &str, name: Option<String>, root: &FilePath) -> Result<()> {
    let name = name.unwrap_or_else(|| folder_name(root));
    let was_active = workspaces::active(connection)?;
    workspaces::insert(connection, id, &name, root, changes.now_ms)?;
    was_active.map_or(Ok(()), |other| announce(connection, changes, &other.workspace_id).map(drop))
}

/// Makes a workspace the active one. The one that was active is announced too: it no longer is.
fn activate(connection: &Connection, changes: &mut Changes, id: &str) -> Result<WorkspaceInfo> {
    let was_active = workspaces::active(connection)?;
    workspaces::activate(connection, id, changes.now_ms)?;
    if let Some(other) = was_active.filter(|other| other.workspace_id != id) {
        announce(connection, changes, &other.workspace_id)?;
    }
    announce(connection, changes, id)
}

/// Tells what has become of one of a workspace's records.
fn tell_record(
    connection: &Connection,
    changes: &mut Changes,
    caller: &Caller,
    workspace_id: &str,
    key: String,
) -> Result<()> {
    let record = match records::get(connection, workspace_id, &key)? {
        Some(record) => record,
        None => StateRecord { key, rev: workspaces::get(connection, workspace_id)?.revision, value: Value::Null },
    };
    let (workspace_id, changed_by) = (workspace_id.to_owned(), caller.session().to_owned());
    let event = StateUpdated { workspace_id, records: vec![record], mutation_id: None, changed_by };
    changes.publish(&UPDATED, &event);
    Ok(())
}

/// Tells everyone what a workspace is like now.
fn announce(connection: &Connection, changes: &mut Changes, id: &str) -> Result<WorkspaceInfo> {
    let workspace = workspaces::get(connection, id)?;
    changes.publish(&STATE_CHANGED, &WorkspaceStateChanged { workspace: workspace.clone() });
    Ok(workspace)
}
