//! What is below a folder, in memory: every folder and file that is not ignored, by name.
//!
//! Paths are kept in one text, so that a tree of a million files takes little memory and all paths can be looked through
//! quickly. Not here: how the tree gets to know what is on disk (`scan`), and how it stays true (`watch`).

mod changed;
mod paths;
pub(super) mod rules;
pub(super) mod scan;
mod unread;

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::changed::ChangedFiles;
use self::paths::Written;
use self::rules::Rules;

/// Names a folder or file of a tree, as long as it is there. Numbers are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct NodeId(pub(super) u32);

/// The folder that the tree is of.
pub(super) const ROOT: NodeId = NodeId(0);

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NodeKind {
    Folder,
    File,
    Symlink,
    Other,
}

/// The tree of one folder.
#[derive(Debug)]
pub(super) struct Tree {
    root: PathBuf,
    /// The paths of all nodes below the root, one behind the other. What is not Unicode in them is replaced.
    text: String,
    nodes: Vec<Node>,
    folders: Vec<Folder>,
    /// Names that are not Unicode.
    odd_names: HashMap<NodeId, OsString>,
    /// Which folder each watch is of.
    watches: HashMap<i32, NodeId>,
    /// Folders that hold what is not in the tree, because it cannot be read.
    unread: HashSet<NodeId>,
    free_nodes: Vec<NodeId>,
    free_folders: Vec<u32>,
    /// Bytes of `text` that belong to no node any more.
    garbage_bytes: usize,
    /// How many nodes are files.
    files: usize,
    /// Rises with every change of what is there.
    generation: u64,
    changed: ChangedFiles,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    path: Written,
    parent: NodeId,
    place: Place,
}

/// A folder's place among the folders, or what else a node is, in four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place(u32);

impl Place {
    const FILE: Self = Self(u32::MAX);
    const SYMLINK: Self = Self(u32::MAX - 1);
    const OTHER: Self = Self(u32::MAX - 2);
    const NOWHERE: Self = Self(u32::MAX - 3);
}

#[derive(Debug, Default)]
struct Folder {
    /// In the order of names.
    entries: Vec<NodeId>,
    /// What watches it, where something does.
    watch: Option<i32>,
    /// By which its entries are ignored, once it has been read.
    rules: Option<Arc<Rules>>,
}

impl Tree {
    pub(super) fn new(root: PathBuf) -> Self {
        let node = Node { path: Written::default(), parent: ROOT, place: Place(0) };
        Self {
            root,
            text: String::new(),
            nodes: vec![node],
            folders: vec![Folder::default()],
            odd_names: HashMap::new(),
            watches: HashMap::new(),
            unread: HashSet::new(),
            free_nodes: Vec::new(),
            free_folders: Vec::new(),
            garbage_bytes: 0,
            files: 0,
            generation: 0,
            changed: ChangedFiles::default(),
        }
    }

    /// How many files there are.
    pub(super) fn files(&self) -> usize {
        self.files
    }

    /// Rises with every change of what is there.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// What a node is; nothing when it has gone.
    pub(super) fn kind(&self, node: NodeId) -> Option<NodeKind> {
        match self.nodes.get(node.0 as usize)?.place {
            Place::FILE => Some(NodeKind::File),
            Place::SYMLINK => Some(NodeKind::Symlink),
            Place::OTHER => Some(NodeKind::Other),
            Place::NOWHERE => None,
            _ => Some(NodeKind::Folder),
        }
    }

    /// Whether a node is a regular file.
    pub(super) fn is_file(&self, node: NodeId) -> bool {
        self.node(node).place == Place::FILE
    }

    /// The folder that a node is in.
    pub(super) fn parent(&self, node: NodeId) -> NodeId {
        self.node(node).parent
    }

    /// A node's path below the root as text, with `/` between names: for looking through, not for the system.
    pub(super) fn text(&self, node: NodeId) -> &str {
        &self.text[self.node(node).path.range()]
    }

    /// Whether a node's name, or that of a folder above it in the tree, begins with a dot.
    pub(super) fn is_hidden(&self, node: NodeId) -> bool {
        self.node(node).path.is_hidden()
    }

    /// A node's name.
    pub(super) fn name(&self, node: NodeId) -> &OsStr {
        if let Some(name) = self.odd_names.get(&node) {
            return name;
        }
        let path = self.text(node);
        OsStr::new(&path[path.len() - self.node(node).path.name_bytes()..])
    }

    /// A node's path below the root.
    pub(super) fn below(&self, node: NodeId) -> PathBuf {
        if self.odd_names.is_empty() {
            return PathBuf::from(self.text(node));
        }
        let mut names = Vec::new();
        let mut at = node;
        while at != ROOT {
            names.push(self.name(at));
            at = self.parent(at);
        }
        names.iter().rev().collect()
    }

    /// A node's path.
    pub(super) fn path(&self, node: NodeId) -> PathBuf {
        match node {
            ROOT => self.root.clone(),
            node => self.root.join(self.below(node)),
        }
    }

    /// The node at a path below the root.
    pub(super) fn find(&self, below: &Path) -> Option<NodeId> {
        below.iter().try_fold(ROOT, |folder, name| self.child(folder, name))
    }

    /// The entry of a folder with this name.
    pub(super) fn child(&self, folder: NodeId, name: &OsStr) -> Option<NodeId> {
        let entries = self.entries(folder);
        entries.binary_search_by(|entry| self.name(*entry).cmp(name)).ok().map(|place| entries[place])
    }

    /// A folder's entries, in the order of their names.
    pub(super) fn entries(&self, folder: NodeId) -> &[NodeId] {
        self.folder(folder).map_or(&[], |folder| &folder.entries)
    }

    /// Calls `visit` for everything below a folder, each folder before what is in it, in the order of names, for as long as
    /// `visit` wants more.
    pub(super) fn walk(&self, folder: NodeId, visit: &mut impl FnMut(NodeId) -> bool) -> bool {
        self.entries(folder).iter().all(|entry| visit(*entry) && self.walk(*entry, visit))
    }

    /// The same, from behind a path below the folder on.
    pub(super) fn walk_after(&self, folder: NodeId, after: &Path, visit: &mut impl FnMut(NodeId) -> bool) -> bool {
        let mut names = after.iter();
        let Some(name) = names.next() else { return self.walk(folder, visit) };
        let entries = self.entries(folder);
        let (before, rest) = entries.split_at(entries.partition_point(|entry| self.name(*entry) <= name));
        let same = before.last().filter(|entry| self.name(**entry) == name);
        same.is_none_or(|entry| self.walk_after(*entry, names.as_path(), visit))
            && rest.iter().all(|entry| visit(*entry) && self.walk(*entry, visit))
    }

    /// Every file, in no order.
    pub(super) fn each_file(&self) -> impl Iterator<Item = NodeId> + '_ {
        let ids = self.nodes.iter().zip(0..).filter(|(node, _)| node.place == Place::FILE);
        ids.map(|(_, number)| NodeId(number))
    }

    /// Adds an entry to a folder, which has none of that name. Nothing, when the path is too long or the tree too large.
    pub(super) fn insert(&mut self, folder: NodeId, name: &OsStr, kind: NodeKind) -> Option<NodeId> {
        let id = self.make(folder, name, kind)?;
        self.attach(folder, id);
        Some(id)
    }

    /// Adds the entries of a folder that has none yet, in the order of their names.
    pub(super) fn fill<'a>(&mut self, folder: NodeId, entries: impl ExactSizeIterator<Item = (&'a OsStr, NodeKind)>) {
        let mut made = Vec::with_capacity(entries.len());
        made.extend(entries.filter_map(|(name, kind)| self.make(folder, name, kind)));
        if let Some(folder) = self.folder_mut(folder) {
            folder.entries = made;
        }
    }

    /// Removes a node with all below it. Calls `gone` for each, what is inside before what it is in, with what has watched it.
    pub(super) fn remove(&mut self, node: NodeId, gone: &mut impl FnMut(&Self, NodeId, Option<i32>)) {
        self.detach(node);
        self.forget(node, gone);
        self.generation += 1;
        self.collect_garbage();
    }

    /// Gives a node another name or another folder, which has no entry of that name. False, when the path would be too long.
    pub(super) fn rename(&mut self, node: NodeId, folder: NodeId, name: &OsStr) -> bool {
        self.detach(node);
        let is_done = self.write_again(node, folder, name).is_some();
        self.attach(self.parent(node), node);
        self.generation += 1;
        self.collect_garbage();
        is_done
    }

    /// What watches a folder.
    pub(super) fn watch(&self, folder: NodeId) -> Option<i32> {
        self.folder(folder)?.watch
    }

    /// The folder that a watch is of.
    pub(super) fn watched(&self, watch: i32) -> Option<NodeId> {
        self.watches.get(&watch).copied()
    }

    /// Forgets a watch that has ended.
    pub(super) fn unwatch(&mut self, watch: i32) {
        if let Some(node) = self.watches.remove(&watch)
            && let Some(folder) = self.folder_mut(node).filter(|folder| folder.watch == Some(watch))
        {
            folder.watch = None;
        }
    }

    /// The rules by which a folder's entries are ignored, once it has been read.
    pub(super) fn rules(&self, folder: NodeId) -> Option<&Arc<Rules>> {
        self.folder(folder)?.rules.as_ref()
    }

    /// Says what watches a folder, and by which rules its entries are ignored. Returns the watch that it had before, when that
    /// is of nothing now.
    pub(super) fn set_folder(&mut self, node: NodeId, watch: Option<i32>, rules: &Arc<Rules>) -> Option<i32> {
        let folder = self.folder_mut(node)?;
        folder.rules = Some(Arc::clone(rules));
        let before = std::mem::replace(&mut folder.watch, watch).filter(|before| Some(*before) != watch);
        let before = before.filter(|before| self.watched(*before) == Some(node));
        if let Some(before) = before {
            self.watches.remove(&before);
        }
        self.watches.extend(watch.map(|watch| (watch, node)));
        before
    }

    fn node(&self, node: NodeId) -> &Node {
        &self.nodes[node.0 as usize]
    }

    fn folder(&self, node: NodeId) -> Option<&Folder> {
        self.folders.get(self.nodes.get(node.0 as usize)?.place.0 as usize)
    }

    fn folder_mut(&mut self, node: NodeId) -> Option<&mut Folder> {
        let place = self.nodes.get(node.0 as usize)?.place;
        self.folders.get_mut(place.0 as usize)
    }

    /// Makes a node that is in no folder's entries yet.
    fn make(&mut self, folder: NodeId, name: &OsStr, kind: NodeKind) -> Option<NodeId> {
        let made = self.try_make(folder, name, kind);
        if made.is_none() {
            self.unread.insert(folder);
        }
        made
    }

    fn try_make(&mut self, folder: NodeId, name: &OsStr, kind: NodeKind) -> Option<NodeId> {
        let shown = name.to_string_lossy();
        let path = self.write_path(folder, &shown)?;
        let place = match kind {
            NodeKind::Folder => self.new_folder()?,
            NodeKind::File => Place::FILE,
            NodeKind::Symlink => Place::SYMLINK,
            NodeKind::Other => Place::OTHER,
        };
        let node = Node { path, parent: folder, place };
        let id = match self.free_nodes.pop() {
            Some(id) => id,
            None => NodeId(u32::try_from(self.nodes.len()).ok()?),
        };
        match self.nodes.get_mut(id.0 as usize) {
            Some(free) => *free = node,
            None => self.nodes.push(node),
        }
        if *shown != *name {
            self.odd_names.insert(id, name.to_owned());
        }
        if kind == NodeKind::File {
            self.files += 1;
            self.changed.note(id);
        }
        self.generation += 1;
        Some(id)
    }

    fn new_folder(&mut self) -> Option<Place> {
        if let Some(place) = self.free_folders.pop() {
            return Some(Place(place));
        }
        let place = u32::try_from(self.folders.len()).ok().filter(|place| *place < Place::NOWHERE.0)?;
        self.folders.push(Folder::default());
        Some(Place(place))
    }

    fn attach(&mut self, folder: NodeId, node: NodeId) {
        let place = self.entries(folder).partition_point(|entry| self.name(*entry) < self.name(node));
        if let Some(folder) = self.folder_mut(folder) {
            folder.entries.insert(place, node);
        }
    }

    fn detach(&mut self, node: NodeId) {
        let parent = self.parent(node);
        let place = self.entries(parent).partition_point(|entry| self.name(*entry) < self.name(node));
        if let Some(folder) = self.folder_mut(parent)
            && folder.entries.get(place) == Some(&node)
        {
            folder.entries.remove(place);
        }
    }

    fn forget(&mut self, node: NodeId, gone: &mut impl FnMut(&Self, NodeId, Option<i32>)) {
        for entry in self.entries(node).to_vec() {
            self.forget(entry, gone);
        }
        // The same folder may be watched for another node by now, under another name.
        let watch = self.watch(node).filter(|watch| self.watched(*watch) == Some(node));
        if let Some(watch) = watch {
            self.watches.remove(&watch);
        }
        gone(self, node, watch);
        if let Some(folder) = self.folder_mut(node) {
            *folder = Folder::default();
            self.free_folders.push(self.node(node).place.0);
        }
        if self.is_file(node) {
            self.files -= 1;
            self.changed.note(node);
        }
        self.garbage_bytes += self.node(node).path.bytes();
        self.odd_names.remove(&node);
        self.unread.remove(&node);
        self.nodes[node.0 as usize].place = Place::NOWHERE;
        self.free_nodes.push(node);
    }
}

#[cfg(test)]
mod tests;
