//! What keeps one tree true: it looks at what notices are about.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use icpy_protocol::fs::FileChange;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::changes::{Change, Changes};
use super::moves::Move;
use super::platform::{self, Watcher};
use super::poll::Poll;
use super::root::Root;
use super::{Listen, Mounts, Notice, Progress, Scope, Seen, Told, Where, excluded_below};
use crate::services::fs::kind_of;
use crate::services::fs::platform as files;
use crate::services::fs::stamp::Stamp;
use crate::services::fs::tree::rules::{Has, Rules};
use crate::services::fs::tree::scan::{Difference, Scanner, Task, WatchFolders, is_left_out};
use crate::services::fs::tree::{NodeId, NodeKind, ROOT, Tree};

/// Keeps one tree true, on a thread of its own or with others. Says that it has ended when it is dropped.
#[derive(Debug)]
pub(super) struct Follower {
    pub(super) state: State,
    progress: watch::Sender<Progress>,
}

/// What a follower knows.
#[derive(Debug)]
pub(super) struct State {
    pub(super) scope: Scope,
    pub(super) tree: Arc<Mutex<Tree>>,
    pub(super) listener: Arc<dyn Listen>,
    stop: CancellationToken,
    pub(super) mounts: Mounts,
    /// Folders that are never part of the tree.
    excluded: HashSet<PathBuf>,
    /// The rules of the folders above the root.
    above: Arc<Rules>,
    pub(super) changes: Changes,
    /// First halves of moves whose second half has not come yet.
    pub(super) moves: Vec<Move>,
    /// Notices are lost since then.
    lost_since: Option<SystemTime>,
    pub(super) root: Root,
    /// There is nothing to follow any more.
    pub(super) is_gone: bool,
    pub(super) poll: Poll,
}

/// Watches folders, until there are no more watches to be had.
pub(super) struct Watching<'a> {
    pub(super) watcher: &'a Watcher,
    pub(super) is_full: &'a AtomicBool,
}

impl WatchFolders for Watching<'_> {
    fn watch(&self, path: &Path) -> Option<i32> {
        match self.watcher.watch(path) {
            Ok(watch) => watch,
            Err(error) => {
                if platform::is_limit(&error) {
                    self.is_full.store(true, Ordering::Relaxed);
                }
                None
            }
        }
    }

    fn unwatch(&self, watch: i32) {
        self.watcher.unwatch(watch);
    }
}

impl Follower {
    pub(super) fn new(
        scope: Scope,
        tree: Arc<Mutex<Tree>>,
        listener: Arc<dyn Listen>,
        is_polled: Arc<AtomicBool>,
        stop: CancellationToken,
        progress: watch::Sender<Progress>,
    ) -> Self {
        let state = State {
            excluded: excluded_below(&scope.root, &scope.state_folder),
            above: Rules::above(&scope.root),
            poll: Poll::new(is_polled),
            scope,
            tree,
            listener,
            stop,
            mounts: platform::mounts(),
            changes: Changes::default(),
            moves: Vec::new(),
            lost_since: None,
            root: Root::default(),
            is_gone: false,
        };
        Self { state, progress }
    }

    /// Whether it does not mind to wait for others: it looks at little, and at nothing that lets it wait itself.
    pub(super) fn is_quick(&self) -> bool {
        self.state.scope.is_shallow && !self.state.mounts.is_remote(&self.state.scope.root)
    }

    /// Looks at everything for the first time.
    pub(super) fn begin(&mut self, watcher: &Watcher) {
        self.state.scan(watcher, ROOT, true);
        self.state.begin_root(watcher);
        self.state.begin_polling(watcher);
        self.progress.send_replace(Progress::Complete);
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.progress.send_replace(Progress::Ended);
    }
}

impl State {
    pub(super) fn tree(&self) -> MutexGuard<'_, Tree> {
        self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a folder that is in the tree, and all below that was never read, or all below again.
    pub(super) fn scan(&self, watcher: &Watcher, folder: NodeId, is_again: bool) -> Vec<Difference> {
        let (path, rules) = {
            let tree = self.tree();
            let above = if folder == ROOT { None } else { tree.rules(tree.parent(folder)) };
            (tree.path(folder), Arc::clone(above.unwrap_or(&self.above)))
        };
        let watching = Watching { watcher, is_full: self.poll.is_full() };
        let scanner = Scanner {
            tree: &self.tree,
            watcher: &watching,
            excluded: &self.excluded,
            is_shallow: self.scope.is_shallow,
            is_again,
            stop: &self.stop,
        };
        let mut differences = Vec::new();
        scanner.run(vec![Task { folder, path, rules }], &mut differences);
        differences
    }

    /// Does what is to be done after notices were taken, because it is time, or because somebody waits for it.
    pub(super) fn catch_up(&mut self, watcher: &Watcher, is_asked: bool) {
        // The second half does not come any more.
        for Move { folder, name, .. } in std::mem::take(&mut self.moves) {
            self.look(watcher, folder, &name, Seen::Went);
        }
        if let Some(since) = self.lost_since.take() {
            tracing::warn!(root = %self.scope.root.display(), "notices of changes were lost: looking at everything again");
            self.look_at_everything(watcher, since);
        }
        self.look_at_root(watcher);
        self.poll(watcher, is_asked);
        self.tell_what_is_due(is_asked);
    }

    /// Takes a notice. All that happened before `known_until` was told.
    pub(super) fn take(&mut self, watcher: &Watcher, notice: Notice<'_>, known_until: SystemTime) {
        if self.root.take(&notice) {
            return;
        }
        match (notice.place, notice.seen) {
            (_, Seen::Overflow) | (Where::Everywhere, _) => self.lost_since = Some(known_until),
            (Where::Watch(watch, _), Seen::WatchEnded) => self.watch_again(watcher, watch),
            (Where::Watch(watch, None), Seen::FolderGone) => {
                if self.tree().watched(watch) == Some(ROOT) {
                    self.root.lose();
                }
            }
            (Where::Watch(_, None), _) => {}
            (Where::Watch(watch, Some(name)), seen) => {
                let Some(folder) = self.tree().watched(watch) else { return };
                self.take_entry(watcher, folder, name, seen, notice.cookie);
            }
            (Where::Path(path), seen) => {
                let folder = path.parent().and_then(|folder| folder.strip_prefix(&self.scope.root).ok());
                let folder = folder.and_then(|folder| self.tree().find(folder));
                if let (Some(folder), Some(name)) = (folder, path.file_name()) {
                    self.look(watcher, folder, name, seen);
                }
            }
        }
    }

    /// A folder that goes away ends its watch. One that is still there may have been found under another name at the moment when
    /// its watch was ended under the old one.
    fn watch_again(&mut self, watcher: &Watcher, watch: i32) {
        let folder = {
            let mut tree = self.tree();
            let folder = tree.watched(watch).map(|node| (node, tree.path(node)));
            tree.unwatch(watch);
            folder
        };
        if let Some((ROOT, _)) = folder {
            self.root.end();
        } else if let Some((node, path)) = folder
            && path.is_dir()
        {
            let differences = self.scan(watcher, node, false);
            self.note_all(differences);
        }
    }

    fn take_entry(&mut self, watcher: &Watcher, folder: NodeId, name: &OsStr, seen: Seen, cookie: u32) {
        match seen {
            Seen::MovedFrom if self.tree().child(folder, name).is_some() => {
                self.moves.push(Move { cookie, folder, name: name.to_owned() });
            }
            Seen::MovedTo => match self.moves.iter().position(|first| first.cookie == cookie) {
                Some(place) => {
                    let first = self.moves.swap_remove(place);
                    self.rename(watcher, &first, folder, name);
                }
                None => self.look(watcher, folder, name, seen),
            },
            _ => self.look(watcher, folder, name, seen),
        }
    }

    /// Makes the tree what is on disk for one name.
    pub(super) fn look(&mut self, watcher: &Watcher, folder: NodeId, name: &OsStr, seen: Seen) {
        if Has::is_rules(name) && !self.scope.is_shallow {
            // What is ignored or no longer so has not changed itself.
            self.scan(watcher, folder, true);
        }
        if is_left_out(name) {
            return;
        }
        let (path, known) = {
            let tree = self.tree();
            let known = tree.child(folder, name);
            (tree.path(folder).join(name), known.and_then(|node| Some((node, tree.kind(node)?))))
        };
        if let Some((node, _)) = known
            && seen == Seen::Touched
            && self.changes.note_again(&path, Instant::now())
        {
            self.tree().touch(node);
            return;
        }
        let metadata = files::look_at(&path).ok();
        match (known, metadata.as_ref().map(kind_of)) {
            (None, Some(kind)) => self.add(watcher, folder, name, path, kind),
            (Some((node, _)), None) => self.remove(watcher, node, path),
            (Some((node, was)), Some(kind)) if was != kind => {
                self.remove(watcher, node, path.clone());
                self.add(watcher, folder, name, path, kind);
            }
            // Another one may have taken its place.
            (Some((node, _)), Some(NodeKind::Folder)) if seen != Seen::Touched => {
                let differences = self.scan(watcher, node, true);
                self.note_all(differences);
            }
            (None, None) | (Some(_), Some(NodeKind::Folder)) => {}
            (Some((node, _)), Some(_)) => {
                self.tree().touch(node);
                self.note(FileChange::Modified, path);
            }
        }
    }

    fn add(&mut self, watcher: &Watcher, folder: NodeId, name: &OsStr, path: PathBuf, kind: NodeKind) {
        let is_folder = kind == NodeKind::Folder;
        let rules = self.tree().rules(folder).cloned();
        let is_ignored = !self.scope.is_shallow && rules.is_some_and(|rules| rules.is_ignored(&path, is_folder));
        if is_ignored || self.excluded.contains(&path) {
            return;
        }
        let Some(node) = self.tree().insert(folder, name, kind) else { return };
        self.note(FileChange::Created, path);
        if is_folder && !self.scope.is_shallow {
            let differences = self.scan(watcher, node, false);
            self.note_all(differences);
        }
    }

    fn remove(&mut self, watcher: &Watcher, node: NodeId, path: PathBuf) {
        // What was in it has gone with it.
        self.tree().remove(node, &mut |_, _, watch| watch.into_iter().for_each(|watch| watcher.unwatch(watch)));
        self.note_gone(path);
    }

    /// Takes note that a path leads to nothing any more, for those too who watch something below.
    pub(super) fn note_gone(&mut self, path: PathBuf) {
        self.note_watched_below(&path, FileChange::Deleted);
        self.note(FileChange::Deleted, path);
    }

    /// Takes note that what is watched below a path has come or gone with it.
    pub(super) fn note_watched_below(&mut self, path: &Path, kind: FileChange) {
        for below in self.listener.watched_below(path).into_iter().filter(|below| below != path) {
            if kind == FileChange::Deleted || below.symlink_metadata().is_ok() {
                self.note(kind, below);
            }
        }
    }

    /// Finds what has changed since some time.
    fn look_at_everything(&mut self, watcher: &Watcher, since: SystemTime) {
        let differences = self.scan(watcher, ROOT, true);
        self.note_all(differences);
        // The clock of a filesystem may be behind.
        let since = since - Duration::from_secs(1);
        let files: Vec<(NodeId, PathBuf)> = {
            let tree = self.tree();
            tree.each_file().map(|file| (file, tree.path(file))).collect()
        };
        for (file, path) in files {
            if path.symlink_metadata().is_ok_and(|metadata| files::changed_at(&metadata) >= since) {
                self.tree().touch(file);
                self.note(FileChange::Modified, path);
            }
        }
    }

    pub(super) fn note_all(&mut self, differences: Vec<Difference>) {
        for difference in differences {
            match difference {
                Difference::Added(path, _) => self.note(FileChange::Created, path),
                Difference::Removed(path) => self.note_gone(path),
            }
        }
    }

    pub(super) fn note(&mut self, kind: FileChange, path: PathBuf) {
        self.listener.note(&path);
        if !self.listener.is_wanted(&path) {
            return;
        }
        let stamp = if kind == FileChange::Deleted { None } else { Stamp::of(&path) };
        if let Some(change) = self.changes.note(Change { path, kind, from: None, stamp }, Instant::now()) {
            self.tell(change);
        }
    }

    fn tell_what_is_due(&mut self, is_all: bool) {
        for change in self.changes.take(Instant::now(), is_all, Stamp::of) {
            self.tell(change);
        }
    }

    pub(super) fn tell(&self, change: Change) {
        let Change { path, kind, from, stamp } = change;
        self.listener.tell(Told { path, kind, from, stamp });
    }

    /// When there is something to do though nothing happens.
    pub(super) fn due(&self) -> Option<Instant> {
        [self.changes.next(), self.poll.next()].into_iter().flatten().min()
    }

    /// Whether there is nothing to follow any more.
    pub(super) fn is_over(&self) -> bool {
        self.is_gone || self.stop.is_cancelled()
    }

    pub(super) fn begin_polling(&mut self, watcher: &Watcher) {
        let is_remote = self.mounts.is_remote(&self.scope.root);
        if let Some(reason) = self.poll.begin(watcher, is_remote) {
            self.listener.warn(&self.scope.root, reason);
            // What changes from here on is seen the first time that it is looked at by the clock.
            self.look_at_unwatched();
        }
    }
}
