//! `icpy workspace`: shows, makes, switches, closes and moves workspaces.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::io::{self, Read as _};
use std::path::Path;

use icpy::args::{General, Workspace, WorkspaceAction, WorkspaceImport};
use icpy_protocol::api::MethodInfo;
use icpy_protocol::error::Error;
use icpy_protocol::workspace::document::{WorkspaceDocument, WorkspaceImportParams, WorkspaceImportResult};
use icpy_protocol::workspace::{
    self, WorkspaceActivateParams, WorkspaceCloseParams, WorkspaceCreateParams, WorkspaceDeleteParams,
    WorkspaceExportParams, WorkspaceFolderParams, WorkspaceGetStateParams, WorkspaceGetStateResult, WorkspaceInfo,
    WorkspaceListParams, WorkspaceListResult, WorkspaceRenameParams,
};
use serde::Serialize;

use super::{Daemon, absolute};
use crate::output::{Failure, date, print_json, print_text, say, table};

pub(super) fn run(workspace: Workspace, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open_or_start(general)?;
    match workspace.action {
        WorkspaceAction::List { recent } => {
            let list = listed(&mut daemon, recent)?;
            show(general, &list, || table(list.workspaces.iter().map(row)))
        }
        WorkspaceAction::Info { workspace } => {
            let workspace_id = find_if(&mut daemon, workspace, general)?;
            let params = WorkspaceGetStateParams { workspace_id };
            let state: WorkspaceGetStateResult = daemon.call(workspace::method::get_state, &params)?;
            show(general, &state, || describe(&state))
        }
        WorkspaceAction::Create { folder, name } => {
            let params = WorkspaceCreateParams { root: absolute(&folder, general)?, name };
            change(&mut daemon, workspace::method::create, &params, general)
        }
        WorkspaceAction::Activate { workspace } => {
            let params = WorkspaceActivateParams { workspace_id: find(&mut daemon, &workspace, general)? };
            change(&mut daemon, workspace::method::activate, &params, general)
        }
        WorkspaceAction::Rename { workspace, name } => {
            let workspace_id = Some(find(&mut daemon, &workspace, general)?);
            let params = WorkspaceRenameParams { workspace_id, name };
            change(&mut daemon, workspace::method::rename, &params, general)
        }
        WorkspaceAction::Add { folder, workspace } => {
            let workspace_id = find_if(&mut daemon, workspace, general)?;
            let params = WorkspaceFolderParams { path: absolute(&folder, general)?, workspace_id };
            change(&mut daemon, workspace::method::add_folder, &params, general)
        }
        WorkspaceAction::Remove { folder, workspace } => {
            let workspace_id = find_if(&mut daemon, workspace, general)?;
            let params = WorkspaceFolderParams { path: absolute(&folder, general)?, workspace_id };
            change(&mut daemon, workspace::method::remove_folder, &params, general)
        }
        WorkspaceAction::Close { workspace, discard } => {
            let params = WorkspaceCloseParams { workspace_id: find_if(&mut daemon, workspace, general)?, discard };
            change(&mut daemon, workspace::method::close, &params, general)
        }
        WorkspaceAction::Delete { workspace, discard } => {
            let params = WorkspaceDeleteParams { workspace_id: find(&mut daemon, &workspace, general)?, discard };
            change(&mut daemon, workspace::method::delete, &params, general)
        }
        WorkspaceAction::Export { workspace } => {
            let params = WorkspaceExportParams { workspace_id: find_if(&mut daemon, workspace, general)? };
            let document: WorkspaceDocument = daemon.call(workspace::method::export, &params)?;
            show(general, &document, || written(&document))
        }
        WorkspaceAction::Import(import) => run_import(&mut daemon, &import, general),
    }
}

/// Does something with a workspace, of which a person is told nothing more.
fn change(
    daemon: &mut Daemon,
    method: &'static MethodInfo,
    params: &(impl Serialize + Sync),
    general: &General,
) -> Result<(), Failure> {
    let workspace: WorkspaceInfo = daemon.call(method, params).map_err(explain)?;
    show(general, &workspace, String::new)
}

/// Adds what to do about it.
fn explain(error: Error) -> Failure {
    let is_unsaved = error.detail("unsaved").is_some();
    let failure = Failure::from(error);
    if is_unsaved { failure.with_hint("`--discard` throws it away") } else { failure }
}

fn written(document: &WorkspaceDocument) -> String {
    let text = serde_json::to_string_pretty(document).expect("wire types have string keys");
    format!("{text}\n")
}

fn run_import(daemon: &mut Daemon, import: &WorkspaceImport, general: &General) -> Result<(), Failure> {
    let WorkspaceImport { file, root, replace, discard } = import;
    let text = read(file).map_err(|error| Error::not_found(format!("`{}`: {error}", file.display())))?;
    let document = serde_json::from_str(&text).map_err(|error| {
        Error::invalid_params(format!("`{}` is no document of a workspace: {error}", file.display()))
    })?;
    let root = root.as_ref().map(|root| absolute(root, general)).transpose()?;
    let params = WorkspaceImportParams { document, root, replace: *replace, discard: *discard };
    let imported: WorkspaceImportResult = daemon.call(workspace::method::import, &params)?;
    if !general.json {
        imported.missing.iter().for_each(|it| say(&format!("left out: {}", it.reason)));
    }
    show(general, &imported, String::new)
}

fn read(file: &Path) -> io::Result<String> {
    if file != Path::new("-") {
        return std::fs::read_to_string(file);
    }
    let mut text = String::new();
    io::stdin().lock().read_to_string(&mut text)?;
    Ok(text)
}

pub(super) fn listed(daemon: &mut Daemon, include_closed: bool) -> Result<WorkspaceListResult, Error> {
    daemon.call(workspace::method::list, &WorkspaceListParams { include_closed })
}

fn show(general: &General, result: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Failure> {
    let printed = if general.json { print_json(result) } else { print_text(&text()) };
    Ok(printed?)
}

/// The id of the workspace that is meant by an id, a name or a folder.
pub(super) fn find(daemon: &mut Daemon, meant: &OsStr, general: &General) -> Result<String, Failure> {
    let list = listed(daemon, true)?;
    let folder = absolute(Path::new(meant), general)?;
    let is_meant = |it: &&WorkspaceInfo| *meant == *it.workspace_id || *meant == *it.name || it.root == folder;
    let mut found = list.workspaces.iter().filter(is_meant);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one.workspace_id.clone()),
        (None, _) => {
            Err(Error::not_found(format!("no workspace has the name, id or folder `{}`", meant.display())).into())
        }
        (Some(one), Some(other)) => {
            let (one, other) = (&one.root, &other.root);
            let message = format!("`{}` means more than one workspace, such as `{one}` and `{other}`", meant.display());
            Err(Failure::usage(message).with_hint("name it by its folder"))
        }
    }
}

/// The same, where one is named.
pub(super) fn find_if(
    daemon: &mut Daemon,
    meant: Option<OsString>,
    general: &General,
) -> Result<Option<String>, Failure> {
    meant.map(|meant| find(daemon, &meant, general)).transpose()
}

fn row(workspace: &WorkspaceInfo) -> [String; 4] {
    [
        if workspace.is_active { "*" } else { " " }.to_owned(),
        workspace.name.clone(),
        match workspace.closed_at_ms {
            None => format!("{} open", workspace.open_files),
            Some(_) => "closed".to_owned(),
        },
        workspace.root.to_string(),
    ]
}

fn describe(state: &WorkspaceGetStateResult) -> String {
    let WorkspaceInfo { name, root, workspace_id, created_at_ms, is_active, closed_at_ms, .. } = &state.workspace;
    let mut text = format!("{name}{}\n", if *is_active { ", the active workspace" } else { "" });
    let _ = write!(text, "folder  {root}\nid      {workspace_id}\nmade    {}\n", date(*created_at_ms));
    if let Some(closed_at_ms) = closed_at_ms {
        let _ = writeln!(text, "closed  {}", date(*closed_at_ms));
    }
    for folder in &state.workspace.folders {
        let _ = writeln!(text, "and     {folder}");
    }
    for file in &state.files {
        let _ = writeln!(text, "open    {}", file.path);
    }
    text
}
