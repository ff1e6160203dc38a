//! Giving a thing its new name: never over another by mistake, and where another is to be replaced, so that the name always
//! names one of them.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::job::Job;
use super::platform;
use crate::services::fs::place::Place;

/// What has become of the old name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// Nothing has it any more.
    Free,
    /// What had the new name has it now.
    Displaced,
}

/// Renames `new` to a place. Without `overwrite` it is an error when something is there.
pub(super) fn put(new: &Path, to: &Place, overwrite: bool, job: &Job) -> io::Result<Put> {
    match platform::rename_new(new, to.path()) {
        Ok(()) => Ok(Put::Free),
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        // The filesystem sees no difference between the two names.
        Err(_) if is_same_entry(new, to.path())? => fs::rename(new, to.path()).map(|()| Put::Free),
        Err(error) if !overwrite => Err(error),
        Err(_) => {
            // Some filesystems cannot have two things change places in one step.
            platform::exchange(new, to.path()).or_else(|_| exchange_in_steps(new, to.path(), job))?;
            Ok(Put::Displaced)
        }
    }
}

fn exchange_in_steps(new: &Path, to: &Path, job: &Job) -> io::Result<()> {
    let aside = to.with_file_name(format!(".icpy-{}", job.host.new_id()));
    fs::rename(to, &aside)?;
    if let Err(error) = fs::rename(new, to) {
        fs::rename(&aside, to)?;
        return Err(error);
    }
    fs::rename(&aside, new)
}

/// Whether two names are one entry of one folder, such as `a` and `A` where case does not count. Two names of one file are two
/// entries.
fn is_same_entry(one: &Path, other: &Path) -> io::Result<bool> {
    let (Some(folder), Some(other_folder), Some(name)) = (one.parent(), other.parent(), other.file_name()) else {
        return Ok(false);
    };
    // The folder's own path may be that of a descriptor, which is a link.
    let (folder, other_folder) = (folder.join("."), other_folder.join("."));
    if !platform::is_same_thing(one, other)? || !platform::is_same_thing(&folder, &other_folder)? {
        return Ok(false);
    }
    for entry in folder.read_dir()? {
        if entry?.file_name() == name {
            return Ok(false);
        }
    }
    Ok(true)
}
