//! `file:*`: opening, closing and listing open files.

use std::path::Path;

use icpy_protocol::auth::AuthRole;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::file::history::{
    FileDiffParams, FileDiffResult, FileHistoryParams, FileHistoryResult, FileRestoreParams,
};
use icpy_protocol::file::naming::{FileCreateUntitledParams, FileSaveAsParams, FileSavedAs};
use icpy_protocol::file::text::{
    FileEditParams, FileEditResult, FileGetTextParams, FileResolveParams, FileSaveParams, FileSaved, FileText,
    FileUndoParams, FileUndoResult,
};
use icpy_protocol::file::{
    FileApi, FileCloseParams, FileCloseResult, FileListParams, FileListResult, FileOf, FileOpenParams, FileOpenResult,
    FileOpened, FilePlacing, FilePurpose, OPENED, OpenFile, TextPosition,
};
use icpy_protocol::path::FilePath;
use rusqlite::Connection;

use super::closing::{Closing, tell_closed};
use super::placing::{enclosing_root, plain, workspace_for};
use super::{Workspaces, activate, announce, check_may_make, make, open_file, tell_file};
use crate::caller::{Caller, LONG_RESULT_BYTES};
use crate::document::Role;
use crate::journal::Changes;
use crate::store::workspaces::{self, Which};

/// A request to open a file, as the transaction sees it.
#[derive(Clone)]
struct Opening {
    path: FilePath,
    /// The file by which the workspace is found: `path`, unless that is the null device.
    belongs: FilePath,
    position: Option<TextPosition>,
    workspace_id: Option<String>,
    placing: FilePlacing,
    purpose: Option<FilePurpose>,
    /// The root of the workspace to make where there is none.
    new_root: Option<FilePath>,
    new_workspace_id: String,
    new_file_id: String,
    opened_by: Caller,
}

impl FileApi<Caller> for Workspaces {
    async fn open(&self, caller: &Caller, params: FileOpenParams) -> Result<FileOpenResult> {
        self.texts.listen();
        let FileOpenParams { path, may_be_new, position, workspace_id, placing, purpose } = params;
        if position.is_some_and(|position| position.line == 0 || position.column == Some(0)) {
            return Err(Error::invalid_params("lines and columns count from 1"));
        }
        let path = plain(&path)?;
        let can_be_null = matches!(purpose, Some(FilePurpose::Compare { .. }));
        let mut real = None;
        for one in std::iter::once(&path).chain(purpose.iter().flat_map(FilePurpose::paths)) {
            let one = plain(one)?;
            if !(can_be_null && is_null(&one)) {
                self.check_file(caller, &one, may_be_new).await?;
                real.get_or_insert(one);
            }
        }
        let mut opening = Opening {
            belongs: real.unwrap_or_else(|| path.clone()),
            path,
            position,
            workspace_id,
            placing,
            purpose,
            new_root: None,
            new_workspace_id: self.services.host.new_id(),
            new_file_id: self.services.host.new_id(),
            opened_by: caller.clone(),
        };
        loop {
            let attempt = opening.clone();
            let committed = self
                .services
                .journal
                .commit_by(caller, move |connection, changes| open(connection, changes, attempt))
                .await?;
            if let Some((file, is_new)) = committed.value {
                let receivers = committed.published.last().map_or(0, |event| event.receivers);
                return Ok(FileOpenResult { file, is_new, receivers });
            }
            // The disk is asked outside the transaction, which must not wait for it.
            opening.new_root = Some(enclosing_root(&self.fs(caller), &opening.belongs).await?);
        }
    }

    async fn close(&self, caller: &Caller, params: FileCloseParams) -> Result<FileCloseResult> {
        let FileCloseParams { file_id, path, discard: is_discarded } = params;
        let file = self.texts.find(caller, &FileOf { file_id, path }, AuthRole::Editor).await?;
        match is_discarded {
            true => self.texts.share_to_discard(file.clone()).await,
            false => self.texts.store(file.clone()).await?,
        }
        let is_unsaved = !is_discarded && self.texts.has_unsaved(&file).await?;
        let asking = caller.clone();
        let change = move |connection: &Connection, changes: &mut Changes| {
            // It may have another path by now, or be closed.
            let file = open_file(connection, &file.file_id)?;
            asking.check_workspace(&file.workspace_id, AuthRole::Editor)?;
            let closing = Closing { file: file.clone(), is_discarded };
            workspaces::remove_open_file(connection, &file)?;
            tell_file(connection, changes, &asking, &file)?;
            announce(connection, changes, &file.workspace_id)?;
            tell_closed(changes, &asking, &closing);
            Ok((FileCloseResult { file, is_unsaved }, vec![closing]))
        };
        self.services.finish(self.clone().close_files(caller.clone(), change)).await
    }

    async fn list(&self, caller: &Caller, params: FileListParams) -> Result<FileListResult> {
        let _room = caller.reserve(LONG_RESULT_BYTES).await;
        let read = move |connection: &Connection, _: &mut Changes| {
            if let Some(id) = &params.workspace_id {
                workspaces::get(connection, id)?;
            }
            workspaces::open_files(connection, params.workspace_id.as_deref())
        };
        let read = self.services.journal.commit(read).await?;
        let is_seen = |it: &OpenFile| caller.check_workspace(&it.workspace_id, AuthRole::Viewer).is_ok();
        Ok(FileListResult { files: read.value.into_iter().filter(is_seen).collect(), position: read.position })
    }

    async fn get_text(&self, caller: &Caller, params: FileGetTextParams) -> Result<FileText> {
        self.texts.get_text(caller, &params.file).await
    }

    async fn edit(&self, caller: &Caller, params: FileEditParams) -> Result<FileEditResult> {
        self.texts.edit(caller, params).await
    }

    async fn undo(&self, caller: &Caller, params: FileUndoParams) -> Result<FileUndoResult> {
        self.texts.reverse(caller, &params, Role::Undo).await
    }

    async fn redo(&self, caller: &Caller, params: FileUndoParams) -> Result<FileUndoResult> {
        self.texts.reverse(caller, &params, Role::Redo).await
    }

    async fn save(&self, caller: &Caller, params: FileSaveParams) -> Result<FileSaved> {
        self.texts.save(caller, &params.file).await
    }

    async fn revert(&self, caller: &Caller, params: FileSaveParams) -> Result<FileEditResult> {
        self.texts.revert(caller, &params.file).await
    }

    async fn resolve(&self, caller: &Caller, params: FileResolveParams) -> Result<FileText> {
        self.texts.resolve(caller, &params).await
    }

    async fn save_as(&self, caller: &Caller, params: FileSaveAsParams) -> Result<FileSavedAs> {
        self.texts.save_as(caller, params).await
    }

    async fn create_untitled(&self, caller: &Caller, params: FileCreateUntitledParams) -> Result<OpenFile> {
        let (file_id, asking) = (self.services.host.new_id(), caller.clone());
        let change = move |connection: &Connection, changes: &mut Changes| {
            let workspace = workspaces::named_or_active(connection, params.workspace_id.as_deref())?;
            let id = workspace.workspace_id;
            asking.check_workspace(&id, AuthRole::Editor)?;
            let open = workspaces::open_files(connection, Some(&id))?;
            let path = (1_u64..).map(|number| FilePath::of_untitled(&id, &format!("Untitled-{number}")));
            let path =
                path.into_iter().find(|path| open.iter().all(|file| file.path != *path)).expect("numbers do not end");
            let file = OpenFile { file_id, workspace_id: id, path, opened_at_ms: changes.now_ms, purpose: None };
            workspaces::put_open_file(connection, &file)?;
            tell_file(connection, changes, &asking, &file)?;
            announce(connection, changes, &file.workspace_id)?;
            let opened_by = asking.session().to_owned();
            changes.publish(&OPENED, &FileOpened { file: file.clone(), position: None, is_new: true, opened_by });
            Ok(file)
        };
        Ok(self.services.journal.commit_by(caller, change).await?.value)
    }

    async fn history(&self, caller: &Caller, params: FileHistoryParams) -> Result<FileHistoryResult> {
        self.texts.history(caller, &params).await
    }

    async fn diff(&self, caller: &Caller, params: FileDiffParams) -> Result<FileDiffResult> {
        self.texts.diff(caller, &params).await
    }

    async fn restore(&self, caller: &Caller, params: FileRestoreParams) -> Result<FileEditResult> {
        self.texts.restore(caller, &params).await
    }
}

/// Whether a path stands for a file that is not there: so git names one that was made or removed.
fn is_null(path: &FilePath) -> bool {
    path.as_path() == Path::new(if cfg!(windows) { "NUL" } else { "/dev/null" })
}

/// Opens a file and says whether it is new; `None` when a workspace must be made and its root is not known yet.
fn open(connection: &Connection, changes: &mut Changes, opening: Opening) -> Result<Option<(OpenFile, bool)>> {
    let Some((workspace_id, is_active)) = place(connection, changes, &opening)? else { return Ok(None) };
    let known = workspaces::find_open_file(connection, &workspace_id, &opening.path)?;
    let is_new = known.is_none();
    let mut file = known.unwrap_or_else(|| OpenFile {
        file_id: opening.new_file_id,
        workspace_id: workspace_id.clone(),
        path: opening.path,
        opened_at_ms: changes.now_ms,
        purpose: None,
    });
    let has_changed = is_new || file.purpose != opening.purpose;
    file.purpose = opening.purpose;
    if has_changed {
        workspaces::put_open_file(connection, &file)?;
        tell_file(connection, changes, &opening.opened_by, &file)?;
    }
    if !is_active {
        activate(connection, changes, &workspace_id)?;
    } else if has_changed {
        announce(connection, changes, &workspace_id)?;
    }
    let opened_by = opening.opened_by.session().to_owned();
    let event = FileOpened { file: file.clone(), position: opening.position, is_new, opened_by };
    if has_changed {
        changes.publish(&OPENED, &event);
    } else {
        // To be shown again changes nothing that the log would have to keep.
        changes.publish_unlogged(&OPENED, &event);
    }
    Ok(Some((file, is_new)))
}

/// The workspace to open the file in, and whether it is the active one.
fn place(connection: &Connection, changes: &mut Changes, opening: &Opening) -> Result<Option<(String, bool)>> {
    if let Some(id) = &opening.workspace_id {
        opening.opened_by.check_workspace(id, AuthRole::Editor)?;
        let workspace = workspaces::get(connection, id)?;
        return Ok(Some((workspace.workspace_id, workspace.is_active)));
    }
    let roots = workspaces::roots(connection, Which::Open)?;
    let found = match opening.placing {
        FilePlacing::Auto => workspace_for(&roots, &opening.belongs),
        FilePlacing::Active => roots.first().map(|(active, _)| &**active),
        FilePlacing::Own => {
            let Some(own) = &opening.new_root else { return Ok(None) };
            roots.iter().find(|(_, root)| root == own).map(|(id, _)| &**id)
        }
    };
    if let Some(id) = found {
        opening.opened_by.check_workspace(id, AuthRole::Editor)?;
        let is_active = roots.first().is_some_and(|(active, _)| active == id);
        return Ok(Some((id.to_owned(), is_active)));
    }
    check_may_make(&opening.opened_by)?;
    let Some(root) = &opening.new_root else { return Ok(None) };
    if let Some(closed) = workspaces::find(connection, root)? {
        return Ok(Some((closed.workspace_id, false)));
    }
    make(connection, changes, &opening.new_workspace_id, None, root)?;
    Ok(Some((opening.new_workspace_id.clone(), true)))
}
