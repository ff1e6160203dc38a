//! Looking at a tree by the clock: where the system does not tell of changes, because others make them over a network, or because
//! there are no more watches to be had.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use icpy_protocol::fs::FileChange;
use tokio::time::Instant;

use super::follower::State;
use super::platform::Watcher;
use crate::services::fs::stamp::Stamp;
use crate::services::fs::tree::{NodeId, ROOT};

/// How often everything is looked at, at most.
const PERIOD: Duration = Duration::from_secs(2);

/// Of all time, looking takes at most this part.
const SHARE: u32 = 20;

/// When to look, and what was seen the last time.
#[derive(Debug)]
pub(super) struct Poll {
    is_polled: Arc<AtomicBool>,
    /// Whether there are no more watches to be had.
    is_full: AtomicBool,
    next: Option<Instant>,
    seen: HashMap<NodeId, Stamp>,
}

impl Poll {
    pub(super) fn new(is_polled: Arc<AtomicBool>) -> Self {
        Self { is_polled, is_full: AtomicBool::new(false), next: None, seen: HashMap::new() }
    }

    pub(super) fn is_full(&self) -> &AtomicBool {
        &self.is_full
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.next
    }

    /// Begins where it is needed, and returns why, once.
    pub(super) fn begin(&mut self, watcher: &Watcher, is_remote: bool) -> Option<String> {
        let is_full = self.is_full.load(Ordering::Relaxed);
        if self.next.is_some() || !(is_remote || is_full) {
            return None;
        }
        self.next = Some(Instant::now() + PERIOD);
        self.is_polled.store(true, Ordering::Relaxed);
        if is_remote {
            return Some("it is on a filesystem that does not tell what others change there".to_owned());
        }
        Some(watcher.limit())
    }
}

impl State {
    /// Looks at everything when it is time, or when somebody waits for it.
    pub(super) fn poll(&mut self, watcher: &Watcher, is_wanted: bool) {
        self.begin_polling(watcher);
        let began = Instant::now();
        if self.poll.next().is_none_or(|next| next > began && !is_wanted) {
            return;
        }
        if watcher.is_blind() {
            // Nothing tells that another folder has its place.
            self.root.lose();
            self.look_at_root(watcher);
        }
        let differences = self.scan(watcher, ROOT, true);
        self.note_all(differences);
        for (node, path) in self.look_at_unwatched() {
            self.tree().touch(node);
            self.note(FileChange::Modified, path);
        }
        self.poll.next = Some(Instant::now() + PERIOD.max(began.elapsed() * SHARE));
    }

    /// Looks at the files whose changes nobody tells. Returns those that are not as they were the last time.
    pub(super) fn look_at_unwatched(&mut self) -> Vec<(NodeId, PathBuf)> {
        let mut changed = Vec::new();
        for (node, path) in self.unwatched_files() {
            let Some(stamp) = Stamp::of(&path) else { continue };
            if self.poll.seen.insert(node, stamp).is_some_and(|before| before != stamp) {
                changed.push((node, path));
            }
        }
        changed
    }

    /// The files whose changes nobody tells.
    fn unwatched_files(&self) -> Vec<(NodeId, PathBuf)> {
        let tree = self.tree();
        let files = tree.each_file().map(|file| (file, tree.path(file)));
        files.filter(|(file, path)| tree.watch(tree.parent(*file)).is_none() || self.mounts.is_remote(path)).collect()
    }
}
