//! Taking operations back, the last step first. What is no longer as the operation left it stays as it is.

use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use icpy_protocol::error::{Error, Kind, Result};
use icpy_protocol::fs::{FsOperation, FsOperationItem, FsOperationKind, FsUndoParams, FsUndoResult};
use icpy_protocol::path::FilePath;

use super::job::Job;
use super::step::{Left, Step};
use super::{mode, operation, platform, remove, replace, run, transfer, trash, version};
use crate::caller::Caller;
use crate::services::fs::Fs;
use crate::services::fs::error::failed;
use crate::services::fs::origins::Becomes;
use crate::services::fs::place::{Place, Use};

/// Takes an operation back. One at a time: two requests could mean the same.
pub(in super::super) async fn undo(service: &Fs, caller: &Caller, params: FsUndoParams) -> Result<FsUndoResult> {
    let turn = Arc::clone(&service.undoing).lock_owned().await;
    let (found, mut steps) = operation::find(&service.services, caller, params.operation_id).await?;
    check_can(&found)?;
    let work = move |job: &Job| {
        let mut left = steps.len();
        let outcome = check_all(&steps, job).and_then(|()| reverse(&steps, &mut left, job));
        // All of them stay when all are reversed: they tell where the operation was.
        steps.truncate(if left == 0 { steps.len() } else { left });
        (steps, left == 0, outcome)
    };
    run(service, caller, None, work, |services, caller, (steps, is_undone, outcome), _| async move {
        let _turn = turn;
        let operation = operation::put_back(&services, &caller, found, steps, is_undone).await?;
        outcome.map(|()| FsUndoResult { operation })
    })
    .await
}

fn check_can(operation: &FsOperation) -> Result<()> {
    let FsOperation { operation_id, can_undo, undone_at_ms, .. } = operation;
    match (can_undo, undone_at_ms) {
        (true, None) => Ok(()),
        (_, Some(_)) => Err(Error::conflict(format!("the operation `{operation_id}` was undone already"))),
        (false, None) => {
            let why = match operation.kind {
                FsOperationKind::Replace => "what was replaced was too much to be kept",
                _ => "something was deleted for good",
            };
            let message = format!("the operation `{operation_id}` cannot be undone: {why}");
            Err(Error::unsupported(message))
        }
    }
}

/// Looks at all steps before the first is reversed, as far as that can be: what a later step has changed again is looked at
/// when that one is reversed.
fn check_all(steps: &[Step], job: &Job) -> Result<()> {
    let mut changed_later = BTreeSet::new();
    for step in steps.iter().rev() {
        job.check()?;
        let FsOperationItem { path, from } = step.item();
        let paths: Vec<PathBuf> = [Some(path), from].into_iter().flatten().map(FilePath::into_path_buf).collect();
        if !paths.iter().any(|path| is_among(path, &changed_later)) {
            check(step, job)?;
        }
        changed_later.extend(paths);
    }
    Ok(())
}

/// Whether a path is one of several, or below one, or above one.
fn is_among(path: &Path, paths: &BTreeSet<PathBuf>) -> bool {
    let next = paths.range::<Path, _>((Bound::Included(path), Bound::Unbounded)).next();
    path.ancestors().any(|above| paths.contains(above)) || next.is_some_and(|next| next.starts_with(path))
}

/// Reverses the steps from the last on; the first `left` of them are not, in the end.
fn reverse(steps: &[Step], left: &mut usize, job: &Job) -> Result<()> {
    for step in steps.iter().rev() {
        job.check()?;
        let FsOperationItem { path, from } = step.item();
        // What sets permissions, or saves, takes the turn itself.
        let is_held = !matches!(step, Step::ModeSet { .. } | Step::Replaced { .. });
        let paths = [Some(path.as_path()), from.as_ref().map(FilePath::as_path)].into_iter().flatten();
        let _held = is_held.then(|| job.saver.hold(&paths.collect::<Vec<_>>()));
        let place = check(step, job)?;
        reverse_one(step, &place, job).map_err(as_conflict)?;
        *left -= 1;
    }
    Ok(())
}

/// Refuses a step when what it changed is no longer as it left it. Returns where that is.
fn check(step: &Step, job: &Job) -> Result<Place> {
    let path = step.item().path;
    let place = Place::of(&job.caller, &path, Use::Change).map_err(as_conflict)?;
    let is_as_left = match step {
        Step::Made { left, .. } | Step::Restored { left, .. } => is_left(&place, left),
        Step::Moved { from, left, .. } => {
            let back = Place::of(&job.caller, from, Use::Change).map_err(as_conflict)?;
            // Where case does not count it may be the same entry.
            if !is_free(&back) && !is_left(&back, left) {
                return Err(taken(from));
            }
            is_left(&place, left)
        }
        Step::ModeSet { left, after, .. } => {
            is_left(&place, left) && place.path().symlink_metadata().is_ok_and(|it| platform::mode(&it) == *after)
        }
        Step::Copied { version, .. } => version::of_tree(&place, job).map_err(as_conflict)? == *version,
        Step::Replaced { after, .. } => replace::is_left(&place, after),
        Step::Trashed { .. } => return if is_free(&place) { Ok(place) } else { Err(taken(&path)) },
        Step::Removed { .. } => false,
    };
    if !is_as_left {
        let message = format!("`{path}` is not any more what the operation has left there");
        return Err(Error::conflict(message).with("path", serde_json::to_value(path).unwrap_or_default()));
    }
    Ok(place)
}

fn is_left(place: &Place, left: &Left) -> bool {
    Left::at(place.path()).is_ok_and(|now| now == *left)
}

fn is_free(place: &Place) -> bool {
    place.path().symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

fn taken(path: &FilePath) -> Error {
    let named = serde_json::to_value(path).unwrap_or_default();
    Error::conflict(format!("there is something else at `{path}` by now")).with("path", named)
}

fn reverse_one(step: &Step, place: &Place, job: &Job) -> Result<()> {
    let gone = [(place.real(), Some(Becomes::Gone))];
    match step {
        Step::Made { .. } => {
            let metadata = place.path().symlink_metadata();
            // A folder that is not empty any more stays.
            let remove = |metadata: Metadata| match metadata.is_dir() {
                true => fs::remove_dir(place.path()),
                false => platform::remove_thing(place.path(), &metadata),
            };
            let removed = metadata.and_then(|metadata| job.changing(&gone, || remove(metadata)));
            removed.map_err(|error| match error.kind() {
                ErrorKind::DirectoryNotEmpty => Error::conflict(format!("the folder `{place}` is not empty any more")),
                _ => failed("remove", place.asked(), &error),
            })
        }
        Step::Copied { .. } => job.finish(|| remove::remove_made(place, job)),
        Step::Moved { from, .. } => {
            let back = Place::of(&job.caller, from, Use::Change)?;
            transfer::move_place(place, &back, false, job).map(drop)
        }
        Step::Trashed { id, path } => trash::bring_back(id, Some(path.as_path()), job).map(drop),
        Step::Restored { .. } => {
            let throw_away = || trash::throw_away(place.path(), place.real(), place.asked(), job);
            job.changing(&gone, throw_away).map(drop)
        }
        Step::ModeSet { before, .. } => mode::set_one(place.path(), place.real(), *before, job)
            .map_err(|error| failed("change the mode of", place.asked(), &error)),
        Step::Replaced { before, after, reversal: Some(reversal), .. } => {
            replace::take_back(place, before, after, reversal, job)
        }
        Step::Replaced { path, reversal: None, .. } => {
            Err(Error::unsupported(format!("what was replaced in `{path}` was too much to be kept")))
        }
        Step::Removed { path } => Err(Error::unsupported(format!("`{path}` was deleted for good"))),
    }
}

/// What is missing, or in the way, was put or taken there since.
fn as_conflict(error: Error) -> Error {
    match error.kind() {
        Kind::NotFound | Kind::AlreadyExists => {
            let conflict = Error::conflict(error.message());
            let path = error.detail("path").cloned();
            path.into_iter().fold(conflict, |conflict, path| conflict.with("path", path))
        }
        _ => error,
    }
}
