//! Which files of a tree have come, changed or gone, for one who describes what is in them.

use super::{NodeId, Tree};

/// Changes that are kept; when there are more, everything is to be looked at again.
const CHANGES_MAX: usize = 1 << 20;

/// The files that changed since they were asked for last.
#[derive(Debug, Default)]
pub(super) struct ChangedFiles {
    /// How often they were asked for; nothing is kept before the first time.
    asked: u64,
    since: Vec<NodeId>,
}

impl ChangedFiles {
    pub(super) fn note(&mut self, file: NodeId) {
        if self.asked > 0 && self.since.len() <= CHANGES_MAX {
            self.since.push(file);
        }
    }
}

impl Tree {
    /// Takes note that a file was written.
    pub(in super::super) fn touch(&mut self, node: NodeId) {
        if self.is_file(node) {
            self.changed.note(node);
        }
    }

    /// The files that have come, changed or gone since the mark, which was returned the last time; all, where there is none. The
    /// other part is the next mark.
    pub(in super::super) fn take_changed(&mut self, since: Option<u64>) -> (Vec<NodeId>, u64) {
        let changed = std::mem::take(&mut self.changed.since);
        let is_whole = since == Some(self.changed.asked) && changed.len() <= CHANGES_MAX;
        self.changed.asked += 1;
        (if is_whole { changed } else { self.each_file().collect() }, self.changed.asked)
    }
}
