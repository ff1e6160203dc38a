//! Deleting for good.

use std::fs::{self, Metadata};
use std::path::Path;

use icpy_protocol::error::{Error, Result};

use super::job::Job;
use super::platform;
use super::walk::{Entry, Visitor, walk};
use crate::services::fs::error::failed;

/// Deletes what is at a path for system calls, with all in it. What is mounted there is not touched.
pub(super) fn remove(path: &Path, shown: &Path, job: &Job) -> Result<()> {
    let top = path.symlink_metadata().map_err(|error| failed("delete", shown, &error))?;
    walk(path, shown, &mut Remover { job, top })
}

struct Remover<'a> {
    job: &'a Job,
    top: Metadata,
}

impl Visitor for Remover<'_> {
    fn act(&self) -> &'static str {
        "delete"
    }

    fn check(&self) -> Result<()> {
        self.job.check()
    }

    fn enter(&mut self, folder: &Entry<'_>) -> Result<()> {
        if platform::is_on_same_device(&self.top, folder.metadata) {
            return Ok(());
        }
        let message =
            format!("`{}` is another disk's, which is mounted there: unmount it first", folder.shown().display());
        Err(Error::conflict(message))
    }

    fn leave(&mut self, folder: &Entry<'_>) -> Result<()> {
        self.job.advance(1);
        fs::remove_dir(folder.path).map_err(|error| failed("delete", &folder.shown(), &error))
    }

    fn visit(&mut self, entry: &Entry<'_>) -> Result<()> {
        self.job.advance(1);
        platform::remove_thing(entry.path, entry.metadata).map_err(|error| failed("delete", &entry.shown(), &error))
    }
}

/// Removes what we have made ourselves and nobody is to see, whatever its permissions are. Where that fails too, it stays.
pub(super) fn discard(path: &Path) {
    struct Discarder;
    impl Visitor for Discarder {
        fn act(&self) -> &'static str {
            "remove"
        }

        fn enter(&mut self, folder: &Entry<'_>) -> Result<()> {
            platform::make_accessible(folder.path);
            Ok(())
        }

        fn leave(&mut self, folder: &Entry<'_>) -> Result<()> {
            fs::remove_dir(folder.path).map_err(|error| failed("remove", &folder.shown(), &error))
        }

        fn visit(&mut self, entry: &Entry<'_>) -> Result<()> {
            platform::remove_thing(entry.path, entry.metadata).map_err(|error| failed("remove", &entry.shown(), &error))
        }
    }
    if let Err(error) = walk(path, path, &mut Discarder) {
        tracing::warn!(%error, "a temporary file is left over");
    }
}
