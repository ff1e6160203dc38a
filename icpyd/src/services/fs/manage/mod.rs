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
mod operation;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(not(unix), path = "other.rs")]
mod platform;
mod put;
mod remove;
mod replace;
mod step;
mod transfer;
mod trash;
mod undo;
mod version;
mod walk;

use std::path::Path;

use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{
    FsBatchResult, FsCreateDirectoryParams, FsCreateDirectoryResult, FsCreateSymlinkParams, FsCreateSymlinkResult,
    FsDeleteParams, FsItemResult, FsOperationKind as Kind, FsRestoreParams, FsSetModeParams, FsTransfer,
    FsTransferParams,
};
use icpy_protocol::path::FilePath;

pub(super) use self::operation::list as list_operations;
pub(super) use self::remove::remove_ours;
pub(super) use self::replace::replace;
pub(super) use self::undo::undo;

use self::job::{Done, Job};
use self::step::{Left, Step};
use self::walk::{Entry, Visitor, walk};
use super::error::failed;
use super::origins::Becomes;
use super::place::{Place, Use};
use super::{Fs, blocking};
use crate::caller::{Caller, LONG_RESULT_BYTES};
use crate::services::Services;

/// Things in one batch.
const ITEMS_MAX: usize = 10_000;

/// Makes a folder and those above it.
pub(super) async fn create_directory(
    fs: &Fs,
    caller: &Caller,
    params: FsCreateDirectoryParams,
) -> Result<FsCreateDirectoryResult> {
    let work = move |job: &Job| make::folders(&params.path, job);
    let (created, operation_id) = operate(fs, caller, Kind::CreateDirectory, None, work).await?;
    let is_new = !created.is_empty();
    Ok(FsCreateDirectoryResult { created, is_new, operation_id })
}

/// Makes a symbolic link.
pub(super) async fn create_symlink(
    fs: &Fs,
    caller: &Caller,
    params: FsCreateSymlinkParams,
) -> Result<FsCreateSymlinkResult> {
    let work = move |job: &Job| make::link(&params.path, &params.target, job);
    let ((), operation_id) = operate(fs, caller, Kind::CreateSymlink, None, work).await?;
    Ok(FsCreateSymlinkResult { operation_id })
}

/// Sets permissions.
pub(super) async fn set_mode(fs: &Fs, caller: &Caller, params: FsSetModeParams) -> Result<FsBatchResult> {
    mode::check(&params)?;
    let (unit, paths) = (params.progress.then_some("things"), params.paths.clone());
    let one = move |path: &FilePath, job: &Job| mode::set(path, &params, job);
    batch(fs, caller, Kind::SetMode, unit, paths, FilePath::clone, one).await
}

/// Copies things.
pub(super) async fn copy(fs: &Fs, caller: &Caller, params: FsTransferParams) -> Result<FsBatchResult> {
    transfer(fs, caller, Kind::Copy, params, transfer::copy).await
}

/// Moves things.
pub(super) async fn move_items(fs: &Fs, caller: &Caller, params: FsTransferParams) -> Result<FsBatchResult> {
    transfer(fs, caller, Kind::Move, params, transfer::move_one).await
}

async fn transfer(
    fs: &Fs,
    caller: &Caller,
    kind: Kind,
    params: FsTransferParams,
    one: fn(&FsTransfer, bool, &Job) -> Result<FsItemResult>,
) -> Result<FsBatchResult> {
    let FsTransferParams { items, overwrite, progress } = params;
    let unit = progress.then_some("bytes");
    let from = |item: &FsTransfer| item.from.clone();
    batch(fs, caller, kind, unit, items, from, move |item, job| one(item, overwrite, job)).await
}

/// Deletes things.
pub(super) async fn delete(fs: &Fs, caller: &Caller, params: FsDeleteParams) -> Result<FsBatchResult> {
    let FsDeleteParams { paths, is_permanent, progress } = params;
    let unit = progress.then_some("things");
    let kind = if is_permanent { Kind::Delete } else { Kind::Trash };
    batch(fs, caller, kind, unit, paths, FilePath::clone, move |path, job| delete_one(path, is_permanent, job)).await
}

fn delete_one(path: &FilePath, is_permanent: bool, job: &Job) -> Result<FsItemResult> {
    let place = Place::of(&job.caller, path, Use::Change)?;
    if place.name().is_none() {
        return Err(Error::invalid_params(format!("`{place}` cannot be deleted: it is the outermost folder")));
    }
    check_tree(&place, Use::Change, job)?;
    let _held = job.saver.hold(&[place.real()]);
    let real = FilePath::from(place.real());
    place.path().symlink_metadata().map_err(|error| failed("delete", place.asked(), &error))?;
    if is_permanent {
        remove::remove(&place, job)?;
        return Ok(FsItemResult::done(path.clone()));
    }
    let throw_away = || trash::throw_away(place.path(), place.real(), place.asked(), job);
    let id = job.changing(&[(place.real(), Some(Becomes::Gone))], throw_away)?;
    job.advance(1);
    job.did(Step::Trashed { path: real, id: id.clone() });
    Ok(FsItemResult { trash_id: Some(id), ..FsItemResult::done(path.clone()) })
}

/// Brings things back from the trash.
pub(super) async fn restore(fs: &Fs, caller: &Caller, params: FsRestoreParams) -> Result<FsBatchResult> {
    let one = |id: &FilePath, job: &Job| {
        let place = trash::bring_back(id, None, job)?;
        let left = Left::at(place.path()).map_err(|error| failed("bring back", place.asked(), &error))?;
        job.did(Step::Restored { path: place.real().into(), left });
        Ok(FsItemResult::done(place.asked()))
    };
    batch(fs, caller, Kind::Restore, None, params.trash_ids, FilePath::clone, one).await
}

/// Does something with each of several things.
async fn batch<T: Send + 'static>(
    fs: &Fs,
    caller: &Caller,
    kind: Kind,
    unit: Option<&'static str>,
    items: Vec<T>,
    path: impl Fn(&T) -> FilePath + Send + 'static,
    one: impl Fn(&T, &Job) -> Result<FsItemResult> + Send + 'static,
) -> Result<FsBatchResult> {
    if items.len() > ITEMS_MAX {
        let message = format!("{} things are more than the {ITEMS_MAX} that one request may name", items.len());
        return Err(Error::too_large(message).with("limit", ITEMS_MAX));
    }
    let work = move |job: &Job| {
        // What moves is measured when it turns out that it must be copied, and what goes to the trash goes at once.
        if job.tells_progress() && matches!(kind, Kind::Copy | Kind::Delete | Kind::SetMode) {
            for item in &items {
                if let Ok(place) = Place::of(&job.caller, &path(item), Use::Look) {
                    measure(&place, unit == Some("bytes"), job);
                }
            }
        }
        let outcome = |item| job.check().and_then(|()| one(item, job));
        let result = |item| outcome(item).unwrap_or_else(|error| FsItemResult::failed(path(item), error));
        Ok(items.iter().map(result).collect())
    };
    let (items, operation_id) = operate(fs, caller, kind, unit, work).await?;
    Ok(FsBatchResult { items, operation_id })
}

/// Runs work, keeps what it has done so that it can be undone, and returns the id of that too.
async fn operate<T: Send + 'static>(
    fs: &Fs,
    caller: &Caller,
    kind: Kind,
    unit: Option<&'static str>,
    work: impl FnOnce(&Job) -> Result<T> + Send + 'static,
) -> Result<(T, Option<String>)> {
    run(fs, caller, unit, work, move |services, caller, outcome, done| async move {
        // Something may have been done before it failed.
        let operation_id = operation::keep(&services, &caller, kind, done).await;
        Ok((outcome?, operation_id))
    })
    .await
}

/// Runs work, and what is to follow it, in a task of its own: the work until it is done or nobody waits for it any more, what
/// follows in any case.
async fn run<T, U, F>(
    fs: &Fs,
    caller: &Caller,
    unit: Option<&'static str>,
    work: impl FnOnce(&Job) -> T + Send + 'static,
    follow: impl FnOnce(Services, Caller, T, Done) -> F + Send + 'static,
) -> Result<U>
where
    T: Send + 'static,
    U: Send + 'static,
    F: Future<Output = Result<U>> + Send + 'static,
{
    fs.saver.recovered().await;
    let services = &fs.services;
    let _room = caller.reserve(LONG_RESULT_BYTES).await;
    let stop = services.stop.child_token();
    let _until_nobody_waits = stop.clone().drop_guard();
    let stream = unit.map(|unit| Ok((caller.open_stream()?, unit))).transpose()?;
    let (services, caller) = (services.clone(), caller.clone());
    let job = Job::new(caller.clone(), services.host.clone(), fs.saver.clone(), stop, stream);
    let cleaning_up = caller.clean_up();
    let task = services.tasks.clone().spawn(async move {
        let _until_all_is_taken_back = cleaning_up;
        let (outcome, done) = blocking(move || Ok((work(&job), job.into_done()))).await?;
        follow(services, caller, outcome, done).await
    });
    task.await.unwrap_or_else(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => Err(Error::unavailable("the daemon is stopping")),
    })
}

/// Adds what there is at a place to what is to be done. What cannot be looked at fails later.
fn measure(place: &Place, counts_bytes: bool, job: &Job) {
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
    let _ = walk(place.path(), place.asked(), &mut Measure { counts_bytes, job });
}

/// Whether a caller may use what really is at a path.
fn may_use(caller: &Caller, real: &Path, wanted: Use) -> bool {
    let Some(confinement) = caller.confinement() else { return true };
    let may_change = |rest: &Path| !confinement.is_on_the_way(rest);
    confinement.find(real).is_some_and(|(root, rest)| wanted == Use::Look || (!root.is_read_only && may_change(rest)))
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
