//! Searching many files, on all cores.

use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;

use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder};
use icpy_protocol::fs::{FsGrepParams, FsGrepStats};
use icpy_protocol::path::FilePath;
use tokio_util::sync::CancellationToken;

use super::collector::Collector;
use super::pattern::Pattern;
use super::turns::{Found, Outcome, Turns};

/// The most of a file that is in memory at once, in bytes: all of it for a match over several lines, else its longest line.
const FILE_BYTES_MAX: usize = 128 << 20;

/// The most lines before or after a match.
const CONTEXT_MAX: u32 = 100;

/// The most threads of one search.
const THREADS_MAX: usize = 16;

/// A search.
pub(super) struct Scan<'a> {
    pub(super) pattern: &'a Pattern,
    pub(super) params: &'a FsGrepParams,
    /// How many matches are delivered.
    pub(super) limit: usize,
    /// Opens a file by its path, one of those that are searched.
    pub(super) open: &'a (dyn Fn(&Path) -> io::Result<File> + Sync),
    pub(super) stop: &'a CancellationToken,
}

impl Scan<'_> {
    /// Searches files, which are named by paths as they are shown. What is found is delivered in their order, or as it is
    /// found; until the receiver breaks, the limit is reached, or the search is cancelled.
    pub(super) fn run(
        &self,
        files: impl Iterator<Item = PathBuf> + Send,
        deliver: impl FnMut(Found) -> ControlFlow<()> + Send,
    ) -> Outcome {
        let cores = thread::available_parallelism().map_or(1, |cores| cores.get().min(THREADS_MAX));
        let threads = files.size_hint().1.map_or(cores, |files| files.clamp(1, cores));
        let turns = Turns::new(self.limit, !self.params.is_unsorted, deliver);
        let files = Mutex::new((0..).zip(files));
        let next = || files.lock().unwrap_or_else(PoisonError::into_inner).next();
        let work = || {
            let _end = EndOnPanic(&turns);
            let mut searcher = searcher(self.pattern, self.params).build();
            while !turns.is_over() && !self.stop.is_cancelled() {
                let Some((file, path)) = next() else { break };
                self.search(&mut searcher, &turns, file, path);
            }
            if self.stop.is_cancelled() {
                turns.end();
            }
        };
        thread::scope(|scope| {
            (1..threads).for_each(|_| drop(scope.spawn(work)));
            work();
        });
        turns.into_outcome()
    }

    fn search<D: FnMut(Found) -> ControlFlow<()>>(
        &self,
        searcher: &mut Searcher,
        turns: &Turns<D>,
        file: u64,
        path: PathBuf,
    ) {
        let path = FilePath::from(path);
        let mut collector = Collector {
            pattern: self.pattern,
            path: &path,
            hand_on: |found| {
                turns.deliver(file, found);
                !turns.is_over()
            },
            found: Found::default(),
            before: Vec::new(),
            has_match: false,
            is_binary: false,
            bytes: 0,
        };
        let searched = (self.open)(path.as_path()).and_then(|opened| {
            let file = Stoppable { file: opened, is_over: || turns.is_over() || self.stop.is_cancelled() };
            searcher.search_reader(&self.pattern.matcher, file, &mut collector)
        });
        let mut stats = FsGrepStats { files: 1, bytes: collector.bytes, ..FsGrepStats::default() };
        stats.files_matched = u64::from(collector.has_match);
        stats.files_binary = u64::from(collector.is_binary);
        if let Err(error) = searched {
            // One that is gone again is none, and one that need not be read to its end has not failed.
            let is_stopped = turns.is_over() || self.stop.is_cancelled();
            let is_failed = error.kind() != io::ErrorKind::NotFound && !is_stopped;
            stats.files = 0;
            tracing::debug!(%path, %error, "cannot be searched");
            if is_failed {
                turns.fail(path.clone());
            }
        }
        turns.finish(file, collector.found, stats);
    }
}

/// How files are searched, all in the same way.
pub(super) fn searcher(pattern: &Pattern, params: &FsGrepParams) -> SearcherBuilder {
    let lines = |wanted: Option<u32>| wanted.unwrap_or_default().min(CONTEXT_MAX) as usize;
    let mut builder = SearcherBuilder::new();
    builder
        .line_number(true)
        .line_terminator(pattern.line_end)
        .binary_detection(if params.search_binary { BinaryDetection::none() } else { BinaryDetection::quit(0) })
        .invert_match(params.is_inverted)
        .multi_line(pattern.is_multiline)
        .before_context(lines(params.before))
        .after_context(lines(params.after))
        .max_matches(params.count_per_file.map(u64::from))
        .heap_limit(Some(FILE_BYTES_MAX));
    builder
}

/// A file whose reading ends when nobody wants it any more.
struct Stoppable<F> {
    file: File,
    is_over: F,
}

impl<F: Fn() -> bool> Read for Stoppable<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if (self.is_over)() {
            return Err(io::Error::other("the search is over"));
        }
        self.file.read(buffer)
    }
}

/// Ends the search when a thread panics: the others would wait for its turn.
struct EndOnPanic<'a, D: FnMut(Found) -> ControlFlow<()>>(&'a Turns<D>);

impl<D: FnMut(Found) -> ControlFlow<()>> Drop for EndOnPanic<'_, D> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.end();
        }
    }
}
