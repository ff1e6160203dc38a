//! The text in which a tree keeps the paths of its nodes.

use std::ffi::OsStr;
use std::ops::Range;

use super::{Node, NodeId, Place, Tree};

/// Paths below the root have so many bytes at most: twice as many as Linux takes in one piece. Each holds all those above it
/// once more, so that without a bound a deep folder would take memory by the square of its depth.
const PATH_BYTES_MAX: usize = 8192;

/// Marks the length of a path that is hidden: it is more than any length.
const HIDDEN: u16 = 1 << 15;

/// Where a path is in the text, in eight bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Written {
    start: u32,
    /// Its length; marked, when it is hidden.
    length: u16,
    name_bytes: u16,
}

impl Written {
    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.start as usize + self.bytes()
    }

    pub(super) fn bytes(self) -> usize {
        usize::from(self.length & !HIDDEN)
    }

    /// The length of the name that it ends with.
    pub(super) fn name_bytes(self) -> usize {
        usize::from(self.name_bytes)
    }

    /// Whether one of its names begins with a dot.
    pub(super) fn is_hidden(self) -> bool {
        self.length & HIDDEN != 0
    }
}

impl Tree {
    /// Writes the path of an entry behind all others.
    pub(super) fn write_path(&mut self, folder: NodeId, name: &str) -> Option<Written> {
        let above = self.node(folder).path;
        let parent = above.range();
        let bytes = parent.len() + usize::from(!parent.is_empty()) + name.len();
        let bytes = Some(bytes).filter(|bytes| *bytes <= PATH_BYTES_MAX)?;
        let start = u32::try_from(self.text.len()).ok()?;
        let is_hidden = above.is_hidden() || name.starts_with('.');
        let length = u16::try_from(bytes).ok()? | if is_hidden { HIDDEN } else { 0 };
        if !parent.is_empty() {
            self.text.extend_from_within(parent);
            self.text.push('/');
        }
        self.text.push_str(name);
        Some(Written { start, length, name_bytes: u16::try_from(name.len()).ok()? })
    }

    pub(super) fn write_again(&mut self, node: NodeId, folder: NodeId, name: &OsStr) -> Option<()> {
        let shown = name.to_string_lossy();
        let path = self.write_path(folder, &shown)?;
        self.garbage_bytes += self.node(node).path.bytes();
        self.odd_names.remove(&node);
        if *shown != *name {
            self.odd_names.insert(node, name.to_owned());
        }
        let place = self.node(node).place;
        self.nodes[node.0 as usize] = Node { path, parent: folder, place };
        for entry in self.entries(node).to_vec() {
            let name = self.name(entry).to_owned();
            self.write_again(entry, node, &name)?;
        }
        Some(())
    }

    /// Writes the text anew when most of it belongs to nothing.
    pub(super) fn collect_garbage(&mut self) {
        if self.garbage_bytes < 1 << 16 || self.garbage_bytes < self.text.len() / 2 {
            return;
        }
        let old = std::mem::take(&mut self.text);
        self.text.reserve(old.len() - self.garbage_bytes);
        for node in self.nodes.iter_mut().filter(|node| node.place != Place::NOWHERE) {
            let path = &old[node.path.range()];
            // It was there already: there is room.
            node.path.start = u32::try_from(self.text.len()).unwrap_or(node.path.start);
            self.text.push_str(path);
        }
        self.garbage_bytes = 0;
    }
}
