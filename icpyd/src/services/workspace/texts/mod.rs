//! The texts of open files: who edits one shares it with all who do.
//!
//! ```text
//!   file:edit ─▶ Shared (order, transform) ─▶ file:changed
//!                  │        ▲
//!                  ▼        └── disk: what others write is merged into what is not saved
//!                store ─▶ file:durable
//! ```
//!
//! A text is read when somebody first asks for it, and shared until the file is closed. What is edited is told at once and stored
//! behind that. Not here: which files are open.

mod asking;
mod conflicts;
mod disk;
mod following;
mod history;
mod moving;
mod shared;
mod storing;
mod unsaved;
mod yjs;

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use icpy_protocol::auth::AuthRole;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::file::{FileOf, OpenFile};
use icpy_protocol::path::FilePath;
use tokio::sync::{Mutex as AsyncMutex, OnceCell, RwLock};

use self::shared::Shared;
use super::open_file;
use super::placing::plain;
use crate::caller::Caller;
use crate::journal::Changes;
use crate::services::Services;
use crate::store::{texts, workspaces};

/// The most bytes of a text. Longer files are read and written in parts, by `fs:*`.
const TEXT_BYTES_MAX: usize = 64 << 20;

/// All shared texts.
#[derive(Clone, Debug)]
pub(super) struct Texts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    services: Services,
    texts: Mutex<Known>,
    /// Held alone while files get other paths or are closed, and by all together who begin to share a text.
    moving: RwLock<()>,
    /// What others have renamed, until it is looked at.
    renames: Mutex<Vec<(FilePath, FilePath)>>,
}

#[derive(Debug, Default)]
struct Known {
    /// By the open file's id.
    by_file: HashMap<String, Sharing>,
    /// By path without symbolic links; also those that are being read.
    by_path: HashMap<FilePath, Arc<OnceCell<Arc<OpenText>>>>,
    /// Whether somebody listens for changes on disk.
    is_listening: bool,
}

/// An open file whose text is shared.
#[derive(Debug)]
struct Sharing {
    open: OpenFile,
    text: Arc<OpenText>,
    /// Has changes of the file told, if there is one.
    watch_id: Option<String>,
}

/// A file whose changes are told.
struct Followed {
    /// Its path without symbolic links.
    path: FilePath,
    watch_id: Option<String>,
}

impl Known {
    /// An open file that is shared, and that a caller may use.
    fn find(&self, caller: &Caller, file: &FileOf, least: AuthRole) -> Option<&Sharing> {
        let is_usable = |it: &&Sharing| caller.check_workspace(&it.open.workspace_id, least).is_ok();
        match (&file.file_id, &file.path) {
            (Some(id), _) => self.by_file.get(id).filter(is_usable),
            (None, Some(path)) => self.by_file.values().filter(|it| it.open.path == *path).find(is_usable),
            (None, None) => None,
        }
    }

    /// Forgets a text that no open file has, and none is about to have.
    fn forget_unused(&mut self, path: &FilePath) {
        let is_held = self.by_path.get(path).is_some_and(|cell| Arc::strong_count(cell) > 1);
        if !is_held && !self.by_file.values().any(|it| it.text.path == *path) {
            self.by_path.remove(path);
        }
    }
}

/// A text that is shared.
#[derive(Debug)]
struct OpenText {
    services: Services,
    path: FilePath,
    shared: Mutex<Shared>,
    /// Held while the file is read or written, so that one is done after the other.
    disk: AsyncMutex<()>,
    /// Held while something is stored.
    storing: AsyncMutex<()>,
    /// Whether somebody is about to store what is not stored.
    is_storing: AtomicBool,
}

impl OpenText {
    fn new(services: Services, path: FilePath, shared: Shared) -> Self {
        Self {
            services,
            path,
            shared: shared.into(),
            disk: AsyncMutex::default(),
            storing: AsyncMutex::default(),
            is_storing: false.into(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Texts {
    pub(super) fn new(services: Services) -> Self {
        Self(Arc::new(Inner {
            services,
            texts: Mutex::default(),
            moving: RwLock::default(),
            renames: Mutex::default(),
        }))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.texts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The text of an open file, which is read now if it was not.
    async fn of(&self, caller: &Caller, file: &FileOf, least: AuthRole) -> Result<Arc<OpenText>> {
        let known = self.known().find(caller, file, least).map(|it| Arc::clone(&it.text));
        let text = match known {
            Some(text) => text,
            None => self.share(self.find(caller, file, least).await?).await?,
        };
        check_file(caller, &text.path, least)?;
        Ok(text)
    }

    /// The open file that a caller means. Where several workspaces have it, it is that of one which the caller may use.
    pub(super) async fn find(&self, caller: &Caller, file: &FileOf, least: AuthRole) -> Result<OpenFile> {
        let FileOf { file_id, path } = file.clone();
        let (path, asking) = (path.as_ref().map(plain).transpose()?, caller.clone());
        let find = move |connection: &rusqlite::Connection, _: &mut Changes| match (&file_id, &path) {
            (Some(id), _) => open_file(connection, id),
            (None, Some(path)) => workspaces::find_open_files(connection, path)?
                .into_iter()
                .min_by_key(|file| asking.check_workspace(&file.workspace_id, least).is_err())
                .ok_or_else(|| Error::not_found(format!("`{path}` is not open"))),
            (None, None) => Err(Error::invalid_params("`fileId` or `path` says which file is meant")),
        };
        let open = self.0.services.journal.commit(find).await?.value;
        caller.check_workspace(&open.workspace_id, least)?;
        Ok(open)
    }

    async fn open_file(&self, file_id: &str) -> Result<OpenFile> {
        let id = file_id.to_owned();
        Ok(self.0.services.journal.commit(move |connection, _| open_file(connection, &id)).await?.value)
    }

    /// Shares the text of an open file. Two paths that lead to one file share one text.
    async fn share(&self, open: OpenFile) -> Result<Arc<OpenText>> {
        self.listen();
        let _turn = self.0.moving.read().await;
        // It may have another path by now.
        let open = self.open_file(&open.file_id).await?;
        let Followed { path, watch_id } = self.follow(&open.path).await?;
        let cell = Arc::clone(self.known().by_path.entry(path.clone()).or_default());
        let id = open.file_id.clone();
        let shared = async {
            let text = Arc::clone(cell.get_or_try_init(|| self.read(path.clone())).await?);
            // What was closed meanwhile is not shared any more.
            self.open_file(&id).await?;
            Ok(text)
        };
        let shared = shared.await;
        drop(cell);
        let mut known = self.known();
        let needless = match &shared {
            Ok(text) if !known.by_file.contains_key(&id) => {
                known.by_file.insert(id, Sharing { open, text: Arc::clone(text), watch_id });
                None
            }
            Ok(_) => Some(watch_id),
            Err(_) => {
                known.forget_unused(&path);
                Some(watch_id)
            }
        };
        drop(known);
        if let Some(watch_id) = needless.flatten() {
            self.unfollow(watch_id);
        }
        shared
    }

    /// Stores what was edited in a file that is about to be closed: where that fails it stays open. So does a text that would be
    /// found nowhere again.
    pub(super) async fn store(&self, file: OpenFile) -> Result<()> {
        let known = self.shared(&file);
        let text = match known {
            Some(text) => text,
            None if file.path.untitled().is_some() => self.share(file).await?,
            None => return Ok(()),
        };
        text.lock().check_titled()?;
        text.store().await
    }

    fn shared(&self, file: &OpenFile) -> Option<Arc<OpenText>> {
        self.known().by_file.get(&file.file_id).map(|it| Arc::clone(&it.text))
    }

    /// Has a text known that is about to be thrown away: it can be in the store alone.
    pub(super) async fn share_to_discard(&self, file: OpenFile) {
        if self.shared(&file).is_none() {
            // What cannot be read is thrown away with the file.
            let _ = self.share(file).await;
        }
    }

    /// Has a file that was closed shared no more. What was not saved stays in the store, to be there when it is opened again,
    /// unless it is thrown away.
    pub(super) async fn close(&self, file: &OpenFile, discard: bool) -> Result<()> {
        let _turn = self.0.moving.write().await;
        let (text, is_last) = {
            let mut known = self.known();
            let Some(Sharing { text, watch_id, .. }) = known.by_file.remove(&file.file_id) else { return Ok(()) };
            if let Some(watch_id) = watch_id {
                self.unfollow(watch_id);
            }
            known.forget_unused(&text.path);
            let is_last = !known.by_path.contains_key(&text.path);
            (text, is_last)
        };
        if !is_last {
            return Ok(());
        }
        text.lock().yjs = None;
        text.store_all().await?;
        let (path, is_dirty) = (text.path.clone(), text.lock().is_dirty());
        let is_forgotten = discard || path.untitled().is_some();
        let forget = move |connection: &rusqlite::Connection, changes: &mut Changes| match (is_forgotten, is_dirty) {
            (true, _) => texts::remove(connection, &path),
            (false, true) => Ok(()),
            (false, false) => texts::close(connection, &path, changes.now_ms),
        };
        self.0.services.journal.commit(forget).await.map(drop)
    }
}

/// Compares texts where that keeps nobody waiting.
async fn aside<T: Send + 'static>(compare: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let compared = tokio::task::spawn_blocking(compare).await;
    compared.map_err(|_| Error::internal("texts could not be compared; the log says more"))
}

/// Refuses a file to who may not read it, or write it, where it is.
fn check_file(caller: &Caller, path: &FilePath, least: AuthRole) -> Result<()> {
    if let Some((workspace_id, _)) = path.untitled() {
        return caller.check_workspace(workspace_id, least);
    }
    let Some(confinement) = caller.confinement() else { return Ok(()) };
    match confinement.find(path.as_path()) {
        Some((root, rest)) if !confinement.is_on_the_way(rest) => match root.is_read_only && least > AuthRole::Viewer {
            false => Ok(()),
            true => Err(Error::permission_denied(format!("`{path}` can only be read by this caller"))),
        },
        _ => Err(Error::permission_denied(format!("`{path}` is outside of what this caller may use"))),
    }
}
