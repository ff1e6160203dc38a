//! `fs:*`: files on disk. No other service touches them.
//!
//! Every call may wait for a disk or a network, so that it runs on a blocking thread. Anything that is not a regular file or
//! a folder is refused before it is opened: opening a FIFO or a device can wait for ever or do something.

mod error;
mod find;
mod finding;
mod grep;
mod keeping;
mod locks;
mod manage;
mod origins;
mod place;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(not(unix), path = "other.rs")]
mod platform;
mod read;
mod stamp;
mod tree;
mod trees;
mod watch;
mod watching;
mod write;

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::UNIX_EPOCH;

use icpy_protocol::Empty;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{
    FsApi, FsBatchResult, FsConfineParams, FsCreateDirectoryParams, FsCreateDirectoryResult, FsCreateSymlinkParams,
    FsCreateSymlinkResult, FsDeleteParams, FsEntry, FsFindParams, FsFindResult, FsGrepParams, FsGrepResult, FsKind,
    FsListDirectoryParams, FsListDirectoryResult, FsListOperationsParams, FsListOperationsResult,
    FsPreviewReplaceParams, FsPreviewReplaceResult, FsReadFileParams, FsReadFileResult, FsRestoreParams, FsRoot,
    FsSetModeParams, FsStatParams, FsStatResult, FsSyncParams, FsTransferParams, FsUndoParams, FsUndoResult,
    FsUnwatchParams, FsWatchParams, FsWatchResult, FsWriteFileParams, FsWriteFileResult,
};
use icpy_protocol::path::FilePath;
use icpy_protocol::workspace::WorkspaceClient;
use tokio::sync::Mutex;

use self::error::failed;
use self::finding::Recents;
use self::locks::Locks;
use self::origins::Origins;
use self::place::{Place, Use};
use self::tree::NodeKind;
use self::trees::Trees;
use super::Services;
use crate::caller::{Caller, LONG_RESULT_BYTES};
use crate::confinement::Confinement;

/// The most entries in one answer of `fs:list_directory`.
const ENTRIES_MAX: usize = 10_000;

/// The service.
#[derive(Debug)]
pub struct Fs {
    services: Services,
    /// Where the daemon keeps its own things.
    state_folder: PathBuf,
    /// Files that are being written: one writer at a time.
    writing: Locks,
    /// Who made the changes that the daemon makes.
    origins: Arc<Origins>,
    trees: Arc<Trees>,
    /// Whether a task waits for the ends of sessions that watch something.
    is_waiting: Arc<AtomicBool>,
    /// Files that were used last.
    recents: Arc<Recents>,
    /// Held while an operation is undone.
    undoing: Arc<Mutex<()>>,
}

impl Fs {
    pub(super) fn new(services: Services, state_folder: PathBuf) -> Self {
        let origins = Arc::new(Origins::default());
        let trees = Arc::new(Trees::new(
            services.host.clone(),
            services.bus.clone(),
            Arc::clone(&origins),
            state_folder.clone(),
        ));
        let is_waiting = Arc::new(AtomicBool::new(false));
        let (writing, undoing, recents) = (Locks::default(), Arc::default(), Arc::default());
        Self { services, state_folder, writing, origins, trees, is_waiting, recents, undoing }
    }

    /// The folders of all workspaces.
    async fn workspace_roots(&self, caller: &Caller) -> Result<Vec<PathBuf>> {
        let workspaces = WorkspaceClient::new(self.services.requester(caller)).list(&Empty {}).await?.workspaces;
        Ok(workspaces.into_iter().map(|workspace| workspace.root.into_path_buf()).collect())
    }
}

impl FsApi<Caller> for Fs {
    async fn read_file(&self, caller: &Caller, params: FsReadFileParams) -> Result<FsReadFileResult> {
        self.recents.note(params.path.as_path());
        if params.stream { read::stream(caller, params).await } else { read::whole(caller, params).await }
    }

    async fn write_file(&self, caller: &Caller, params: FsWriteFileParams) -> Result<FsWriteFileResult> {
        let (asking, path) = (caller.clone(), params.path.clone());
        let target = blocking(move || Place::led_to(&asking, &path, Use::Change)).await?;
        self.recents.note(target.real());
        let writing = self.writing.lock(target.real()).await;
        let (origins, caller) = (Arc::clone(&self.origins), caller.clone());
        blocking(move || {
            // Held by the work itself: it goes on when the request is cancelled.
            let _writing = writing;
            write::replace(&target, &params, |stamp, version| {
                origins.expect(target.real(), Some(stamp), Some(version), &caller);
            })
        })
        .await
    }

    async fn list_directory(&self, caller: &Caller, params: FsListDirectoryParams) -> Result<FsListDirectoryResult> {
        let _room = caller.reserve(LONG_RESULT_BYTES).await;
        let caller = caller.clone();
        blocking(move || list(&Place::led_to(&caller, &params.path, Use::Look)?, &params)).await
    }

    async fn find(&self, caller: &Caller, params: FsFindParams) -> Result<FsFindResult> {
        self.find_files(caller, params).await
    }

    async fn grep(&self, caller: &Caller, params: FsGrepParams) -> Result<FsGrepResult> {
        grep::grep(caller, params).await
    }

    async fn preview_replace(&self, caller: &Caller, params: FsPreviewReplaceParams) -> Result<FsPreviewReplaceResult> {
        grep::preview_replace(caller, params).await
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
        let caller = caller.clone();
        blocking(move || {
            let find = if params.no_follow { Place::of } else { Place::led_to };
            let place = find(&caller, &params.path, Use::Look)?;
            let metadata = place.path().symlink_metadata().map_err(|error| failed("look at", place.asked(), &error))?;
            Ok(FsStatResult {
                kind: kind(&metadata),
                size: metadata.len(),
                modified_at_ms: modified_at_ms(&metadata),
                is_read_only: metadata.permissions().readonly(),
            })
        })
        .await
    }

    async fn create_directory(
        &self,
        caller: &Caller,
        params: FsCreateDirectoryParams,
    ) -> Result<FsCreateDirectoryResult> {
        manage::create_directory(&self.services, caller, params).await
    }

    async fn create_symlink(&self, caller: &Caller, params: FsCreateSymlinkParams) -> Result<FsCreateSymlinkResult> {
        manage::create_symlink(&self.services, caller, params).await
    }

    async fn set_mode(&self, caller: &Caller, params: FsSetModeParams) -> Result<FsBatchResult> {
        manage::set_mode(&self.services, caller, params).await
    }

    async fn copy(&self, caller: &Caller, params: FsTransferParams) -> Result<FsBatchResult> {
        manage::copy(&self.services, caller, params).await
    }

    async fn move_items(&self, caller: &Caller, params: FsTransferParams) -> Result<FsBatchResult> {
        manage::move_items(&self.services, caller, params).await
    }

    async fn delete(&self, caller: &Caller, params: FsDeleteParams) -> Result<FsBatchResult> {
        manage::delete(&self.services, caller, params).await
    }

    async fn restore(&self, caller: &Caller, params: FsRestoreParams) -> Result<FsBatchResult> {
        manage::restore(&self.services, caller, params).await
    }

    async fn list_operations(&self, caller: &Caller, params: FsListOperationsParams) -> Result<FsListOperationsResult> {
        manage::list_operations(&self.services, caller, params).await
    }

    async fn undo(&self, caller: &Caller, params: FsUndoParams) -> Result<FsUndoResult> {
        manage::undo(&self.services, &self.undoing, caller, params).await
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

fn list(place: &Place, params: &FsListDirectoryParams) -> Result<FsListDirectoryResult> {
    let folder = place.path();
    let refused = |error| failed("list", place.asked(), &error);
    let limit = params.limit.map_or(ENTRIES_MAX, |limit| (limit as usize).clamp(1, ENTRIES_MAX));
    let after = params.after.as_ref().map(|name| name.as_path().as_os_str());
    let mut names = Vec::new();
    for entry in folder.read_dir().map_err(refused)? {
        let name = entry.map_err(refused)?.file_name();
        if after.is_none_or(|after| name.as_os_str() > after) {
            names.push(name);
        }
    }
    names.sort_unstable();
    let has_more = names.len() > limit;
    names.truncate(limit);
    let next_after = names.last().filter(|_| has_more).map(|name| FilePath::from(name.clone()));
    // An entry that goes away in the meantime is left out.
    let entries = names.into_iter().filter_map(|name| entry(folder, name.into())).collect();
    Ok(FsListDirectoryResult { entries, next_after })
}

fn entry(folder: &Path, name: PathBuf) -> Option<FsEntry> {
    let metadata = folder.join(&name).symlink_metadata().ok()?;
    let modified_at_ms = modified_at_ms(&metadata);
    Some(FsEntry { name: name.into(), kind: kind(&metadata), size: metadata.len(), modified_at_ms })
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
    match kind_of(metadata) {
        NodeKind::File => FsKind::File,
        NodeKind::Folder => FsKind::Directory,
        NodeKind::Symlink => FsKind::Symlink,
        NodeKind::Other => FsKind::Other,
    }
}

/// A time before 1970 counts as 1970.
fn modified_at_ms(metadata: &Metadata) -> u64 {
    let since = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
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
