//! Workspaces as documents: written, and made again of one.

use std::collections::{BTreeMap, HashSet};

use icpy_protocol::auth::AuthRole;
use icpy_protocol::error::{Error, Kind, Result};
use icpy_protocol::file::{FileOpened, OPENED, OpenFile};
use icpy_protocol::path::FilePath;
use icpy_protocol::preferences::{self, PreferencesChanged, declared};
use icpy_protocol::state::StateRecord;
use icpy_protocol::workspace::document::{
    WorkspaceDocument, WorkspaceDocumentVersion, WorkspaceImportParams, WorkspaceImportResult, WorkspaceMissing,
};
use icpy_protocol::workspace::{WorkspaceExportParams, WorkspaceInfo};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::closing::{Closing, Discarded, close_file, closing};
use super::placing::plain;
use super::{
    Workspaces, activate, announce, check_may_make, check_name, is_there, make, meant, tell_file, tell_records,
};
use crate::caller::{Caller, LONG_RESULT_BYTES};
use crate::host::Host;
use crate::journal::Changes;
use crate::store::preferences::{PREFERENCE, SET_MAX, Whose};
use crate::store::workspaces::{self, FOLDER, OPEN_FILE};
use crate::store::{recent_files, records};

/// A document that was checked, and is about to be a workspace.
#[derive(Clone)]
struct Import {
    document: WorkspaceDocument,
    may_replace: bool,
    discarded: Discarded,
    caller: Caller,
    host: Host,
}

impl Workspaces {
    pub(super) async fn export_document(
        &self,
        caller: &Caller,
        params: WorkspaceExportParams,
    ) -> Result<WorkspaceDocument> {
        let _room = caller.reserve(LONG_RESULT_BYTES).await;
        let asking = caller.clone();
        let read = move |connection: &Connection, _: &mut Changes| {
            let workspace = meant(connection, &asking, params.workspace_id.as_deref(), AuthRole::Viewer)?;
            document(connection, workspace)
        };
        Ok(self.services.journal.commit(read).await?.value)
    }

    pub(super) async fn import_document(
        &self,
        caller: &Caller,
        params: WorkspaceImportParams,
    ) -> Result<WorkspaceImportResult> {
        let WorkspaceImportParams { document, root, replace, discard } = params;
        let mut document = moved(document, root.as_ref())?;
        check(&document)?;
        self.check_folder(caller, &document.root).await?;
        let missing = self.leave_out_missing(caller, &mut document).await?;
        let (root, asking) = (document.root.clone(), caller.clone());
        let find = move |connection: &Connection, _: &mut Changes| existing(connection, &asking, &root, replace);
        let (mut discarded, mut loses_folder) = (HashSet::new(), None);
        if let Some(existing) = self.services.journal.commit(find).await?.value {
            let stays: HashSet<&FilePath> = document.files.iter().collect();
            let is_closed = |file: &OpenFile| !stays.contains(&file.path);
            discarded = self.prepare_to_close(&existing.workspace_id, is_closed, discard).await?;
            let is_lost = |folder: &FilePath| !document.folders.contains(folder);
            loses_folder = existing.folders.iter().any(is_lost).then_some(existing.workspace_id);
        }
        let (this, caller, host) = (self.clone(), caller.clone(), self.services.host.clone());
        let import = Import { document, may_replace: replace, discarded, caller: caller.clone(), host };
        let change = move |connection: &Connection, changes: &mut Changes| import.make(connection, changes);
        let make = async move {
            let made = this.clone().close_files(caller, change).await;
            if let Some(workspace_id) = loses_folder {
                this.auth.end_access(&workspace_id);
            }
            let (workspace, is_new) = made?;
            Ok(WorkspaceImportResult { workspace, is_new, missing })
        };
        self.services.finish(make).await
    }

    /// Takes out of a document what is not there, or is something else by now.
    async fn leave_out_missing(
        &self,
        caller: &Caller,
        document: &mut WorkspaceDocument,
    ) -> Result<Vec<WorkspaceMissing>> {
        let mut missing = Vec::new();
        for (paths, are_folders) in [(&mut document.folders, true), (&mut document.files, false)] {
            for path in std::mem::take(paths) {
                let checked = match are_folders {
                    true => self.check_folder(caller, &path).await,
                    false => self.check_file(caller, &path, false).await,
                };
                match checked {
                    Ok(()) => paths.push(path),
                    Err(error)
                        if matches!(error.kind(), Kind::NotFound | Kind::PermissionDenied | Kind::Unsupported) =>
                    {
                        missing.push(WorkspaceMissing { path, reason: error.message().to_owned() });
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(missing)
    }
}

/// What is compared or merged is there for a moment, and what has no file is nowhere else.
fn is_carried(file: &OpenFile) -> bool {
    file.purpose.is_none() && file.path.untitled().is_none()
}

fn document(connection: &Connection, workspace: WorkspaceInfo) -> Result<WorkspaceDocument> {
    let WorkspaceInfo { workspace_id, name, root, folders, .. } = workspace;
    let files = workspaces::open_files(connection, Some(&workspace_id))?;
    let values = |records: Vec<StateRecord>| records.into_iter().map(|it| (it.key, it.value)).collect();
    Ok(WorkspaceDocument {
        version: WorkspaceDocumentVersion,
        name,
        root,
        folders,
        files: files.into_iter().filter(is_carried).map(|file| file.path).collect(),
        recent_files: recent_files::list(connection, &workspace_id)?,
        records: values(records::free(connection, &workspace_id)?),
        preferences: values(Whose::Workspace(workspace_id).list(connection)?),
    })
}

/// A document with its paths as they are kept, each once, and those below its folder below another one.
fn moved(mut document: WorkspaceDocument, root: Option<&FilePath>) -> Result<WorkspaceDocument> {
    let before = plain(&document.root)?;
    let now = root.map_or_else(|| Ok(before.clone()), plain)?;
    let WorkspaceDocument { root, folders, files, recent_files, .. } = &mut document;
    for path in folders.iter_mut().chain(files.iter_mut()).chain(recent_files) {
        *path = plain(path)?;
        if let Ok(rest) = path.as_path().strip_prefix(before.as_path()) {
            // Of the folder itself nothing is the rest, and joining that would end the path with a separator.
            *path = plain(&now.as_path().join(rest).into())?;
        }
    }
    *root = now;
    for paths in [folders, files] {
        let mut seen = HashSet::new();
        paths.retain(|path| path != root && seen.insert(path.clone()));
    }
    Ok(document)
}

fn check(document: &WorkspaceDocument) -> Result<()> {
    let WorkspaceDocument { name, folders, files, recent_files, records, preferences, .. } = document;
    check_name(name)?;
    if preferences.len() > SET_MAX {
        let message = format!("the document has {} preferences, of at most {SET_MAX}", preferences.len());
        return Err(Error::too_large(message).with("limit", SET_MAX));
    }
    let count = folders.len() + files.len() + recent_files.len() + records.len() + preferences.len();
    if count > records::RECORDS_MAX {
        let message = format!("the document has {count} things in it, of at most {}", records::RECORDS_MAX);
        return Err(Error::too_large(message).with("limit", records::RECORDS_MAX));
    }
    for (key, value) in records {
        records::check_name("key", key, records::KEY_BYTES_MAX)?;
        if records::is_reserved(key) || value.is_null() {
            return Err(Error::invalid_params(format!("the document's record `{key}` is none that a client can keep")));
        }
        records::check_value(key, value)?;
    }
    preferences.iter().try_for_each(|(key, value)| match value {
        Value::Null => Err(Error::invalid_params(format!("the document's preference `{key}` is not set"))),
        value => declared::check(key, value),
    })
}

/// The workspace that a document would replace.
fn existing(
    connection: &Connection,
    caller: &Caller,
    root: &FilePath,
    may_replace: bool,
) -> Result<Option<WorkspaceInfo>> {
    let found = workspaces::find(connection, root)?;
    match &found {
        None => check_may_make(caller)?,
        Some(workspace) => caller.check_workspace(&workspace.workspace_id, AuthRole::Editor)?,
    }
    match found {
        Some(workspace) if !may_replace => Err(is_there(workspace)),
        found => Ok(found),
    }
}

impl Import {
    /// Makes the workspace. Returns it, whether it is new, and the files that were closed.
    fn make(self, connection: &Connection, changes: &mut Changes) -> Result<((WorkspaceInfo, bool), Vec<Closing>)> {
        let WorkspaceDocument { root, name, files, .. } = &self.document;
        let found = existing(connection, &self.caller, root, self.may_replace)?;
        let is_new = found.is_none();
        let id = match found {
            Some(workspace) => workspace.workspace_id,
            None => {
                let id = self.host.new_id();
                make(connection, changes, &id, Some(name.clone()), root)?;
                id
            }
        };
        let stays: HashSet<&FilePath> = files.iter().collect();
        let (open, closed): (Vec<_>, Vec<_>) =
            workspaces::open_files(connection, Some(&id))?.into_iter().partition(|file| stays.contains(&file.path));
        let closed = closing(closed, &self.discarded);
        for file in &closed {
            close_file(connection, changes, &self.caller, file)?;
        }
        workspaces::rename(connection, &id, name)?;
        self.put_records(connection, changes, &id)?;
        let is_open: HashSet<&FilePath> = open.iter().map(|file| &file.path).collect();
        for (path, after_ms) in files.iter().filter(|path| !is_open.contains(path)).zip(0..) {
            self.open(connection, changes, &id, path, after_ms)?;
        }
        records::check_count(connection, &id)?;
        let workspace = if is_new { announce(connection, changes, &id)? } else { activate(connection, changes, &id)? };
        Ok(((workspace, is_new), closed))
    }

    /// Opens a file so long after others: in the list of open files they keep the document's order.
    fn open(
        &self,
        connection: &Connection,
        changes: &mut Changes,
        id: &str,
        path: &FilePath,
        after_ms: u64,
    ) -> Result<()> {
        let file = OpenFile {
            file_id: self.host.new_id(),
            workspace_id: id.to_owned(),
            path: path.clone(),
            opened_at_ms: changes.now_ms + after_ms,
            purpose: None,
        };
        workspaces::put_open_file(connection, &file)?;
        tell_file(connection, changes, &self.caller, &file)?;
        let opened_by = self.caller.session().to_owned();
        changes.publish(&OPENED, &FileOpened { file, position: None, is_new: true, opened_by });
        Ok(())
    }

    /// Makes the records what the document says, but for open files.
    fn put_records(&self, connection: &Connection, changes: &mut Changes, id: &str) -> Result<()> {
        let wanted = self.wanted(connection, id)?;
        let before: BTreeMap<String, Value> = records::list(connection, id, "")?
            .into_iter()
            .filter(|record| !record.key.starts_with(OPEN_FILE))
            .map(|record| (record.key, record.value))
            .collect();
        let gone = before.keys().filter(|key| !wanted.contains_key(*key)).map(|key| (key, &Value::Null));
        let new = wanted.iter().filter(|(key, value)| before.get(*key) != Some(*value));
        let mut changed = Vec::new();
        for (key, value) in gone.chain(new) {
            let record = records::put(connection, id, key, value.clone())?;
            if let Some(preference) = key.strip_prefix(PREFERENCE) {
                self.tell_preference(changes, id, preference, &record);
            }
            changed.push(record);
        }
        for path in self.document.recent_files.iter().rev() {
            let new_id = self.host.new_id();
            changed.extend(recent_files::note(connection, id, path, &new_id, changes.now_ms)?);
        }
        if !changed.is_empty() {
            tell_records(changes, &self.caller, id, changed);
        }
        Ok(())
    }

    fn wanted(&self, connection: &Connection, id: &str) -> Result<BTreeMap<String, Value>> {
        let WorkspaceDocument { folders, records, preferences, .. } = &self.document;
        let mut wanted = records.clone();
        wanted.extend(preferences.iter().map(|(key, value)| (format!("{PREFERENCE}{key}"), value.clone())));
        for path in folders {
            let known = workspaces::key_of(connection, id, FOLDER, path)?;
            let key = known.unwrap_or_else(|| format!("{FOLDER}{}", self.host.new_id()));
            wanted.insert(key, json!({ "path": path }));
        }
        Ok(wanted)
    }

    fn tell_preference(&self, changes: &mut Changes, id: &str, key: &str, record: &StateRecord) {
        let event = PreferencesChanged {
            workspace_id: Some(id.to_owned()),
            user: None,
            key: key.to_owned(),
            value: record.value.clone(),
            rev: record.rev,
            changed_by: self.caller.session().to_owned(),
        };
        changes.publish(&preferences::CHANGED, &event);
    }
}
