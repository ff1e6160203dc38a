//! Both halves of a move as one.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use icpy_protocol::fs::{FileChange, FsKind};
use tokio::time::Instant;

use super::Seen;
use super::changes::Change;
use super::follower::State;
use super::platform::Watcher;
use crate::services::fs::kind_of;
use crate::services::fs::stamp::Stamp;
use crate::services::fs::tree::scan::is_left_out;
use crate::services::fs::tree::{NodeId, NodeKind};

/// The first half of a move: what had this name has another one now.
#[derive(Debug)]
pub(super) struct Move {
    pub(super) cookie: u32,
    pub(super) folder: NodeId,
    pub(super) name: OsString,
}

impl State {
    pub(super) fn rename(&mut self, watcher: &Watcher, first: &Move, folder: NodeId, name: &OsStr) {
        let is_in_order = {
            let tree = self.tree();
            let node = tree.child(first.folder, &first.name);
            let to = tree.path(folder).join(name);
            node.filter(|node| tree.kind(*node).is_some()).map(|node| {
                let is_folder = tree.kind(node) == Some(NodeKind::Folder);
                let is_new = tree.child(folder, name).is_none();
                let is_ignored =
                    is_left_out(name) || tree.rules(folder).is_some_and(|rules| rules.is_ignored(&to, is_folder));
                (node, tree.path(node), to, is_new && !is_ignored)
            })
        };
        match is_in_order {
            Some((node, from, to, true)) if self.is_at(watcher, node, &to) => {
                let was_in = self.tree().parent(node);
                self.tree().rename(node, folder, name);
                let stamp = Stamp::of(&to);
                self.listener.note(&from);
                if self.listener.is_wanted(&to) || self.listener.is_wanted(&from) {
                    let change = Change { path: to, kind: FileChange::Renamed, from: Some(from.clone()), stamp };
                    let change = self.changes.rename(change, Instant::now());
                    self.tell(change);
                }
                self.note_watched_below(&from, FileChange::Deleted);
                if stamp.is_some_and(|stamp| stamp.kind() == FsKind::Directory) {
                    // Notices of what is in it were read while its old path led nowhere.
                    let differences = self.scan(watcher, node, true);
                    self.note_all(differences);
                }
                let now = self.tree().path(node);
                self.note_watched_below(&now, FileChange::Created);
                // Another thing may have taken its name at once.
                if let Some(name) = from.file_name().filter(|_| from.symlink_metadata().is_ok()) {
                    self.look(watcher, was_in, name, Seen::Came);
                }
            }
            // It has replaced something, or is ignored under its new name, or is elsewhere by now.
            _ => {
                self.look(watcher, first.folder, &first.name, Seen::Went);
                self.look(watcher, folder, name, Seen::MovedTo);
            }
        }
    }

    /// Whether a node is at a path now. Another thing may have its name, or be there, by the time that a notice is read; the
    /// watch of a folder that has one says which one it is.
    fn is_at(&self, watcher: &Watcher, node: NodeId, path: &Path) -> bool {
        let (kind, known) = {
            let tree = self.tree();
            (tree.kind(node), tree.watch(node))
        };
        if known.is_none() {
            return path.symlink_metadata().ok().as_ref().map(kind_of) == kind;
        }
        let watch = watcher.watch(path).ok().flatten();
        if let Some(watch) = watch
            && self.tree().watched(watch).is_none()
        {
            watcher.unwatch(watch);
        }
        watch == known
    }
}
