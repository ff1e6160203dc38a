//! The trees there are, and who watches what.
//!
//! A tree is made when somebody watches a folder or looks for something in a workspace, and is shared by all who want to know what
//! is in it. Nothing is watched that nobody asked for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{CHANGED_ON_DISK, FileChange, FileChangedOnDisk, FsWatchLimited, WATCH_LIMITED};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::cache::Cache;
use super::origins::Origins;
use super::paths::keys_below;
use super::tree::NodeKind;
use super::watch::{Listen, Live, Progress, Scope, Threads, Told};
use crate::bus::Bus;
use crate::caller::DAEMON;
use crate::config::Limits;
use crate::services::Services;

/// Trees that are kept though nobody watches them.
const UNWATCHED_MAX: usize = 4;

/// The most watches of a session. The daemon itself has one for each text that is edited.
const WATCHES_MAX: usize = 1024;

/// All trees.
#[derive(Debug)]
pub(super) struct Trees {
    threads: Threads,
    stop: CancellationToken,
    tasks: TaskTracker,
    state_folder: PathBuf,
    /// How long a tree is kept that nobody uses.
    timeout: Duration,
    /// Whether a task waits until trees are forgotten.
    is_forgetting: AtomicBool,
    all: Mutex<All>,
    watches: Arc<Watches>,
}

#[derive(Debug, Default)]
struct All {
    /// Those of a folder with all below it, in the order in which they were used, the last one at the end.
    deep: Vec<Arc<Live>>,
    /// Those of what is directly in a folder, by that. There may be one for each text that is edited.
    shallow: BTreeMap<PathBuf, Arc<Live>>,
}

/// Who watches what, and the way to tell them.
#[derive(Debug)]
struct Watches {
    bus: Bus,
    cache: Arc<Cache>,
    origins: Arc<Origins>,
    all: Mutex<ByPath>,
}

/// Watches by their paths, so that those of a folder, or below it, are found however many there are.
#[derive(Debug, Default)]
struct ByPath(BTreeMap<PathBuf, Vec<Watch>>);

/// What one session watches.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Watch {
    pub(super) id: String,
    pub(super) session: String,
    /// Without symbolic links.
    pub(super) path: PathBuf,
    /// Whether what is in the folders of this folder is left out.
    pub(super) is_shallow: bool,
}

impl Trees {
    pub(super) fn new(
        services: &Services,
        origins: Arc<Origins>,
        cache: Arc<Cache>,
        limits: &Limits,
        state_folder: PathBuf,
    ) -> Self {
        let (stop, bus) = (services.stop.clone(), services.bus.clone());
        let watches = Arc::new(Watches { bus, cache, origins, all: Mutex::default() });
        let state_folder = state_folder.canonicalize().unwrap_or(state_folder);
        Self {
            threads: Threads::new(services.host.clone()),
            stop,
            tasks: services.tasks.clone(),
            state_folder,
            timeout: limits.tree_timeout,
            is_forgetting: AtomicBool::new(false),
            all: Mutex::default(),
            watches,
        }
    }

    /// Adds a watch. It is told from before its tree is complete on: nothing is missed.
    pub(super) fn add(&self, watch: Watch) {
        lock(&self.watches.all).add(watch);
    }

    /// The same, for a session that has room for one more.
    pub(super) fn add_new(&self, watch: Watch) -> Result<()> {
        let mut all = lock(&self.watches.all);
        let is_full = || all.iter().filter(|it| it.session == watch.session).count() >= WATCHES_MAX;
        if watch.session != DAEMON && is_full() {
            let message = format!("a session has at most {WATCHES_MAX} watches");
            return Err(Error::too_large(message).with("limit", WATCHES_MAX));
        }
        all.add(watch);
        Ok(())
    }

    /// Follows what a watch that was added is about. Returns when everything there has been looked at.
    pub(super) async fn follow(&self, watch: &Watch) -> Result<Arc<Live>> {
        let is_folder = watch.path.is_dir();
        let (root, is_shallow) = match is_folder {
            true => (watch.path.clone(), watch.is_shallow),
            false => (watch.path.parent().unwrap_or(&watch.path).to_owned(), true),
        };
        let live = match self.covering(&root, is_shallow) {
            Some(live) => Ok(live),
            None => self.start(root, is_shallow),
        };
        let live = match live {
            Ok(live) => live,
            Err(error) => {
                self.unwatch(&watch.id, None);
                return Err(error);
            }
        };
        complete(&live).await;
        Ok(live)
    }

    /// Ends a watch, of this session where one is named. Returns whether there was one.
    pub(super) fn unwatch(&self, id: &str, session: Option<&str>) -> bool {
        let is_of = |watch: &Watch| session.is_none_or(|session| session == watch.session);
        self.end(|watch| watch.id == id && is_of(watch)).0
    }

    /// Ends the watches of sessions that are no more. Returns whether any watch is left.
    pub(super) fn forget_sessions(&self, is_known: impl Fn(&str) -> bool) -> bool {
        self.end(|watch| !is_known(&watch.session)).1
    }

    /// Ends watches, whose trees count as used until now. Returns whether any has ended, and whether any is left.
    fn end(&self, is_over: impl Fn(&Watch) -> bool) -> (bool, bool) {
        let mut watches = lock(&self.watches.all);
        let ended = watches.remove(is_over);
        let outcome = (!ended.0.is_empty(), !watches.0.is_empty());
        let mut all = self.lock();
        all.deep.iter().filter(|live| ended.has_below(live.root())).for_each(|live| live.use_now());
        // What only a watch can have asked for ends with it.
        for folder in ended.0.keys().flat_map(|path| [Some(&**path), path.parent()]).flatten() {
            if !watches.has_directly_in(folder) {
                all.shallow.remove(folder);
            }
        }
        drop((watches, all));
        self.forget_unused();
        outcome
    }

    /// All watches.
    pub(super) fn watches(&self) -> Vec<Watch> {
        lock(&self.watches.all).iter().cloned().collect()
    }

    /// Says that anything may have changed in what is watched.
    pub(super) fn tell_unknown(&self, path: &Path) {
        self.watches.tell(Told { path: path.to_owned(), kind: FileChange::Unknown, from: None, stamp: None });
    }

    /// The tree that a folder is in, if there is one.
    pub(super) fn find(&self, folder: &Path) -> Option<Arc<Live>> {
        self.covering(folder, false)
    }

    /// The tree of a folder, which is made if there is none.
    pub(super) fn find_or_start(&self, folder: &Path, root: &Path) -> Result<Arc<Live>> {
        match self.covering(folder, false) {
            Some(live) => Ok(live),
            None => self.start(root.to_owned(), false),
        }
    }

    /// Waits until everything that happened before now, in a folder or everywhere, is in the trees, and told.
    pub(super) async fn sync(&self, folder: Option<&Path>) {
        let all: Vec<_> = self.lock().iter().cloned().collect();
        let is_meant = |root: &Path| folder.is_none_or(|folder| folder.starts_with(root) || root.starts_with(folder));
        join_all(all.iter().filter(|live| is_meant(live.root())).map(|live| live.sync())).await;
    }

    fn start(&self, root: PathBuf, is_shallow: bool) -> Result<Arc<Live>> {
        let listener: Arc<dyn Listen> = Arc::clone(&self.watches) as _;
        let scope = Scope { root: root.clone(), is_shallow, state_folder: self.state_folder.clone() };
        let live = Live::start(scope, listener, &self.threads, self.stop.child_token()).map_err(Error::unavailable)?;
        if is_shallow {
            let watches = lock(&self.watches.all);
            let mut all = self.lock();
            // Somebody else may have started one, and who has asked for this one may have left.
            if let Some(there) = all.shallow.get(&root).filter(|live| is_alive(live)) {
                return Ok(Arc::clone(there));
            }
            if watches.has_directly_in(&root) {
                all.shallow.insert(root, Arc::clone(&live));
            }
        } else {
            self.lock().deep.push(Arc::clone(&live));
            self.forget_unused();
        }
        Ok(live)
    }

    /// A tree that has the entries of a folder.
    fn covering(&self, folder: &Path, is_shallow: bool) -> Option<Arc<Live>> {
        let mut all = self.lock();
        if is_shallow {
            return all.shallow.get(folder).filter(|live| is_alive(live)).cloned();
        }
        all.deep.retain(|live| is_alive(live));
        let place = all.deep.iter().position(|live| covers(live, folder))?;
        let live = all.deep.remove(place);
        live.use_now();
        all.deep.push(Arc::clone(&live));
        Some(live)
    }

    /// Forgets trees that nobody watches a while after they were used, as long as there are any.
    pub(super) fn forget_later(self: &Arc<Self>) {
        if self.is_forgetting.swap(true, Ordering::AcqRel) {
            return;
        }
        let trees = Arc::clone(self);
        self.tasks.spawn(async move {
            loop {
                // Who uses one from now on has another task wait when this one ends.
                trees.is_forgetting.store(false, Ordering::Release);
                let Some(due) = trees.forget_old() else { return };
                if trees.is_forgetting.swap(true, Ordering::AcqRel) {
                    return;
                }
                tokio::select! {
                    () = trees.stop.cancelled() => return,
                    () = sleep_until(due) => {}
                }
            }
        });
    }

    /// Ends trees that nobody watches and that were not used for a while. Returns when the next one's time comes.
    fn forget_old(&self) -> Option<Instant> {
        let watches = lock(&self.watches.all);
        let deep = &mut self.lock().deep;
        let due = |live: &Live| (!watches.has_below(live.root())).then(|| live.used_at() + self.timeout);
        let now = Instant::now();
        deep.retain(|live| due(live).is_none_or(|due| due > now));
        deep.iter().filter_map(|live| due(live)).min()
    }

    /// Ends trees that nobody watches, but for the last few.
    fn forget_unused(&self) {
        let watches = lock(&self.watches.all);
        let deep = &mut self.lock().deep;
        let is_watched = |live: &Live| watches.has_below(live.root());
        let unwatched = deep.iter().filter(|live| !is_watched(live)).count();
        let mut too_many = unwatched.saturating_sub(UNWATCHED_MAX);
        deep.retain(|live| {
            let is_over = too_many > 0 && !is_watched(live);
            too_many -= usize::from(is_over);
            !is_over
        });
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        lock(&self.all)
    }
}

impl All {
    fn iter(&self) -> impl Iterator<Item = &Arc<Live>> {
        self.deep.iter().chain(self.shallow.values())
    }
}

impl ByPath {
    fn add(&mut self, watch: Watch) {
        self.0.entry(watch.path.clone()).or_default().push(watch);
    }

    fn iter(&self) -> impl Iterator<Item = &Watch> {
        self.0.values().flatten()
    }

    /// Removes those that are over, and returns them.
    fn remove(&mut self, is_over: impl Fn(&Watch) -> bool) -> Self {
        let mut removed = Self::default();
        self.0.retain(|_, watches| {
            watches.extract_if(.., |watch| is_over(watch)).for_each(|watch| removed.add(watch));
            !watches.is_empty()
        });
        removed
    }

    /// Whether any is about a path: itself, what is directly in a folder, or anywhere below one.
    fn covers(&self, path: &Path) -> bool {
        path.ancestors().enumerate().any(|(above, folder)| {
            self.0.get(folder).is_some_and(|watches| above <= 1 || watches.iter().any(|watch| !watch.is_shallow))
        })
    }

    /// The paths that are watched: this one, and those below.
    fn below<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = &'a PathBuf> {
        keys_below(&self.0, path)
    }

    fn has_below(&self, path: &Path) -> bool {
        self.below(path).next().is_some()
    }

    /// Whether any is about a folder, or what is directly in it.
    fn has_directly_in(&self, folder: &Path) -> bool {
        self.below(folder).any(|path| path == folder || path.parent() == Some(folder))
    }
}

fn is_alive(live: &Live) -> bool {
    *live.progress().borrow() != Progress::Ended
}

/// Whether a tree with all below its root has the entries of a folder.
fn covers(live: &Live, folder: &Path) -> bool {
    // What is ignored is for nobody but who names it.
    let Ok(below) = folder.strip_prefix(live.root()) else { return false };
    let tree = live.tree();
    below == Path::new("") || tree.find(below).is_some_and(|node| tree.kind(node) == Some(NodeKind::Folder))
}

/// Waits until everything has been looked at once.
pub(super) async fn complete(live: &Live) {
    let mut progress = live.progress();
    // When the thread has ended there is nothing to wait for.
    let _ = progress.wait_for(|progress| *progress != Progress::Reading).await;
}

impl Listen for Watches {
    fn note(&self, path: &Path) {
        self.cache.forget(path);
    }

    fn is_wanted(&self, path: &Path) -> bool {
        lock(&self.all).covers(path)
    }

    fn watched_below(&self, path: &Path) -> Vec<PathBuf> {
        lock(&self.all).below(path).cloned().collect()
    }

    fn tell(&self, told: Told) {
        let Told { path, kind, from, stamp } = told;
        let own = self.origins.of(&path, stamp.as_ref());
        let changed = FileChangedOnDisk {
            entry: stamp.map(|stamp| stamp.kind()),
            version: own.as_ref().and_then(|own| own.version.clone()),
            origin: own.map(|own| own.origin),
            path: path.into(),
            kind,
            from: from.map(Into::into),
        };
        self.bus.publish(&CHANGED_ON_DISK, &changed);
    }

    fn warn(&self, root: &Path, reason: String) {
        tracing::warn!(root = %root.display(), reason, "changes are found by looking every few seconds");
        self.bus.publish(&WATCH_LIMITED, &FsWatchLimited { path: root.into(), reason });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
