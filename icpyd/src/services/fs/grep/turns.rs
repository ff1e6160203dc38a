//! Putting in order what several threads find in several files, in bounded memory.
//!
//! Each file has a number. What is found in the file whose turn it is goes out at once; what is found in a later one waits
//! for it. Whoever has found so much that it cannot wait waits itself, until it is its turn: the one whose turn it is
//! never does.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use icpy_protocol::fs::{FsGrepResult, FsGrepStats, FsMatch};
use icpy_protocol::path::FilePath;

use super::super::find::FAILED_MAX;

/// What may wait for its turn, in bytes.
const WAITING_BYTES_MAX: usize = 4 << 20;

/// Files that may wait for their turn.
const WAITING_FILES_MAX: usize = 4096;

/// What was found in one file, or in a part of it.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) matches: Vec<FsMatch>,
    /// What they take, in about so many bytes.
    pub(super) bytes: usize,
}

/// How a search has ended.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Whether there is more than was delivered.
    pub(super) has_more: bool,
    pub(super) stats: FsGrepStats,
    /// The first that could not be read.
    failed: Vec<FilePath>,
}

impl Outcome {
    /// Tells that something could not be read.
    pub(super) fn fail(&mut self, path: FilePath) {
        self.stats.files_failed += 1;
        if self.failed.len() < FAILED_MAX {
            self.failed.push(path);
        }
    }

    /// The answer with what was found.
    pub(super) fn into_result(self, matches: Vec<FsMatch>) -> FsGrepResult {
        let Self { has_more, stats, failed } = self;
        FsGrepResult { matches, has_more, stats, failed }
    }
}

/// The order of what is delivered, to one receiver that is called by one thread at a time.
pub(super) struct Turns<D> {
    state: Mutex<State<D>>,
    /// Another file's turn has come, or the search is over.
    changed: Condvar,
    is_over: AtomicBool,
    is_sorted: bool,
}

struct State<D> {
    /// The file whose turn it is.
    turn: u64,
    waiting: BTreeMap<u64, Found>,
    waiting_bytes: usize,
    deliver: D,
    /// How many matches may still be delivered.
    left: usize,
    outcome: Outcome,
}

impl<D: FnMut(Found) -> ControlFlow<()>> Turns<D> {
    pub(super) fn new(limit: usize, is_sorted: bool, deliver: D) -> Self {
        let state = State {
            turn: 0,
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            deliver,
            left: limit,
            outcome: Outcome::default(),
        };
        Self { state: Mutex::new(state), changed: Condvar::new(), is_over: AtomicBool::new(false), is_sorted }
    }

    /// Whether nothing more is wanted.
    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Ends the search: nothing more is wanted.
    pub(super) fn end(&self) {
        let state = self.lock();
        self.is_over.store(true, Ordering::Relaxed);
        self.changed.notify_all();
        drop(state);
    }

    /// Delivers a part of what is in a file, when it is its turn.
    pub(super) fn deliver(&self, file: u64, found: Found) {
        let mut state = self.lock();
        while self.is_sorted && state.turn != file && !self.is_over() {
            state = self.wait(state);
        }
        self.hand_over(&mut state, found);
    }

    /// Delivers the rest of what is in a file, now or when it is its turn.
    pub(super) fn finish(&self, file: u64, found: Found, stats: FsGrepStats) {
        let mut state = self.lock();
        add(&mut state.outcome.stats, stats);
        if !self.is_sorted {
            return self.hand_over(&mut state, found);
        }
        while state.turn != file && state.is_full(found.bytes) && !self.is_over() {
            state = self.wait(state);
        }
        if state.turn != file {
            state.waiting_bytes += found.bytes;
            state.waiting.insert(file, found);
            return;
        }
        self.hand_over(&mut state, found);
        state.turn += 1;
        loop {
            let turn = state.turn;
            let Some(found) = state.waiting.remove(&turn) else { break };
            state.waiting_bytes -= found.bytes;
            self.hand_over(&mut state, found);
            state.turn += 1;
        }
        self.changed.notify_all();
    }

    fn hand_over(&self, state: &mut State<D>, mut found: Found) {
        if found.matches.is_empty() || self.is_over() {
            return;
        }
        let is_too_much = found.matches.len() > state.left;
        found.matches.truncate(state.left);
        state.left -= found.matches.len();
        state.outcome.stats.lines += found.matches.len() as u64;
        let is_enough = !found.matches.is_empty() && (state.deliver)(found).is_break();
        if is_too_much || is_enough {
            state.outcome.has_more = true;
            self.is_over.store(true, Ordering::Relaxed);
            self.changed.notify_all();
        }
    }

    /// Tells that a file could not be read.
    pub(super) fn fail(&self, path: FilePath) {
        self.lock().outcome.fail(path);
    }

    /// How it has ended.
    pub(super) fn into_outcome(self) -> Outcome {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).outcome
    }

    fn lock(&self) -> MutexGuard<'_, State<D>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State<D>>) -> MutexGuard<'a, State<D>> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

impl<D> State<D> {
    fn is_full(&self, bytes: usize) -> bool {
        self.waiting.len() >= WAITING_FILES_MAX || self.waiting_bytes + bytes > WAITING_BYTES_MAX
    }
}

fn add(sum: &mut FsGrepStats, stats: FsGrepStats) {
    sum.files += stats.files;
    sum.files_matched += stats.files_matched;
    sum.files_binary += stats.files_binary;
    sum.bytes += stats.bytes;
}
