//! The file behind a text: reading it, following what others write to it, and saving.

use std::sync::Arc;
use std::time::Duration;

use crop::Rope;
use icpy_protocol::error::{Error, Kind, Result};
use icpy_protocol::file::TEXT_STATE_CHANGED;
use icpy_protocol::file::text::{FileSaved, FileTextStateChanged, TextConflict, TextRevision};
use icpy_protocol::fs::{FsClient, FsEncoding, FsReadFileParams, FsStatParams, FsWriteFileParams};
use icpy_protocol::path::FilePath;
use tokio::time::{Instant, sleep_until};

use super::conflicts::Conflict;
use super::shared::{Disk, Shared};
use super::storing::restored;
use super::{OpenText, TEXT_BYTES_MAX, Texts, aside};
use crate::bus::Requester;
use crate::caller::Caller;
use crate::document::diff::edits_between;
use crate::document::line_ends::{self, LineEnds};
use crate::document::merge::{Clash, Merge, merge};
use crate::document::{Delta, Document, Edit, Lineage};
use crate::services::Services;
use crate::store::texts;

/// How long a file that others write to has to stay the same.
const REST: Duration = Duration::from_millis(20);

/// How often that is waited for: what never rests is taken in as it is.
const REST_ATTEMPTS: u32 = 25;

/// How often a file that changes while it is saved is looked at again.
const SAVE_ATTEMPTS: u32 = 3;

/// What was written to a file, or is to be.
pub(super) struct Written {
    /// The file's version; empty until it is written.
    pub(super) version: String,
    pub(super) revision: TextRevision,
    pub(super) text: Rope,
    pub(super) line_ends: LineEnds,
}

pub(super) fn fs(services: &Services, caller: &Caller) -> FsClient<Requester> {
    FsClient::new(services.requester(caller))
}

/// What is on disk; `None` where there is no file.
async fn look(services: &Services, path: &FilePath) -> Result<Option<Disk>> {
    if path.untitled().is_some() {
        return Ok(None);
    }
    let fs = fs(services, &Caller::daemon());
    let size = match fs.stat(&FsStatParams::of(path.clone())).await {
        Ok(found) => found.size,
        Err(error) if error.kind() == Kind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if size > TEXT_BYTES_MAX as u64 {
        let message =
            format!("`{path}` has {size} bytes: what is longer than {TEXT_BYTES_MAX} is read by `fs:read_file`");
        return Err(Error::too_large(message).with("limit", TEXT_BYTES_MAX));
    }
    let params = FsReadFileParams { encoding: Some(FsEncoding::Utf8), ..FsReadFileParams::of(path.clone()) };
    let read = match fs.read_file(&params).await {
        Ok(read) => read,
        Err(error) if error.kind() == Kind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if read.is_binary == Some(true) {
        return Err(Error::unsupported(format!("`{path}` is not text: it is read by `fs:read_file`")));
    }
    let content = read.content.map(icpy_protocol::json_string::JsonString::into_text).unwrap_or_default();
    let (text, line_ends) = line_ends::read(&content);
    let charset = read.charset.unwrap_or_else(|| "UTF-8".to_owned());
    Ok(Some(Disk { version: read.version, text: text.into(), line_ends, charset, has_bom: read.has_bom }))
}

impl Texts {
    /// Reads a text: as it was stored, with what has become of the file since, or from the file.
    pub(super) async fn read(&self, path: FilePath) -> Result<Arc<OpenText>> {
        let services = self.0.services.clone();
        let disk = look(&services, &path).await?;
        let (epoch, asked) = (services.host.new_id(), path.clone());
        let take_up = move |connection: &rusqlite::Connection, _: &mut crate::journal::Changes| {
            let Some((kept, revisions)) = texts::get(connection, &asked)? else { return Ok(Err(epoch)) };
            let shared = restored(kept, revisions, epoch)?;
            let Lineage { epoch, former } = shared.document.lineage();
            let former: Vec<(String, u64)> = former.iter().map(|it| (it.epoch.clone(), it.rev)).collect();
            texts::begin_epoch(connection, &asked, epoch, &former)?;
            Ok(Ok(shared))
        };
        let (shared, disk) = match (services.journal.commit(take_up).await?.value, disk) {
            (Ok(shared), disk) => (shared, Some(disk)),
            (Err(epoch), disk) => (begun(path.clone(), epoch, disk.unwrap_or_else(Disk::none)), None),
        };
        let text = Arc::new(OpenText::new(services, path, shared));
        if let Some(disk) = disk {
            text.take_in(disk).await?;
        }
        Ok(text)
    }
}

/// A text that begins with what is on disk.
fn begun(path: FilePath, epoch: String, disk: Disk) -> Shared {
    let document = Document::new(Lineage { epoch, former: Vec::new() }, 0, disk.text.clone());
    Shared::new(path, document, disk)
}

/// The text that another one was made of: that from which it differs least. What was about to be written when the daemon was
/// killed, or who asked for it went away, may have been written or not.
fn nearest(base: &Rope, saving: Option<&Rope>, theirs: &str) -> String {
    let base = base.to_string();
    let Some(saving) = saving.map(Rope::to_string) else { return base };
    let differing = |text: &str| -> usize {
        edits_between(text, theirs).iter().map(|(range, inserted)| range.len() + inserted.len()).sum()
    };
    if differing(&saving) <= differing(&base) { saving } else { base }
}

impl OpenText {
    /// Looks whether the file is as it was, and takes in what others have written.
    pub(super) async fn refresh(self: &Arc<Self>) -> Result<()> {
        let _turn = self.disk.lock().await;
        self.take_in(self.look_at_rest().await?).await
    }

    /// What is on disk, once it stays the same for a moment: who writes a file anew empties it first, and that is no change to
    /// be merged.
    async fn look_at_rest(&self) -> Result<Option<Disk>> {
        let version = |found: &Option<Disk>| found.as_ref().and_then(|disk| disk.version.clone());
        let mut found = look(&self.services, &self.path).await?;
        for _ in 0..REST_ATTEMPTS {
            if version(&found) == self.lock().disk.version {
                break;
            }
            sleep_until(Instant::now() + REST).await;
            let again = look(&self.services, &self.path).await?;
            let is_at_rest = version(&again) == version(&found);
            found = again;
            if is_at_rest {
                break;
            }
        }
        Ok(found)
    }

    async fn take_in(self: &Arc<Self>, found: Option<Disk>) -> Result<()> {
        let (base, saving, ours, rev) = {
            let mut shared = self.lock();
            let version = found.as_ref().and_then(|disk| disk.version.clone());
            if version == shared.disk.version {
                // It was not written. The store is to know that too.
                if shared.saving.take().is_some() {
                    shared.is_disk_kept = false;
                }
                return Ok(());
            }
            let Some(_) = &found else {
                // The text stays, and is to be saved again.
                shared.disk.version = None;
                self.tell_state(&shared);
                return Ok(());
            };
            let saving = shared.saving.as_ref().map(|it| it.text.clone());
            (shared.disk.text.clone(), saving, shared.document.text().clone(), shared.base())
        };
        let Some(disk) = found else { return Ok(()) };
        let theirs = disk.text.clone();
        let merging = move || {
            let (ours, theirs) = (ours.to_string(), theirs.to_string());
            let base = nearest(&base, saving.as_ref(), &theirs);
            merge(&base, &ours, &theirs)
        };
        let Merge { edits, clashes } = aside(merging).await?;
        {
            let mut shared = self.lock();
            let ours = shared.document.text_at(&rev).map_err(|_| shared.stale(&rev))?;
            let delta = Delta::of(&ours, edits).map_err(|error| Error::internal(error.to_string()))?;
            let edit = Shared::edit_of_disk(self.services.host.now_ms());
            let changed = shared.edit(&rev, delta, &edit)?;
            let base = rev.clone();
            let conflict = |Clash { ours: range, base, theirs }| {
                let our = ours.byte_slice(range.clone()).to_string();
                Conflict { rev: rev.rev, ours: range, told: TextConflict { base, ours: our, theirs } }
            };
            let found: Vec<Conflict> = clashes.into_iter().map(conflict).collect();
            shared.add_conflicts(&base, found);
            (shared.disk, shared.is_disk_kept, shared.saving) = (disk, false, None);
            self.tell(&mut shared, &changed.events);
            self.tell_state(&shared);
        }
        self.store_all().await
    }

    pub(super) fn tell_state(&self, shared: &Shared) {
        let event = FileTextStateChanged { path: self.path.clone(), revision: shared.now(), state: shared.state() };
        self.services.bus.publish(&TEXT_STATE_CHANGED, &event);
    }

    /// Writes the text to the file. What others have written meanwhile is merged first. To be brought to its end: what is written
    /// and not known to be would be taken for what others have written.
    pub(super) async fn save(self: &Arc<Self>, caller: &Caller) -> Result<FileSaved> {
        let _turn = self.disk.lock().await;
        if self.lock().saving.is_some() {
            // It is not known yet whether it was written the last time.
            self.take_in(self.look_at_rest().await?).await?;
        }
        for _ in 0..SAVE_ATTEMPTS {
            let (to_write, params) = self.to_be_saved()?;
            // What is in the file and not in the store would come a second time from who sends it again after a crash. But
            // where nothing can be stored, saving is what keeps the text.
            if let Err(error) = self.begin_save(&to_write).await {
                tracing::warn!(path = %self.path, %error, "what is about to be saved cannot be stored");
            }
            match fs(&self.services, caller).write_file(&params).await {
                Ok(written) => {
                    let written = Written { version: written.version, ..to_write };
                    self.lock().note_saved(&written);
                    return Ok(self.store_saved(caller, &written).await);
                }
                Err(error) if matches!(error.kind(), Kind::Conflict | Kind::AlreadyExists | Kind::NotFound) => {
                    // It is certain that nothing was written.
                    self.lock().saving = None;
                    self.take_in(self.look_at_rest().await?).await?;
                }
                Err(error) => {
                    // It may have been written all the same.
                    if let Ok(found) = self.look_at_rest().await {
                        let _ = self.take_in(found).await;
                    }
                    return Err(error);
                }
            }
        }
        Err(Error::busy(format!("`{}` changes all the time: it could not be saved", self.path)))
    }

    /// What is to be written now.
    fn to_be_saved(&self) -> Result<(Written, FsWriteFileParams)> {
        let shared = self.lock();
        shared.check_here()?;
        if let Some((_, name)) = self.path.untitled() {
            return Err(Error::unsupported(format!("`{name}` has no file yet: `file:save_as` gives it one")));
        }
        let (to_write, params) = shared.to_be_written(&self.path)?;
        let version = shared.disk.version.clone();
        Ok((to_write, FsWriteFileParams { must_be_new: version.is_none(), base_version: version, ..params }))
    }

    /// Writes the text to another file.
    pub(super) async fn write_as(&self, caller: &Caller, path: &FilePath, overwrite: bool) -> Result<Written> {
        let (to_write, params) = self.lock().to_be_written(path)?;
        let params = FsWriteFileParams { must_be_new: !overwrite, ..params };
        let written = fs(&self.services, caller).write_file(&params).await?;
        Ok(Written { version: written.version, ..to_write })
    }

    /// Makes the text what is on disk.
    pub(super) async fn revert(self: &Arc<Self>, edit: &Edit) -> Result<()> {
        let _turn = self.disk.lock().await;
        let disk = look(&self.services, &self.path).await?;
        let disk = disk.ok_or_else(|| Error::not_found(format!("`{}` is not on disk any more", self.path)))?;
        let (base, ours) = {
            let shared = self.lock();
            (shared.base(), shared.document.text().clone())
        };
        let theirs = disk.text.clone();
        let delta = aside(move || Delta::of(&ours, edits_between(&ours.to_string(), &theirs.to_string()))).await?;
        let delta = delta.map_err(|error| Error::internal(error.to_string()))?;
        {
            let mut shared = self.lock();
            let changed = shared.edit(&base, delta, edit)?;
            (shared.disk, shared.is_disk_kept, shared.saving) = (disk, false, None);
            shared.conflicts.clear();
            self.tell(&mut shared, &changed.events);
            self.tell_state(&shared);
        }
        self.store_all().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where it is not known whether a save came to its end, what others have written says it.
    #[test]
    fn the_base_of_a_file_is_what_it_was_made_of() {
        let check = |saving: Option<&str>, theirs: &str, expect: &str| {
            assert_eq!(nearest(&"one\n".into(), saving.map(Rope::from).as_ref(), theirs), expect, "{theirs:?}");
        };
        check(Some("one\nours\n"), "one\nours\n", "one\nours\n");
        check(Some("one\nours\n"), "more\none\nours\n", "one\nours\n");
        check(Some("one\nours\n"), "more\none\n", "one\n");
        check(None, "one\nours\n", "one\n");
    }
}
