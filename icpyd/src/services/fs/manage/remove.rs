//! Deleting for good.

use std::fs::{self, Metadata};
use std::path::Path;

use icpy_protocol::error::{Error, Result};

use super::job::Job;
use super::platform;
use super::walk::{Entry, Visitor, walk};
use crate::services::fs::error::failed;
use crate::services::fs::platform as files;

/// Deletes what is at a path for system calls, with all in it. What is mounted there is not touched. Without a job it ends
/// when it is done, whoever waits.
pub(super) fn remove(path: &Path, shown: &Path, job: Option<&Job>) -> Result<()> {
    let top = path.symlink_metadata().map_err(|error| failed("delete", shown, &error))?;
    walk(path, shown, &mut Remover { top, job, is_ours: false })
}

/// Deletes what we have made ourselves, whatever its permissions are.
pub(super) fn remove_ours(path: &Path, shown: &Path) -> Result<()> {
    let top = path.symlink_metadata().map_err(|error| failed("delete", shown, &error))?;
    walk(path, shown, &mut Remover { top, job: None, is_ours: true })
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
    job: Option<&'a Job>,
    is_ours: bool,
}

impl Remover<'_> {
    fn advance(&self) {
        if let Some(job) = self.job {
            job.advance(1);
        }
    }
}

impl Visitor for Remover<'_> {
    fn act(&self) -> &'static str {
        "delete"
    }

    fn check(&self) -> Result<()> {
        self.job.map_or(Ok(()), Job::check)
    }

    fn enter(&mut self, folder: &Entry<'_>) -> Result<()> {
        if !platform::is_on_same_device(&self.top, folder.metadata) {
            let message = format!("`{}` is another disk's, which is mounted there", folder.shown().display());
            return Err(Error::conflict(message));
        }
        if self.is_ours {
            platform::make_accessible(folder.path);
        }
        Ok(())
    }

    fn leave(&mut self, folder: &Entry<'_>) -> Result<()> {
        self.advance();
        fs::remove_dir(folder.path).map_err(|error| failed("delete", &folder.shown(), &error))
    }

    fn visit(&mut self, entry: &Entry<'_>) -> Result<()> {
        self.advance();
        platform::remove_thing(entry.path, entry.metadata).map_err(|error| failed("delete", &entry.shown(), &error))
    }
}
