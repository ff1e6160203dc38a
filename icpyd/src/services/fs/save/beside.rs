//! Saving beside: the new content goes to a temporary file in the same folder, which then gets the name.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Write as _};

use icpy_protocol::error::Error;
use tempfile::{Builder, NamedTempFile};

use super::super::failed;
use super::super::place::Place;
use super::super::platform::sync_folder;
use super::platform;
use super::target::Target;

/// How temporary files are named; six random letters follow.
const PREFIX: &str = ".icpy-";

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

/// Saves a file beside.
pub(super) fn save(target: &Target<'_>, content: &[u8]) -> Result<(), NotBeside> {
    let new = write(target, content)?;
    target.check_version_early()?;
    let refused = |error| failed("write", target.place.asked(), &error);
    new.as_file().sync_all().map_err(refused)?;
    target.check_untouched()?;
    rename(new, target)?;
    sync_folder(target.place.folder()).map_err(refused)?;
    Ok(())
}

/// A temporary file with the new content and the old one's attributes, not flushed yet.
fn write(target: &Target<'_>, content: &[u8]) -> Result<NamedTempFile, NotBeside> {
    let place = target.place;
    let new = make(place, target.old.as_ref()).map_err(|error| not_beside(place, error))?;
    new.as_file().write_all(content).map_err(|error| failed("write", place.asked(), &error))?;
    if let Some(old) = &target.old {
        platform::keep_attributes(new.as_file(), place.path(), old).map_err(|error| match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => failed("write", place.asked(), &error).into(),
            _ => NotBeside::Impossible(error),
        })?;
    }
    Ok(new)
}

fn make(place: &Place, old: Option<&Metadata>) -> io::Result<NamedTempFile<File>> {
    Builder::new().prefix(PREFIX).make_in(place.folder(), |path| platform::make_new(path, old.is_some()))
}

fn rename(new: NamedTempFile, target: &Target<'_>) -> Result<(), NotBeside> {
    let path = target.place.path();
    let put = if target.old.is_none() { new.persist_noclobber(path) } else { new.persist(path) };
    match put {
        Ok(_) => Ok(()),
        Err(error) if target.old.is_none() && error.error.kind() == ErrorKind::AlreadyExists => {
            Err(target.came_into_being().into())
        }
        Err(error) => Err(not_beside(target.place, error.error)),
    }
}

/// A folder may allow no new file, or not to take a name away; and a name that something is mounted over stays.
fn not_beside(place: &Place, error: io::Error) -> NotBeside {
    use ErrorKind as Io;
    match error.kind() {
        Io::PermissionDenied | Io::ReadOnlyFilesystem | Io::ResourceBusy | Io::CrossesDevices => {
            NotBeside::Impossible(error)
        }
        _ => NotBeside::Refused(failed("write", place.asked(), &error)),
    }
}
