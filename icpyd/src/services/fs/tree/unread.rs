//! Which folders hold what is not in their tree, because it cannot be read.

use std::iter;

use super::{NodeId, ROOT, Tree};

impl Tree {
    /// Says whether a folder holds what cannot be read.
    pub(super) fn set_unread(&mut self, folder: NodeId, is_unread: bool) {
        match is_unread {
            true => self.unread.insert(folder),
            false => self.unread.remove(&folder),
        };
    }

    /// Such folders: a folder itself, and those below it.
    pub(in super::super) fn unread(&self, folder: NodeId) -> impl Iterator<Item = NodeId> {
        self.unread.iter().copied().filter(move |node| self.is_in(*node, folder))
    }

    fn is_in(&self, node: NodeId, folder: NodeId) -> bool {
        let above = |node: &NodeId| (*node != ROOT).then(|| self.parent(*node));
        iter::successors(Some(node), above).any(|above| above == folder)
    }
}
