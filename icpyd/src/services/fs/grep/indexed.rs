//! Searching a folder whose files are known, by an index of their contents. The index is filled in the background; until
//! then, and whenever a file has changed since it was read, that file is searched whatever the index says.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use icpy_protocol::error::Result;
use icpy_protocol::fs::FsGrepParams;
use ignore::overrides::Override;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::index::{Description, Index};
use super::plan::Plan;
use super::scan::Scan;
use super::turns::{Found, Outcome};
use super::walk;

/// The longest file that is described, in bytes. Longer ones are always searched.
const FILE_BYTES_MAX: u64 = 32 << 20;

/// How many files are looked up at first.
const PAGE: usize = 256;

/// The threads that fill the index: those who search come first.
const FILLING_THREADS_MAX: usize = 2;

/// What a search needs of whoever knows the files below a folder: those that are regular, not hidden, and not ignored.
pub(in super::super) trait Tree: Send + Sync {
    /// The folder.
    fn root(&self) -> &Path;

    /// The files that have come, changed or gone since a mark; since nothing: all.
    fn changes(&self, since: Option<u64>) -> Changes;

    /// The file's path below the folder, while it is there.
    fn path(&self, file: u32) -> Option<PathBuf>;

    /// The paths below the folder of those files that are there, in the order of names: the first `count` behind a path, or
    /// all. The numbers are sorted.
    fn paths(&self, files: &[u32], after: &Path, count: usize) -> Vec<PathBuf>;

    /// Opens a file by its path below the folder.
    fn open(&self, path: &Path) -> io::Result<File>;
}

/// Files that have changed.
#[derive(Debug, Default)]
pub(in super::super) struct Changes {
    /// From where to ask for the next ones.
    pub(in super::super) mark: u64,
    /// The files, by numbers that stay theirs, and that should be dense.
    pub(in super::super) files: Vec<u32>,
}

/// A folder with its index.
pub(in super::super) struct Indexed<T> {
    tree: T,
    state: Mutex<State>,
    is_filling: AtomicBool,
}

struct State {
    index: Index,
    mark: Option<u64>,
    /// Files whose description is missing or old, each with the number of its change.
    changed: BTreeMap<u32, u64>,
    changes: u64,
}

impl<T> fmt::Debug for Indexed<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Indexed").field("is_filling", &self.is_filling).finish_non_exhaustive()
    }
}

impl<T: Tree> Indexed<T> {
    /// A folder whose index is empty, and takes so much memory at most.
    pub(in super::super) fn new(tree: T, index_bytes_max: usize) -> Self {
        let index = Index::new(index_bytes_max);
        let state = State { index, mark: None, changed: BTreeMap::new(), changes: 0 };
        Self { tree, state: Mutex::new(state), is_filling: AtomicBool::new(false) }
    }

    /// Whether the tree and the index know all files that a search asks for. A glob can ask for one that is ignored.
    pub(in super::super) fn can_search(params: &FsGrepParams) -> bool {
        // The index tells which files have a match, and not which have a line without.
        let is_plain = !params.is_inverted
            && !params.hidden
            && !params.no_ignore
            && !params.search_binary
            && params.types.is_empty();
        is_plain && params.globs.iter().all(|glob| glob.starts_with('!'))
    }

    /// Searches the files below a folder in the folder that can have a match, as [`Scan::run`] does.
    pub(super) fn search(
        &self,
        below: &Path,
        scan: &Scan<'_>,
        is_allowed: impl Fn(&Path) -> bool + Send + Sync,
        deliver: impl FnMut(Found) -> ControlFlow<()> + Send,
    ) -> Result<Outcome> {
        let globs = walk::globs(&self.tree.root().join(below), &scan.params.globs)?;
        let candidates = Candidates::new(&self.tree, self.candidates(&scan.pattern.plan));
        let files = candidates.filter_map(|path| match below == Path::new("") {
            true => Some(path),
            false => path.strip_prefix(below).ok().map(Path::to_owned),
        });
        Ok(scan.run(files.filter(|path| !is_excluded(&globs, path) && is_allowed(path)), deliver))
    }

    /// The files that can have a match, sorted.
    fn candidates(&self, plan: &Plan) -> Vec<u32> {
        let mut state = self.lock();
        state.take_changes(&self.tree);
        let mut files = state.index.candidates(plan);
        files.extend(state.changed.keys());
        drop(state);
        files.sort_unstable();
        files.dedup();
        files
    }

    /// Fills the index in the background, unless that is under way or nothing is missing.
    pub(in super::super) fn fill_in_background(self: &Arc<Self>, tasks: &TaskTracker, stop: &CancellationToken)
    where
        T: 'static,
    {
        if self.lock().is_complete(&self.tree) || self.is_filling.swap(true, Ordering::AcqRel) {
            return;
        }
        let (indexed, stop) = (Arc::clone(self), stop.clone());
        tasks.spawn_blocking(move || {
            indexed.fill(&stop);
            indexed.is_filling.store(false, Ordering::Release);
        });
    }

    /// Reads and describes what the index lacks.
    pub(in super::super) fn fill(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let changed = {
                let mut state = self.lock();
                if state.is_complete(&self.tree) {
                    return;
                }
                Mutex::new(state.changed.clone().into_iter())
            };
            let next = || changed.lock().unwrap_or_else(PoisonError::into_inner).next();
            let work = || {
                let mut content = Vec::new();
                while let Some((file, change)) = next().filter(|_| !stop.is_cancelled()) {
                    let described = self.describe(file, &mut content);
                    self.lock().take_description(file, change, described.as_ref());
                }
            };
            let cores = thread::available_parallelism().map_or(1, |cores| cores.get().min(FILLING_THREADS_MAX));
            thread::scope(|scope| {
                (1..cores).for_each(|_| drop(scope.spawn(work)));
                work();
            });
        }
    }

    /// Describes a file as it is now; `None` when there is none.
    fn describe(&self, file: u32, content: &mut Vec<u8>) -> Option<Description> {
        let path = self.tree.path(file)?;
        content.clear();
        let read = self.tree.open(&path).and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(content));
        match read {
            Ok(_) if content.len() as u64 <= FILE_BYTES_MAX => Some(Description::new(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            // Each search says again that it cannot be read.
            Ok(_) | Err(_) => Some(Description::Unknown),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The paths of files in the order of names. A search that ends early looks up few of them.
struct Candidates<'a, T> {
    tree: &'a T,
    files: Vec<u32>,
    page: std::vec::IntoIter<PathBuf>,
    /// How many are looked up next.
    count: usize,
    /// The last one that was.
    last: PathBuf,
}

impl<'a, T: Tree> Candidates<'a, T> {
    fn new(tree: &'a T, files: Vec<u32>) -> Self {
        Self { tree, files, page: Vec::new().into_iter(), count: PAGE, last: PathBuf::new() }
    }
}

impl<T: Tree> Iterator for Candidates<'_, T> {
    type Item = PathBuf;

    fn next(&mut self) -> Option<PathBuf> {
        if self.page.as_slice().is_empty() && self.count > 0 {
            let paths = self.tree.paths(&self.files, &self.last, self.count);
            self.count = if paths.len() == self.count { self.count * 4 } else { 0 };
            self.last = paths.last().cloned().unwrap_or_default();
            self.page = paths.into_iter();
        }
        self.page.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.files.len()))
    }
}

impl State {
    fn take_changes(&mut self, tree: &impl Tree) {
        let Changes { mark, files } = tree.changes(self.mark);
        self.mark = Some(mark);
        self.changes += 1;
        let change = self.changes;
        self.changed.extend(files.into_iter().map(|file| (file, change)));
    }

    fn is_complete(&mut self, tree: &impl Tree) -> bool {
        self.take_changes(tree);
        self.changed.is_empty()
    }

    /// Takes a description, unless the file has changed again: whether it was read before or after that, nobody knows.
    fn take_description(&mut self, file: u32, change: u64, description: Option<&Description>) {
        if self.changed.get(&file) != Some(&change) {
            return;
        }
        self.changed.remove(&file);
        match description {
            Some(description) => self.index.insert(file, description),
            None => self.index.remove(file),
        }
    }
}

/// Whether a glob keeps a walk from a file, or from a folder on the way to it.
fn is_excluded(globs: &Override, path: &Path) -> bool {
    if globs.is_empty() {
        return false;
    }
    let folders = path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
    globs.matched(path, false).is_ignore() || folders.into_iter().any(|folder| globs.matched(folder, true).is_ignore())
}

#[cfg(test)]
mod tests;
