//! `fs:*`: files on disk. No other service touches them.
//!
//! Every call may wait for a disk or a network, so that it runs on a blocking thread. Anything that is not a regular file or
//! a folder is refused before it is opened: opening a FIFO or a device can wait for ever or do something.

mod cache;
mod content;
mod error;
mod find;
mod finding;
mod keeping;
mod list;
mod locks;
mod metadata;
mod origins;
mod place;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(not(unix), path = "other.rs")]
mod platform;
mod read;
mod search;
mod stamp;
mod stream;
mod text;
mod tree;
mod trees;
mod watch;
mod watching;
mod write;

use std::fs::{FileType, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{SystemTime, UNIX_EPOCH};

use icpy_protocol::Empty;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{
    FsApi, FsConfineParams, FsFindParams, FsFindResult, FsGrepParams, FsGrepResult, FsKind, FsListDirectoryParams,
    FsListDirectoryResult, FsReadFileParams, FsReadFileResult, FsRoot, FsStatParams, FsStatResult, FsSyncParams,
    FsUnwatchParams, FsWatchParams, FsWatchResult, FsWriteFileParams, FsWriteFileResult,
};
use icpy_protocol::workspace::WorkspaceClient;
use tokio_util::sync::CancellationToken;

use self::cache::Cache;
use self::error::failed;
use self::finding::Recents;
use self::locks::Locks;
use self::origins::Origins;
use self::place::{Place, Use};
use self::read::Reader;
use self::tree::NodeKind;
use self::trees::Trees;
use super::Services;
use crate::caller::{Caller, LONG_RESULT_BYTES};
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
    /// Who made the changes that the daemon makes.
    origins: Arc<Origins>,
    trees: Arc<Trees>,
    /// Whether a task waits for the ends of sessions that watch something.
    is_waiting: Arc<AtomicBool>,
    /// Files that were used last.
    recents: Arc<Recents>,
    reader: Reader,
}

impl Fs {
    pub(super) fn new(services: Services, state_folder: PathBuf, cache: (usize, Metrics)) -> Self {
        let (cache_bytes_max, metrics) = cache;
        let cache = Arc::new(Cache::new(cache_bytes_max, metrics));
        let reader = Reader { cache, host: services.host.clone() };
        let origins = Arc::new(Origins::default());
        let trees = Arc::new(Trees::new(
            services.host.clone(),
            services.bus.clone(),
            Arc::clone(&origins),
            state_folder.clone(),
        ));
        let is_waiting = Arc::new(AtomicBool::new(false));
        let (writing, recents) = (Locks::default(), Arc::default());
        Self { services, state_folder, writing, origins, trees, is_waiting, recents, reader }
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
        if params.stream { stream::stream(caller, params).await } else { self.reader.read(caller, params).await }
    }

    async fn write_file(&self, caller: &Caller, params: FsWriteFileParams) -> Result<FsWriteFileResult> {
        let (asking, path) = (caller.clone(), params.path.clone());
        let target = blocking(move || Place::led_to(&asking, &path, Use::Change)).await?;
        self.recents.note(target.real());
        let writing = self.writing.lock(target.real()).await;
        let cache = Arc::clone(&self.reader.cache);
        let (origins, caller) = (Arc::clone(&self.origins), caller.clone());
        blocking(move || {
            // Held by the work itself: it goes on when the request is cancelled.
            let _writing = writing;
            cache.forget(target.real());
            write::replace(&target, &params, |stamp, version| {
                origins.expect(target.real(), Some(stamp), Some(version), &caller);
            })
        })
        .await
    }

    async fn list_directory(&self, caller: &Caller, params: FsListDirectoryParams) -> Result<FsListDirectoryResult> {
        let _room = caller.reserve(list::bytes_max(&params)).await;
        let caller = caller.clone();
        blocking(move || list::list(&caller, &params)).await
    }

    async fn find(&self, caller: &Caller, params: FsFindParams) -> Result<FsFindResult> {
        self.find_files(caller, params).await
    }

    async fn grep(&self, caller: &Caller, params: FsGrepParams) -> Result<FsGrepResult> {
        let _room = caller.reserve(LONG_RESULT_BYTES).await;
        let stop = CancellationToken::new();
        let _until_nobody_waits = stop.clone().drop_guard();
        let caller = caller.clone();
        blocking(move || search::grep(&Place::led_to(&caller, &params.path, Use::Look)?, &params, &stop)).await
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
        blocking(move || metadata::stat(&caller, &params)).await
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
