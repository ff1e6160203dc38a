//! Storing what is edited, as fast as the store takes it: whoever edits does not wait for that.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crop::Rope;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::file::history::TextSave;
use icpy_protocol::file::text::{FileDurable, FileSaved};
use icpy_protocol::file::{DURABLE, SAVED};
use serde::{Deserialize, Serialize};

use super::OpenText;
use super::disk::Written;
use super::shared::{Disk, Saving, Shared, Unstored};
use crate::caller::Caller;
use crate::document::line_ends;
use crate::document::{Base, ClientSeq, Delta, Document, Lineage, Revision, Role, Splice, Who};
use crate::journal::Changes;
use crate::store::texts::{self, KeptDisk, KeptRevision, KeptText};

/// Revisions that may wait to be stored before who edits waits too.
const UNSTORED_MAX: usize = 4096;

/// Revisions after which the text is stored as it is, so that no more have to be made again.
const REMADE_MAX: u64 = 4096;

/// Histories before the present one that are remembered.
const FORMER_MAX: usize = 64;

/// A revision as the store keeps it.
#[derive(Serialize, Deserialize)]
struct Described {
    author: String,
    group: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    who: Option<(String, Option<String>)>,
    role: char,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seq: Option<(String, u64)>,
    splices: Vec<(usize, Box<str>, Box<str>)>,
}

impl OpenText {
    /// Has what was edited stored. Waits only where too much waits already.
    pub(super) async fn store_soon(self: &Arc<Self>) -> Result<()> {
        if self.lock().unstored.len() > UNSTORED_MAX {
            return self.store().await;
        }
        if !self.is_storing.swap(true, Ordering::AcqRel) {
            let text = Arc::clone(self);
            // An error is kept, and refuses the next edit.
            self.services.tasks.spawn(async move { text.store_now().await });
        }
        Ok(())
    }

    /// Refuses edits while nothing can be stored: they would be lost with the daemon.
    pub(super) async fn check_storable(self: &Arc<Self>) -> Result<()> {
        if self.lock().store_error.is_none() {
            return Ok(());
        }
        self.store().await
    }

    /// Stores all that was edited until now, also where who waits for that goes away: what is being stored is in nobody's hands
    /// but this task's.
    pub(super) async fn store(self: &Arc<Self>) -> Result<()> {
        let text = Arc::clone(self);
        self.services.finish(async move { text.store_now().await }).await
    }

    async fn store_now(&self) -> Result<()> {
        let _turn = self.storing.lock().await;
        // What comes from now on has another task store it when this one ends.
        self.is_storing.store(false, Ordering::Release);
        let (unstored, kept, disk) = {
            let mut shared = self.lock();
            let unstored = std::mem::take(&mut shared.unstored);
            let (Some((first, _)), Some((last, _))) = (unstored.first(), unstored.last()) else { return Ok(()) };
            let kept = kept_first(&shared, first.rev, last.rev);
            let disk = take_unkept_disk(&mut shared).filter(|_| kept.is_none());
            (unstored, kept, disk)
        };
        let kept_rev = kept.as_ref().map(|kept| kept.rev);
        let (path, revisions) = (self.path.clone(), unstored.iter().map(described).collect::<Vec<_>>());
        let change = move |connection: &rusqlite::Connection, _: &mut Changes| {
            if let Some(kept) = &kept {
                texts::put(connection, kept)?;
            }
            if let Some((disk, saving_rev)) = &disk {
                texts::put_disk(connection, &path, disk, *saving_rev)?;
            }
            texts::append(connection, &path, &revisions)
        };
        let committed = self.services.journal.commit(change).await;
        let mut shared = self.lock();
        match committed {
            Ok(_) => {
                shared.begun = None;
                shared.kept_rev = kept_rev.unwrap_or(shared.kept_rev);
                shared.is_kept = true;
                shared.store_error = None;
                shared.durable_rev = unstored.last().map_or(0, |(revision, _)| revision.rev);
                let revision = shared.revision(shared.durable_rev);
                self.services.bus.publish(&DURABLE, &FileDurable { path: self.path.clone(), revision });
                Ok(())
            }
            Err(error) => {
                shared.unstored.splice(0..0, unstored);
                shared.is_disk_kept = false;
                let message = format!("`{}` takes no edits, which could not be stored: {error}", self.path);
                let error = Error::new(error.kind(), message);
                shared.store_error = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Notes what is about to be written to the file, so that it is known again where the news of that is lost.
    pub(super) async fn begin_save(self: &Arc<Self>, written: &Written) -> Result<()> {
        let rev = written.revision.rev;
        self.lock().saving = Some(Saving { rev, text: written.text.clone() });
        self.store().await?;
        let disk = {
            let mut shared = self.lock();
            if !shared.is_kept {
                return Ok(());
            }
            take_unkept_disk(&mut shared)
        };
        let path = self.path.clone();
        let change = move |connection: &rusqlite::Connection, _: &mut Changes| match &disk {
            Some((disk, saving_rev)) => texts::put_disk(connection, &path, disk, *saving_rev),
            None => texts::begin_save(connection, &path, rev),
        };
        let committed = self.services.journal.commit(change).await;
        if committed.is_err() {
            self.lock().is_disk_kept = false;
        }
        committed.map(drop)
    }

    /// Stores the text as it is now, with what is on disk now, so that no older revision has to be made again. Where it was
    /// never edited there is nothing to store.
    pub(super) async fn store_all(self: &Arc<Self>) -> Result<()> {
        self.store_text(None).await
    }

    /// The same when it was written to its file, which is told. What was saved stays so, also where that cannot be stored.
    pub(super) async fn store_saved(self: &Arc<Self>, caller: &Caller, written: &Written) -> FileSaved {
        let Written { version, revision, .. } = written;
        let saved = FileSaved { path: self.path.clone(), revision: revision.clone(), version: version.clone() };
        if let Err(error) = self.store_text(Some((caller, saved.clone()))).await {
            tracing::error!(path = %self.path, %error, "a save cannot be stored");
            self.services.bus.publish(&SAVED, &saved);
        }
        self.tell_state(&self.lock());
        saved
    }

    async fn store_text(self: &Arc<Self>, saved: Option<(&Caller, FileSaved)>) -> Result<()> {
        let (kept, _turn) = loop {
            self.store().await?;
            let turn = self.storing.lock().await;
            let mut shared = self.lock();
            if !shared.is_kept {
                break (None, turn);
            }
            if shared.unstored.is_empty() {
                shared.is_disk_kept = true;
                break (Some(kept(&shared, shared.document.rev(), shared.document.text())), turn);
            }
        };
        let rev = kept.as_ref().map(|kept| kept.rev);
        let journal = &self.services.journal;
        let put = move |connection: &rusqlite::Connection| match &kept {
            Some(kept) => texts::put(connection, kept).map(|()| true),
            None => Ok(false),
        };
        let committed = match saved {
            Some((caller, saved)) => {
                let store = move |connection: &rusqlite::Connection, changes: &mut Changes| {
                    if put(connection)? {
                        texts::note_save(connection, &saved.path, &save_of(&saved, changes))?;
                    }
                    changes.publish(&SAVED, &saved);
                    Ok(())
                };
                journal.commit_by(caller, store).await.map(drop)
            }
            None => journal.commit(move |connection, _| put(connection)).await.map(drop),
        };
        let mut shared = self.lock();
        match (&committed, rev) {
            (Ok(()), Some(rev)) => shared.kept_rev = rev,
            (Ok(()), None) => {}
            (Err(_), _) => shared.is_disk_kept = false,
        }
        committed
    }
}

/// A save as the history has it.
pub(super) fn save_of(saved: &FileSaved, changes: &Changes) -> TextSave {
    TextSave { rev: saved.revision.rev, saved_at_ms: changes.now_ms, version: saved.version.clone() }
}

/// What is to be kept of a text before these revisions are: it as it was where it is not kept yet, and as it is now where too
/// many would have to be made again.
fn kept_first(shared: &Shared, first: u64, last: u64) -> Option<KeptText> {
    let since = if shared.begun.is_some() { first - 1 } else { shared.kept_rev };
    if last - since > REMADE_MAX {
        return Some(kept(shared, last, shared.document.text()));
    }
    shared.begun.as_ref().map(|begun| kept(shared, since, begun))
}

/// A text as it was at a revision.
fn kept(shared: &Shared, rev: u64, text: &Rope) -> KeptText {
    let Lineage { epoch, former } = shared.document.lineage().clone();
    let former = former.into_iter().map(|Base { epoch, rev }| (epoch, rev)).collect();
    let (disk, saving_rev) = kept_disk(shared);
    KeptText { path: shared.path.clone(), epoch, former, rev, snapshot: text.to_string(), disk, saving_rev }
}

/// What is on disk, and the revision that may be on its way there.
fn kept_disk(shared: &Shared) -> (KeptDisk, Option<u64>) {
    let Disk { version, text, line_ends, charset, has_bom } = shared.disk.clone();
    let conflicts = serde_json::to_value(&shared.conflicts).unwrap_or_default();
    let disk = KeptDisk { version, text: line_ends.write(&text, &text), charset, has_bom, conflicts };
    (disk, shared.saving.as_ref().map(|saving| saving.rev))
}

/// The same where the store does not have it, which counts as stored from now on.
fn take_unkept_disk(shared: &mut Shared) -> Option<(KeptDisk, Option<u64>)> {
    let is_kept = std::mem::replace(&mut shared.is_disk_kept, true);
    (!is_kept).then(|| kept_disk(shared))
}

fn described((revision, seq): &Unstored) -> KeptRevision {
    let Revision { rev, delta, author, group, label, who, role, time_ms } = revision.clone();
    let role = match role {
        Role::Edit => 'e',
        Role::Undo => 'u',
        Role::Redo => 'r',
    };
    let splices = delta.splices().iter().cloned().map(|it| (it.at, it.removed, it.inserted)).collect();
    let seq = seq.clone().map(|ClientSeq { client, seq }| (client, seq));
    let (author, label) = (author.to_string(), label.map(|it| it.to_string()));
    let who = who.map(|it| (it.user.clone(), it.program.clone()));
    let described = Described { author, group, label, who, role, seq, splices };
    KeptRevision { rev, time_ms, described: serde_json::to_string(&described).expect("it has string keys") }
}

/// A revision as it was kept; `None` where it cannot be read.
pub(super) fn read(kept: &KeptRevision) -> Option<Unstored> {
    let Described { author, group, label, who, role, seq, splices } = serde_json::from_str(&kept.described).ok()?;
    let role = match role {
        'e' => Role::Edit,
        'u' => Role::Undo,
        'r' => Role::Redo,
        _ => return None,
    };
    let splice = |(at, removed, inserted)| Splice { at, removed, inserted };
    let delta = Delta::of_splices(splices.into_iter().map(splice).collect())?;
    let seq = seq.map(|(client, seq)| ClientSeq { client, seq });
    let (author, label) = (author.into(), label.map(Into::into));
    let who = who.map(|(user, program)| Arc::new(Who { user, program }));
    Some((Revision { rev: kept.rev, delta, author, group, label, who, role, time_ms: kept.time_ms }, seq))
}

/// A text as it was stored, which goes on as a history of its own: of the one before, all is known that was stored.
pub(super) fn restored(kept: KeptText, revisions: Vec<KeptRevision>, epoch: String) -> Result<Shared> {
    let KeptText { path, epoch: before, former, rev, snapshot, disk, saving_rev } = kept;
    let broken = |rev: u64| Error::internal(format!("revision {rev} of `{path}` cannot be read from the store"));
    let last_rev = revisions.last().map_or(rev, |it| it.rev.max(rev));
    let mut former: Vec<Base> = former.into_iter().map(|(epoch, rev)| Base { epoch, rev }).collect();
    former.push(Base { epoch: before, rev: last_rev });
    former.drain(..former.len().saturating_sub(FORMER_MAX));
    let lineage = Lineage { epoch, former };
    let (older, newer): (Vec<_>, Vec<_>) = revisions.into_iter().partition(|it| it.rev <= rev);
    let older: Option<Vec<Unstored>> = older.iter().map(read).collect();
    let mut document = Document::restore(lineage, rev, snapshot.as_str().into(), older.unwrap_or_default());
    for kept in newer {
        let follow = |(revision, seq)| document.replay(revision, seq);
        read(&kept).and_then(follow).ok_or_else(|| broken(kept.rev))?;
    }
    let KeptDisk { version, text, charset, has_bom, conflicts } = disk;
    let (text, line_ends) = line_ends::read(&text);
    let disk = Disk { version, text: text.as_str().into(), line_ends, charset, has_bom };
    let conflicts = serde_json::from_value(conflicts).unwrap_or_default();
    let saving = saving_rev.and_then(|rev| {
        let text = document.text_at(&Base { epoch: document.lineage().epoch.clone(), rev }).ok()?;
        Some(Saving { rev, text })
    });
    let shared = Shared::new(path, document, disk);
    Ok(Shared { saving, conflicts, durable_rev: last_rev, kept_rev: rev, is_kept: true, ..shared })
}
