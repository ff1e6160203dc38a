//! The text in which a tree keeps the paths of its nodes.

use std::ffi::OsStr;

use super::{Node, NodeId, Place, Tree};

/// Paths below the root have so many bytes at most: twice as many as Linux takes in one piece. Each holds all those above it
/// once more, so that without a bound a deep folder would take memory by the square of its depth.
const PATH_BYTES_MAX: usize = 8192;

impl Tree {
    /// Writes the path of an entry behind all others.
    pub(super) fn write_path(&mut self, folder: NodeId, name: &str) -> Option<(u32, u16)> {
        let place = self.node(folder).start as usize;
        let parent = place..place + usize::from(self.node(folder).path_bytes);
        let bytes = parent.len() + usize::from(!parent.is_empty()) + name.len();
        let bytes = Some(bytes).filter(|bytes| *bytes <= PATH_BYTES_MAX)?;
        let (start, bytes) = (u32::try_from(self.text.len()).ok()?, u16::try_from(bytes).ok()?);
        if !parent.is_empty() {
            self.text.extend_from_within(parent);
            self.text.push('/');
        }
        self.text.push_str(name);
        Some((start, bytes))
    }

    pub(super) fn write_again(&mut self, node: NodeId, folder: NodeId, name: &OsStr) -> Option<()> {
        let shown = name.to_string_lossy();
        let name_bytes = u16::try_from(shown.len()).ok()?;
        let (start, path_bytes) = self.write_path(folder, &shown)?;
        self.garbage_bytes += usize::from(self.node(node).path_bytes);
        self.odd_names.remove(&node);
        if *shown != *name {
            self.odd_names.insert(node, name.to_owned());
        }
        let place = self.node(node).place;
        self.nodes[node.0 as usize] = Node { start, path_bytes, name_bytes, parent: folder, place };
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
            let path = &old[node.start as usize..][..usize::from(node.path_bytes)];
            // It was there already: there is room.
            node.start = u32::try_from(self.text.len()).unwrap_or(node.start);
            self.text.push_str(path);
        }
        self.garbage_bytes = 0;
    }
}
