//! Reading folders into a tree, on several threads: the first time, and again where the tree may not be true any more.
//!
//! A folder is watched before it is read, so that nothing that comes meanwhile is missed.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use super::rules::{GIT_FOLDER, Has, Rules};
use super::{NodeId, NodeKind, ROOT, Tree};
use crate::services::fs::platform;

/// What names of temporary files begin with that a write makes: they are nobody's business.
pub(in super::super) const TEMPORARY_PREFIX: &str = ".icpy-";

/// Threads that read folders.
const THREADS_MAX: usize = 4;

/// A folder to be read.
#[derive(Clone, Debug)]
pub(in super::super) struct Task {
    pub(in super::super) folder: NodeId,
    pub(in super::super) path: PathBuf,
    /// The rules of the folder above.
    pub(in super::super) rules: Arc<Rules>,
}

/// A difference between the tree and the disk, that is no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Difference {
    /// This is new.
    Added(PathBuf, NodeKind),
    /// This was there, as a node that is free now.
    Removed(PathBuf),
}

/// What watches folders.
pub(in super::super) trait WatchFolders: Sync {
    /// Watches a folder, and returns the watch where there is one.
    fn watch(&self, path: &Path) -> Option<i32>;

    /// Ends a watch.
    fn unwatch(&self, watch: i32);
}

/// Reads folders into a tree.
pub(in super::super) struct Scanner<'a> {
    pub(in super::super) tree: &'a Mutex<Tree>,
    pub(in super::super) watcher: &'a dyn WatchFolders,
    /// Folders that are never part of the tree.
    pub(in super::super) excluded: &'a HashSet<PathBuf>,
    /// Whether folders in the folder are not read.
    pub(in super::super) is_shallow: bool,
    /// Whether folders are read that have been read before.
    pub(in super::super) is_again: bool,
    pub(in super::super) stop: &'a CancellationToken,
}

/// Watches nothing.
struct Unwatched;

impl WatchFolders for Unwatched {
    fn watch(&self, _: &Path) -> Option<i32> {
        None
    }

    fn unwatch(&self, _: i32) {}
}

/// Reads a folder that nobody will ask for again.
pub(in super::super) fn read_once(root: &Path, excluded: &HashSet<PathBuf>, stop: &CancellationToken) -> Tree {
    let tree = Mutex::new(Tree::new(root.to_owned()));
    let scanner = Scanner { tree: &tree, watcher: &Unwatched, excluded, is_shallow: false, is_again: false, stop };
    let task = Task { folder: ROOT, path: root.to_owned(), rules: Rules::above(root) };
    scanner.run(vec![task], &mut Vec::new());
    tree.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// The folders that wait, and the threads that wait for some.
struct Queue {
    tasks: Vec<Task>,
    threads: usize,
    idle: usize,
}

impl Scanner<'_> {
    /// Reads folders and all below. Returns what was not in the tree or is no longer there.
    pub(in super::super) fn run(&self, tasks: Vec<Task>, differences: &mut Vec<Difference>) {
        let mut tasks = tasks;
        // A few folders are read sooner than threads start.
        for _ in 0..8 {
            let Some(task) = tasks.pop() else { return };
            self.read(&task, &mut tasks, differences);
        }
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
        let queue = (Mutex::new(Queue { tasks, threads, idle: 0 }), Condvar::new());
        let work = || {
            let mut differences = Vec::new();
            self.work(&queue, &mut differences);
            differences
        };
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            differences.extend(work());
            differences.extend(others.into_iter().flat_map(|other| other.join().unwrap_or_default()));
        });
    }

    fn work(&self, (queue, changed): &(Mutex<Queue>, Condvar), differences: &mut Vec<Difference>) {
        let mut own = Vec::new();
        let mut waiting = lock(queue);
        loop {
            while let Some(task) = waiting.tasks.pop() {
                drop(waiting);
                self.read(&task, &mut own, differences);
                waiting = lock(queue);
                waiting.tasks.append(&mut own);
                // A call of the system, also where nobody waits.
                if waiting.idle > 0 && !waiting.tasks.is_empty() {
                    changed.notify_all();
                }
            }
            waiting.idle += 1;
            if waiting.idle == waiting.threads {
                changed.notify_all();
                return;
            }
            waiting = changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            if waiting.idle == waiting.threads {
                return;
            }
            waiting.idle -= 1;
        }
    }

    /// Reads one folder.
    fn read(&self, task: &Task, tasks: &mut Vec<Task>, differences: &mut Vec<Difference>) {
        if self.stop.is_cancelled() {
            return;
        }
        // What is watched is what is read, though another folder may take its path in between.
        let folder = platform::OpenFolder::open(&task.path);
        let watch = folder.as_ref().ok().and_then(|folder| self.watcher.watch(&folder.path()));
        let read = folder.and_then(|folder| folder.read());
        // One that has gone, or is something else by now, has nothing in it.
        let is_gone = |error: &io::Error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
        let is_unread = read.as_ref().is_err_and(|error| !is_gone(error));
        let mut entries = read.unwrap_or_default();
        let mut has = Has::default();
        for (name, _) in &entries {
            has.note(name);
        }
        let rules = task.rules.within(&task.path, has);
        entries.retain(|(name, kind)| !self.is_left_out(&task.path, name, *kind, &rules));
        entries.sort_unstable();
        let mut tree = lock(self.tree);
        if tree.kind(task.folder) != Some(NodeKind::Folder) {
            return;
        }
        tree.set_unread(task.folder, is_unread);
        if let Some(before) = tree.set_folder(task.folder, watch, &rules) {
            self.watcher.unwatch(before);
        }
        if tree.entries(task.folder).is_empty() {
            tree.fill(task.folder, entries.iter().map(|(name, kind)| (name.as_os_str(), *kind)));
            differences.extend(entries.into_iter().map(|(name, kind)| Difference::Added(task.path.join(name), kind)));
        } else {
            self.merge(&mut tree, task, &entries, differences);
        }
        if !self.is_shallow {
            self.go_on(&tree, task, &rules, tasks);
        }
    }

    fn is_left_out(&self, folder: &Path, name: &OsString, kind: NodeKind, rules: &Rules) -> bool {
        let is_folder = kind == NodeKind::Folder;
        is_left_out(name)
            || (is_folder || !rules.is_empty()) && {
                let path = folder.join(name);
                // What is watched for itself is wanted whole.
                (is_folder && self.excluded.contains(&path)) || (!self.is_shallow && rules.is_ignored(&path, is_folder))
            }
    }

    /// Makes the entries of a folder what was read.
    fn merge(&self, tree: &mut Tree, task: &Task, entries: &[(OsString, NodeKind)], differences: &mut Vec<Difference>) {
        for node in tree.entries(task.folder).to_vec() {
            let place = entries.binary_search_by(|(name, _)| name.as_os_str().cmp(tree.name(node)));
            if place.is_ok_and(|place| Some(entries[place].1) == tree.kind(node)) {
                continue;
            }
            differences.push(Difference::Removed(task.path.join(tree.name(node))));
            tree.remove(node, &mut |_, _, watch| watch.into_iter().for_each(|watch| self.watcher.unwatch(watch)));
        }
        for (name, kind) in entries {
            if tree.child(task.folder, name).is_none() && tree.insert(task.folder, name, *kind).is_some() {
                differences.push(Difference::Added(task.path.join(name), *kind));
            }
        }
    }

    /// Goes on with the folders in a folder: with those that were never read, and with the others where that is wanted.
    fn go_on(&self, tree: &Tree, task: &Task, rules: &Arc<Rules>, tasks: &mut Vec<Task>) {
        for node in tree.entries(task.folder) {
            let is_folder = tree.kind(*node) == Some(NodeKind::Folder);
            if is_folder && (self.is_again || tree.rules(*node).is_none()) {
                let path = task.path.join(tree.name(*node));
                tasks.push(Task { folder: *node, path, rules: Arc::clone(rules) });
            }
        }
    }
}

/// Whether a name is never part of a tree.
pub(in super::super) fn is_left_out(name: &OsStr) -> bool {
    name == GIT_FOLDER || name.as_encoded_bytes().starts_with(TEMPORARY_PREFIX.as_bytes())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
