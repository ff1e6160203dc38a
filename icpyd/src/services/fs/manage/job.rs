//! One request's work: whether it is still wanted, and how far it is.

use std::cell::{Cell, OnceCell, RefCell};
use std::path::Path;

use icpy_protocol::error::{Error, Result};
use rusqlite::Connection;
use tokio_util::sync::CancellationToken;

use super::step::Step;
use crate::caller::{Caller, Stream};
use crate::host::Host;
use crate::services::fs::origins::Becomes;
use crate::services::fs::save::Saver;

/// Progress is sent for each so-manieth part of the whole, and where that is not known after so much.
const PROGRESS_PARTS: u64 = 200;

/// Steps of one operation that are kept. One of more cannot be undone.
const STEPS_MAX: usize = 20_000;

/// Work under way.
#[derive(Debug)]
pub(super) struct Job {
    /// On whose behalf.
    pub caller: Caller,
    pub host: Host,
    pub saver: Saver,
    stop: CancellationToken,
    progress: Option<Progress>,
    is_finishing: Cell<bool>,
    steps: RefCell<Vec<Step>>,
    local_time: OnceCell<String>,
}

/// What was done.
#[derive(Debug)]
pub(super) struct Done {
    pub steps: Vec<Step>,
    /// Whether these are all.
    pub is_whole: bool,
}

#[derive(Debug)]
struct Progress {
    stream: Stream,
    unit: &'static str,
    done: Cell<u64>,
    total: Cell<u64>,
    told: Cell<u64>,
}

impl Job {
    /// Work for a caller, until `stop`; with a stream it says how far it is.
    pub(super) fn new(
        caller: Caller,
        host: Host,
        saver: Saver,
        stop: CancellationToken,
        stream: Option<(Stream, &'static str)>,
    ) -> Self {
        let zero = || Cell::new(0);
        let progress =
            stream.map(|(stream, unit)| Progress { stream, unit, done: zero(), total: zero(), told: zero() });
        let is_finishing = Cell::new(false);
        let (steps, local_time) = (RefCell::default(), OnceCell::new());
        Self { caller, host, saver, stop, progress, is_finishing, steps, local_time }
    }

    /// Says whose a change is, before it can be seen: what it makes of a path, by where that really is.
    pub(super) fn expect_change(&self, real: &Path, becomes: Becomes) {
        self.saver.origins().expect(real, becomes, None, &self.caller);
    }

    /// Makes a change, and says before whose it is. What nobody has seen before is nobody's.
    pub(super) fn changing<T, E>(
        &self,
        paths: &[(&Path, Option<Becomes>)],
        change: impl FnOnce() -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        for (real, becomes) in paths {
            if let Some(becomes) = becomes {
                self.expect_change(real, *becomes);
            }
        }
        change().inspect_err(|_| {
            for (real, _) in paths {
                self.saver.origins().forget(real);
            }
        })
    }

    /// Keeps what was done, so that it can be reversed.
    pub(super) fn did(&self, step: Step) {
        let mut steps = self.steps.borrow_mut();
        if steps.len() <= STEPS_MAX {
            steps.push(step);
        }
    }

    /// All that was done.
    pub(super) fn into_done(self) -> Done {
        let mut steps = self.steps.into_inner();
        let is_whole = steps.len() <= STEPS_MAX;
        steps.truncate(STEPS_MAX);
        Done { steps, is_whole }
    }

    /// The time of day here, as the trash wants it: SQLite knows the system's time zone.
    pub(super) fn local_time(&self) -> &str {
        self.local_time.get_or_init(|| {
            let query = "SELECT strftime('%Y-%m-%dT%H:%M:%S', ?1, 'unixepoch', 'localtime')";
            let now = self.host.now_ms() / 1000;
            let time = Connection::open_in_memory().and_then(|it| it.query_row(query, [now], |row| row.get(0)));
            // A date that cannot be read is none, which the specification allows for.
            time.unwrap_or_default()
        })
    }

    /// Fails when nobody waits for the work any more.
    pub(super) fn check(&self) -> Result<()> {
        match self.stop.is_cancelled() && !self.is_finishing.get() {
            true => Err(Error::cancelled("the request was cancelled")),
            false => Ok(()),
        }
    }

    /// Goes on whoever waits, while something is done that is better finished.
    pub(super) fn finish<T>(&self, work: impl FnOnce() -> T) -> T {
        let was_finishing = self.is_finishing.replace(true);
        let outcome = work();
        self.is_finishing.set(was_finishing);
        outcome
    }

    /// Whether to find out how much there is to do: nobody else needs to know.
    pub(super) fn tells_progress(&self) -> bool {
        self.progress.is_some()
    }

    /// There is so much more to do.
    pub(super) fn expect(&self, more: u64) {
        if let Some(progress) = &self.progress {
            progress.total.set(progress.total.get() + more);
        }
    }

    /// So much more is done.
    pub(super) fn advance(&self, more: u64) {
        let Some(Progress { stream, unit, done, total, told }) = &self.progress else { return };
        done.set(done.get() + more);
        let total = total.get().max(done.get());
        if done.get() - told.get() >= (total / PROGRESS_PARTS).max(1) {
            told.set(done.get());
            stream.progress(done.get(), Some(total), unit);
        }
    }
}
