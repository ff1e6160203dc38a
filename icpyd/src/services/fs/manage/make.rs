//! Making folders and symbolic links.

use std::fs;
use std::io::ErrorKind;

use icpy_protocol::error::{Error, Kind, Result};
use icpy_protocol::fs::FsKind;
use icpy_protocol::path::FilePath;

use super::job::Job;
use super::platform;
use super::step::{Left, Step};
use crate::caller::Caller;
use crate::services::fs::error::failed;
use crate::services::fs::origins::Becomes;
use crate::services::fs::place::{Place, Use};
use crate::services::fs::stamp::Stamp;

/// Makes a folder and those above it that are missing; returns those that it has made, the outermost first.
pub(super) fn folders(path: &FilePath, job: &Job) -> Result<Vec<FilePath>> {
    let mut missing = Vec::new();
    let mut at = path.clone();
    // One look at each. What the caller may use, and what is in the way, is asked where something is.
    while let Some(above) = at.as_path().parent().map(FilePath::from)
        && above.as_path().symlink_metadata().is_err()
    {
        missing.push(std::mem::replace(&mut at, above));
    }
    while let Some(why) = is_missing(&job.caller, &at)? {
        let above = at.as_path().parent().map(FilePath::from);
        missing.push(std::mem::replace(&mut at, above.ok_or(why)?));
    }
    let mut made = Vec::new();
    let mut last: Option<Place> = None;
    for path in missing.into_iter().rev() {
        let place = match last.take().and_then(|last| last.inside(&job.caller, &path)) {
            Some(place) => place,
            None => Place::of(&job.caller, &path, Use::Change)?,
        };
        let becomes = Becomes::Any(FsKind::Directory);
        match job.changing(&[(place.real(), Some(becomes))], || fs::create_dir(place.path())) {
            Ok(()) => {
                did_make(&place, job)?;
                made.push(path);
                // A path that was just made needs no search.
                last = Some(place);
            }
            // Somebody else has made it in the meantime.
            Err(error) if error.kind() == ErrorKind::AlreadyExists && is_missing(&job.caller, &path)?.is_none() => {}
            Err(error) => return Err(failed("make", place.asked(), &error)),
        }
    }
    Ok(made)
}

/// Why a folder is not there; an error when something else is in its way.
fn is_missing(caller: &Caller, path: &FilePath) -> Result<Option<Error>> {
    let place = match Place::led_to(caller, path, Use::Look) {
        Ok(place) => place,
        Err(error) if error.kind() == Kind::NotFound => return Ok(Some(error)),
        Err(error) => return Err(error),
    };
    match place.path().metadata() {
        Ok(metadata) if metadata.is_dir() => Ok(None),
        Ok(_) => {
            let message = format!("cannot make a folder `{place}`: there is something else already");
            Err(Error::already_exists(message).with("path", serde_json::to_value(path).unwrap_or_default()))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Some(failed("make", place.asked(), &error))),
        Err(error) => Err(failed("look at", place.asked(), &error)),
    }
}

/// Makes a symbolic link.
pub(super) fn link(path: &FilePath, target: &FilePath, job: &Job) -> Result<()> {
    let place = Place::of(&job.caller, path, Use::Change)?;
    place.check_takes_no_folder()?;
    if target.as_path().as_os_str().is_empty() {
        return Err(Error::invalid_params(format!("the link `{place}` needs a target")));
    }
    let becomes = Becomes::Any(FsKind::Symlink);
    job.changing(&[(place.real(), Some(becomes))], || platform::make_link(target.as_path(), place.path()))
        .map_err(|error| failed("make", place.asked(), &error))?;
    did_make(&place, job)
}

fn did_make(place: &Place, job: &Job) -> Result<()> {
    if let Some(stamp) = Stamp::of(place.path()) {
        job.expect_change(place.real(), Becomes::Exactly(stamp));
    }
    let left = Left::at(place.path()).map_err(|error| failed("make", place.asked(), &error))?;
    job.did(Step::Made { path: place.real().into(), left });
    Ok(())
}
