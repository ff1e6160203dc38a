//! A file that is to be saved, as it was when the save began; and whether it still is.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read as _, Seek as _};
use std::path::Path;

use icpy_protocol::error::{Error, Kind, Result};
use icpy_protocol::fs::FsWriteFileParams;
use serde_json::Value;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::super::place::Place;
use super::super::{check_regular, failed, platform as files, version};
use super::platform;

/// A file that changed less than this before a save could change again within the same tick of the filesystem's clock.
const TICK_MS: u64 = 20;

/// How much of a file is read at once.
const PIECE_BYTES_MAX: u64 = 64 << 10;

/// What the file must be for the save to happen.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Expected {
    /// Its version.
    pub(in super::super) base_version: Option<String>,
    /// Whether it must not exist.
    pub(in super::super) must_be_new: bool,
}

impl Expected {
    pub(super) fn by(params: &FsWriteFileParams) -> Self {
        Self { base_version: params.base_version.clone(), must_be_new: params.must_be_new }
    }
}

/// A file that is to be saved.
#[derive(Debug)]
pub(super) struct Target<'a> {
    pub(super) place: &'a Place,
    /// The file as it was; `None` where there was none.
    pub(super) old: Option<Metadata>,
    /// The same, opened where it may be read. As long as it is, the filesystem frees nothing of it: that takes longer than
    /// the rename that it loses its name by.
    opened: Option<File>,
    base_version: Option<&'a str>,
    /// Whether its times do not tell for certain that it is unchanged.
    is_fresh: bool,
}

impl<'a> Target<'a> {
    /// Looks at the file, and refuses what can be refused without reading it.
    pub(super) fn look(place: &'a Place, expected: &'a Expected, now_ms: u64) -> Result<Self> {
        let refused = |error| failed("write", place.asked(), &error);
        let base_version = expected.base_version.as_deref();
        let old = match place.path().symlink_metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return match base_version {
                    Some(_) => Err(gone(place.asked())),
                    None => Ok(Self { place, old: None, opened: None, base_version, is_fresh: false }),
                };
            }
            Err(error) => return Err(refused(error)),
        };
        check_regular(place.asked(), &old)?;
        if expected.must_be_new {
            return Err(failed("make", place.asked(), &ErrorKind::AlreadyExists.into()));
        }
        // Renaming over a file needs no permission to write it, and would ignore that it is read-only.
        files::check_writable(place.path()).map_err(refused)?;
        let is_fresh = platform::changed_at_ms(&old) + TICK_MS >= now_ms;
        let opened = files::open_for_reading(place.path()).ok();
        Ok(Self { place, old: Some(old), opened, base_version, is_fresh })
    }

    /// Refuses when the content is not what the save is based on. It is read while the new content goes to the disk; a
    /// fresh file is read when all else is done.
    pub(super) fn check_version_early(&self) -> Result<()> {
        if self.is_fresh { Ok(()) } else { self.check_version() }
    }

    /// Refuses when somebody has written the file since it was looked at. What is left of that race is the moment until the
    /// rename.
    pub(super) fn check_untouched(&self) -> Result<()> {
        if self.is_fresh {
            self.check_version()?;
        }
        let Some(old) = &self.old else { return Ok(()) };
        match self.place.path().symlink_metadata() {
            Ok(now) if platform::is_same_state(old, &now) => Ok(()),
            Ok(_) => {
                Err(changed(self.place.asked(), "changed while it was being written", self.current_version()?.into()))
            }
            Err(_) if self.base_version.is_some() => Err(gone(self.place.asked())),
            Err(_) => Ok(()),
        }
    }

    fn check_version(&self) -> Result<()> {
        let Some(base) = self.base_version else { return Ok(()) };
        match self.old_version() {
            Ok(current) if base == current => Ok(()),
            Ok(current) => {
                let how = "changed since the version that the write is based on";
                Err(changed(self.place.asked(), how, current.into()))
            }
            Err(error) if error.kind() == Kind::NotFound => Err(gone(self.place.asked())),
            Err(error) => Err(error),
        }
    }

    /// Refuses when an open file is not the one that was looked at.
    pub(super) fn check_is(&self, file: &File) -> Result<()> {
        let now = file.metadata().map_err(|error| failed("write", self.place.asked(), &error))?;
        match &self.old {
            Some(old) if platform::is_same_state(old, &now) => Ok(()),
            _ => Err(changed(self.place.asked(), "changed while it was being written", self.current_version()?.into())),
        }
    }

    pub(super) fn has_other_names(&self) -> bool {
        self.old.as_ref().is_some_and(platform::has_other_names)
    }

    /// Names the file itself.
    pub(super) fn file_id(&self) -> Option<(u64, u64)> {
        self.old.as_ref().map(platform::file_id)
    }

    /// How long the old content is.
    pub(super) fn old_length(&self) -> u64 {
        self.old.as_ref().map_or(0, Metadata::len)
    }

    /// Somebody else has made the file meanwhile.
    pub(super) fn came_into_being(&self) -> Error {
        match self.current_version() {
            Ok(current) => changed(self.place.asked(), "came into being while it was being written", current.into()),
            Err(error) => error,
        }
    }

    /// The old file, to be closed when nobody waits for it.
    pub(super) fn into_old(self) -> Option<File> {
        self.opened
    }

    fn old_version(&self) -> Result<String> {
        let Some(mut file) = self.opened.as_ref() else { return self.current_version() };
        // It may have been read before.
        file.rewind().and_then(|()| self.version_of(file)).map_err(|error| failed("read", self.place.asked(), &error))
    }

    /// The version of what has the name now.
    fn current_version(&self) -> Result<String> {
        let file = files::open_for_reading(self.place.path());
        file.and_then(|file| self.version_of(&file)).map_err(|error| failed("read", self.place.asked(), &error))
    }

    fn version_of(&self, mut file: &File) -> io::Result<String> {
        let size = self.old_length();
        // One byte more shows the end without a second call.
        let mut piece = vec![0; usize::try_from((size + 1).min(PIECE_BYTES_MAX)).unwrap_or_default()];
        let mut hash = Xxh3::new();
        loop {
            match file.read(&mut piece) {
                Ok(0) => return Ok(version(hash.digest128())),
                Ok(length) if length < piece.len() && length as u64 == size => {
                    return Ok(version(xxh3_128(&piece[..length])));
                }
                Ok(length) => hash.update(&piece[..length]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn gone(shown: &Path) -> Error {
    changed(shown, "does not exist any more", Value::Null)
}

pub(super) fn changed(shown: &Path, how: &str, current: Value) -> Error {
    Error::conflict(format!("`{}` {how}", shown.display())).with("currentVersion", current)
}
