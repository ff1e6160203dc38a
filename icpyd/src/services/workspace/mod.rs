//! `workspace:*`, `project:*` and `file:*`: which folders a developer works in, and what is open in each.
//!
//! All state is in the store, and every change is one transaction there: nothing is kept here. What a path names is
//! asked of `fs` over the bus.

mod closing;
mod document;
mod files;
mod placing;
mod texts;

use std::sync::Arc;

use icpy_protocol::auth::AuthRole;
use icpy_protocol::error::{Error, Kind, Result};
use icpy_protocol::file::OpenFile;
use icpy_protocol::fs::{FsClient, FsKind, FsStatParams};
use icpy_protocol::path::FilePath;
use icpy_protocol::project::{ProjectApi, ProjectLoadParams, ProjectLoadResult};
use icpy_protocol::state::{StateRecord, StateUpdated, UPDATED};
use icpy_protocol::workspace::document::{WorkspaceDocument, WorkspaceImportParams, WorkspaceImportResult};
use icpy_protocol::workspace::{
    STATE_CHANGED, WorkspaceActivateParams, WorkspaceApi, WorkspaceCloseParams, WorkspaceCreateParams,
    WorkspaceDeleteParams, WorkspaceExportParams, WorkspaceFolderParams, WorkspaceGetStateParams,
    WorkspaceGetStateResult, WorkspaceInfo, WorkspaceListParams, WorkspaceListResult, WorkspaceRenameParams,
    WorkspaceStateChanged,
};
use rusqlite::Connection;
use serde_json::Value;

use self::placing::{folder_name, plain};
use self::texts::Texts;
use super::Services;
use crate::auth::Auth;
use crate::bus::Requester;
use crate::caller::{Caller, LONG_RESULT_BYTES};
use crate::journal::Changes;
use crate::store::workspaces::{self, FOLDER, OPEN_FILE, Which};
use crate::store::{recent_files, records};

/// The most bytes of a workspace's name.
const NAME_BYTES_MAX: usize = 200;

/// The service.
#[derive(Clone, Debug)]
pub struct Workspaces {
    services: Services,
    texts: Texts,
    auth: Arc<Auth>,
}

impl Workspaces {
    pub(super) fn new(services: Services, auth: Arc<Auth>) -> Self {
        Self { texts: Texts::new(services.clone()), services, auth }
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

    /// Checks that a path names a regular file, or one that can be made.
    async fn check_file(&self, caller: &Caller, path: &FilePath, may_be_new: bool) -> Result<()> {
        let kind = match self.kind(caller, path).await {
            Err(error) if may_be_new && error.kind() == Kind::NotFound => {
                let folder = path.as_path().parent().ok_or(error)?;
                return self.check_folder(caller, &folder.into()).await;
            }
            kind => kind?,
        };
        match kind {
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
    async fn list(&self, caller: &Caller, params: WorkspaceListParams) -> Result<WorkspaceListResult> {
        let _room = caller.reserve(LONG_RESULT_BYTES).await;
        let which = if params.include_closed { Which::All } else { Which::Open };
        let read = self.services.journal.commit(move |connection, _| workspaces::list(connection, which)).await?;
        let is_seen = |it: &WorkspaceInfo| caller.check_workspace(&it.workspace_id, AuthRole::Viewer).is_ok();
        let workspaces = read.value.into_iter().filter(is_seen).collect();
        Ok(WorkspaceListResult { workspaces, position: read.position })
    }

    async fn create(&self, caller: &Caller, params: WorkspaceCreateParams) -> Result<WorkspaceInfo> {
        let WorkspaceCreateParams { root, name } = params;
        check_may_make(caller)?;
        let root = plain(&root)?;
        name.as_deref().map_or(Ok(()), check_name)?;
        self.check_folder(caller, &root).await?;
        let id = self.services.host.new_id();
        let change = move |connection: &Connection, changes: &mut Changes| {
            if let Some(existing) = workspaces::find(connection, &root)? {
                return Err(is_there(existing));
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
            let workspace = meant(connection, &asking, params.workspace_id.as_deref(), AuthRole::Viewer)?;
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

    async fn rename(&self, caller: &Caller, params: WorkspaceRenameParams) -> Result<WorkspaceInfo> {
        let WorkspaceRenameParams { workspace_id, name } = params;
        check_name(&name)?;
        let asking = caller.clone();
        let change = move |connection: &Connection, changes: &mut Changes| {
            let workspace = meant(connection, &asking, workspace_id.as_deref(), AuthRole::Editor)?;
            if workspace.name == name {
                return Ok(workspace);
            }
            workspaces::rename(connection, &workspace.workspace_id, &name)?;
            announce(connection, changes, &workspace.workspace_id)
        };
        Ok(self.services.journal.commit_by(caller, change).await?.value)
    }

    async fn add_folder(&self, caller: &Caller, params: WorkspaceFolderParams) -> Result<WorkspaceInfo> {
        let path = plain(&params.path)?;
        self.check_folder(caller, &path).await?;
        let (id, asking) = (self.services.host.new_id(), caller.clone());
        let change = move |connection: &Connection, changes: &mut Changes| {
            let workspace = meant(connection, &asking, params.workspace_id.as_deref(), AuthRole::Editor)?;
            if workspace.root == path || workspace.folders.contains(&path) {
                return Ok(workspace);
            }
            workspaces::insert_folder(connection, &workspace.workspace_id, &id, &path)?;
            tell_record(connection, changes, &asking, &workspace.workspace_id, format!("{FOLDER}{id}"))?;
            announce(connection, changes, &workspace.workspace_id)
        };
        Ok(self.services.journal.commit_by(caller, change).await?.value)
    }

    async fn remove_folder(&self, caller: &Caller, params: WorkspaceFolderParams) -> Result<WorkspaceInfo> {
        let (path, asking) = (plain(&params.path)?, caller.clone());
        let change = move |connection: &Connection, changes: &mut Changes| {
            let workspace = meant(connection, &asking, params.workspace_id.as_deref(), AuthRole::Editor)?;
            let WorkspaceInfo { workspace_id, name, root, .. } = &workspace;
            if *root == path {
                let message = format!("`{path}` is what the workspace `{name}` is over: it can be closed or deleted");
                return Err(Error::unsupported(message));
            }
            let key = workspaces::remove_folder(connection, workspace_id, &path)?
                .ok_or_else(|| Error::not_found(format!("`{path}` is no folder of the workspace `{name}`")))?;
            tell_record(connection, changes, &asking, workspace_id, key)?;
            announce(connection, changes, workspace_id)
        };
        let workspace = self.services.journal.commit_by(caller, change).await?.value;
        self.auth.end_access(&workspace.workspace_id);
        Ok(workspace)
    }

    async fn close(&self, caller: &Caller, params: WorkspaceCloseParams) -> Result<WorkspaceInfo> {
        self.close_workspace(caller, params).await
    }

    async fn delete(&self, caller: &Caller, params: WorkspaceDeleteParams) -> Result<WorkspaceInfo> {
        self.delete_workspace(caller, params).await
    }

    async fn export(&self, caller: &Caller, params: WorkspaceExportParams) -> Result<WorkspaceDocument> {
        self.export_document(caller, params).await
    }

    async fn import(&self, caller: &Caller, params: WorkspaceImportParams) -> Result<WorkspaceImportResult> {
        self.import_document(caller, params).await
    }
}

/// The workspace with this id, or the active one, as far as the caller has this role in it.
fn meant(connection: &Connection, caller: &Caller, id: Option<&str>, least: AuthRole) -> Result<WorkspaceInfo> {
    let workspace = workspaces::named_or_active(connection, id)?;
    caller.check_workspace(&workspace.workspace_id, least)?;
    Ok(workspace)
}

/// The open file with this id.
fn open_file(connection: &Connection, file_id: &str) -> Result<OpenFile> {
    workspaces::get_open_file(connection, file_id)?
        .ok_or_else(|| Error::not_found(format!("no open file has the id `{file_id}`")))
}

fn check_name(name: &str) -> Result<()> {
    match name.trim().is_empty() {
        false => records::check_name("name", name, NAME_BYTES_MAX),
        true => Err(Error::invalid_params("the workspace's name is empty")),
    }
}

/// That there is a workspace over a folder already.
fn is_there(existing: WorkspaceInfo) -> Error {
    let WorkspaceInfo { workspace_id, name, root, closed_at_ms, .. } = existing;
    let how = if closed_at_ms.is_some() { ", which is closed: `workspace:activate` opens it again" } else { "" };
    Error::already_exists(format!("`{root}` is the workspace `{name}` already{how}")).with("workspaceId", workspace_id)
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
            let found = workspaces::find(connection, &path)?;
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
    let record = record(connection, workspace_id, key)?;
    tell_records(changes, caller, workspace_id, vec![record]);
    Ok(())
}

/// Tells what has become of an open file's record, and that the file was used.
fn tell_file(connection: &Connection, changes: &mut Changes, caller: &Caller, file: &OpenFile) -> Result<()> {
    let OpenFile { file_id, workspace_id, path, purpose, .. } = file;
    let mut records = vec![record(connection, workspace_id, format!("{OPEN_FILE}{file_id}"))?];
    // What is compared or merged is there for a moment, and what has no file cannot be opened again.
    if purpose.is_none() && path.untitled().is_none() {
        records.extend(recent_files::note(connection, workspace_id, path, file_id, changes.now_ms)?);
    }
    tell_records(changes, caller, workspace_id, records);
    Ok(())
}

fn record(connection: &Connection, workspace_id: &str, key: String) -> Result<StateRecord> {
    match records::get(connection, workspace_id, &key)? {
        Some(record) => Ok(record),
        None => Ok(StateRecord { key, rev: workspaces::get(connection, workspace_id)?.revision, value: Value::Null }),
    }
}

fn tell_records(changes: &mut Changes, caller: &Caller, workspace_id: &str, records: Vec<StateRecord>) {
    let (workspace_id, changed_by) = (workspace_id.to_owned(), caller.session().to_owned());
    changes.publish(&UPDATED, &StateUpdated { workspace_id, records, mutation_id: None, changed_by });
}

/// Tells everyone what a workspace is like now.
fn announce(connection: &Connection, changes: &mut Changes, id: &str) -> Result<WorkspaceInfo> {
    let workspace = workspaces::get(connection, id)?;
    changes.publish(&STATE_CHANGED, &WorkspaceStateChanged { workspace: workspace.clone() });
    Ok(workspace)
}
