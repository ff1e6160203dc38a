//! The files of a tree, for those who search in them.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::grep;
use super::platform::open_for_reading;
use super::tree::{NodeId, ROOT, Tree};

/// One of so many files is few: they are sorted, and not looked up in the order of the tree.
const FEW: usize = 8;

/// The files of one tree that are not hidden.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) root: PathBuf,
    pub(super) tree: Arc<Mutex<Tree>>,
}

impl Files {
    fn tree(&self) -> MutexGuard<'_, Tree> {
        self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn path(tree: &Tree, file: NodeId) -> Option<PathBuf> {
    let is_there = tree.kind(file).is_some() && tree.is_file(file) && !tree.is_hidden(file);
    is_there.then(|| tree.below(file))
}

impl grep::Tree for Files {
    fn root(&self) -> &Path {
        &self.root
    }

    fn changes(&self, since: Option<u64>) -> grep::Changes {
        let (files, mark) = self.tree().take_changed(since);
        grep::Changes { mark, files: files.into_iter().map(|file| file.0).collect() }
    }

    fn path(&self, file: u32) -> Option<PathBuf> {
        path(&self.tree(), NodeId(file))
    }

    fn paths(&self, files: &[u32], after: &Path, count: usize) -> Vec<PathBuf> {
        let tree = self.tree();
        if files.len() < tree.files() / FEW {
            let paths = files.iter().filter_map(|file| path(&tree, NodeId(*file)));
            let mut paths: Vec<_> = paths.filter(|path| **path > *after).collect();
            paths.sort_unstable();
            return paths;
        }
        let mut paths = Vec::new();
        tree.walk_after(ROOT, after, &mut |node| {
            if files.binary_search(&node.0).is_ok() {
                paths.extend(path(&tree, node));
            }
            paths.len() < count
        });
        paths
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        let file = open_for_reading(&self.root.join(path))?;
        match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(io::ErrorKind::InvalidInput.into()),
        }
    }
}
