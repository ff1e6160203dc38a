//! Saving files, so that no crash and no full disk leaves less than the old content or the new.
//!
//! Usually the new content is written beside and renamed over the old file (`beside`). A file that would lose something
//! then is written `in_place`. Several are saved as one `group`. What is under way is in a `journal`, so that the next daemon can clear up behind one that was
//! killed (`recovery`).

mod beside;
mod copies;
mod folders;
mod group;
mod in_place;
mod journal;
mod list;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(not(unix), path = "other.rs")]
mod platform;
mod range;
mod recovery;
mod renaming;
mod target;
mod upload;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use icpy_protocol::endpoint::make_private_folder;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{
    FsEncoding, FsSaveMethod, FsWriteFileParams, FsWriteFileResult, FsWriteFilesParams, FsWriteFilesResult,
};
use icpy_protocol::path::FilePath;
use tokio::sync::SetOnce;

use self::beside::NotBeside;
use self::group::Wanted;
use self::journal::{Entry, Journal, Record};
use self::target::{Expected, Target};
pub(super) use self::upload::Upload;
use super::locks::{Held, Key, Locks};
use super::origins::{Becomes, Origins};
use super::place::{Place, Use};
use super::{Services, failed, text};
use crate::caller::Caller;
use crate::host::Host;

/// The journal's name in the folder of saves.
const JOURNAL: &str = "journal";

/// How long requests wait for what is done about the saves of a killed daemon: a lost network drive must not stop all.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(10);

/// What saves files.
#[derive(Clone, Debug)]
pub(super) struct Saver(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    host: Host,
    locks: Locks,
    /// Who is told, before they can be seen, whose the changes are.
    origins: Arc<Origins>,
    /// Where the journal is.
    folder: PathBuf,
    /// Opened when it is needed.
    journal: Mutex<Option<Arc<Journal>>>,
    /// Set when nothing of a killed daemon is left.
    recovered: SetOnce<()>,
}

impl Saver {
    /// Begins to clear up behind a daemon that was killed, if it left anything.
    pub(super) fn start(services: &Services, locks: Locks, origins: Arc<Origins>, state_folder: &Path) -> Self {
        let folder = state_folder.join("saves");
        let opened = Journal::open(&folder.join(JOURNAL), false).unwrap_or_else(|error| {
            tracing::warn!(%error, "the journal of saves cannot be opened");
            None
        });
        let (journal, leftovers) = opened.unzip();
        let (host, journal) = (services.host.clone(), Mutex::new(journal));
        let saver = Self(Arc::new(Parts { host, locks, origins, folder, journal, recovered: SetOnce::new() }));
        let leftovers = leftovers.unwrap_or_default();
        let has_leftovers = !leftovers.is_empty();
        let recovering = saver.clone();
        let recover = move || {
            recovery::run(&recovering.0.folder, leftovers);
            let _ = recovering.0.recovered.set(());
        };
        match has_leftovers {
            true => drop(services.tasks.spawn_blocking(recover)),
            false => recover(),
        }
        saver
    }

    /// Waits until no file is half-saved by a daemon that was killed.
    pub(super) async fn recovered(&self) {
        if tokio::time::timeout(RECOVERY_TIMEOUT, self.0.recovered.wait()).await.is_err() {
            tracing::warn!("files are used before all is done about the saves of a killed daemon");
        }
    }

    /// Records a save that leaves litter when it is killed: not more than that, so that it is done without where the
    /// journal cannot be written.
    fn record(&self, record: &Record) -> Option<Entry> {
        let entry = self.journal().and_then(|journal| journal.begin(record));
        entry.inspect_err(|error| tracing::debug!(%error, "a save is not in the journal")).ok()
    }

    fn journal(&self) -> io::Result<Arc<Journal>> {
        // Held while the file is opened: there is one.
        let mut journal = self.0.journal.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(journal) = &*journal {
            return Ok(Arc::clone(journal));
        }
        make_private_folder(&self.0.folder).map_err(io::Error::other)?;
        let opened = Journal::open(&self.0.folder.join(JOURNAL), true)?;
        let (new, leftovers) = opened.ok_or(io::ErrorKind::NotFound)?;
        recovery::run(&self.0.folder, leftovers);
        *journal = Some(Arc::clone(&new));
        Ok(new)
    }

    /// Saves a file. Runs to its end once begun; durable when it returns. The old file is to be closed when the answer is
    /// out.
    pub(super) fn save(
        &self,
        caller: &Caller,
        params: &FsWriteFileParams,
    ) -> Result<(FsWriteFileResult, Option<File>)> {
        if params.offset.is_some() || params.length.is_some() {
            return range::save(self, caller, params).map(|result| (result, None));
        }
        let wanted = want(caller, params)?;
        let place = &wanted.place;
        let _writing = self.lock(Key::Path(place.real().to_owned()));
        let (method, is_new, old) = self.put(&wanted, &|becomes| self.announce(caller, &wanted, becomes))?;
        Ok((saved(&wanted, is_new, method), old))
    }

    /// Saves several files: all or none.
    pub(super) fn save_all(&self, caller: &Caller, params: &FsWriteFilesParams) -> Result<FsWriteFilesResult> {
        if params.files.iter().any(|file| file.offset.is_some() || file.length.is_some()) {
            return Err(Error::invalid_params("a range is replaced in one file alone, by `fs:write_file`"));
        }
        let wanted = params.files.iter().map(|params| want(caller, params)).collect::<Result<Vec<_>>>()?;
        let outcomes = group::save(self, &wanted, &|wanted, becomes| self.announce(caller, wanted, becomes))?;
        let each = wanted.into_iter().zip(outcomes);
        let files = each.map(|(wanted, (is_new, method))| saved(&wanted, is_new, method)).collect();
        Ok(FsWriteFilesResult { files })
    }

    /// Puts content into a file; returns how it was done, whether the file is new, and the old one.
    fn put(
        &self,
        Wanted { place, expected, content, .. }: &Wanted<'_>,
        announce: &dyn Fn(Becomes),
    ) -> Result<(FsSaveMethod, bool, Option<File>)> {
        let target = Target::look(place, expected, self.now_ms())?;
        if !target.has_other_names() {
            match beside::save(self, &target, content, announce) {
                Ok(()) => return Ok((FsSaveMethod::Replaced, target.old.is_none(), target.into_old())),
                Err(NotBeside::Refused(error)) => return Err(error),
                Err(NotBeside::Impossible(error)) if target.old.is_none() => {
                    return Err(failed("make", place.asked(), &error));
                }
                Err(NotBeside::Impossible(error)) => {
                    tracing::debug!(%place, %error, "a file is saved in place");
                }
            }
        }
        // It may be saved under another of its names at the same time.
        let _file = target.file_id().map(|(device, number)| self.lock(Key::File(device, number)));
        let target = Target::look(place, expected, self.now_ms())?;
        in_place::save(self, &target, content, announce)?;
        Ok((FsSaveMethod::InPlace, false, None))
    }

    /// Tells whose a change is.
    fn announce(&self, caller: &Caller, wanted: &Wanted<'_>, becomes: Becomes) {
        // While it is being written it has neither the old content nor the new.
        let version = (!matches!(becomes, Becomes::Any(_))).then(|| wanted.version().to_owned());
        self.0.origins.expect(wanted.place.real(), becomes, version, caller);
    }

    /// A journal whose records last: what they name would be lost without.
    fn durable_journal(&self) -> io::Result<Arc<Journal>> {
        let journal = self.journal()?;
        if journal.is_there() {
            return Ok(journal);
        }
        *self.0.journal.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.journal()
    }

    /// Records a copy before it is made: `path` is where it really will be.
    pub(super) fn record_draft(&self, path: &Path) -> DraftEntry {
        let path = FilePath::from(path);
        let entry = self.record(&Record::Draft { path: path.clone(), complete: None });
        DraftEntry { path, entry }
    }

    /// Who is told whose changes are.
    pub(super) fn origins(&self) -> &Origins {
        &self.0.origins
    }

    fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// Takes the turns of several paths, by where they really are, so that no file is saved at one of them meanwhile.
    pub(super) fn hold(&self, paths: &[&Path]) -> Vec<Held> {
        let sorted: BTreeSet<&Path> = paths.iter().copied().collect();
        sorted.into_iter().map(|path| self.lock(Key::Path(path.to_owned()))).collect()
    }

    fn lock(&self, key: Key) -> Held {
        self.0.locks.lock_blocking(key)
    }

    fn now_ms(&self) -> u64 {
        self.0.host.now_ms()
    }

    fn new_id(&self) -> String {
        self.0.host.new_id()
    }
}

/// The record of a copy. Dropping it says that the copy has its name, or is gone. Where there is no journal, files are copied
/// without.
#[derive(Debug)]
pub(super) struct DraftEntry {
    path: FilePath,
    entry: Option<Entry>,
}

impl DraftEntry {
    /// Says what the copy is, before something else can have its name.
    pub(super) fn complete(&self, draft: &Metadata) -> io::Result<()> {
        let complete = Some(platform::file_id(draft));
        self.entry.as_ref().map_or(Ok(()), |entry| entry.write(&Record::Draft { path: self.path.clone(), complete }))
    }
}

/// What a request wants. The folders that it wants are made.
fn want<'a>(caller: &Caller, params: &'a FsWriteFileParams) -> Result<Wanted<'a>> {
    let content = bytes_of(&params.content, params.encoding, params.charset.as_deref(), params.has_bom)?;
    let place = find(caller, &params.path, params.make_folders && params.base_version.is_none())?;
    Ok(Wanted::new(place, Expected::by(params), content))
}

fn saved(wanted: &Wanted<'_>, is_new: bool, method: FsSaveMethod) -> FsWriteFileResult {
    let size = wanted.content.len() as u64;
    FsWriteFileResult { version: wanted.version().to_owned(), size, is_new, method: Some(method) }
}

/// Where a file is to be saved. A version that it is based on must be there already: no folders are made for that.
fn find(caller: &Caller, path: &FilePath, makes_folders: bool) -> Result<Place> {
    if makes_folders {
        folders::make(caller, path)?;
    }
    Place::led_to(caller, path, Use::Change)
}

/// The bytes that content stands for.
fn bytes_of<'a>(content: &'a str, encoding: FsEncoding, charset: Option<&str>, has_bom: bool) -> Result<Cow<'a, [u8]>> {
    match encoding {
        FsEncoding::Utf8 => text::encode(content, charset, has_bom),
        FsEncoding::Base64 if charset.is_some() || has_bom => {
            Err(Error::invalid_params("`charset` and `hasBom` are for content that is sent as text"))
        }
        FsEncoding::Base64 => base64_simd::STANDARD
            .decode_to_vec(content)
            .map(Into::into)
            .map_err(|error| Error::invalid_params(format!("the content is not valid base64: {error}"))),
    }
}
