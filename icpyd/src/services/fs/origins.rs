//! Who made the changes that the daemon made itself: a change on disk does not say so.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use icpy_protocol::fs::FileOrigin;

use super::stamp::Stamp;
use crate::caller::Caller;

/// Changes that are remembered: mostly they are told within milliseconds.
const CHANGES_MAX: usize = 1024;

/// The last changes that the daemon made.
#[derive(Debug, Default)]
pub(super) struct Origins(Mutex<VecDeque<Own>>);

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct Own {
    path: PathBuf,
    /// What is there then; nothing where it is removed.
    stamp: Option<Stamp>,
    pub(super) version: Option<String>,
    pub(super) origin: FileOrigin,
}

impl Origins {
    /// Says, before it can be seen on disk, that a caller makes a path such.
    pub(super) fn expect(&self, path: &Path, stamp: Option<Stamp>, version: Option<String>, caller: &Caller) {
        let origin = FileOrigin { session_id: caller.session().to_owned() };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|own| own.path != path);
        all.push_back(Own { path: path.to_owned(), stamp, version, origin });
        if all.len() > CHANGES_MAX {
            all.pop_front();
        }
    }

    /// Who made a path what it is.
    pub(super) fn of(&self, path: &Path, stamp: Option<&Stamp>) -> Option<Own> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_such = |own: &&Own| match (&own.stamp, stamp) {
            (Some(own), Some(stamp)) => own.has_content_of(stamp),
            (own, stamp) => own.is_none() && stamp.is_none(),
        };
        all.iter().find(|own| own.path == path).filter(is_such).cloned()
    }
}
