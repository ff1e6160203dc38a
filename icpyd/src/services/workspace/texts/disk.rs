//! The file behind a text: reading it, following what others write to it, and saving.

use std::sync::Arc;
use std::time::Duration;

use crop::Rope;
use futures_util::StreamExt as _;
use icpy_protocol::error::{Error, Kind, Result};
use icpy_protocol::file::text::{FileSaved, FileTextStateChanged, TextConflict, TextRevision};
use icpy_protocol::file::{SAVED, TEXT_STATE_CHANGED};
use icpy_protocol::fs::{
    CHANGED_ON_DISK, FileChangedOnDisk, FsClient, FsEncoding, FsReadFileParams, FsStatParams, FsUnwatchParams,
    FsWatchParams, FsWriteFileParams,
};
use icpy_protocol::path::FilePath;
use icpy_protocol::topic::Pattern;
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::{Instant, sleep_until};

use super::shared::{Conflict, DISK, Disk, Shared};
use super::storing::restored;
use super::{Followed, OpenText, TEXT_BYTES_MAX, Texts, aside};
use crate::bus::{Interest, Item, Requester};
use crate::caller::Caller;
use crate::document::diff::{Clash, Merge, edits_between, merge};
use crate::document::line_ends::{self, LineEnds};
use crate::document::{Delta, Document, Lineage};
use crate::services::Services;
use crate::store::texts;

/// How long a file that others write to has to stay the same.
const REST: Duration = Duration::from_millis(20);

/// How often that is waited for: what never rests is taken in as it is.
const REST_ATTEMPTS: u32 = 25;

/// How often a file that changes while it is saved is looked at again.
const SAVE_ATTEMPTS: u32 = 3;

fn fs(services: &Services, caller: &Caller) -> FsClient<Requester> {
    FsClient::new(services.requester(caller))
}

/// What is on disk; `None` where there is no file.
async fn look(services: &Services, path: &FilePath) -> Result<Option<Disk>> {
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
    /// Has changes of a file told. Of one that is not there, as a text can be that was not saved, those of its folder are.
    pub(super) async fn follow(&self, path: &FilePath) -> Result<Followed> {
        let fs = fs(&self.0.services, &Caller::daemon());
        let params = |path| FsWatchParams { path, is_shallow: true };
        match fs.watch(&params(path.clone())).await {
            Ok(watch) => Ok(Followed { path: watch.path, watch_id: watch.watch_id }),
            Err(error) if error.kind() == Kind::NotFound => {
                let (folder, name) = path.as_path().parent().zip(path.as_path().file_name()).ok_or(error)?;
                let watch = fs.watch(&params(folder.into())).await?;
                Ok(Followed { path: watch.path.as_path().join(name).into(), watch_id: watch.watch_id })
            }
            Err(error) => Err(error),
        }
    }

    /// Has that told no more.
    pub(super) fn unfollow(&self, watch_id: String) {
        let services = self.0.services.clone();
        self.0.services.tasks.spawn(async move {
            let ended = fs(&services, &Caller::daemon()).unwatch(&FsUnwatchParams { watch_id }).await;
            if let Err(error) = ended {
                tracing::warn!(%error, "a file is watched for nobody");
            }
        });
    }

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
            (Err(epoch), Some(disk)) => (begun(path.clone(), epoch, disk), None),
            (Err(_), None) => return Err(Error::not_found(format!("`{path}` is not there"))),
        };
        let text = Arc::new(OpenText {
            services,
            path,
            shared: shared.into(),
            disk: AsyncMutex::default(),
            storing: AsyncMutex::default(),
            is_storing: false.into(),
        });
        if let Some(disk) = disk {
            text.take_in(disk).await?;
        }
        Ok(text)
    }

    /// Listens for changes of files, for all texts.
    pub(super) fn listen(&self) {
        if std::mem::replace(&mut self.known().is_listening, true) {
            return;
        }
        let texts = self.clone();
        let Ok(pattern) = Pattern::parse(CHANGED_ON_DISK.info.topic) else { return };
        let mut changes = self.0.services.bus.subscribe(Interest::all(pattern));
        self.0.services.tasks.clone().spawn(async move {
            let stop = texts.0.services.stop.clone();
            while let Some(Some(item)) = stop.run_until_cancelled(changes.next()).await {
                match item {
                    Item::Event(event) => {
                        if let Ok(change) = event.payload::<FileChangedOnDisk>() {
                            texts.look_again(|path| *path == change.path || Some(path) == change.from.as_ref());
                        }
                    }
                    Item::Gap { .. } => texts.look_again(|_| true),
                    Item::Bookmark(_) => {}
                }
            }
        });
    }

    fn look_again(&self, is_meant: impl Fn(&FilePath) -> bool) {
        let known = self.known();
        let texts = known.by_path.iter().filter(|(path, _)| is_meant(path)).filter_map(|(_, cell)| cell.get().cloned());
        for text in texts {
            self.0.services.tasks.spawn(async move {
                if let Err(error) = text.refresh().await {
                    tracing::warn!(path = %text.path, %error, "a file that changed cannot be taken in");
                }
            });
        }
    }
}

/// A text that begins with what is on disk.
fn begun(path: FilePath, epoch: String, disk: Disk) -> Shared {
    let document = Document::new(Lineage { epoch, former: Vec::new() }, 0, disk.text.clone());
    Shared::new(path, document, disk)
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
        let (base, ours, rev) = {
            let mut shared = self.lock();
            let version = found.as_ref().and_then(|disk| disk.version.clone());
            if version == shared.disk.version {
                return Ok(());
            }
            let Some(_) = &found else {
                // The text stays, and is to be saved again.
                shared.disk.version = None;
                self.tell_state(&shared);
                return Ok(());
            };
            (shared.disk.text.clone(), shared.document.text().clone(), shared.base())
        };
        let Some(disk) = found else { return Ok(()) };
        let theirs = disk.text.clone();
        let merging = move || merge(&base.to_string(), &ours.to_string(), &theirs.to_string());
        let Merge { edits, clashes } = aside(merging).await?;
        {
            let mut shared = self.lock();
            let ours = shared.document.text_at(&rev).map_err(|_| shared.stale())?;
            let delta = Delta::of(&ours, edits).map_err(|error| Error::internal(error.to_string()))?;
            let edit = Shared::edit_of(DISK, self.services.host.now_ms());
            let changed = shared.edit(&rev, delta, &edit)?;
            let base = rev.clone();
            let conflict = |Clash { ours: range, base, theirs }| {
                let our = ours.byte_slice(range.clone()).to_string();
                Conflict { rev: rev.rev, ours: range, told: TextConflict { base, ours: our, theirs } }
            };
            let found: Vec<Conflict> = clashes.into_iter().map(conflict).collect();
            shared.add_conflicts(&base, found);
            shared.disk = disk;
            self.tell(&changed.events);
            self.tell_state(&shared);
        }
        self.store_all().await
    }

    pub(super) fn tell_state(&self, shared: &Shared) {
        let event = FileTextStateChanged { path: self.path.clone(), revision: shared.now(), state: shared.state() };
        self.services.bus.publish(&TEXT_STATE_CHANGED, &event);
    }

    /// Writes the text to the file. What others have written meanwhile is merged first.
    pub(super) async fn save(self: &Arc<Self>, caller: &Caller) -> Result<FileSaved> {
        let _turn = self.disk.lock().await;
        for _ in 0..SAVE_ATTEMPTS {
            let (base, text, ends, params) = self.to_be_saved()?;
            match fs(&self.services, caller).write_file(&params).await {
                Ok(written) => {
                    let saved = FileSaved { path: self.path.clone(), revision: base, version: written.version };
                    self.note_saved(&saved, text, ends);
                    self.store_all().await?;
                    return self.tell_saved(caller, saved).await;
                }
                Err(error) if matches!(error.kind(), Kind::Conflict | Kind::AlreadyExists | Kind::NotFound) => {
                    self.take_in(self.look_at_rest().await?).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Err(Error::busy(format!("`{}` changes all the time: it could not be saved", self.path)))
    }

    fn note_saved(&self, saved: &FileSaved, text: Rope, ends: LineEnds) {
        let mut shared = self.lock();
        shared.disk.version = Some(saved.version.clone());
        (shared.disk.text, shared.disk.line_ends) = (text, ends);
        self.tell_state(&shared);
    }

    /// What was saved stays so, whether or not it can be written down.
    async fn tell_saved(&self, caller: &Caller, saved: FileSaved) -> Result<FileSaved> {
        let event = saved.clone();
        let told = self.services.journal.commit_by(caller, move |_, changes| {
            changes.publish(&SAVED, &event);
            Ok(())
        });
        if let Err(error) = told.await {
            tracing::error!(%error, "a save cannot be logged");
            self.services.bus.publish(&SAVED, &saved);
        }
        Ok(saved)
    }

    /// What is to be written now, and the revision and line ends that it is.
    fn to_be_saved(&self) -> Result<(TextRevision, Rope, LineEnds, FsWriteFileParams)> {
        let shared = self.lock();
        if !shared.conflicts.is_empty() {
            let message = format!("`{}` was changed on disk too: settle the conflicts by `file:resolve`", self.path);
            return Err(Error::conflict(message).with("conflicts", shared.conflicts.len()));
        }
        let text = shared.document.text().clone();
        let Disk { version, text: base, line_ends, charset, has_bom } = &shared.disk;
        let content = line_ends.write(base, &text);
        let (_, ends) = line_ends::read(&content);
        let params = FsWriteFileParams {
            base_version: version.clone(),
            must_be_new: version.is_none(),
            charset: Some(charset.clone()),
            has_bom: *has_bom,
            ..FsWriteFileParams::of(self.path.clone(), content)
        };
        Ok((shared.now(), text, ends, params))
    }

    /// Makes the text what is on disk.
    pub(super) async fn revert(self: &Arc<Self>, author: &str) -> Result<()> {
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
            let edit = Shared::edit_of(author, self.services.host.now_ms());
            let changed = shared.edit(&base, delta, &edit)?;
            shared.disk = disk;
            shared.conflicts.clear();
            self.tell(&changed.events);
            self.tell_state(&shared);
        }
        self.store_all().await
    }
}
