//! One request's work: whether it is still wanted, and how far it is.

use std::cell::Cell;

use icpy_protocol::error::{Error, Result};
use tokio_util::sync::CancellationToken;

use crate::caller::{Caller, Stream};
use crate::host::Host;

/// Progress is sent for each so-manieth part of the whole, and where that is not known after so much.
const PROGRESS_PARTS: u64 = 200;

/// Work under way.
#[derive(Debug)]
pub(super) struct Job {
    /// On whose behalf.
    pub caller: Caller,
    pub host: Host,
    stop: CancellationToken,
    progress: Option<Progress>,
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
        stop: CancellationToken,
        stream: Option<(Stream, &'static str)>,
    ) -> Self {
        let zero = || Cell::new(0);
        let progress =
            stream.map(|(stream, unit)| Progress { stream, unit, done: zero(), total: zero(), told: zero() });
        Self { caller, host, stop, progress }
    }

    /// Fails when nobody waits for the work any more.
    pub(super) fn check(&self) -> Result<()> {
        match self.stop.is_cancelled() {
            true => Err(Error::cancelled("the request was cancelled")),
            false => Ok(()),
        }
    }

    /// The same work, past the point from which it is better finished.
    pub(super) fn without_stop(&self) -> Self {
        Self { caller: self.caller.clone(), host: self.host.clone(), stop: CancellationToken::new(), progress: None }
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
