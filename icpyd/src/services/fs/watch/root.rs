//! The root of a tree itself: it may be replaced, go away, and come back, by its own name or by that of a folder above.
//!
//! Where the system watches each folder, the folders above are watched too: for their own going, and the nearest one that is there for
//! what comes and goes in it by the name that leads to the root. The root's own watch would not tell in time that it has been removed:
//! it lasts for as long as somebody works in it. Elsewhere the tree ends with its root.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;
use std::sync::PoisonError;

use icpy_protocol::fs::{FileChange, FsKind};

use super::follower::State;
use super::platform::Watcher;
use super::{Notice, Where};
use crate::services::fs::stamp::Stamp;
use crate::services::fs::tree::{ROOT, Tree};

/// The folders above can be replaced while they are looked at: so often they are looked at again.
const LOOKS_MAX: usize = 16;

/// What is known of the root.
#[derive(Debug, Default)]
pub(super) struct Root {
    /// Which folder it is, as long as it is there.
    file: Option<Stamp>,
    /// That folder is no more: another one may have its inode.
    has_ended: bool,
    /// The watches of the folders above, with what leads from each to the root.
    above: HashMap<i32, OsString>,
    /// Something has happened to it, or above.
    has_changed: bool,
}

impl Root {
    /// Takes a notice of what happened above the root. Returns whether it was one.
    pub(super) fn take(&mut self, notice: &Notice<'_>) -> bool {
        let Where::Watch(watch, name) = notice.place else { return false };
        let Some(next) = self.above.get(&watch) else { return false };
        self.has_changed |= name.is_none_or(|name| name == next);
        true
    }

    /// Takes note that it is not where it was.
    pub(super) fn lose(&mut self) {
        self.has_changed = true;
    }

    /// Takes note that it is no more.
    pub(super) fn end(&mut self) {
        self.has_ended = true;
        self.has_changed = true;
    }

    /// Whether it is what has its path now.
    fn is(&self, now: Option<Stamp>) -> bool {
        match (self.file, now) {
            (Some(file), Some(now)) => !self.has_ended && file.is_same_file(&now),
            (file, now) => file.is_none() && now.is_none(),
        }
    }

    /// Watches what is above. Returns whether more of the way to the root has come in between.
    fn watch_above(&mut self, watcher: &Watcher, path: &Path, tree: &Tree) -> bool {
        let mut above = HashMap::new();
        let mut nearest = None;
        for (folder, below) in path.ancestors().skip(1).zip(path.ancestors()) {
            let watch = watcher.watch_above(folder, nearest.is_none());
            if let (Some(watch), Some(name)) = (watch, below.file_name()) {
                nearest.get_or_insert(below);
                above.insert(watch, name.to_owned());
            }
        }
        // A folder from above can have become the root: then its watch is the tree's.
        let is_of_no_use = |watch: &&i32| !above.contains_key(watch) && tree.watched(**watch).is_none();
        for watch in self.above.keys().filter(is_of_no_use) {
            watcher.unwatch(*watch);
        }
        self.above = above;
        self.file.is_none() && nearest.is_some_and(Path::is_dir)
    }
}

impl State {
    /// Begins to watch over the root, which was just read.
    pub(super) fn begin_root(&mut self, watcher: &Watcher) {
        self.root.file = self.root_file();
        let has_come = self.watch_above(watcher);
        // It may have gone in between.
        self.root.has_changed |= has_come || !self.root.is(self.root_file());
    }

    fn watch_above(&mut self, watcher: &Watcher) -> bool {
        let tree = self.tree.lock().unwrap_or_else(PoisonError::into_inner);
        self.root.watch_above(watcher, &self.scope.root, &tree)
    }

    fn root_file(&self) -> Option<Stamp> {
        Stamp::of(&self.scope.root).filter(|stamp| stamp.kind() == FsKind::Directory)
    }

    /// Looks what has become of the root, when something has.
    pub(super) fn look_at_root(&mut self, watcher: &Watcher) {
        for _ in 0..LOOKS_MAX {
            if !std::mem::take(&mut self.root.has_changed) {
                return;
            }
            let now = self.root_file();
            if now.is_none() || !self.root.is(now) {
                self.replace_root(watcher, now);
            }
            if self.is_gone {
                return;
            }
            let has_come = self.watch_above(watcher);
            self.root.has_changed = has_come || !self.root.is(self.root_file());
        }
    }

    /// Another folder has the root's path now, or none.
    fn replace_root(&mut self, watcher: &Watcher, now: Option<Stamp>) {
        let watched = self.listener.watched_below(&self.scope.root);
        self.root.has_ended = false;
        if self.root.file.take().is_some() {
            self.forget_all(watcher);
            for path in &watched {
                self.note(FileChange::Deleted, path.clone());
            }
        }
        // Who only looks for something begins anew the next time.
        self.is_gone = watched.is_empty() || !watcher.can_watch_above();
        if now.is_some() && !self.is_gone {
            self.root.file = now;
            self.note(FileChange::Created, self.scope.root.clone());
            let differences = self.scan(watcher, ROOT, true);
            self.note_all(differences);
        }
    }

    fn forget_all(&self, watcher: &Watcher) {
        let mut tree = self.tree();
        for node in tree.entries(ROOT).to_vec() {
            tree.remove(node, &mut |_, _, watch| watch.into_iter().for_each(|watch| watcher.unwatch(watch)));
        }
        if let Some(watch) = tree.watch(ROOT) {
            watcher.unwatch(watch);
            tree.unwatch(watch);
        }
    }
}
