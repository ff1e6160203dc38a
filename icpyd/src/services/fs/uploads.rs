//! Writes whose content comes in parts: which there are, whose they are, and for how long.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use icpy_protocol::Empty;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{
    FsBeginWriteParams, FsBeginWriteResult, FsEndWriteParams, FsWriteFileResult, FsWritePartParams, FsWritePartResult,
};
use tokio::time::Instant;

use super::Fs;
use super::locks::Key;
use super::save::Upload;
use crate::caller::Caller;

/// The most unfinished writes of a session: each has an open file.
const OF_SESSION_MAX: usize = 16;

/// The most of all sessions.
const COUNT_MAX: usize = 128;

/// What all unfinished writes may take of the disks.
const BYTES_MAX: u64 = 64 << 30;

/// All unfinished writes.
#[derive(Debug)]
pub(super) struct Uploads {
    /// How long each waits for its next part.
    timeout: Duration,
    all: Mutex<HashMap<String, Kept>>,
    bytes: Arc<AtomicU64>,
    /// Whether a task waits for the ends of sessions that have one.
    is_waiting: AtomicBool,
}

#[derive(Debug)]
struct Kept {
    session: String,
    /// When the last part came.
    used_at: Instant,
    /// Parts take turns in the order in which they came. `None` when the write is over.
    upload: Arc<tokio::sync::Mutex<Option<Counted>>>,
}

/// An unfinished write, and what it counts for.
#[derive(Debug)]
struct Counted {
    upload: Upload,
    room: Room,
}

/// Bytes that are counted until it is dropped.
#[derive(Debug)]
struct Room {
    all: Arc<AtomicU64>,
    own: u64,
}

impl Room {
    fn grow_to(&mut self, bytes: u64) -> Result<()> {
        let more = bytes.saturating_sub(self.own);
        if self.all.fetch_add(more, Ordering::Relaxed).saturating_add(more) > BYTES_MAX {
            self.all.fetch_sub(more, Ordering::Relaxed);
            let message = format!("unfinished writes have {BYTES_MAX} bytes at most");
            return Err(Error::too_large(message).with("limit", BYTES_MAX));
        }
        self.own += more;
        Ok(())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.all.fetch_sub(self.own, Ordering::Relaxed);
    }
}

impl Kept {
    /// Whether nobody goes on with it.
    fn is_left(&self, timeout: Duration) -> bool {
        // The map alone knows it: no part is being written.
        Arc::strong_count(&self.upload) == 1 && self.used_at.elapsed() > timeout
    }
}

impl Uploads {
    pub(super) fn new(timeout: Duration) -> Self {
        Self { timeout, all: Mutex::default(), bytes: Arc::default(), is_waiting: AtomicBool::new(false) }
    }

    /// Keeps a write for its session.
    fn keep(&self, id: &str, caller: &Caller, upload: Upload) -> Result<()> {
        let session = caller.session().to_owned();
        let mut all = self.all();
        let own = all.values().filter(|kept| kept.session == session).count();
        if own >= OF_SESSION_MAX || all.len() >= COUNT_MAX {
            return Err(Error::busy(format!("{own} writes of this session are unfinished, {} in all", all.len())));
        }
        let room = Room { all: Arc::clone(&self.bytes), own: 0 };
        let upload = Arc::new(tokio::sync::Mutex::new(Some(Counted { upload, room })));
        all.insert(id.to_owned(), Kept { session, used_at: Instant::now(), upload });
        Ok(())
    }

    fn get(&self, caller: &Caller, id: &str) -> Result<Arc<tokio::sync::Mutex<Option<Counted>>>> {
        let mut all = self.all();
        let kept = all.get_mut(id).filter(|kept| kept.session == caller.session()).ok_or_else(|| unknown(id))?;
        kept.used_at = Instant::now();
        Ok(Arc::clone(&kept.upload))
    }

    /// Has no further part taken, and returns the write when those that came are.
    async fn take(&self, caller: &Caller, id: &str) -> Result<Counted> {
        let upload = {
            let mut all = self.all();
            match all.get(id) {
                Some(kept) if kept.session == caller.session() => all.remove(id).map(|kept| kept.upload),
                _ => None,
            }
        };
        let upload = upload.ok_or_else(|| unknown(id))?;
        upload.lock_owned().await.take().ok_or_else(|| unknown(id))
    }

    /// Forgets those that nobody goes on with, and of sessions that are no more. Returns them, and whether there are
    /// others.
    fn forget(&self, is_known: &dyn Fn(&str) -> bool) -> (Vec<Kept>, bool) {
        let mut all = self.all();
        let gone: Vec<String> = all
            .iter()
            .filter(|(_, kept)| !is_known(&kept.session) || kept.is_left(self.timeout))
            .map(|(id, _)| id.clone())
            .collect();
        let gone = gone.iter().filter_map(|id| all.remove(id)).collect();
        (gone, !all.is_empty())
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Kept>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unknown(id: &str) -> Error {
    Error::not_found(format!("this session has no unfinished write `{id}`"))
}

impl Fs {
    pub(super) async fn begin_upload(&self, caller: &Caller, params: FsBeginWriteParams) -> Result<FsBeginWriteResult> {
        let (asking, saver) = (caller.clone(), self.saver.clone());
        let upload = self.to_the_end((), move || (Upload::begin(&saver, &asking, params), ())).await?;
        let (write_id, length) = (self.services.host.new_id(), upload.length());
        self.uploads.keep(&write_id, caller, upload)?;
        self.end_uploads_with_sessions();
        Ok(FsBeginWriteResult { write_id, length })
    }

    pub(super) async fn put_part(&self, caller: &Caller, params: FsWritePartParams) -> Result<FsWritePartResult> {
        let mut turn = self.uploads.get(caller, &params.write_id)?.lock_owned().await;
        let put = move || {
            let outcome =
                turn.as_mut().ok_or_else(|| unknown(&params.write_id)).and_then(|Counted { upload, room }| {
                    let bytes = upload.bytes_of(&params.content, params.encoding)?;
                    room.grow_to(
                        params.at.saturating_add(bytes.len() as u64).min(upload.length() + bytes.len() as u64),
                    )?;
                    upload.put(params.at, &bytes)?;
                    Ok(FsWritePartResult { length: upload.length() })
                });
            (outcome, (turn, params))
        };
        self.to_the_end((), put).await
    }

    pub(super) async fn commit_upload(&self, caller: &Caller, params: FsEndWriteParams) -> Result<FsWriteFileResult> {
        let Counted { upload, room } = self.uploads.take(caller, &params.write_id).await?;
        self.recents.note(upload.path().as_path());
        let turn = self.writing.lock(Key::Asked(upload.path().as_path().to_owned())).await;
        let caller = caller.clone();
        self.to_the_end((turn, room), move || (upload.commit(&caller), ())).await
    }

    pub(super) async fn abort_upload(&self, caller: &Caller, params: FsEndWriteParams) -> Result<Empty> {
        let upload = self.uploads.take(caller, &params.write_id).await?;
        self.to_the_end(upload, || (Ok(Empty {}), ())).await
    }

    /// Ends writes with their sessions, or when nobody goes on with them, for as long as there are any.
    fn end_uploads_with_sessions(&self) {
        if self.uploads.is_waiting.swap(true, Ordering::AcqRel) {
            return;
        }
        let (uploads, sessions) = (Arc::clone(&self.uploads), self.services.sessions.clone());
        let stop = self.services.stop.clone();
        self.services.tasks.spawn(async move {
            let mut count = sessions.count.clone();
            loop {
                // A write that is begun from now on has another task wait when this one ends.
                uploads.is_waiting.store(false, Ordering::Release);
                let (gone, has_others) = uploads.forget(&*sessions.is_known);
                // To remove a large file takes time.
                let _ = tokio::task::spawn_blocking(move || drop(gone)).await;
                if !has_others || uploads.is_waiting.swap(true, Ordering::AcqRel) {
                    return;
                }
                let waited = tokio::time::timeout(uploads.timeout / 2, count.changed());
                tokio::select! {
                    () = stop.cancelled() => break,
                    changed = waited => if matches!(changed, Ok(Err(_))) { break },
                }
            }
            let (all, _) = uploads.forget(&|_| false);
            let _ = tokio::task::spawn_blocking(move || drop(all)).await;
        });
    }
}
