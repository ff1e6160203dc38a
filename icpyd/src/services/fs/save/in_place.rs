//! Saving in place: over the old content, for files that would lose something if another took their name.
//!
//! ```text
//!   record: not ready ─▶ copies of new and old content, flushed ─▶ record: ready ─▶ write the file, flush ─▶ clear record
//!   killed here: the copies are removed                           killed here: the next daemon writes the file
//! ```
//!
//! The end of longer content is written first: when the disk is full, that shows while nothing is lost yet.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use icpy_protocol::error::{Error, Result};

use super::super::failed;
use super::super::place::Place;
use super::super::platform::{open_for_reading, sync_folder};
use super::journal::{Entry, InPlaceRecord, Record};
use super::target::Target;
use super::{Saver, platform};

/// Old content is copied up to this size, for going back to it, and for telling after a crash whether somebody else has
/// written the file since.
const OLD_BYTES_MAX: u64 = 64 << 20;

/// Saves a file in place. The caller holds the lock of the file itself.
pub(super) fn save(saver: &Saver, target: &Target<'_>, content: &[u8]) -> Result<()> {
    let refused = |error: &io::Error| failed("write", target.place.asked(), error);
    let mut file = platform::open_for_change(target.place.path()).map_err(|error| refused(&error))?;
    target.check_version_early()?;
    let copies = Copies::make(saver, target, content).map_err(|error| refused(&error))?;
    target.check_untouched()?;
    target.check_is(&file)?;
    let copies = copies.get_ready().map_err(|error| refused(&error))?;
    let old_length = target.old_length();
    match overwrite(&mut file, old_length, content) {
        Ok(()) => {
            target.keep_mode(&file);
            // What is written is written: a record that stays has the next daemon write the same once more.
            let _ = copies.discard();
            Ok(())
        }
        Err(Stopped::Unchanged(error)) => {
            let _ = copies.discard();
            Err(refused(&error))
        }
        Err(Stopped::HalfWay(error)) => Err(copies.go_back(&mut file, old_length, target.place, &error)),
    }
}

/// Why a file is not written to its end.
#[derive(Debug)]
pub(super) enum Stopped {
    /// It is as it was.
    Unchanged(io::Error),
    HalfWay(io::Error),
}

/// Writes content over a file, and flushes it.
pub(super) fn overwrite(file: &mut File, old_length: u64, content: &[u8]) -> std::result::Result<(), Stopped> {
    let kept = usize::try_from(old_length).unwrap_or(usize::MAX).min(content.len());
    let (body, tail) = content.split_at(kept);
    if !tail.is_empty()
        && let Err(error) = write_at(file, old_length, tail).and_then(|()| file.sync_data())
    {
        return Err(match file.set_len(old_length) {
            Ok(()) => Stopped::Unchanged(error),
            Err(_) => Stopped::HalfWay(error),
        });
    }
    let written = write_at(file, 0, body).and_then(|()| file.set_len(content.len() as u64));
    written.and_then(|()| file.sync_all()).map_err(Stopped::HalfWay)
}

fn write_at(file: &mut File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(offset))?;
    file.write_all(bytes)
}

/// The content of before and after, in the daemon's own folder, and the record that names them. Dropping them removes them.
#[derive(Debug)]
struct Copies {
    files: CopyFiles,
    record: InPlaceRecord,
    entry: Entry,
}

/// Where the copies are. Dropping it removes them.
#[derive(Debug)]
pub(super) struct CopyFiles {
    folder: PathBuf,
    id: String,
    is_kept: bool,
}

impl Copies {
    fn make(saver: &Saver, target: &Target<'_>, content: &[u8]) -> io::Result<Self> {
        let id = saver.new_id();
        let mut record = InPlaceRecord {
            target: target.place.real().into(),
            file: target.old.as_ref().map(platform::file_id).unwrap_or_default(),
            id: id.clone(),
            has_old: false,
            is_ready: false,
        };
        let entry = saver.durable_journal()?.begin(&Record::InPlace(record.clone()))?;
        entry.sync()?;
        let files = CopyFiles::named(saver.folder(), id);
        let mut new = platform::make_new(&files.new_path(), true)?;
        new.write_all(content)?;
        new.sync_all()?;
        record.has_old = target.old_length() <= OLD_BYTES_MAX && files.copy_old(target)?;
        Ok(Self { files, record, entry })
    }

    /// From here on a crash leads to the new content.
    fn get_ready(mut self) -> io::Result<Self> {
        sync_folder(&self.files.folder)?;
        self.record.is_ready = true;
        self.entry.write(&Record::InPlace(self.record.clone()))?;
        self.entry.sync()?;
        Ok(self)
    }

    /// The file needs them no more. They go before the record: one that names nothing asks for nothing.
    fn discard(self) -> io::Result<()> {
        let Self { files, entry, .. } = self;
        let folder = files.folder.clone();
        drop(files);
        let removed = sync_folder(&folder);
        drop(entry);
        removed
    }

    /// Writes the old content again; else says where both are.
    fn go_back(mut self, file: &mut File, old_length: u64, place: &Place, error: &io::Error) -> Error {
        let is_back = self.record.has_old
            && fs::read(self.files.old_path()).is_ok_and(|old| overwrite(file, old_length, &old).is_ok());
        if is_back {
            let _ = self.discard();
            return failed("write", place.asked(), error);
        }
        self.files.is_kept = true;
        let files = &self.files;
        let message = format!(
            "`{place}` was written in part: {error}; the new content is in `{}`, the old in `{}`",
            files.new_path().display(),
            files.old_path().display()
        );
        tracing::error!(message);
        Error::unavailable(message)
    }
}

impl CopyFiles {
    pub(super) fn named(folder: &Path, id: String) -> Self {
        Self { folder: folder.to_owned(), id, is_kept: false }
    }

    /// The new content.
    pub(super) fn new_path(&self) -> PathBuf {
        self.folder.join(format!("{}.new", self.id))
    }

    /// The old content.
    pub(super) fn old_path(&self) -> PathBuf {
        self.folder.join(format!("{}.old", self.id))
    }

    /// Leaves them where they are, for a person.
    pub(super) fn keep(mut self) {
        self.is_kept = true;
    }

    /// Whoever may write a file and not read it saves it without a way back.
    fn copy_old(&self, target: &Target<'_>) -> io::Result<bool> {
        let old = match open_for_reading(target.place.path()) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Ok(false),
            opened => opened?,
        };
        let mut copy = platform::make_new(&self.old_path(), true)?;
        let copied = io::copy(&mut old.take(OLD_BYTES_MAX), &mut copy)?;
        copy.sync_all()?;
        Ok(copied == target.old_length())
    }
}

impl Drop for CopyFiles {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        for path in [self.new_path(), self.old_path()] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    tracing::warn!(path = %path.display(), %error, "a copy of a saved file cannot be removed");
                }
                _ => {}
            }
        }
    }
}

/// Whether a file is something between the old content and the new: every byte is that of one or the other, or one that
/// was never written.
pub(super) fn is_between(now: &[u8], old: &[u8], new: &[u8]) -> bool {
    let shortest = old.len().min(new.len());
    let longest = old.len().max(new.len());
    let is_ours = |(place, byte): (usize, &u8)| {
        new.get(place) == Some(byte) || old.get(place) == Some(byte) || (place >= old.len() && *byte == 0)
    };
    (shortest..=longest).contains(&now.len()) && now.iter().enumerate().all(is_ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_between_two_contents_is_told_from_another() {
        let check = |now: &str, expect| {
            assert_eq!(is_between(now.as_bytes(), b"old text", b"new content"), expect, "{now:?}");
        };
        for ours in ["old text", "new content", "new text", "old textent", "old text\0\0\0", "new coxtent"] {
            check(ours, true);
        }
        for foreign in ["", "old tex", "old text, edited", "mew text", "old text\0\0\0\0"] {
            check(foreign, false);
        }
    }
}
