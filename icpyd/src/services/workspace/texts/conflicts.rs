//! What could not be merged with what others have written to the file.

use std::ops::Range;

use icpy_protocol::error::{Error, Result};
use icpy_protocol::file::text::{FileChanged, TextConflict};
use serde::{Deserialize, Serialize};

use super::shared::Shared;
use crate::document::{Base, Delta, Edit, First};

/// A part of the text that could not be merged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Conflict {
    /// The revision in which it was found.
    pub(super) rev: u64,
    /// Where it was in that, in bytes.
    pub(super) ours: Range<usize>,
    pub(super) told: TextConflict,
}

impl Shared {
    /// Takes note of conflicts that were found at a base. They stand for those before that were in the same place.
    pub(super) fn add_conflicts(&mut self, base: &Base, found: Vec<Conflict>) {
        let touches =
            |range: &Range<usize>| found.iter().any(|it| it.ours.start <= range.end && range.start <= it.ours.end);
        let mut before = std::mem::take(&mut self.conflicts);
        before.retain(|conflict| self.place_of(conflict, base.rev).is_none_or(|range| !touches(&range)));
        self.conflicts = before;
        self.conflicts.extend(found);
    }

    /// Where a conflict is at a later revision, if what led there is still known.
    fn place_of(&self, conflict: &Conflict, rev: u64) -> Option<Range<usize>> {
        let at = Base { rev: conflict.rev, ..self.base() };
        let mark = Delta::of(&self.document.text_at(&at).ok()?, [(conflict.ours.clone(), "!".to_owned())]).ok()?;
        let since = self.document.since(&at).ok()?.take_while(|revision| revision.rev <= rev);
        let now = since.fold(mark, |mark, later| mark.over(&later.delta, First::Other));
        let splices = now.splices();
        Some(splices.first()?.at..splices.last()?.end())
    }

    /// Puts what the file on disk has in the place of what could not be merged with it.
    pub(super) fn take_theirs(&mut self, edit: &Edit) -> Result<Vec<FileChanged>> {
        let mut events = Vec::new();
        for conflict in self.conflicts.clone() {
            // Also what was typed there since goes: part of it may be what the file has.
            let range = self.place_of(&conflict, self.document.rev()).ok_or_else(|| {
                let message = "too much was edited since the conflict: put the text in order, and keep `ours`";
                Error::conflict(message)
            })?;
            let delta = Delta::of(self.document.text(), [(range, conflict.told.theirs)])
                .map_err(|error| Error::internal(error.to_string()))?;
            let base = self.base();
            events.extend(self.edit(&base, delta, edit)?.events);
        }
        Ok(events)
    }
}
