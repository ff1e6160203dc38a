//! Finding files by their names: by a glob, or by some of the characters of the path in their order, the best first.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use frizbee::{Config, Matcher, SortStrategy};
use globset::{GlobBuilder, GlobMatcher};
use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{FsFindParams, FsFindResult};
use icpy_protocol::path::FilePath;
use tokio_util::sync::CancellationToken;

use super::tree::{NodeId, ROOT, Tree};

/// The most files in one answer.
pub(super) const FOUND_MAX: usize = 10_000;

/// The most folders and files in an answer that could not be read.
pub(super) const FAILED_MAX: usize = 20;

/// Paths that are matched in one go.
const CHUNK: usize = 1024;

/// More files than these are shared with another thread, as far as there are cores and not more than so many.
const FILES_PER_THREAD: usize = 20_000;
const THREADS_MAX: usize = 4;

/// For each file that is wanted, so many of the best are compared more closely.
const CLOSER: usize = 4;

/// What a file's name is worth more than its folders.
const NAME_BONUS: i64 = 2;

/// What was found for the last query, for the next one that goes on from it.
#[derive(Debug, Default)]
pub(super) struct LastQuery(Mutex<Option<Arc<Answer>>>);

#[derive(Debug)]
struct Answer {
    folder: NodeId,
    generation: u64,
    query: String,
    matches: Vec<NodeId>,
}

/// Which files are worth more to the one who asks: how much, by their real paths.
pub(super) type Favourites = HashMap<PathBuf, i64>;

/// What to look for.
enum Query<'a> {
    Everything,
    Glob(GlobMatcher),
    Fuzzy(&'a str),
}

/// Finds files below a folder of a tree.
pub(super) fn find(
    tree: &Tree,
    below: &Path,
    params: &FsFindParams,
    favourites: &Favourites,
    last: &LastQuery,
    stop: &CancellationToken,
) -> Result<FsFindResult> {
    let limit = params.limit.map_or(FOUND_MAX, |limit| (limit as usize).clamp(1, FOUND_MAX));
    let folder = tree.find(below).unwrap_or(ROOT);
    let search = Search { tree, folder, includes_hidden: params.include_hidden, stop };
    let mut found = match Query::read(&params.query)? {
        Query::Everything => search.in_order(limit, favourites, |_| true),
        Query::Glob(glob) => search.in_order(limit, favourites, |path| {
            let path = Path::new(path);
            glob.is_match(path) || path.file_name().is_some_and(|name| glob.is_match(name))
        }),
        Query::Fuzzy(query) => search.fuzzy(query, limit, favourites, last),
    };
    let has_more = found.len() > limit;
    found.truncate(limit);
    let prefix = tree.below(folder);
    let shown = |node: NodeId| {
        let path = tree.below(node);
        path.strip_prefix(&prefix).map(Path::to_owned).unwrap_or(path)
    };
    let files = found.into_iter().map(|node| shown(node).into()).collect();
    let unread: Vec<FilePath> = tree.unread(folder).map(|node| shown(node).into()).collect();
    let folders_failed = unread.len() as u64;
    let failed = unread.into_iter().take(FAILED_MAX).collect();
    Ok(FsFindResult { files, has_more, is_partial: false, folders_failed, failed })
}

impl<'a> Query<'a> {
    fn read(query: &'a str) -> Result<Self> {
        if query.trim().is_empty() {
            return Ok(Self::Everything);
        }
        if !query.contains(['*', '?', '[']) {
            return Ok(Self::Fuzzy(query));
        }
        let is_exact = query.chars().any(char::is_uppercase);
        let glob = GlobBuilder::new(query).case_insensitive(!is_exact).literal_separator(false).build();
        let glob = glob.map_err(|error| Error::invalid_params(format!("the glob cannot be read: {error}")))?;
        Ok(Self::Glob(glob.compile_matcher()))
    }
}

struct Search<'a> {
    tree: &'a Tree,
    folder: NodeId,
    includes_hidden: bool,
    stop: &'a CancellationToken,
}

impl<'a> Search<'a> {
    /// A file's path below the folder, as text, when the file is there and wanted.
    fn path(&self, node: NodeId) -> Option<&'a str> {
        let path = self.tree.text(node);
        let below = match self.folder {
            ROOT => path,
            folder => path.strip_prefix(self.tree.text(folder))?.strip_prefix('/')?,
        };
        // Who looks into a hidden folder does not find all hidden there.
        let is_hidden = match self.tree.is_hidden(self.folder) {
            false => self.tree.is_hidden(node),
            true => is_hidden(below),
        };
        (self.includes_hidden || !is_hidden).then_some(below)
    }

    /// Files that fit, folder by folder in the order of names; the favourites first. One more than the limit, if there is one.
    fn in_order(&self, limit: usize, favourites: &Favourites, fits: impl Fn(&str) -> bool) -> Vec<NodeId> {
        let mut found = Vec::new();
        self.tree.walk(self.folder, &mut |node| {
            let is_file = self.tree.is_file(node);
            if is_file && self.path(node).is_some_and(&fits) {
                found.push(node);
            }
            found.len() <= limit && !self.stop.is_cancelled()
        });
        found.sort_by_key(|node| Reverse(self.worth(*node, favourites)));
        found
    }

    /// Files whose paths have the characters of the query in them, the best first. One more than the limit, if there is one.
    fn fuzzy(&self, query: &str, limit: usize, favourites: &Favourites, last: &LastQuery) -> Vec<NodeId> {
        let before = last.before(self.tree, self.folder, query);
        let mut scored = match &before {
            Some(answer) => self.score(query, answer.matches.len(), answer.matches.iter().copied()),
            None => self.score(query, self.tree.files(), self.tree.each_file()),
        };
        if is_plain(query) && !self.stop.is_cancelled() {
            last.keep(self.tree, self.folder, query, scored.iter().map(|(_, node)| *node).collect());
        }
        let closer = limit.saturating_mul(CLOSER).max(CHUNK);
        if scored.len() > closer {
            scored.select_nth_unstable_by_key(closer, |(score, node)| (Reverse(*score), *node));
            scored.truncate(closer);
        }
        let mut matcher = matcher(query);
        let mut ranked: Vec<_> =
            scored.into_iter().map(|(score, node)| (self.rank(&mut matcher, score, node, favourites), node)).collect();
        let by_rank = |(one, first): &(i64, NodeId), (other, second): &(i64, NodeId)| {
            let text = |node: &NodeId| (self.tree.text(*node).len(), self.tree.text(*node));
            other.cmp(one).then_with(|| text(first).cmp(&text(second)))
        };
        if ranked.len() > limit + 1 {
            ranked.select_nth_unstable_by(limit, by_rank);
            ranked.truncate(limit + 1);
        }
        ranked.sort_unstable_by(by_rank);
        ranked.into_iter().map(|(_, node)| node).collect()
    }

    /// How well each of the files fits that does, in no order.
    fn score(&self, query: &str, count: usize, files: impl Iterator<Item = NodeId> + Send) -> Vec<(u16, NodeId)> {
        let files = Mutex::new(files);
        let next = |nodes: &mut Vec<NodeId>| {
            let mut files = files.lock().unwrap_or_else(PoisonError::into_inner);
            nodes.clear();
            nodes.extend(files.by_ref().take(CHUNK));
            !nodes.is_empty() && !self.stop.is_cancelled()
        };
        let work = || {
            let (mut matcher, mut scored) = (matcher(query), Vec::new());
            let (mut nodes, mut paths) = (Vec::with_capacity(CHUNK), Vec::with_capacity(CHUNK));
            while next(&mut nodes) {
                paths.clear();
                nodes.retain(|node| self.path(*node).map(|path| paths.push(path)).is_some());
                let matches = matcher.match_list(&paths);
                scored.extend(matches.into_iter().map(|found| (found.score, nodes[found.index as usize])));
            }
            scored
        };
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads = cores.min(THREADS_MAX).min(count.div_ceil(FILES_PER_THREAD));
        thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut scored = work();
            for other in others {
                scored.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
            }
            scored
        })
    }

    /// What a match is worth: more, when the name alone matches too, and when the file is a favourite.
    fn rank(&self, matcher: &mut Matcher, score: u16, node: NodeId, favourites: &Favourites) -> i64 {
        let path = self.tree.text(node);
        let name = &path[path.rfind('/').map_or(0, |slash| slash + 1)..];
        let of_name = matcher.match_one(name, 0).map_or(0, |found| i64::from(found.score));
        i64::from(score) + NAME_BONUS * of_name + self.worth(node, favourites)
    }

    fn worth(&self, node: NodeId, favourites: &Favourites) -> i64 {
        if favourites.is_empty() { 0 } else { favourites.get(&self.tree.path(node)).copied().unwrap_or(0) }
    }
}

impl LastQuery {
    /// The answer that holds all matches of a query, because its query was the beginning of this one.
    fn before(&self, tree: &Tree, folder: NodeId, query: &str) -> Option<Arc<Answer>> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let is_before = last.folder == folder
            && last.generation == tree.generation()
            && is_plain(query)
            && query.starts_with(&last.query);
        is_before.then_some(last)
    }

    fn keep(&self, tree: &Tree, folder: NodeId, query: &str, matches: Vec<NodeId>) {
        let answer = Answer { folder, generation: tree.generation(), query: query.to_owned(), matches };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(answer));
    }
}

fn matcher(query: &str) -> Matcher {
    Matcher::from_query(query, &Config::default().sort(SortStrategy::IndexAsc))
}

/// Whether a query has no signs with a meaning: then more characters match fewer files.
fn is_plain(query: &str) -> bool {
    query.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '.' | '/'))
}

/// Whether a path below a folder is hidden, or in a folder that is.
fn is_hidden(path: &str) -> bool {
    path.starts_with('.') || path.contains("/.")
}
