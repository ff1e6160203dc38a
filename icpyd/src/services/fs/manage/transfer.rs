//! Copying and moving one thing.

use std::io::ErrorKind;
use std::path::Path;

use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{FsItemResult, FsTransfer};
use icpy_protocol::path::FilePath;

use super::copy::{Draft, Manner, draft, into_itself};
use super::job::Job;
use super::put::{Put, put};
use super::step::{Left, Step};
use super::{check_tree, measure, remove, trash, version};
use crate::services::fs::error::failed;
use crate::services::fs::origins::Becomes;
use crate::services::fs::place::{Place, Use};
use crate::services::fs::platform as files;

/// Copies one thing.
pub(super) fn copy(item: &FsTransfer, overwrite: bool, job: &Job) -> Result<FsItemResult> {
    let from = Place::of(&job.caller, &item.from, Use::Look)?;
    let to = Place::of(&job.caller, &item.to, Use::Change)?;
    check_apart(&from, &to, "copy")?;
    check_target(&to, overwrite, "copy", job)?;
    let draft = draft(&from, &to, Manner { act: "copy", replaces_original: false }, job)?;
    let held = job.saver.hold(&[to.real()]);
    let replaced_trash_id = finish(draft, &to, overwrite, "copy", job)?;
    let version = job.finish(|| version::of_tree(&to, job))?;
    drop(held);
    job.did(Step::Copied { path: to.real().into(), version });
    Ok(FsItemResult { replaced_trash_id, ..FsItemResult::done(to.asked()) })
}

/// Moves one thing.
pub(super) fn move_one(item: &FsTransfer, overwrite: bool, job: &Job) -> Result<FsItemResult> {
    let from = Place::of(&job.caller, &item.from, Use::Change)?;
    let to = Place::of(&job.caller, &item.to, Use::Change)?;
    check_apart(&from, &to, "move")?;
    check_target(&to, overwrite, "move", job)?;
    let _held = job.saver.hold(&[from.real(), to.real()]);
    let replaced_trash_id = move_place(&from, &to, overwrite, job)?;
    let left = Left::at(to.path()).map_err(|error| failed("move to", to.asked(), &error))?;
    job.did(Step::Moved { from: from.real().into(), to: to.real().into(), left });
    Ok(FsItemResult { replaced_trash_id, ..FsItemResult::done(to.asked()) })
}

/// Moves what is at one place to another; the caller holds both. Returns what brings back what was replaced.
pub(super) fn move_place(from: &Place, to: &Place, overwrite: bool, job: &Job) -> Result<Option<FilePath>> {
    check_tree(from, Use::Change, job)?;
    from.path().symlink_metadata().map_err(|error| failed("move", from.asked(), &error))?;
    let gone = (from.real(), Some(Becomes::Gone));
    match job.changing(&[gone], || put(from.path(), to, overwrite, job)) {
        Ok(put) => {
            let trash_id = if put == Put::Displaced { give_up(from.path(), to, job)? } else { None };
            flush(&[from, to])?;
            Ok(trash_id)
        }
        Err(error) if error.kind() == ErrorKind::CrossesDevices => move_across(from, to, overwrite, job),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(failed("move to", to.asked(), &error)),
        Err(error) => Err(failed("move", from.asked(), &error)),
    }
}

/// Copies to another disk, and deletes the original once the copy is on it.
fn move_across(from: &Place, to: &Place, overwrite: bool, job: &Job) -> Result<Option<FilePath>> {
    // Else the copy would be made in vain.
    files::check_writable(&from.folder().join(".")).map_err(|error| failed("move", from.asked(), &error))?;
    remove::check_removable(from.path(), from.asked(), job)?;
    if job.tells_progress() {
        measure(from, true, job);
    }
    let before = version::of_tree(from, job)?;
    let draft = draft(from, to, Manner { act: "move", replaces_original: true }, job)?;
    if version::of_tree(from, job)? != before {
        return Err(Error::conflict(format!("`{from}` was changed while it was being moved to another disk")));
    }
    let trash_id = finish(draft, to, overwrite, "move", job)?;
    flush(&[to])?;
    job.finish(|| remove::remove_moved(from, job)).map_err(|error| {
        let message = format!("`{from}` was copied to `{to}`, and could not be deleted where it was: {error}");
        Error::new(error.kind(), message)
    })?;
    flush(&[from])?;
    Ok(trash_id)
}

/// Gives a finished copy its name. Returns what brings back what was replaced.
fn finish(draft: Draft, to: &Place, overwrite: bool, act: &str, job: &Job) -> Result<Option<FilePath>> {
    let put =
        put(draft.path(), to, overwrite, job).map_err(|error| failed(&format!("{act} to"), to.asked(), &error))?;
    // What was replaced has the draft's name now.
    let trash_id = if put == Put::Displaced { give_up(draft.path(), to, job)? } else { None };
    draft.keep();
    Ok(trash_id)
}

/// Takes away what was replaced and has another's name now: to the trash, or for good where there is none.
fn give_up(displaced: &Path, to: &Place, job: &Job) -> Result<Option<FilePath>> {
    let path = FilePath::from(to.real());
    if let Ok(id) = trash::throw_away(displaced, to.real(), to.asked(), job) {
        job.did(Step::Trashed { path, id: id.clone() });
        return Ok(Some(id));
    }
    job.did(Step::Removed { path });
    remove::remove_hidden(displaced, to.asked())?;
    Ok(None)
}

/// Refuses to put a thing into itself, or in the place of what it is in.
fn check_apart(from: &Place, to: &Place, act: &str) -> Result<()> {
    to.check_takes(from)?;
    for (place, why) in [(from, "cannot be moved or copied itself"), (to, "cannot be replaced")] {
        if place.name().is_none() {
            return Err(Error::invalid_params(format!("`{place}` {why}: it is the outermost folder")));
        }
    }
    if from.real() == to.real() {
        return Err(Error::invalid_params(format!("`{from}` and `{to}` are the same")));
    }
    if to.real().starts_with(from.real()) && from.path().symlink_metadata().is_ok_and(|it| it.is_dir()) {
        return Err(into_itself(from, to, act));
    }
    if from.real().starts_with(to.real()) {
        return Err(Error::invalid_params(format!("`{from}` cannot take the place of `{to}`, which it is in")));
    }
    Ok(())
}

/// Refuses a place that is taken before anything is copied, and one whose content the caller may not replace.
fn check_target(to: &Place, overwrite: bool, act: &str, job: &Job) -> Result<()> {
    match to.path().symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(&format!("{act} to"), to.asked(), &error)),
        Ok(_) if overwrite => check_tree(to, Use::Change, job),
        // Moving may mean another way to write the same name: that is seen when it is done.
        Ok(_) if act == "move" => Ok(()),
        Ok(_) => Err(failed(&format!("{act} to"), to.asked(), &ErrorKind::AlreadyExists.into())),
    }
}

/// Makes renames durable.
fn flush(places: &[&Place]) -> Result<()> {
    for place in places {
        files::sync_folder(&place.folder().join(".")).map_err(|error| failed("flush", place.asked(), &error))?;
    }
    Ok(())
}
