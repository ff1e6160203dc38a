//! Who made the changes that the daemon made itself: a change on disk does not say so.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use icpy_protocol::fs::{FileOrigin, FsKind};
use tokio::time::Instant;

use super::stamp::Stamp;
use crate::caller::Caller;

/// Changes that are remembered: mostly they are told within milliseconds, but a tree that is copied is told at its end.
const CHANGES_MAX: usize = 4096;

/// How long it counts that a path was made free: another may take what has come there since away in the same way.
const GONE_PERIOD: Duration = Duration::from_secs(10);

/// The last changes that the daemon made.
#[derive(Debug, Default)]
pub(super) struct Origins(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    changes: HashMap<PathBuf, Change>,
    /// In the order in which they came, by number and path. Those that were forgotten meanwhile have another number.
    order: VecDeque<(u64, PathBuf)>,
    last: u64,
}

#[derive(Debug)]
struct Change {
    number: u64,
    own: Own,
    becomes: Becomes,
    made_at: Instant,
    was_told: bool,
}

/// What a change makes of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Becomes {
    /// Nothing is there any more.
    Gone,
    /// A thing with this content is there: names and permissions do not count.
    Holding(Stamp),
    /// Exactly this is there.
    Exactly(Stamp),
    /// Something of this kind is there, of which nothing else is known before it is made or written.
    Any(FsKind),
}

/// Whose a change is.
#[derive(Clone, Debug)]
pub(super) struct Own {
    pub(super) version: Option<String>,
    pub(super) origin: FileOrigin,
}

impl Origins {
    /// Says, before it can be seen on disk, that a caller makes a path such.
    pub(super) fn expect(&self, path: &Path, becomes: Becomes, version: Option<String>, caller: &Caller) {
        let own = Own { version, origin: FileOrigin { session_id: caller.session().to_owned() } };
        let mut all = self.lock();
        all.last += 1;
        let number = all.last;
        let change = Change { number, own, becomes, made_at: Instant::now(), was_told: false };
        all.changes.insert(path.to_owned(), change);
        all.order.push_back((number, path.to_owned()));
        if all.order.len() > CHANGES_MAX
            && let Some((number, path)) = all.order.pop_front()
            && all.changes.get(&path).is_some_and(|change| change.number == number)
        {
            all.changes.remove(&path);
        }
    }

    /// Says that a change was not made in the end.
    pub(super) fn forget(&self, path: &Path) {
        self.lock().changes.remove(path);
    }

    /// Who made a path what it is.
    pub(super) fn of(&self, path: &Path, stamp: Option<&Stamp>) -> Option<Own> {
        let mut all = self.lock();
        let change = all.changes.get_mut(path)?;
        if change.becomes.is(stamp) && !change.is_over() {
            change.was_told = true;
            return Some(change.own.clone());
        }
        if change.was_told || change.is_over() {
            // Somebody else has changed it since.
            all.changes.remove(path);
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Change {
    fn is_over(&self) -> bool {
        self.becomes == Becomes::Gone && self.made_at.elapsed() > GONE_PERIOD
    }
}

impl Becomes {
    fn is(&self, stamp: Option<&Stamp>) -> bool {
        match (self, stamp) {
            (Self::Gone, None) => true,
            (Self::Holding(own), Some(stamp)) => own.has_content_of(stamp),
            (Self::Exactly(own), Some(stamp)) => own == stamp,
            (Self::Any(kind), Some(stamp)) => *kind == stamp.kind(),
            _ => false,
        }
    }
}
