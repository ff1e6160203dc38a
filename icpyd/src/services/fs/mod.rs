//! `fs:*`: files on disk. No other service touches them.
//!
//! Every call may wait for a disk or a network, so that it runs on a blocking thread. Anything that is not a regular file or
//! a folder is refused before it is opened: opening a FIFO or a device can wait for ever or do something.

mod cache;
mod content;
mod error;
mod files;
mod find;
mod finding;
mod grep;
mod keeping;
mod list;
mod locks;
mod manage;
mod metadata;
mod origins;
mod paths;
mod place;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(not(unix), path = "other.rs")]
mod platform;
mod read;
mod save;
mod stamp;
mod stream;
mod text;
mod tree;
mod trees;
mod uploads;
mod versions;
mod watch;
mod watching;

use std::collections::BTreeSet;
use std::fs::{FileType, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{SystemTime, UNIX_EPOCH};

use icpy_protocol::Empty;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{
    FsApi, FsBatchResult, FsBeginWriteParams, FsBeginWriteResult, FsConfineParams, FsCreateDirectoryParams,
    FsCreateDirectoryResult, FsCreateSymlinkParams, FsCreateSymlinkResult, FsDeleteParams, FsEndWriteParams,
    FsFindParams, FsFindResult, FsGrepParams, FsGrepResult, FsKind, FsListDirectoryParams, FsListDirectoryResult,
    FsListOperationsParams, FsListOperationsResult, FsPreviewReplaceParams, FsPreviewReplaceResult, FsReadFileParams,
    FsReadFileResult, FsReplaceParams, FsReplaceResult, FsRestoreParams, FsRoot, FsSetModeParams, FsStatParams,
    FsStatResult, FsSyncParams, FsTransferParams, FsUndoParams, FsUndoResult, FsUnwatchParams, FsWatchParams,
    FsWatchResult, FsWriteFileParams, FsWriteFileResult, FsWriteFilesParams, FsWriteFilesResult, FsWritePartParams,
    FsWritePartResult,
};
use icpy_protocol::workspace::{WorkspaceClient, WorkspaceListParams};
use tokio::sync::{Mutex, oneshot};

use self::cache::Cache;
use self::error::failed;
use self::finding::Recents;
use self::locks::{Held, Key, Locks};
use self::origins::Origins;
use self::read::Reader;
use self::save::Saver;
use self::tree::NodeKind;
use self::trees::Trees;
use self::uploads::Uploads;
use self::versions::Versions;
use super::Services;
use crate::caller::Caller;
use crate::config::Limits;
use crate::confinement::Confinement;
use crate::metrics::Metrics;

/// The service.
#[derive(Debug)]
pub struct Fs {
    services: Services,
    /// Where the daemon keeps its own things.
    state_folder: PathBuf,
    /// Files that are being written: one writer at a time.
    writing: Locks,
    saver: Saver,
    uploads: Arc<Uploads>,
    trees: Arc<Trees>,
    /// Whether a task waits for the ends of sessions that watch something.
    is_waiting: Arc<AtomicBool>,
    /// Files that were used last.
    recents: Arc<Recents>,
    reader: Reader,
    versions: Versions,
    /// Held while an operation is undone.
    undoing: Arc<Mutex<()>>,
}

impl Fs {
    pub(super) fn new(services: Services, state_folder: PathBuf, limits: &Limits, metrics: Metrics) -> Self {
        let cache = Arc::new(Cache::new(limits.cache_bytes_max, metrics));
        let reader = Reader { cache: Arc::clone(&cache), host: services.host.clone() };
        let versions = Versions::new(Arc::clone(&cache), services.host.clone());
        let origins = Arc::new(Origins::default());
        let trees = Arc::new(Trees::new(&services, Arc::clone(&origins), cache, limits, state_folder.clone()));
        let is_waiting = Arc::new(AtomicBool::new(false));
        let writing = Locks::default();
        let saver = Saver::start(&services, writing.clone(), origins, &state_folder);
        Self {
            services,
            state_folder,
            writing,
            saver,
            uploads: Arc::new(Uploads::new(limits.upload_timeout)),
            trees,
            is_waiting,
            recents: Arc::default(),
            reader,
            versions,
            undoing: Arc::default(),
        }
    }

    /// Runs work that goes on when its request is cancelled, with what it holds, and that the daemon ends after. What the
    /// work leaves is let go of when the outcome is known: to free it takes time.
    async fn to_the_end<T: Send + 'static, L>(
        &self,
        held: impl Send + 'static,
        work: impl FnOnce() -> (Result<T>, L) + Send + 'static,
    ) -> Result<T> {
        let running = self.services.tasks.token();
        let (tx, rx) = oneshot::channel();
        let work = tokio::task::spawn_blocking(move || {
            let (outcome, left) = work();
            drop(held);
            // Who has asked may be gone.
            let _ = tx.send(outcome);
            drop((left, running));
        });
        match rx.await {
            Ok(outcome) => outcome,
            Err(_) => match work.await {
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                _ => Err(Error::unavailable("the daemon is stopping")),
            },
        }
    }

    /// Saves several files as one.
    async fn save_files(&self, caller: &Caller, params: FsWriteFilesParams) -> Result<FsWriteFilesResult> {
        let turns = self.turns(&params).await;
        let (caller, saver) = (caller.clone(), self.saver.clone());
        self.to_the_end(turns, move || (saver.save_all(&caller, &params), params)).await
    }

    /// Waits until nobody else writes any of several files.
    async fn turns(&self, params: &FsWriteFilesParams) -> Vec<Held> {
        let mut turns = Vec::new();
        for path in params.files.iter().map(|file| file.path.as_path()).collect::<BTreeSet<_>>() {
            turns.push(self.writing.lock(Key::Asked(path.to_owned())).await);
        }
        turns
    }

    /// The folders of all workspaces.
    async fn workspace_roots(&self, caller: &Caller) -> Result<Vec<PathBuf>> {
        let listing = WorkspaceListParams::default();
        let workspaces = WorkspaceClient::new(self.services.requester(caller)).list(&listing).await?.workspaces;
        Ok(workspaces.into_iter().map(|workspace| workspace.root.into_path_buf()).collect())
    }
}

impl FsApi<Caller> for Fs {
    async fn read_file(&self, caller: &Caller, params: FsReadFileParams) -> Result<FsReadFileResult> {
        self.saver.recovered().await;
        self.recents.note(params.path.as_path());
        if params.stream { stream::stream(caller, params).await } else { self.reader.read(caller, params).await }
    }

    async fn write_file(&self, caller: &Caller, params: FsWriteFileParams) -> Result<FsWriteFileResult> {
        self.saver.recovered().await;
        self.recents.note(params.path.as_path());
        let turn = self.writing.lock(Key::Asked(params.path.as_path().to_owned())).await;
        let (caller, saver) = (caller.clone(), self.saver.clone());
        let save = move || match saver.save(&caller, &params) {
            Ok((result, old)) => (Ok(result), (params, old)),
            Err(error) => (Err(error), (params, None)),
        };
        self.to_the_end(turn, save).await
    }

    async fn write_files(&self, caller: &Caller, params: FsWriteFilesParams) -> Result<FsWriteFilesResult> {
        self.saver.recovered().await;
        self.save_files(caller, params).await
    }

    async fn begin_write(&self, caller: &Caller, params: FsBeginWriteParams) -> Result<FsBeginWriteResult> {
        self.saver.recovered().await;
        self.begin_upload(caller, params).await
    }

    async fn write_part(&self, caller: &Caller, params: FsWritePartParams) -> Result<FsWritePartResult> {
        self.put_part(caller, params).await
    }

    async fn commit_write(&self, caller: &Caller, params: FsEndWriteParams) -> Result<FsWriteFileResult> {
        self.commit_upload(caller, params).await
    }

    async fn abort_write(&self, caller: &Caller, params: FsEndWriteParams) -> Result<Empty> {
        self.abort_upload(caller, params).await
    }

    async fn replace(&self, caller: &Caller, params: FsReplaceParams) -> Result<FsReplaceResult> {
        self.saver.recovered().await;
        self.replace_in_files(caller, params).await
    }

    async fn list_directory(&self, caller: &Caller, params: FsListDirectoryParams) -> Result<FsListDirectoryResult> {
        self.saver.recovered().await;
        let _room = caller.reserve(list::bytes_max(&params)).await;
        let caller = caller.clone();
        blocking(move || list::list(&caller, &params)).await
    }

    async fn find(&self, caller: &Caller, params: FsFindParams) -> Result<FsFindResult> {
        self.saver.recovered().await;
        self.find_files(caller, params).await
    }

    async fn grep(&self, caller: &Caller, params: FsGrepParams) -> Result<FsGrepResult> {
        self.saver.recovered().await;
        self.grep_files(caller, params).await
    }

    async fn preview_replace(&self, caller: &Caller, params: FsPreviewReplaceParams) -> Result<FsPreviewReplaceResult> {
        self.saver.recovered().await;
        self.preview_replacing(caller, params).await
    }

    async fn confine(&self, caller: &Caller, params: FsConfineParams) -> Result<Empty> {
        let roots = match params.roots {
            Some(roots) => {
                let root = |FsRoot { path, is_read_only }: FsRoot| (path.into_path_buf(), is_read_only);
                roots.into_iter().map(root).collect()
            }
            None => self.workspace_roots(caller).await?.into_iter().map(|root| (root, false)).collect::<Vec<_>>(),
        };
        if let Some((path, _)) = roots.iter().find(|(path, _)| !path.is_absolute()) {
            return Err(Error::invalid_params(format!("the path `{}` is not absolute", path.display())));
        }
        let state_folder = self.state_folder.clone();
        let confinement = blocking(move || Confinement::open(roots, &params.denied, &state_folder)).await?;
        caller.confine(confinement.into())?;
        Ok(Empty {})
    }

    async fn watch(&self, caller: &Caller, params: FsWatchParams) -> Result<FsWatchResult> {
        self.begin_watch(caller, params).await
    }

    async fn unwatch(&self, caller: &Caller, params: FsUnwatchParams) -> Result<Empty> {
        self.end_watch(caller, &params)
    }

    async fn sync(&self, caller: &Caller, params: FsSyncParams) -> Result<Empty> {
        self.take_in_changes(caller, params).await
    }

    async fn stat(&self, caller: &Caller, params: FsStatParams) -> Result<FsStatResult> {
        self.saver.recovered().await;
        let (asking, asked) = (caller.clone(), params.clone());
        let mut found = blocking(move || metadata::stat(&asking, &asked)).await?;
        if params.with_version && found.kind == FsKind::File {
            found.version = Some(self.versions.version(caller, params.path).await?);
        }
        Ok(found)
    }

    async fn create_directory(
        &self,
        caller: &Caller,
        params: FsCreateDirectoryParams,
    ) -> Result<FsCreateDirectoryResult> {
        manage::create_directory(self, caller, params).await
    }

    async fn create_symlink(&self, caller: &Caller, params: FsCreateSymlinkParams) -> Result<FsCreateSymlinkResult> {
        manage::create_symlink(self, caller, params).await
    }

    async fn set_mode(&self, caller: &Caller, params: FsSetModeParams) -> Result<FsBatchResult> {
        manage::set_mode(self, caller, params).await
    }

    async fn copy(&self, caller: &Caller, params: FsTransferParams) -> Result<FsBatchResult> {
        manage::copy(self, caller, params).await
    }

    async fn move_items(&self, caller: &Caller, params: FsTransferParams) -> Result<FsBatchResult> {
        manage::move_items(self, caller, params).await
    }

    async fn delete(&self, caller: &Caller, params: FsDeleteParams) -> Result<FsBatchResult> {
        manage::delete(self, caller, params).await
    }

    async fn restore(&self, caller: &Caller, params: FsRestoreParams) -> Result<FsBatchResult> {
        manage::restore(self, caller, params).await
    }

    async fn list_operations(&self, caller: &Caller, params: FsListOperationsParams) -> Result<FsListOperationsResult> {
        manage::list_operations(&self.services, caller, params).await
    }

    async fn undo(&self, caller: &Caller, params: FsUndoParams) -> Result<FsUndoResult> {
        manage::undo(self, caller, params).await
    }
}

/// Runs work that may wait for a disk.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(Error::unavailable("the daemon is stopping")),
    }
}

fn kind_of(metadata: &Metadata) -> NodeKind {
    let file_type = metadata.file_type();
    match () {
        () if file_type.is_file() => NodeKind::File,
        () if file_type.is_dir() => NodeKind::Folder,
        () if file_type.is_symlink() => NodeKind::Symlink,
        () => NodeKind::Other,
    }
}

fn kind(metadata: &Metadata) -> FsKind {
    kind_of_type(metadata.file_type())
}

fn kind_of_type(file_type: FileType) -> FsKind {
    if file_type.is_file() {
        FsKind::File
    } else if file_type.is_dir() {
        FsKind::Directory
    } else if file_type.is_symlink() {
        FsKind::Symlink
    } else {
        FsKind::Other
    }
}

fn modified_at_ms(metadata: &Metadata) -> u64 {
    metadata.modified().map_or(0, time_ms)
}

/// In milliseconds since 1970. A time before 1970 counts as 1970.
fn time_ms(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Names exactly this content: XXH3, 128 bit (Collet), in hexadecimal. It tells changes apart, not forgeries.
fn version(hash: u128) -> String {
    format!("xxh3:{hash:032x}")
}

/// Refuses what is not a regular file.
fn check_regular(path: &Path, metadata: &Metadata) -> Result<()> {
    let what = match kind(metadata) {
        FsKind::File => return Ok(()),
        FsKind::Directory => "a folder",
        FsKind::Symlink => "a symbolic link",
        FsKind::Other => platform::special_kind(metadata),
    };
    Err(Error::unsupported(format!("`{}` is {what}, not a regular file", path.display())))
}
