//! What has become of a text: who changed it, what differs, and how it was before.

use std::sync::Arc;

use crop::Rope;
use icpy_protocol::auth::AuthRole;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::file::FileOf;
use icpy_protocol::file::history::{
    FileDiffParams, FileDiffResult, FileHistoryParams, FileHistoryResult, FileRestoreParams, TextHistoryEntry,
};
use icpy_protocol::file::text::FileEditResult;
use icpy_protocol::path::FilePath;
use rusqlite::Connection;

use super::asking::uncounted;
use super::shared::{Shared, origin_of};
use super::storing::{read, restored};
use super::{OpenText, Texts, aside, check_file};
use crate::caller::{Caller, LONG_RESULT_BYTES};
use crate::document::diff::edits_between;
use crate::document::{Base, Delta, Revision};
use crate::journal::{Changes, Journal};
use crate::services::workspace::placing::plain;
use crate::store::texts::{self, KeptRevision};

/// The most entries that are told at once.
const ENTRIES_MAX: u32 = 1_000;

/// How many are told where nothing else is asked for.
const ENTRIES: u32 = 100;

/// How often a text is stored that is edited meanwhile.
const STORES_MAX: usize = 100;

/// How many revisions are read from the store at once.
const REVISIONS_READ: u64 = 1_000;

/// A text with what is kept of it in the store.
struct Recorded {
    journal: Journal,
    path: FilePath,
    rev: u64,
    text: Rope,
    /// What is on disk, as far as is known.
    disk: Rope,
}

impl Recorded {
    fn of(journal: &Journal, shared: &Shared) -> Self {
        Self {
            journal: journal.clone(),
            path: shared.path.clone(),
            rev: shared.document.rev(),
            text: shared.document.text().clone(),
            disk: shared.disk.text.clone(),
        }
    }

    async fn back_from(&self, rev: u64, count: u64) -> Result<Vec<KeptRevision>> {
        let path = self.path.clone();
        let read = move |connection: &Connection, _: &mut Changes| texts::back_from(connection, &path, rev, count);
        Ok(self.journal.commit(read).await?.value)
    }

    fn unreadable(&self, rev: u64) -> Error {
        Error::internal(format!("revision {rev} of `{}` cannot be read from the store", self.path))
    }

    /// The text as it was in a revision.
    async fn at(&self, rev: u64) -> Result<Rope> {
        if rev > self.rev {
            let message = format!("`{}` has no revision {rev} yet: the present one is {}", self.path, self.rev);
            return Err(Error::invalid_params(message));
        }
        let (mut text, mut now) = (self.text.clone(), self.rev);
        while now > rev {
            let kept = self.back_from(now, REVISIONS_READ.min(now - rev)).await?;
            let count = kept.len() as u64;
            if count == 0 || kept.iter().map(|it| it.rev).ne((now + 1 - count..=now).rev()) {
                let message = format!("revision {rev} of `{}` is not kept: the oldest is {now}", self.path);
                return Err(Error::not_found(message).with("oldest", now));
            }
            let undone = aside(move || {
                let undo = |text: &mut Rope, it: &KeptRevision| {
                    read(it).map(|(revision, _)| revision.delta.inverse().apply(text)).ok_or(it.rev)
                };
                kept.iter().try_for_each(|it| undo(&mut text, it)).map(|()| text)
            });
            text = undone.await?.map_err(|rev| self.unreadable(rev))?;
            now -= count;
        }
        Ok(text)
    }

    /// What led to a revision, the last first, and from which one on there is more.
    async fn entries(&self, mut before: u64, limit: usize) -> Result<(Vec<TextHistoryEntry>, Option<u64>)> {
        let mut entries: Vec<(u64, TextHistoryEntry)> = Vec::new();
        loop {
            let kept = self.back_from(before, REVISIONS_READ).await?;
            for it in &kept {
                let (revision, _) = read(it).ok_or_else(|| self.unreadable(it.rev))?;
                if let Some((group, last)) = entries.last_mut()
                    && *group == revision.group
                    && last.origin == origin_of(&revision)
                {
                    go_back(last, &revision);
                } else if entries.len() == limit {
                    return Ok((entries.into_iter().map(|(_, entry)| entry).collect(), Some(it.rev)));
                } else {
                    entries.push((revision.group, entry_of(&revision)));
                }
                before = it.rev - 1;
            }
            if (kept.len() as u64) < REVISIONS_READ {
                return Ok((entries.into_iter().map(|(_, entry)| entry).collect(), None));
            }
        }
    }
}

fn entry_of(revision: &Revision) -> TextHistoryEntry {
    let mut entry = TextHistoryEntry {
        from_rev: revision.rev,
        to_rev: revision.rev,
        origin: origin_of(revision),
        group: revision.label.as_deref().map(str::to_owned),
        began_at_ms: revision.time_ms,
        ended_at_ms: revision.time_ms,
        inserted_bytes: 0,
        removed_bytes: 0,
    };
    go_back(&mut entry, revision);
    entry
}

/// Takes in the revision before those that an entry has.
fn go_back(entry: &mut TextHistoryEntry, revision: &Revision) {
    entry.from_rev = revision.rev - 1;
    entry.began_at_ms = revision.time_ms;
    for splice in revision.delta.splices() {
        entry.inserted_bytes += splice.inserted.len() as u64;
        entry.removed_bytes += splice.removed.len() as u64;
    }
}

impl OpenText {
    /// The text with all of it in the store, and the revision that it is.
    async fn recorded(self: &Arc<Self>) -> Result<(Base, Recorded)> {
        for _ in 0..STORES_MAX {
            self.store().await?;
            let shared = self.lock();
            if !shared.is_kept || shared.durable_rev == shared.document.rev() {
                return Ok((shared.base(), Recorded::of(&self.services.journal, &shared)));
            }
        }
        Err(Error::busy(format!("`{}` is edited all the time: try again", self.path)))
    }
}

impl Texts {
    /// A text that is open, or of which something is kept.
    async fn recorded(&self, caller: &Caller, file: &FileOf) -> Result<Recorded> {
        let journal = &self.0.services.journal;
        let missing = match self.of(caller, file, AuthRole::Viewer).await {
            Ok(text) => return text.recorded().await.map(|(_, recorded)| recorded),
            Err(error) => error,
        };
        let Some(path) = file.path.as_ref().filter(|_| file.file_id.is_none()) else { return Err(missing) };
        let path = plain(path)?;
        check_file(caller, &path, AuthRole::Viewer)?;
        let epoch = self.0.services.host.new_id();
        let read = move |connection: &Connection, _: &mut Changes| texts::get(connection, &path);
        let Some((kept, revisions)) = journal.commit(read).await?.value else { return Err(missing) };
        Ok(Recorded::of(journal, &restored(kept, revisions, epoch)?))
    }

    pub(in crate::services::workspace) async fn history(
        &self,
        caller: &Caller,
        params: &FileHistoryParams,
    ) -> Result<FileHistoryResult> {
        let limit = params.limit.unwrap_or(ENTRIES);
        if limit == 0 || limit > ENTRIES_MAX {
            return Err(Error::invalid_params(format!("`limit` is from 1 to {ENTRIES_MAX}")));
        }
        let _room = caller.reserve(LONG_RESULT_BYTES).await;
        let recorded = self.recorded(caller, &params.file).await?;
        let before = params.before.unwrap_or(recorded.rev).min(recorded.rev);
        let (entries, next_before) = recorded.entries(before, limit as usize).await?;
        let (path, oldest) = (recorded.path.clone(), next_before.map_or(0, |rev| rev + 1));
        let read = move |connection: &Connection, _: &mut Changes| texts::saves(connection, &path, oldest..=before);
        let saves = self.0.services.journal.commit(read).await?.value;
        Ok(FileHistoryResult { path: recorded.path, rev: recorded.rev, entries, saves, next_before })
    }

    pub(in crate::services::workspace) async fn diff(
        &self,
        caller: &Caller,
        params: &FileDiffParams,
    ) -> Result<FileDiffResult> {
        let recorded = self.recorded(caller, &params.file).await?;
        let _room = caller.reserve(LONG_RESULT_BYTES.max(recorded.text.byte_len() as u64)).await;
        let to_rev = params.to_rev.unwrap_or(recorded.rev);
        let newer = recorded.at(to_rev).await?;
        let (older, from_name) = match params.from_rev {
            Some(rev) => (recorded.at(rev).await?, format!("revision {rev}")),
            None => (recorded.disk.clone(), "on disk".to_owned()),
        };
        let path = recorded.path;
        let names = [format!("{path} ({from_name})"), format!("{path} (revision {to_rev})")];
        let patch = aside(move || unified(&older.to_string(), &newer.to_string(), names)).await?;
        Ok(FileDiffResult { path, to_rev, patch })
    }

    pub(in crate::services::workspace) async fn restore(
        &self,
        caller: &Caller,
        params: &FileRestoreParams,
    ) -> Result<FileEditResult> {
        let text = self.here(caller, &params.file).await?;
        let mut edit = uncounted(caller, params.client.as_deref(), &text.services)?;
        edit.label = Some(Arc::from(format!("restore revision {}", params.rev)));
        let (base, recorded) = text.recorded().await?;
        let wanted = recorded.at(params.rev).await?;
        let ours = recorded.text;
        let delta = aside(move || Delta::of(&ours, edits_between(&ours.to_string(), &wanted.to_string()))).await?;
        let delta = delta.map_err(|error| Error::internal(error.to_string()))?;
        let revision = {
            let mut shared = text.lock();
            let changed = shared.edit(&base, delta, &edit)?;
            text.tell(&mut shared, &changed.events);
            shared.revision(changed.rev)
        };
        text.store_soon().await?;
        Ok(FileEditResult { revision })
    }
}

/// What differs, as a unified diff: nothing where nothing does.
fn unified(older: &str, newer: &str, [older_name, newer_name]: [String; 2]) -> String {
    if older == newer {
        return String::new();
    }
    let mut options = diffy::DiffOptions::new();
    options.set_original_filename(older_name).set_modified_filename(newer_name);
    options.create_patch(older, newer).to_string()
}
