//! Trees that stay true: a thread is told of changes by the system, looks at what there is now, and tells those who watch.
//!
//! A notice only says where to look. What is on disk decides, so that notices may be lost, come late, or come twice.

mod changes;
mod follower;
mod moves;
#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "other.rs")]
mod platform;
mod poll;
mod root;
#[cfg(target_os = "linux")]
mod sharers;
mod thread;

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use icpy_protocol::fs::FileChange;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::follower::Follower;
use self::thread::Followed;
pub(super) use self::thread::Threads;
use super::files::Files;
use super::find::LastQuery;
use super::grep::Indexed;
use super::stamp::Stamp;
use super::tree::Tree;

/// The most memory that the index of one tree takes.
const INDEX_BYTES_MAX: usize = 256 << 20;

/// What the system tells.
#[derive(Clone, Copy, Debug)]
struct Notice<'a> {
    place: Where<'a>,
    seen: Seen,
    /// The same for both halves of a move.
    cookie: u32,
}

/// Where something happened.
#[derive(Clone, Copy, Debug)]
enum Where<'a> {
    /// In a folder that is watched, to the entry of this name or to the folder itself.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux watches each folder"))]
    Watch(i32, Option<&'a OsStr>),
    /// At a path.
    #[cfg_attr(target_os = "linux", expect(dead_code, reason = "Linux watches each folder"))]
    Path(&'a Path),
    /// Anywhere.
    #[cfg_attr(target_os = "linux", expect(dead_code, reason = "Linux watches each folder"))]
    Everywhere,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux tells so much"))]
enum Seen {
    Came,
    Went,
    Touched,
    MovedFrom,
    MovedTo,
    FolderGone,
    WatchEnded,
    Overflow,
}

/// The filesystems that are mounted.
#[derive(Clone, Debug, Default)]
pub(super) struct Mounts {
    of_kernel: Vec<PathBuf>,
    remote: Vec<PathBuf>,
    others: Vec<PathBuf>,
}

impl Mounts {
    /// Whether a path is on a filesystem that others, or the kernel, can change unnoticed.
    fn is_remote(&self, path: &Path) -> bool {
        let nearest = |mounts: &[PathBuf]| {
            mounts.iter().filter(|mount| path.starts_with(mount)).map(|mount| mount.components().count()).max()
        };
        nearest(&self.remote).max(nearest(&self.of_kernel)) > nearest(&self.others)
    }
}

/// What a tree is made of.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// The folder, by its real path.
    pub(super) root: PathBuf,
    /// Whether only the folder itself is looked at, and nothing in it is ignored.
    pub(super) is_shallow: bool,
    /// The daemon's own folder: to watch it would make changes there.
    pub(super) state_folder: PathBuf,
}

/// One change that is told.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) path: PathBuf,
    pub(super) kind: FileChange,
    pub(super) from: Option<PathBuf>,
    pub(super) stamp: Option<Stamp>,
}

/// Who is told of changes.
pub(super) trait Listen: Send + Sync + fmt::Debug {
    /// Something happened at a path, whether it is told or not.
    fn note(&self, path: &Path);

    /// Whether anybody wants to know of changes at a path.
    fn is_wanted(&self, path: &Path) -> bool;

    /// The paths that somebody watches: this one, and those below.
    fn watched_below(&self, path: &Path) -> Vec<PathBuf>;

    /// A file changed.
    fn tell(&self, told: Told);

    /// Changes cannot be told in time, for this reason, which is a sentence.
    fn warn(&self, root: &Path, reason: String);
}

/// How far the first look at everything is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Reading,
    Complete,
    /// The folder has gone, or its thread.
    Ended,
}

/// A tree that stays true until it is dropped.
#[derive(Debug)]
pub(super) struct Live {
    root: PathBuf,
    tree: Arc<Mutex<Tree>>,
    progress: watch::Receiver<Progress>,
    is_polled: Arc<AtomicBool>,
    followed: Followed,
    stop: CancellationToken,
    used_at: Mutex<Instant>,
    last_query: LastQuery,
    /// What is in the files, once somebody has searched them.
    index: OnceLock<Arc<Indexed<Files>>>,
}

/// The folders below a folder that are never part of its tree: the kernel's, and the daemon's own.
pub(super) fn excluded_below(root: &Path, state_folder: &Path) -> HashSet<PathBuf> {
    let mounts = platform::mounts();
    let all = mounts.of_kernel.into_iter().chain([state_folder.to_owned()]);
    all.filter(|path| path.starts_with(root) && path != root).collect()
}

impl Live {
    /// Starts to read a folder and to follow what happens in it. The error is a sentence.
    pub(super) fn start(
        scope: Scope,
        listener: Arc<dyn Listen>,
        threads: &Threads,
        stop: CancellationToken,
    ) -> std::result::Result<Arc<Self>, String> {
        let root = scope.root.clone();
        let tree = Arc::new(Mutex::new(Tree::new(root.clone())));
        let (tell_progress, progress) = watch::channel(Progress::Reading);
        let is_polled = Arc::new(AtomicBool::new(false));
        let (shared, polled) = (Arc::clone(&tree), Arc::clone(&is_polled));
        let follower = Follower::new(scope, shared, listener, polled, stop.clone(), tell_progress);
        let unwatchable = |error| format!("`{}` cannot be watched: {error}", root.display());
        let followed = threads.follow(follower).map_err(unwatchable)?;
        Ok(Arc::new(Self {
            root,
            tree,
            progress,
            is_polled,
            followed,
            stop,
            used_at: Mutex::new(Instant::now()),
            last_query: LastQuery::default(),
            index: OnceLock::new(),
        }))
    }

    /// The folder.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Takes note that somebody uses it.
    pub(super) fn use_now(&self) {
        *self.used_at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// When somebody used it last.
    pub(super) fn used_at(&self) -> Instant {
        *self.used_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is looked at by the clock, because the system does not tell of changes.
    pub(super) fn is_polled(&self) -> bool {
        self.is_polled.load(Ordering::Relaxed)
    }

    /// How far the first look is.
    pub(super) fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// What is there.
    pub(super) fn tree(&self) -> MutexGuard<'_, Tree> {
        self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was found for the last query.
    pub(super) fn last_query(&self) -> &LastQuery {
        &self.last_query
    }

    /// What is in the files. It is read in the background by those who search.
    pub(super) fn index(&self) -> &Arc<Indexed<Files>> {
        self.index.get_or_init(|| {
            let files = Files { root: self.root.clone(), tree: Arc::clone(&self.tree) };
            Arc::new(Indexed::new(files, INDEX_BYTES_MAX))
        })
    }

    /// Ends work for the tree that is under way in the background.
    pub(super) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Waits until everything that happened before now is in the tree, and told.
    pub(super) async fn sync(&self) {
        let answered = self.followed.sync();
        let mut progress = self.progress();
        tokio::select! {
            _ = answered => {}
            // Then there is nothing to wait for.
            _ = progress.wait_for(|progress| *progress == Progress::Ended) => {}
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // What it reads just now ends sooner.
        self.stop.cancel();
    }
}
