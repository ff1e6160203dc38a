//! `icpy workspace`: shows, makes and activates workspaces.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;

use icpy::args::{General, Workspace, WorkspaceAction};
use icpy_protocol::Empty;
use icpy_protocol::error::Error;
use icpy_protocol::workspace::{
    self, WorkspaceActivateParams, WorkspaceAddFolderParams, WorkspaceCreateParams, WorkspaceGetStateParams,
    WorkspaceGetStateResult, WorkspaceInfo, WorkspaceListResult,
};
use serde::Serialize;

use super::{Daemon, absolute};
use crate::output::{Failure, date, print_json, print_text, table};

pub(super) fn run(workspace: Workspace, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open_or_start(general)?;
    match workspace.action {
        WorkspaceAction::List => {
            let list: WorkspaceListResult = daemon.call(workspace::method::list, &Empty {})?;
            show(general, &list, || table(list.workspaces.iter().map(row)))
        }
        WorkspaceAction::Info { workspace } => {
            let workspace_id = workspace.map(|name| find(&mut daemon, &name, general)).transpose()?;
            let params = WorkspaceGetStateParams { workspace_id };
            let state: WorkspaceGetStateResult = daemon.call(workspace::method::get_state, &params)?;
            show(general, &state, || describe(&state))
        }
        WorkspaceAction::Create { folder, name } => {
            let params = WorkspaceCreateParams { root: absolute(&folder, general)?, name };
            let made: WorkspaceInfo = daemon.call(workspace::method::create, &params)?;
            show(general, &made, String::new)
        }
        WorkspaceAction::Add { folder } => {
            let params = WorkspaceAddFolderParams { path: absolute(&folder, general)?, workspace_id: None };
            let workspace: WorkspaceInfo = daemon.call(workspace::method::add_folder, &params)?;
            show(general, &workspace, String::new)
        }
        WorkspaceAction::Activate { workspace } => {
            let params = WorkspaceActivateParams { workspace_id: find(&mut daemon, &workspace, general)? };
            let active: WorkspaceInfo = daemon.call(workspace::method::activate, &params)?;
            show(general, &active, String::new)
        }
    }
}

fn show(general: &General, result: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Failure> {
    let printed = if general.json { print_json(result) } else { print_text(&text()) };
    Ok(printed?)
}

/// The id of the workspace that is meant by an id, a name or a folder.
pub(super) fn find(daemon: &mut Daemon, meant: &OsStr, general: &General) -> Result<String, Failure> {
    let list: WorkspaceListResult = daemon.call(workspace::method::list, &Empty {})?;
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

fn row(workspace: &WorkspaceInfo) -> [String; 4] {
    [
        if workspace.is_active { "*" } else { " " }.to_owned(),
        workspace.name.clone(),
        format!("{} open", workspace.open_files),
        workspace.root.to_string(),
    ]
}

fn describe(state: &WorkspaceGetStateResult) -> String {
    let WorkspaceInfo { name, root, workspace_id, created_at_ms, is_active, .. } = &state.workspace;
    let mut text = format!("{name}{}\n", if *is_active { ", the active workspace" } else { "" });
    let _ = write!(text, "folder  {root}\nid      {workspace_id}\nmade    {}\n", date(*created_at_ms));
    for folder in &state.workspace.folders {
        let _ = writeln!(text, "and     {folder}");
    }
    for file in &state.files {
        let _ = writeln!(text, "open    {}", file.path);
    }
    text
}
