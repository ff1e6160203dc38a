//! Closing workspaces, and forgetting them: what is open in them is closed, and no text is lost that nobody has saved.

use std::collections::HashSet;

use icpy_protocol::auth::AuthRole;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::file::{self, FileClosed, OpenFile};
use icpy_protocol::path::FilePath;
use icpy_protocol::workspace::{
    self, WorkspaceCloseParams, WorkspaceClosed, WorkspaceDeleteParams, WorkspaceDeleted, WorkspaceInfo,
};
use rusqlite::Connection;

use super::{Workspaces, announce, meant, tell_file};
use crate::caller::Caller;
use crate::journal::Changes;
use crate::store::{accounts, workspaces};

/// How many files the message of a refusal names.
const NAMED_MAX: usize = 5;

/// The ids of files whose text is thrown away when they are closed.
pub(super) type Discarded = HashSet<String>;

impl Workspaces {
    pub(super) async fn close_workspace(&self, caller: &Caller, params: WorkspaceCloseParams) -> Result<WorkspaceInfo> {
        let (asking, id) = (caller.clone(), params.workspace_id);
        let read =
            move |connection: &Connection, _: &mut Changes| meant(connection, &asking, id.as_deref(), AuthRole::Editor);
        let id = self.services.journal.commit(read).await?.value.workspace_id;
        let discarded = self.prepare_to_close(&id, |_| true, params.discard).await?;
        let (asking, given) = (caller.clone(), discarded.clone());
        let change = move |connection: &Connection, changes: &mut Changes| {
            let workspace = workspaces::get(connection, &id)?;
            if workspace.closed_at_ms.is_some() {
                return Ok((workspace, Vec::new()));
            }
            let files = workspaces::open_files(connection, Some(&id))?;
            for file in &files {
                close_file(connection, changes, &asking, file, given.contains(&file.file_id))?;
            }
            workspaces::close(connection, &id, changes.now_ms)?;
            announce_next(connection, changes, &workspace)?;
            let (workspace, closed_by) = (workspaces::get(connection, &id)?, asking.session().to_owned());
            changes.publish(&workspace::CLOSED, &WorkspaceClosed { workspace: workspace.clone(), closed_by });
            Ok((workspace, files))
        };
        let (workspace, files) = self.services.journal.commit_by(caller, change).await?.value;
        self.close_texts(&files, &discarded).await?;
        Ok(workspace)
    }

    pub(super) async fn delete_workspace(
        &self,
        caller: &Caller,
        params: WorkspaceDeleteParams,
    ) -> Result<WorkspaceInfo> {
        let WorkspaceDeleteParams { workspace_id: id, discard } = params;
        caller.check_workspace(&id, AuthRole::Owner)?;
        let discarded = self.prepare_to_close(&id, |_| true, discard).await?;
        let (asking, given) = (caller.clone(), discarded.clone());
        let change = move |connection: &Connection, changes: &mut Changes| {
            let workspace = workspaces::get(connection, &id)?;
            let files = workspaces::open_files(connection, Some(&id))?;
            for file in &files {
                tell_closed(changes, &asking, file, given.contains(&file.file_id));
            }
            workspaces::delete(connection, &id)?;
            accounts::remove_tokens_of(connection, &id)?;
            announce_next(connection, changes, &workspace)?;
            let deleted_by = asking.session().to_owned();
            changes.publish(&workspace::DELETED, &WorkspaceDeleted { workspace: workspace.clone(), deleted_by });
            Ok((workspace, files))
        };
        let (workspace, files) = self.services.journal.commit_by(caller, change).await?.value;
        self.close_texts(&files, &discarded).await?;
        // Roles and tokens have gone with it.
        self.auth.change(|_, _| Ok(())).await?;
        Ok(workspace)
    }

    /// Refuses to close files of a workspace with text that is not saved, unless that is thrown away: then it says which. A
    /// file that is open in another workspace too is not closed there, and its text is not lost.
    pub(super) async fn prepare_to_close(
        &self,
        workspace_id: &str,
        is_meant: impl Fn(&OpenFile) -> bool,
        discard: bool,
    ) -> Result<Discarded> {
        let all = self.services.journal.commit(|connection, _| workspaces::open_files(connection, None)).await?.value;
        let (ours, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|file| file.workspace_id == workspace_id);
        let elsewhere: HashSet<FilePath> = others.into_iter().map(|file| file.path).collect();
        let closing = ours.into_iter().filter(|file| is_meant(file) && !elsewhere.contains(&file.path)).collect();
        let unsaved = self.texts.unsaved(closing).await?;
        match discard || unsaved.is_empty() {
            true => Ok(unsaved.into_iter().map(|file| file.file_id).collect()),
            false => Err(not_saved(&unsaved)),
        }
    }

    /// Has the texts of files that were closed shared no more.
    pub(super) async fn close_texts(&self, files: &[OpenFile], discarded: &Discarded) -> Result<()> {
        for file in files {
            self.texts.close(file, discarded.contains(&file.file_id)).await?;
        }
        Ok(())
    }
}

fn not_saved(unsaved: &[OpenFile]) -> Error {
    let paths: Vec<String> = unsaved.iter().map(|file| file.path.to_string()).collect();
    let named = paths[..paths.len().min(NAMED_MAX)].join("`, `");
    let more = match paths.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!("the text of `{named}`{more} is not saved: save it, or throw it away by `discard`");
    Error::conflict(message).with("unsaved", paths)
}

/// Closes a file by the way, and tells so.
pub(super) fn close_file(
    connection: &Connection,
    changes: &mut Changes,
    caller: &Caller,
    file: &OpenFile,
    is_discarded: bool,
) -> Result<()> {
    workspaces::remove_open_file(connection, file)?;
    tell_file(connection, changes, caller, file)?;
    tell_closed(changes, caller, file, is_discarded);
    Ok(())
}

/// Tells that a file was closed.
pub(super) fn tell_closed(changes: &mut Changes, caller: &Caller, file: &OpenFile, is_discarded: bool) {
    let closed_by = caller.session().to_owned();
    changes.publish(&file::CLOSED, &FileClosed { file: file.clone(), closed_by, is_discarded });
}

/// Tells which workspace is the active one, now that this one no longer is.
fn announce_next(connection: &Connection, changes: &mut Changes, before: &WorkspaceInfo) -> Result<()> {
    match workspaces::active(connection)?.filter(|_| before.is_active) {
        Some(next) => announce(connection, changes, &next.workspace_id).map(drop),
        None => Ok(()),
    }
}
