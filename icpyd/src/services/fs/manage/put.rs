//! Giving a thing its new name: never over another by mistake, and where another is to be replaced, so that the name always
//! names one of them.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::job::Job;
use super::platform;
use crate::services::fs::origins::Becomes;
use crate::services::fs::place::Place;
use crate::services::fs::stamp::Stamp;

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
    let becomes = Stamp::of(new).map(Becomes::Holding);
    job.changing(&[(to.real(), becomes)], || put_there(new, to, overwrite, job))
}

fn put_there(new: &Path, to: &Place, overwrite: bool, job: &Job) -> io::Result<Put> {
    match platform::rename_new(new, to.path()) {
        Ok(()) => Ok(Put::Free),
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        // The filesystem sees no difference between the two names.
        Err(_) if is_same_entry(new, to.path())? => fs::rename(new, to.path()).map(|()| Put::Free),
        Err(error) if !overwrite => Err(error),
        Err(_) => {
            // Some filesystems cannot have two things change places in one step.
            let aside = format!(".icpy-{}", job.host.new_id());
            platform::exchange(new, to.path()).or_else(|_| exchange_in_steps(new, to.path(), &aside))?;
            Ok(Put::Displaced)
        }
    }
}

fn exchange_in_steps(new: &Path, to: &Path, aside: &str) -> io::Result<()> {
    let aside = to.with_file_name(aside);
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
    if other.symlink_metadata().is_err() {
        // It has gone in the meantime.
        return Ok(false);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_things_change_places_where_that_takes_several_steps() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let content = |name: &str| fs::read_to_string(path(name)).unwrap();
        fs::write(path("new"), "new").unwrap();
        fs::write(path("old"), "old").unwrap();
        exchange_in_steps(&path("new"), &path("old"), "aside").unwrap();
        assert_eq!((content("new"), content("old")), ("old".to_owned(), "new".to_owned()));
        // What has gone takes nothing else along.
        assert!(exchange_in_steps(&path("none"), &path("old"), "aside").is_err());
        assert_eq!(content("old"), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn two_names_of_one_file_are_two_entries() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a"), "").unwrap();
        fs::hard_link(path("a"), path("b")).unwrap();
        assert!(!is_same_entry(&path("a"), &path("b")).unwrap());
        assert!(!is_same_entry(&path("a"), &path("none")).unwrap());
    }
}
