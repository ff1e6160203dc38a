//! Setting permissions, of one thing or of all that is below it.

use std::fs::Metadata;
use std::io;
use std::path::Path;

use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{FsItemResult, FsSetModeParams};
use icpy_protocol::path::FilePath;

use super::job::Job;
use super::step::{Left, Step};
use super::walk::{Entry, Visitor, walk};
use super::{check_tree, platform};
use crate::services::fs::error::failed;
use crate::services::fs::origins::Becomes;
use crate::services::fs::place::{Place, Use};
use crate::services::fs::stamp::Stamp;

/// What lets its owner look into a folder.
const OWNER_MAY_LOOK: u32 = 0o500;

/// Refuses what are no permissions.
pub(super) fn check(params: &FsSetModeParams) -> Result<()> {
    for mode in [Some(params.mode), params.directory_mode].into_iter().flatten() {
        if mode > platform::MODE_MAX {
            let message = format!("the mode {mode} is none: it is a number from 0 to {}", platform::MODE_MAX);
            return Err(Error::invalid_params(message));
        }
    }
    match cfg!(unix) {
        true => Ok(()),
        false => Err(Error::unsupported("files have no such permissions on this system")),
    }
}

/// Sets the permissions of what a path leads to.
pub(super) fn set(path: &FilePath, params: &FsSetModeParams, job: &Job) -> Result<FsItemResult> {
    let place = Place::led_to(&job.caller, path, Use::Change)?;
    let directory_mode = params.directory_mode.unwrap_or(params.mode);
    let mut setter = Setter { mode: params.mode, directory_mode, top: place.real(), job };
    if params.is_recursive {
        check_tree(&place, Use::Change, job)?;
        walk(place.path(), place.asked(), &mut setter)?;
    } else {
        let refused = |error| failed("change the mode of", place.asked(), &error);
        let metadata = place.path().symlink_metadata().map_err(refused)?;
        setter.set_one(place.path(), place.real(), &metadata).map_err(refused)?;
    }
    Ok(FsItemResult::done(path.clone()))
}

/// Sets the permissions of what is at a path for system calls.
pub(super) fn set_one(path: &Path, real: &Path, mode: u32, job: &Job) -> io::Result<()> {
    let _held = job.saver.hold(&[real]);
    let before = Stamp::of(path).map(Becomes::Holding);
    job.changing(&[(real, before)], || platform::set_mode(path, mode))?;
    // The next change of its permissions may be another's.
    if let Some(after) = Stamp::of(path) {
        job.expect_change(real, Becomes::Exactly(after));
    }
    Ok(())
}

struct Setter<'a> {
    /// Where the walk begins, really.
    top: &'a Path,
    mode: u32,
    directory_mode: u32,
    job: &'a Job,
}

impl Setter<'_> {
    fn set(&self, entry: &Entry<'_>) -> Result<()> {
        self.job.advance(1);
        let real = if entry.below == Path::new("") { self.top.to_owned() } else { self.top.join(entry.below) };
        self.set_one(entry.path, &real, entry.metadata)
            .map_err(|error| failed("change the mode of", &entry.shown(), &error))
    }

    fn set_one(&self, path: &Path, real: &Path, metadata: &Metadata) -> io::Result<()> {
        let (before, after) =
            (platform::mode(metadata), if metadata.is_dir() { self.directory_mode } else { self.mode });
        set_one(path, real, after, self.job)?;
        if before != after {
            self.job.did(Step::ModeSet { path: real.into(), left: Left::at(path)?, before, after });
        }
        Ok(())
    }

    /// A folder that its owner may look into afterwards may have to be opened for that first; one that nobody may look into
    /// must be closed last.
    fn opens_folders(&self) -> bool {
        self.directory_mode & OWNER_MAY_LOOK == OWNER_MAY_LOOK
    }
}

impl Visitor for Setter<'_> {
    fn act(&self) -> &'static str {
        "change the mode of"
    }

    fn check(&self) -> Result<()> {
        self.job.check()
    }

    fn enter(&mut self, folder: &Entry<'_>) -> Result<()> {
        if self.opens_folders() { self.set(folder) } else { Ok(()) }
    }

    fn leave(&mut self, folder: &Entry<'_>) -> Result<()> {
        if self.opens_folders() { Ok(()) } else { self.set(folder) }
    }

    fn visit(&mut self, entry: &Entry<'_>) -> Result<()> {
        // What a link leads to may be anywhere.
        if entry.metadata.is_symlink() { Ok(()) } else { self.set(entry) }
    }
}
