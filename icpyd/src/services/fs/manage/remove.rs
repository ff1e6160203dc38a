//! Deleting for good.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;

use icpy_protocol::error::{Error, Result};

use super::job::Job;
use super::platform;
use super::step::Step;
use super::walk::{Entry, Visitor, walk};
use crate::services::fs::error::failed;
use crate::services::fs::origins::Becomes;
use crate::services::fs::place::Place;
use crate::services::fs::platform as files;

/// Deletes what is at a place, with all in it. Nothing is deleted where something is mounted there.
pub(super) fn remove(place: &Place, job: &Job) -> Result<()> {
    if let Some(mounted) = platform::mount_at_or_below(place.real()) {
        return Err(is_mounted(&mounted));
    }
    // Also when it ends in the middle.
    let step = Some(Step::Removed { path: place.real().into() });
    remove_as(place.path(), place.asked(), Some(Known { real: place.real(), job, counts: true, step }), false)
}

/// Deletes what has a copy elsewhere by now, with which it counts.
pub(super) fn remove_moved(place: &Place, job: &Job) -> Result<()> {
    remove_as(place.path(), place.asked(), Some(Known { real: place.real(), job, counts: false, step: None }), false)
}

/// Deletes what is at a place and we have made ourselves, whatever its permissions are.
pub(super) fn remove_made(place: &Place, job: &Job) -> Result<()> {
    remove_as(place.path(), place.asked(), Some(Known { real: place.real(), job, counts: false, step: None }), true)
}

/// Deletes what is at a path for system calls that nobody knows of. It ends when it is done, whoever waits.
pub(super) fn remove_hidden(path: &Path, shown: &Path) -> Result<()> {
    remove_as(path, shown, None, false)
}

/// The same of what we have made ourselves, whatever its permissions are.
pub(in super::super) fn remove_ours(path: &Path, shown: &Path) -> Result<()> {
    remove_as(path, shown, None, true)
}

fn is_mounted(shown: &Path) -> Error {
    Error::conflict(format!("something is mounted at `{}`", shown.display()))
}

fn remove_as(path: &Path, shown: &Path, known: Option<Known<'_>>, is_ours: bool) -> Result<()> {
    let top = path.symlink_metadata().map_err(|error| failed("delete", shown, &error))?;
    walk(path, shown, &mut Remover { top, known, is_ours })
}

/// Refuses what could not be deleted as a whole, as far as permissions tell.
pub(super) fn check_removable(path: &Path, shown: &Path, job: &Job) -> Result<()> {
    struct Check<'a>(&'a Job);
    impl Visitor for Check<'_> {
        fn act(&self) -> &'static str {
            "delete"
        }

        fn check(&self) -> Result<()> {
            self.0.check()
        }

        fn enter(&mut self, folder: &Entry<'_>) -> Result<()> {
            if platform::is_mount_point(folder.path) {
                return Err(is_mounted(&folder.shown()));
            }
            files::check_writable(&folder.path.join("."))
                .map_err(|error| failed("delete from", &folder.shown(), &error))
        }

        fn visit(&mut self, _: &Entry<'_>) -> Result<()> {
            Ok(())
        }
    }
    walk(path, shown, &mut Check(job))
}

struct Remover<'a> {
    top: Metadata,
    known: Option<Known<'a>>,
    is_ours: bool,
}

/// What is deleted on behalf of somebody, and where it really is.
struct Known<'a> {
    real: &'a Path,
    job: &'a Job,
    /// Whether each thing is a part of what there is to do.
    counts: bool,
    /// What to keep once something is deleted.
    step: Option<Step>,
}

impl Remover<'_> {
    fn remove_one(&mut self, entry: &Entry<'_>, remove: impl FnOnce() -> io::Result<()>) -> Result<()> {
        let removed = match &mut self.known {
            None => remove(),
            Some(Known { real, job, counts, step }) => {
                job.advance(u64::from(*counts));
                let removed = job.changing(&[(&real.join(entry.below), Some(Becomes::Gone))], remove);
                if removed.is_ok()
                    && let Some(step) = step.take()
                {
                    job.did(step);
                }
                removed
            }
        };
        removed.map_err(|error| failed("delete", &entry.shown(), &error))
    }
}

impl Visitor for Remover<'_> {
    fn act(&self) -> &'static str {
        "delete"
    }

    fn check(&self) -> Result<()> {
        self.known.as_ref().map_or(Ok(()), |known| known.job.check())
    }

    fn enter(&mut self, folder: &Entry<'_>) -> Result<()> {
        if platform::is_mount_point(folder.path) || !platform::is_on_same_device(&self.top, folder.metadata) {
            return Err(is_mounted(&folder.shown()));
        }
        if self.is_ours {
            platform::make_accessible(folder.path);
        }
        Ok(())
    }

    fn leave(&mut self, folder: &Entry<'_>) -> Result<()> {
        self.remove_one(folder, || fs::remove_dir(folder.path))
    }

    fn visit(&mut self, entry: &Entry<'_>) -> Result<()> {
        self.remove_one(entry, || platform::remove_thing(entry.path, entry.metadata))
    }
}
