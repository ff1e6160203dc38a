//! Copying and moving one thing.

use std::io::ErrorKind;
use std::path::Path;

use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{FsItemResult, FsTransfer};

use super::copy::{Draft, Manner, draft, into_itself};
use super::job::Job;
use super::put::{Put, put};
use super::{check_tree, remove, version};
use crate::services::fs::error::failed;
use crate::services::fs::place::{Place, Use};
use crate::services::fs::platform as files;

/// Copies one thing.
pub(super) fn copy(item: &FsTransfer, overwrite: bool, job: &Job) -> Result<FsItemResult> {
    let from = Place::of(&job.caller, &item.from, Use::Look)?;
    let to = Place::of(&job.caller, &item.to, Use::Change)?;
    check_apart(&from, &to, "copy")?;
    check_target(&to, overwrite, "copy", job)?;
    let draft = draft(&from, &to, Manner { act: "copy", replaces_original: false }, job)?;
    finish(draft, &to, overwrite, "copy", job)
}

/// Moves one thing.
pub(super) fn move_one(item: &FsTransfer, overwrite: bool, job: &Job) -> Result<FsItemResult> {
    let from = Place::of(&job.caller, &item.from, Use::Change)?;
    let to = Place::of(&job.caller, &item.to, Use::Change)?;
    check_apart(&from, &to, "move")?;
    check_target(&to, overwrite, "move", job)?;
    check_tree(&from, Use::Change, job)?;
    from.path().symlink_metadata().map_err(|error| failed("move", from.asked(), &error))?;
    match put(from.path(), &to, overwrite, job) {
        Ok(put) => {
            let displaced = (put == Put::Displaced).then(|| from.path());
            let result = replaced(displaced, &to, job)?;
            flush(&[&from, &to])?;
            Ok(result)
        }
        Err(error) if error.kind() == ErrorKind::CrossesDevices => move_across(&from, &to, overwrite, job),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(failed("move to", to.asked(), &error)),
        Err(error) => Err(failed("move", from.asked(), &error)),
    }
}

/// Copies to another disk, and deletes the original once the copy is on it.
fn move_across(from: &Place, to: &Place, overwrite: bool, job: &Job) -> Result<FsItemResult> {
    // Else the copy would be made in vain.
    files::check_writable(&from.folder().join(".")).map_err(|error| failed("move", from.asked(), &error))?;
    let before = version::of_tree(from, job)?;
    let draft = draft(from, to, Manner { act: "move", replaces_original: true }, job)?;
    if version::of_tree(from, job)? != before {
        return Err(Error::conflict(format!("`{from}` was changed while it was being moved to another disk")));
    }
    let result = finish(draft, to, overwrite, "move", job)?;
    flush(&[to])?;
    remove::remove(from.path(), from.asked(), &job.without_stop()).map_err(|error| {
        let message = format!("`{from}` was copied to `{to}`, and could not be deleted where it was: {error}");
        Error::new(error.kind(), message)
    })?;
    flush(&[from])?;
    Ok(result)
}

/// Gives a finished copy its name.
fn finish(draft: Draft, to: &Place, overwrite: bool, act: &str, job: &Job) -> Result<FsItemResult> {
    let put =
        put(draft.path(), to, overwrite, job).map_err(|error| failed(&format!("{act} to"), to.asked(), &error))?;
    // What was replaced has the draft's name now, and goes with it when it cannot be kept.
    let result = replaced((put == Put::Displaced).then(|| draft.path()), to, job)?;
    draft.keep();
    Ok(result)
}

/// Takes away what was replaced and has another's name now.
fn replaced(displaced: Option<&Path>, to: &Place, job: &Job) -> Result<FsItemResult> {
    if let Some(displaced) = displaced {
        remove::remove(displaced, to.asked(), &job.without_stop())?;
    }
    Ok(FsItemResult::done(to.asked()))
}

/// Refuses to put a thing into itself, or in the place of what it is in.
fn check_apart(from: &Place, to: &Place, act: &str) -> Result<()> {
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
