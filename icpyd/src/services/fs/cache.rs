//! Answers for whole files, kept until memory is wanted for others.
//!
//! What is kept is good as long as the file has the same size and the same times of change as when it was read: the system
//! sets the time of the last change of state by its own clock, which no program can turn back. A file that changed a moment
//! ago could change again within the same tick of that clock, so that it is not kept. Nothing is allocated before the first
//! file is.

use std::collections::HashMap;
use std::fmt;
use std::fs::Metadata;
use std::hash::RandomState;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

use icpy_protocol::fs::FsReadFileResult;
use quick_cache::unsync;
use quick_cache::{Lifecycle, Weighter};

use super::metadata::platform::{self, FileId};
use crate::metrics::Metrics;

/// What an entry takes beside its content.
const ENTRY_BYTES: usize = 512;

/// A file that is larger than this part of the room would push out too many others.
const PART_OF_ROOM: usize = 4;

/// How long ago a file must have changed last: longer than the clock of a filesystem takes for a tick.
const SETTLED_MS: u64 = 50;

/// The same where the clock ticks in whole seconds, or in two, as that of FAT.
const COARSE_SETTLED_MS: u64 = 2_500;

/// The cache of the files' answers.
#[derive(Debug)]
pub(super) struct Cache {
    bytes_max: usize,
    state: Mutex<Option<State>>,
    metrics: Metrics,
}

#[derive(Debug)]
struct State {
    entries: unsync::Cache<FileId, Entry, Weight, RandomState, Evicted>,
    /// Which file an entry's path was.
    paths: HashMap<PathBuf, FileId>,
}

/// What tells one state of a file from the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    size: u64,
    modified: Option<std::time::SystemTime>,
    changed: platform::ChangeTime,
}

#[derive(Clone)]
struct Entry {
    stamp: Stamp,
    path: PathBuf,
    answer: FsReadFileResult,
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        let modified = metadata.modified().ok();
        Self { size: metadata.len(), modified, changed: platform::change_time(metadata) }
    }
}

impl Cache {
    /// One for at most so many bytes.
    pub(super) fn new(bytes_max: usize, metrics: Metrics) -> Self {
        Self { bytes_max, state: Mutex::default(), metrics }
    }

    /// The answer for a file that is as it was when it was read.
    pub(super) fn get(
        &self,
        metadata: &Metadata,
        is_wanted: impl FnOnce(&FsReadFileResult) -> bool,
    ) -> Option<FsReadFileResult> {
        let found = self.find(metadata).filter(is_wanted);
        let counters = self.metrics.file_cache();
        let counter = if found.is_some() { &counters.hits } else { &counters.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    fn find(&self, metadata: &Metadata) -> Option<FsReadFileResult> {
        let id = platform::file_id(metadata)?;
        let mut state = self.lock();
        let state = state.as_mut()?;
        match state.entries.get(&id) {
            Some(entry) if entry.stamp == Stamp::of(metadata) => return Some(entry.answer.clone()),
            Some(_) => {}
            None => return None,
        }
        state.remove(&id);
        self.tell(state);
        None
    }

    /// Keeps the answer for a file, where it is sure to be seen when the file changes.
    pub(super) fn put(&self, path: &Path, metadata: &Metadata, now_ms: u64, answer: &FsReadFileResult) {
        let bytes = weight(path, answer);
        // What has another size than it says is made by the system anew each time.
        let is_plain = answer.size == metadata.len() && answer.size > 0;
        if !is_plain || bytes > self.bytes_max / PART_OF_ROOM || !has_settled(metadata, now_ms) {
            return;
        }
        let Some(id) = platform::file_id(metadata) else { return };
        let entry = Entry { stamp: Stamp::of(metadata), path: path.to_owned(), answer: answer.clone() };
        let mut state = self.lock();
        let state = state.get_or_insert_with(|| State::new(self.bytes_max));
        state.remove(&id);
        state.paths.insert(path.to_owned(), id);
        let mut evicted = Vec::new();
        state.entries.insert_with_lifecycle(id, entry, &mut evicted);
        for (id, entry) in &evicted {
            state.forget_path(&entry.path, id);
        }
        self.metrics.file_cache().evictions.fetch_add(evicted.len() as u64, Ordering::Relaxed);
        self.tell(state);
    }

    /// The version of a file that is as it was when it was read.
    pub(super) fn version(&self, metadata: &Metadata) -> Option<String> {
        self.find(metadata)?.version
    }

    /// Lets go of a file that has changed, or gone.
    pub(super) fn forget(&self, path: &Path) {
        if let Some(state) = self.lock().as_mut()
            && let Some(id) = state.paths.get(path).copied()
        {
            state.remove(&id);
            self.tell(state);
        }
    }

    fn tell(&self, state: &State) {
        let counters = self.metrics.file_cache();
        counters.bytes.store(state.entries.weight(), Ordering::Relaxed);
        counters.entries.store(state.entries.len() as u64, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Option<State>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn new(bytes_max: usize) -> Self {
        let files = (bytes_max / (16 << 10)).clamp(16, 1024);
        let entries = unsync::Cache::with(files, bytes_max as u64, Weight, RandomState::new(), Evicted);
        Self { entries, paths: HashMap::new() }
    }

    fn remove(&mut self, id: &FileId) {
        if let Some((_, entry)) = self.entries.remove(id) {
            self.forget_path(&entry.path, id);
        }
    }

    fn forget_path(&mut self, path: &Path, id: &FileId) {
        // Another file may have taken the name since.
        if self.paths.get(path) == Some(id) {
            self.paths.remove(path);
        }
    }
}

/// Whether a file has rested for so long that its next change is seen by its times.
pub(super) fn has_settled(metadata: &Metadata, now_ms: u64) -> bool {
    let settled_ms = if platform::is_whole_second(metadata) { COARSE_SETTLED_MS } else { SETTLED_MS };
    platform::changed_at_ms(metadata).is_some_and(|changed| changed.saturating_add(settled_ms) < now_ms)
}

fn weight(path: &Path, answer: &FsReadFileResult) -> usize {
    let content = answer.content.as_ref().map_or(0, icpy_protocol::json_string::JsonString::memory);
    content + 2 * path.as_os_str().len() + ENTRY_BYTES
}

/// What entries count as.
#[derive(Clone, Debug)]
struct Weight;

impl Weighter<FileId, Entry> for Weight {
    fn weight(&self, _: &FileId, entry: &Entry) -> u64 {
        weight(&entry.path, &entry.answer) as u64
    }
}

/// Gathers what has to go.
#[derive(Clone, Debug)]
struct Evicted;

impl Lifecycle<FileId, Entry> for Evicted {
    type RequestState = Vec<(FileId, Entry)>;

    fn on_evict(&self, evicted: &mut Self::RequestState, id: FileId, entry: Entry) {
        evicted.push((id, entry));
    }
}

impl fmt::Debug for Entry {
    /// Without what is in the file.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Entry").field("stamp", &self.stamp).field("path", &self.path).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::super::content::{self, Form};
    use super::*;

    /// A folder with a cache, at a time long after its files were made.
    struct Fixture {
        folder: tempfile::TempDir,
        cache: Cache,
        now_ms: u64,
    }

    impl Fixture {
        fn new(bytes_max: usize) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let now_ms = platform::changed_at_ms(&folder.path().metadata().unwrap()).unwrap() + 60_000;
            Self { folder, cache: Cache::new(bytes_max, Metrics::default()), now_ms }
        }

        fn write(&self, name: &str, bytes: &[u8]) -> (PathBuf, Metadata) {
            let path = self.folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let metadata = path.metadata().unwrap();
            (path, metadata)
        }

        fn put(&self, name: &str, bytes: &[u8]) -> (PathBuf, Metadata) {
            let (path, metadata) = self.write(name, bytes);
            let answer = content::whole(&path, bytes, Form::default()).unwrap();
            self.cache.put(&path, &metadata, self.now_ms, &answer);
            (path, metadata)
        }

        fn get(&self, metadata: &Metadata) -> Option<FsReadFileResult> {
            self.cache.get(metadata, |_| true)
        }

        fn counted(&self) -> [u64; 5] {
            let counters = self.cache.metrics.file_cache();
            let all = [&counters.hits, &counters.misses, &counters.evictions, &counters.entries, &counters.bytes];
            all.map(|counter| counter.load(Ordering::Relaxed))
        }
    }

    #[test]
    fn a_file_is_kept_until_it_changes() {
        let fixture = Fixture::new(1 << 20);
        let (path, metadata) = fixture.put("a", b"one");
        assert_eq!(fixture.get(&metadata).unwrap().content.unwrap().text(), "one");
        // The same size, and the same time of its content.
        let modified = metadata.modified().unwrap();
        // Until the clock of the filesystem has ticked.
        while platform::change_time(&path.metadata().unwrap()) == platform::change_time(&metadata) {
            std::fs::write(&path, "two").unwrap();
            std::fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
        }
        assert!(fixture.get(&path.metadata().unwrap()).is_none());
        assert_eq!(fixture.counted(), [1, 1, 0, 0, 0]);
    }

    #[test]
    fn what_changed_a_moment_ago_or_is_too_large_is_not_kept() {
        let fixture = Fixture::new(64 << 10);
        let (path, metadata) = fixture.write("a", b"one");
        let answer = content::whole(&path, b"one", Form::default()).unwrap();
        let changed = platform::changed_at_ms(&metadata).unwrap();
        fixture.cache.put(&path, &metadata, changed + SETTLED_MS, &answer);
        assert!(fixture.get(&metadata).is_none());
        fixture.cache.put(&path, &metadata, changed + SETTLED_MS + 1, &answer);
        assert!(fixture.get(&metadata).is_some());
        let (_, large) = fixture.put("large", &[b'a'; 16 << 10]);
        assert!(fixture.get(&large).is_none());
        let (_, empty) = fixture.put("empty", b"");
        assert!(fixture.get(&empty).is_none());
    }

    #[test]
    fn the_room_is_never_exceeded_and_what_goes_is_counted() {
        let fixture = Fixture::new(64 << 10);
        for number in 0..100 {
            fixture.put(&number.to_string(), &[b'a'; 4 << 10]);
            let [_, _, evictions, entries, bytes] = fixture.counted();
            assert!(bytes <= 64 << 10 && entries + evictions == number + 1, "{:?}", fixture.counted());
            let paths = fixture.cache.lock().as_ref().unwrap().paths.len() as u64;
            assert_eq!(paths, entries);
        }
        assert!(fixture.counted()[2] > 80);
    }

    #[test]
    fn a_file_is_forgotten_by_its_path() {
        let fixture = Fixture::new(1 << 20);
        fixture.cache.forget(Path::new("/before/the/first"));
        let (path, metadata) = fixture.put("a", b"one");
        fixture.cache.forget(Path::new("/other"));
        assert!(fixture.get(&metadata).is_some());
        fixture.cache.forget(&path);
        assert!(fixture.get(&metadata).is_none());
        assert_eq!(fixture.counted()[3..], [0, 0]);
    }
}
