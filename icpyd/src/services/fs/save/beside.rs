//! Saving beside: the new content goes to a temporary file in the same folder, which then gets the name.

use std::fs::File;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use icpy_protocol::error::Error;
use tempfile::{Builder, NamedTempFile};

use super::super::failed;
use super::super::origins::Becomes;
use super::super::place::Place;
use super::super::platform::sync_folder;
use super::super::stamp::Stamp;
use super::journal::{Entry, Record};
use super::target::Target;
use super::{Saver, platform};

/// How temporary files are named; six random letters follow.
const PREFIX: &str = ".icpy-";

/// From this length on the disk is given the content before all else is done about it.
pub(super) const LONG_BYTES_MIN: usize = 64 << 10;

/// Why a file was not saved beside.
#[derive(Debug)]
pub(super) enum NotBeside {
    /// It cannot be saved at all.
    Refused(Error),
    /// Something would be lost, or no file can be made or renamed there.
    Impossible(io::Error),
}

impl From<Error> for NotBeside {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// A new file under a name of its own. Dropping it removes it, unless it was renamed.
#[derive(Debug)]
pub(super) struct Temporary {
    pub(super) file: NamedTempFile<File>,
    /// Cleared after the file is gone. Where there is no journal, files are saved without.
    entry: Option<Entry>,
}

/// Whether a path is one of a temporary file.
pub(super) fn is_temporary(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(PREFIX.as_bytes()))
}

/// Saves a file beside.
pub(super) fn save(
    saver: &Saver,
    target: &Target<'_>,
    content: &[u8],
    announce: &dyn Fn(Becomes),
) -> Result<(), NotBeside> {
    let new = write(|temporary| Ok(record(saver, temporary)), target, content)?;
    finish(new, target, announce)
}

/// Gives the name to a file that is complete.
pub(super) fn finish(new: Temporary, target: &Target<'_>, announce: &dyn Fn(Becomes)) -> Result<(), NotBeside> {
    target.check_version_early()?;
    let refused = |error| failed("write", target.place.asked(), &error);
    new.file.as_file().sync_all().map_err(refused)?;
    target.check_untouched()?;
    announce(Becomes::Holding(Stamp::from(&new.file.as_file().metadata().map_err(refused)?)));
    rename(new, target)?;
    sync_folder(target.place.folder()).map_err(refused)?;
    Ok(())
}

/// Records a temporary file before it is made.
fn record(saver: &Saver, temporary: PathBuf) -> Option<Entry> {
    saver.record(&Record::Beside { temporary: temporary.into() })
}

/// An empty temporary file; one that replaces none has the permissions that the system gives to new files.
pub(super) fn make_empty(saver: &Saver, place: &Place, is_replacement: bool) -> io::Result<Temporary> {
    make(|temporary| Ok(record(saver, temporary)), place, is_replacement)
}

/// A temporary file with the new content and the old one's attributes, not flushed yet. Its path is recorded before it is
/// made.
pub(super) fn write(
    record: impl FnMut(PathBuf) -> io::Result<Option<Entry>>,
    target: &Target<'_>,
    content: &[u8],
) -> Result<Temporary, NotBeside> {
    let place = target.place;
    let new = make(record, place, target.old.is_some()).map_err(|error| not_beside(place, error))?;
    let mut file = new.file.as_file();
    file.write_all(content).map_err(|error| failed("write", place.asked(), &error))?;
    if content.len() >= LONG_BYTES_MIN {
        platform::begin_flush(file);
    }
    keep_attributes(file, target)?;
    Ok(new)
}

/// Gives the new file what the old one has beside its content.
pub(super) fn keep_attributes(new: &File, target: &Target<'_>) -> Result<(), NotBeside> {
    let Some(old) = &target.old else { return Ok(()) };
    platform::keep_attributes(new, target.place.path(), old).map_err(|error| match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => failed("write", target.place.asked(), &error).into(),
        _ => NotBeside::Impossible(error),
    })
}

fn make(
    mut record: impl FnMut(PathBuf) -> io::Result<Option<Entry>>,
    place: &Place,
    is_replacement: bool,
) -> io::Result<Temporary> {
    let folder = place.real().parent().unwrap_or(place.real());
    let mut entry = None;
    let file = Builder::new().prefix(PREFIX).make_in(place.folder(), |path| {
        entry = record(folder.join(path.file_name().unwrap_or_default()))?;
        platform::make_new(path, is_replacement)
    })?;
    Ok(Temporary { file, entry })
}

fn rename(new: Temporary, target: &Target<'_>) -> Result<(), NotBeside> {
    let path = target.place.path();
    let Temporary { file, entry: _until_renamed } = new;
    let put = if target.old.is_none() { file.persist_noclobber(path) } else { file.persist(path) };
    match put {
        Ok(_) => Ok(()),
        Err(error) if target.old.is_none() && error.error.kind() == ErrorKind::AlreadyExists => {
            Err(target.came_into_being().into())
        }
        Err(error) => Err(not_beside(target.place, error.error)),
    }
}

/// A folder may allow no new file, or not to take a name away; and a name that something is mounted over stays.
pub(super) fn not_beside(place: &Place, error: io::Error) -> NotBeside {
    use ErrorKind as Io;
    match error.kind() {
        Io::PermissionDenied | Io::ReadOnlyFilesystem | Io::ResourceBusy | Io::CrossesDevices => {
            NotBeside::Impossible(error)
        }
        Io::NotFound if place.path().symlink_metadata().is_ok() => {
            let message = format!("`{place}` cannot be saved: its filesystem takes no new files");
            NotBeside::Refused(Error::unsupported(message))
        }
        _ => NotBeside::Refused(failed("write", place.asked(), &error)),
    }
}
