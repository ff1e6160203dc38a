//! The index over real folders: whatever has changed, it finds what a walk finds.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;
use std::time::SystemTime;

use icpy_protocol::fs::FsMatch;
use tempfile::TempDir;

use super::super::pattern::Pattern;
use super::*;

/// The files of a folder, as they were when it was last looked at.
struct Looked {
    folder: TempDir,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    numbers: BTreeMap<PathBuf, u32>,
    paths: Vec<PathBuf>,
    states: BTreeMap<PathBuf, (u64, SystemTime)>,
    /// Each change, in order: the mark is how many there were.
    changes: Vec<u32>,
}

impl Looked {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), seen: Mutex::default() }
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Looks at the folder again.
    fn look(&self) {
        let mut seen = self.seen.lock().unwrap();
        let root = self.folder.path();
        let failed = Mutex::default();
        let files = walk::files(root, root, &FsGrepParams::new(root, ""), &failed).unwrap();
        let state = |path: &Path| root.join(path).metadata().map(|it| (it.len(), it.modified().unwrap())).unwrap();
        let now: BTreeMap<PathBuf, _> = files.map(|path| (path.clone(), state(&path))).collect();
        let before = std::mem::replace(&mut seen.states, now.clone());
        let all: std::collections::BTreeSet<&PathBuf> = before.keys().chain(now.keys()).collect();
        for path in all.into_iter().filter(|path| before.get(*path) != now.get(*path)) {
            let next = u32::try_from(seen.paths.len()).unwrap();
            let number = *seen.numbers.entry(path.clone()).or_insert(next);
            if number == next {
                seen.paths.push(path.clone());
            }
            seen.changes.push(number);
        }
    }
}

impl Tree for Looked {
    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn changes(&self, since: Option<u64>) -> Changes {
        let seen = self.seen.lock().unwrap();
        let since = usize::try_from(since.unwrap_or_default()).unwrap();
        Changes { mark: seen.changes.len() as u64, files: seen.changes[since..].to_vec() }
    }

    fn path(&self, file: u32) -> Option<PathBuf> {
        let seen = self.seen.lock().unwrap();
        seen.paths.get(file as usize).filter(|path| seen.states.contains_key(*path)).cloned()
    }

    fn paths(&self, files: &[u32], after: &Path, count: usize) -> Vec<PathBuf> {
        let mut paths: Vec<_> = files.iter().filter_map(|file| self.path(*file)).collect();
        paths.retain(|path| **path > *after);
        paths.sort();
        paths.truncate(count);
        paths
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        File::open(self.folder.path().join(path))
    }
}

/// What a search delivers, and how many files were read for it.
fn collected(search: impl FnOnce(&mut (dyn FnMut(Found) -> ControlFlow<()> + Send)) -> Outcome) -> (Vec<FsMatch>, u64) {
    let mut matches = Vec::new();
    let outcome = search(&mut |found: Found| {
        matches.extend(found.matches);
        ControlFlow::Continue(())
    });
    (matches, outcome.stats.files)
}

fn by_index(indexed: &Indexed<Looked>, params: &FsGrepParams) -> (Vec<FsMatch>, u64) {
    let stop = CancellationToken::new();
    let pattern = Pattern::new(params).unwrap();
    let open = |path: &Path| indexed.tree.open(path);
    let scan = Scan { pattern: &pattern, params, limit: usize::MAX, open: &open, stop: &stop };
    collected(|deliver| indexed.search(Path::new(""), &scan, |_| true, deliver).unwrap())
}

fn by_walk(root: &Path, params: &FsGrepParams) -> (Vec<FsMatch>, u64) {
    let (pattern, stop) = (Pattern::new(params).unwrap(), CancellationToken::new());
    let open = |path: &Path| File::open(root.join(path));
    let scan = Scan { pattern: &pattern, params, limit: usize::MAX, open: &open, stop: &stop };
    let failed = Mutex::default();
    collected(|deliver| scan.run(walk::files(root, root, params, &failed).unwrap(), deliver))
}

fn searches(root: &Path) -> Vec<FsGrepParams> {
    let patterns = ["needle", "NEEDLE", "file 7\\b", "^$", "nee|absent", "needle.*9", "zzz", "é", "kelvin"];
    let plain = patterns.iter().map(|pattern| FsGrepParams::new(root, *pattern));
    let mut all: Vec<FsGrepParams> = plain.collect();
    all.extend(all.clone().into_iter().map(|params| FsGrepParams { ignore_case: true, ..params }));
    let globs = ["!deep", "!*.md"].map(str::to_owned).to_vec();
    all.push(FsGrepParams { globs, ..FsGrepParams::new(root, "needle") });
    let is_dot_all = FsGrepParams { is_multiline: true, is_dot_all: true, ..FsGrepParams::new(root, "needle.*needle") };
    all.push(is_dot_all);
    all
}

/// Compares every search, and returns how many files were read for one that finds a line of one file.
fn check(indexed: &Indexed<Looked>, state: &str) -> u64 {
    let root = indexed.tree.root();
    let mut found = 0;
    for params in searches(root) {
        assert!(Indexed::<Looked>::can_search(&params));
        let (expect, _) = by_walk(root, &params);
        assert_eq!(by_index(indexed, &params).0, expect, "{} {state}", params.pattern);
        found += expect.len();
    }
    assert!(found > 100, "{found} {state}");
    by_index(indexed, &FsGrepParams::new(root, "only in one")).1
}

fn filled() -> Looked {
    let tree = Looked::new();
    for number in 0..300 {
        let name = format!("{}file{number}.{}", ["", "deep/", "deep/er/"][number % 3], ["md", "rs"][number % 2]);
        tree.write(&name, format!("this is file {number}\n\n{}", if number % 7 == 0 { "a needle 9\n" } else { "" }));
    }
    tree.write("binary", b"needle\0needle");
    tree.write("utf16", "\u{feff}a needle\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    tree.write("latin", b"needle \xe9\n");
    tree.write("long", "x".repeat(100_000) + "needle" + &"\n".repeat(40_000) + "needle only in one\n");
    tree.write("kelvin", "\u{212a}elvin É\n");
    tree.look();
    tree
}

#[test]
fn it_finds_what_a_walk_finds_whatever_has_changed() {
    let indexed = Indexed::new(filled(), 64 << 20);
    let stop = CancellationToken::new();
    assert_eq!(check(&indexed, "before it is filled"), 305);
    indexed.fill(&stop);
    // The one that has it, and the one in UTF-16.
    assert_eq!(check(&indexed, "when it is filled"), 2);
    indexed.tree.write("deep/file1.rs", "now a needle\nonly in one\n");
    indexed.tree.write("aaa/new", "a needle\n");
    fs::remove_file(indexed.tree.root().join("file0.md")).unwrap();
    fs::rename(indexed.tree.root().join("deep/er"), indexed.tree.root().join("moved")).unwrap();
    indexed.tree.look();
    assert!(check(&indexed, "after a change") > 3);
    indexed.fill(&stop);
    assert_eq!(check(&indexed, "when it is filled again"), 3);
}

#[test]
fn a_file_that_changes_while_it_is_read_is_read_again() {
    let indexed = Indexed::new(filled(), 64 << 20);
    let mut state = indexed.lock();
    state.take_changes(&indexed.tree);
    let change = state.changed[&0];
    state.changed.insert(0, change + 1);
    state.take_description(0, change, Some(&Description::new(b"")));
    assert!(state.changed.contains_key(&0) && !state.index.knows(0));
    state.take_description(0, change + 1, Some(&Description::new(b"")));
    assert!(!state.changed.contains_key(&0) && state.index.knows(0));
}

#[tokio::test]
async fn it_is_filled_in_the_background_once_and_can_be_stopped() {
    let (indexed, tasks) = (Arc::new(Indexed::new(filled(), 64 << 20)), TaskTracker::new());
    let stopped = CancellationToken::new();
    stopped.cancel();
    indexed.fill_in_background(&tasks, &stopped);
    tasks.close();
    tasks.wait().await;
    assert!(!indexed.lock().changed.is_empty());
    tasks.reopen();
    let stop = CancellationToken::new();
    indexed.fill_in_background(&tasks, &stop);
    indexed.fill_in_background(&tasks, &stop);
    assert!(tasks.len() <= 1);
    tasks.close();
    tasks.wait().await;
    assert!(indexed.lock().changed.is_empty());
    indexed.fill_in_background(&tasks, &stop);
    assert!(tasks.is_empty(), "there is nothing to do");
}

#[test]
fn what_the_tree_does_not_know_is_not_asked_of_it() {
    let check = |set: fn(&mut FsGrepParams), expect: bool| {
        let mut params = FsGrepParams::new("/", "x");
        set(&mut params);
        assert_eq!(Indexed::<Looked>::can_search(&params), expect, "{params:?}");
    };
    check(|_| (), true);
    check(|params| params.globs = vec!["!target".to_owned()], true);
    check(|params| params.globs = vec!["*.log".to_owned()], false);
    check(|params| params.hidden = true, false);
    check(|params| params.no_ignore = true, false);
}
