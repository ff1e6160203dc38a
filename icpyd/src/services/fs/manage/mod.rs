//! Managing files: making, copying, moving and deleting them, one by one and in batches.
//!
//! A batch goes on when one of its things fails, and says what became of each. It is a task of its own: a request that is
//! cancelled ends it at the next file or piece of a file, and what was half done is taken back.

#[cfg_attr(target_os = "linux", path = "content/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "content/other.rs")]
mod content;
mod copy;
mod job;
mod make;
mod mode;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(not(unix), path = "other.rs")]
mod platform;
mod put;
mod remove;
mod transfer;
mod version;
mod walk;

use std::path::Path;

use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{
    FsBatchResult, FsCreateDirectoryParams, FsCreateDirectoryResult, FsCreateSymlinkParams, FsCreateSymlinkResult,
    FsDeleteParams, FsItemResult, FsSetModeParams, FsTransfer, FsTransferParams,
};
use icpy_protocol::path::FilePath;

use self::job::Job;
use self::walk::{Entry, Visitor, walk};
use super::blocking;
use super::place::{Place, Use};
use crate::caller::{Caller, LONG_RESULT_BYTES};
use crate::services::Services;

/// Things in one batch.
const ITEMS_MAX: usize = 10_000;

/// Makes a folder and those above it.
pub(super) async fn create_directory(
    services: &Services,
    caller: &Caller,
    params: FsCreateDirectoryParams,
) -> Result<FsCreateDirectoryResult> {
    run(services, caller, None, move |job| {
        let created = make::folders(&job.caller, &params.path)?;
        Ok(FsCreateDirectoryResult { created, operation_id: None })
    })
    .await
}

/// Makes a symbolic link.
pub(super) async fn create_symlink(
    services: &Services,
    caller: &Caller,
    params: FsCreateSymlinkParams,
) -> Result<FsCreateSymlinkResult> {
    run(services, caller, None, move |job| {
        make::link(&job.caller, &params.path, &params.target)?;
        Ok(FsCreateSymlinkResult { operation_id: None })
    })
    .await
}

/// Sets permissions.
pub(super) async fn set_mode(services: &Services, caller: &Caller, params: FsSetModeParams) -> Result<FsBatchResult> {
    mode::check(&params)?;
    let unit = params.progress.then_some("things");
    let paths = params.paths.clone();
    batch(services, caller, unit, paths, FilePath::clone, move |path, job| mode::set(path, &params, job)).await
}

/// Copies things.
pub(super) async fn copy(services: &Services, caller: &Caller, params: FsTransferParams) -> Result<FsBatchResult> {
    transfer(services, caller, params, transfer::copy).await
}

/// Moves things.
pub(super) async fn move_items(
    services: &Services,
    caller: &Caller,
    params: FsTransferParams,
) -> Result<FsBatchResult> {
    transfer(services, caller, params, transfer::move_one).await
}

async fn transfer(
    services: &Services,
    caller: &Caller,
    params: FsTransferParams,
    one: fn(&FsTransfer, bool, &Job) -> Result<FsItemResult>,
) -> Result<FsBatchResult> {
    let FsTransferParams { items, overwrite, progress } = params;
    let unit = progress.then_some("bytes");
    let from = |item: &FsTransfer| item.from.clone();
    batch(services, caller, unit, items, from, move |item, job| one(item, overwrite, job)).await
}

/// Deletes things.
pub(super) async fn delete(services: &Services, caller: &Caller, params: FsDeleteParams) -> Result<FsBatchResult> {
    let unit = params.progress.then_some("things");
    let delete = move |path: &FilePath, job: &Job| {
        let place = Place::of(&job.caller, path, Use::Change)?;
        check_tree(&place, Use::Change, job)?;
        remove::remove(place.path(), place.asked(), job)?;
        Ok(FsItemResult::done(path.clone()))
    };
    batch(services, caller, unit, params.paths, FilePath::clone, delete).await
}

/// Does something with each of several things.
async fn batch<T: Send + 'static>(
    services: &Services,
    caller: &Caller,
    unit: Option<&'static str>,
    items: Vec<T>,
    path: impl Fn(&T) -> FilePath + Send + 'static,
    one: impl Fn(&T, &Job) -> Result<FsItemResult> + Send + 'static,
) -> Result<FsBatchResult> {
    if items.len() > ITEMS_MAX {
        let message = format!("{} things are more than the {ITEMS_MAX} that one request may name", items.len());
        return Err(Error::too_large(message).with("limit", ITEMS_MAX));
    }
    run(services, caller, unit, move |job| {
        if job.tells_progress() {
            for item in &items {
                measure(&path(item), unit == Some("bytes"), job);
            }
        }
        let outcome = |item| job.check().and_then(|()| one(item, job));
        let results =
            items.iter().map(|item| outcome(item).unwrap_or_else(|error| FsItemResult::failed(path(item), error)));
        Ok(FsBatchResult { items: results.collect(), operation_id: None })
    })
    .await
}

/// Runs work in a task of its own, until it is done or nobody waits for it.
async fn run<T: Send + 'static>(
    services: &Services,
    caller: &Caller,
    unit: Option<&'static str>,
    work: impl FnOnce(&Job) -> Result<T> + Send + 'static,
) -> Result<T> {
    let _room = caller.reserve(LONG_RESULT_BYTES).await;
    let stop = services.stop.child_token();
    let _until_nobody_waits = stop.clone().drop_guard();
    let stream = unit.map(|unit| Ok((caller.open_stream()?, unit))).transpose()?;
    let job = Job::new(caller.clone(), services.host.clone(), stop, stream);
    let task = services.tasks.spawn(blocking(move || work(&job)));
    task.await.unwrap_or_else(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => Err(Error::unavailable("the daemon is stopping")),
    })
}

/// Adds what there is at a path to what is to be done. What cannot be looked at fails later.
fn measure(path: &FilePath, counts_bytes: bool, job: &Job) {
    struct Measure<'a> {
        counts_bytes: bool,
        job: &'a Job,
    }
    impl Visitor for Measure<'_> {
        fn act(&self) -> &'static str {
            "look at"
        }

        fn check(&self) -> Result<()> {
            self.job.check()
        }

        fn enter(&mut self, _: &Entry<'_>) -> Result<()> {
            self.job.expect(u64::from(!self.counts_bytes));
            Ok(())
        }

        fn visit(&mut self, entry: &Entry<'_>) -> Result<()> {
            let counts = self.counts_bytes && entry.metadata.is_file();
            self.job.expect(if counts { entry.metadata.len() } else { u64::from(!self.counts_bytes) });
            Ok(())
        }
    }
    let Ok(place) = Place::of(&job.caller, path, Use::Look) else { return };
    let _ = walk(place.path(), place.asked(), &mut Measure { counts_bytes, job });
}

/// Whether a caller may use what really is at a path.
fn may_use(caller: &Caller, real: &Path, wanted: Use) -> bool {
    let Some(confinement) = caller.confinement() else { return true };
    confinement.find(real).is_some_and(|(root, _)| wanted == Use::Look || !root.is_read_only)
}

/// Refuses what holds something that the caller may not use.
fn check_tree(place: &Place, wanted: Use, job: &Job) -> Result<()> {
    struct Check<'a>(&'a Place, Use, &'a Job);
    impl Check<'_> {
        fn check_one(&self, entry: &Entry<'_>) -> Result<()> {
            match may_use(&self.2.caller, &self.0.real().join(entry.below), self.1) {
                true => Ok(()),
                false => Err(Error::permission_denied(format!("`{}` holds what this session may not change", self.0))),
            }
        }
    }
    impl Visitor for Check<'_> {
        fn act(&self) -> &'static str {
            "look at"
        }

        fn check(&self) -> Result<()> {
            self.2.check()
        }

        fn enter(&mut self, folder: &Entry<'_>) -> Result<()> {
            self.check_one(folder)
        }

        fn visit(&mut self, entry: &Entry<'_>) -> Result<()> {
            self.check_one(entry)
        }
    }
    match job.caller.confinement() {
        None => Ok(()),
        Some(_) => walk(place.path(), place.asked(), &mut Check(place, wanted, job)),
    }
}
