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

/// A file that is closed.
pub(super) struct Closing {
    pub(super) file: OpenFile,
    /// Whether its text is thrown away.
    pub(super) is_discarded: bool,
}

impl Workspaces {
    pub(super) async fn close_workspace(&self, caller: &Caller, params: WorkspaceCloseParams) -> Result<WorkspaceInfo> {
        let (asking, id) = (caller.clone(), params.workspace_id);
        let read =
            move |connection: &Connection, _: &mut Changes| meant(connection, &asking, id.as_deref(), AuthRole::Editor);
        let id = self.services.journal.commit(read).await?.value.workspace_id;
        let discarded = self.prepare_to_close(&id, |_| true, params.discard).await?;
        let asking = caller.clone();
        let change = move |connection: &Connection, changes: &mut Changes| {
            let workspace = workspaces::get(connection, &id)?;
            if workspace.closed_at_ms.is_some() {
                return Ok((workspace, Vec::new()));
            }
            let closed = closing(workspaces::open_files(connection, Some(&id))?, &discarded);
            for file in &closed {
                close_file(connection, changes, &asking, file)?;
            }
            workspaces::close(connection, &id, changes.now_ms)?;
            announce_next(connection, changes, &workspace)?;
            let (workspace, closed_by) = (workspaces::get(connection, &id)?, asking.session().to_owned());
            changes.publish(&workspace::CLOSED, &WorkspaceClosed { workspace: workspace.clone(), closed_by });
            Ok((workspace, closed))
        };
        self.services.finish(self.clone().close_files(caller.clone(), change)).await
    }

    pub(super) async fn delete_workspace(
        &self,
        caller: &Caller,
        params: WorkspaceDeleteParams,
    ) -> Result<WorkspaceInfo> {
        let WorkspaceDeleteParams { workspace_id: id, discard } = params;
        caller.check_workspace(&id, AuthRole::Owner)?;
        let discarded = self.prepare_to_close(&id, |_| true, discard).await?;
        let asking = caller.clone();
        let change = move |connection: &Connection, changes: &mut Changes| {
            let workspace = workspaces::get(connection, &id)?;
            let closed = closing(workspaces::open_files(connection, Some(&id))?, &discarded);
            for file in &closed {
                tell_closed(changes, &asking, file);
            }
            workspaces::delete(connection, &id)?;
            accounts::remove_tokens_of(connection, &id)?;
            announce_next(connection, changes, &workspace)?;
            let deleted_by = asking.session().to_owned();
            changes.publish(&workspace::DELETED, &WorkspaceDeleted { workspace: workspace.clone(), deleted_by });
            Ok((workspace, closed))
        };
        let (this, caller) = (self.clone(), caller.clone());
        let delete = async move {
            let deleted = this.clone().close_files(caller, change).await;
            // Roles and tokens have gone with it.
            this.auth.change(|_, _| Ok(())).await?;
            deleted
        };
        self.services.finish(delete).await
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

    /// Makes a change that closes files, and has their texts shared no more: to be finished whoever asks for it, since what was
    /// closed is looked for by nobody.
    pub(super) async fn close_files<T: Send + 'static>(
        self,
        caller: Caller,
        change: impl FnOnce(&Connection, &mut Changes) -> Result<(T, Vec<Closing>)> + Send + 'static,
    ) -> Result<T> {
        let (value, closed) = self.services.journal.commit_by(&caller, change).await?.value;
        let mut outcome = Ok(());
        for Closing { file, is_discarded } in &closed {
            outcome = outcome.and(self.texts.close(file, *is_discarded).await);
        }
        outcome.map(|()| value)
    }
}

/// Which of some files that are closed have their text thrown away.
pub(super) fn closing(files: Vec<OpenFile>, discarded: &Discarded) -> Vec<Closing> {
    let closing = |file: OpenFile| Closing { is_discarded: discarded.contains(&file.file_id), file };
    files.into_iter().map(closing).collect()
}

fn not_saved(unsaved: &[OpenFile]) -> Error {
    let paths: Vec<String> = unsaved.iter().map(|file| file.path.to_string()).collect();
    let named = paths[..paths.len().min(NAMED_MAX)].join("`, `");
    let more = match paths.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!("the text of `{named}`{more} is not saved: save or discard it");
    Error::conflict(message).with("unsaved", paths)
}

/// Closes a file by the way, and tells so.
pub(super) fn close_file(
    connection: &Connection,
    changes: &mut Changes,
    caller: &Caller,
    closing: &Closing,
) -> Result<()> {
    workspaces::remove_open_file(connection, &closing.file)?;
    tell_file(connection, changes, caller, &closing.file)?;
    tell_closed(changes, caller, closing);
    Ok(())
}

/// Tells that a file was closed.
pub(super) fn tell_closed(changes: &mut Changes, caller: &Caller, Closing { file, is_discarded }: &Closing) {
    let (file, closed_by) = (file.clone(), caller.session().to_owned());
    changes.publish(&file::CLOSED, &FileClosed { file, closed_by, is_discarded: *is_discarded });
}

/// Tells which workspace is the active one, now that this one no longer is.
fn announce_next(connection: &Connection, changes: &mut Changes, before: &WorkspaceInfo) -> Result<()> {
    match workspaces::active(connection)?.filter(|_| before.is_active) {
        Some(next) => announce(connection, changes, &next.workspace_id).map(drop),
        None => Ok(()),
    }
}
