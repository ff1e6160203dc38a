//! One file of a group that gets its name by a rename, and can give it back.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use super::journal::FileId;
use super::platform;

/// What a second name of the old file ends with, beside the temporary one.
const BACKUP_SUFFIX: &str = "-old";

/// The paths of one file of a group, and what was and will be at them.
#[derive(Debug)]
pub(super) struct Renaming<'a> {
    /// Where the new content is.
    pub(super) temporary: &'a Path,
    pub(super) target: &'a Path,
    /// What had the name before; `None` where nothing did.
    pub(super) old: Option<FileId>,
    /// What gets it.
    pub(super) new: FileId,
}

impl Renaming<'_> {
    /// Gives the new file the name. Done twice it is done once.
    pub(super) fn apply(&self) -> io::Result<()> {
        let now = id_at(self.target)?;
        if now == Some(self.new) {
            return Ok(());
        }
        if now != self.old {
            return Err(io::Error::other("another file has its name now"));
        }
        if self.old.is_none() {
            return rename_new(self.temporary, self.target);
        }
        match fs::hard_link(self.target, backup(self.temporary)) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                tracing::debug!(path = %self.target.display(), %error, "a file has no way back");
            }
            _ => {}
        }
        fs::rename(self.temporary, self.target)
    }

    /// Gives the name back, where the new file has it.
    pub(super) fn undo(&self) -> io::Result<()> {
        match (id_at(self.target)? == Some(self.new), self.old) {
            (false, _) => Ok(()),
            (true, Some(_)) => fs::rename(backup(self.temporary), self.target),
            (true, None) => fs::remove_file(self.target),
        }
    }
}

/// The second name of the old file.
pub(super) fn backup(temporary: &Path) -> PathBuf {
    let mut path = temporary.as_os_str().to_owned();
    path.push(BACKUP_SUFFIX);
    path.into()
}

fn id_at(path: &Path) -> io::Result<Option<FileId>> {
    match path.symlink_metadata() {
        Ok(metadata) => Ok(Some(platform::file_id(&metadata))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Renames a file to a name that nothing has.
fn rename_new(temporary: &Path, target: &Path) -> io::Result<()> {
    TempPath::try_from_path(temporary)?.persist_noclobber(target).map_err(|error| {
        // Whoever made it removes it.
        let _ = error.path.keep();
        error.error
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_given_and_given_back() {
        for had_old in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let (temporary, target) = (folder.path().join(".icpy-abcdef"), folder.path().join("a"));
            fs::write(&temporary, "new").unwrap();
            if had_old {
                fs::write(&target, "old").unwrap();
            }
            let new = id_at(&temporary).unwrap().unwrap();
            let renaming = Renaming { temporary: &temporary, target: &target, old: id_at(&target).unwrap(), new };
            for _ in 0..2 {
                renaming.apply().unwrap();
                assert_eq!(fs::read_to_string(&target).unwrap(), "new");
            }
            for _ in 0..2 {
                renaming.undo().unwrap();
                assert_eq!(fs::read_to_string(&target).ok().as_deref(), had_old.then_some("old"));
            }
        }
    }

    #[test]
    fn a_name_that_another_file_has_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (temporary, target) = (folder.path().join(".icpy-abcdef"), folder.path().join("a"));
        fs::write(&temporary, "new").unwrap();
        fs::write(&target, "other").unwrap();
        let new = id_at(&temporary).unwrap().unwrap();
        let renaming = Renaming { temporary: &temporary, target: &target, old: None, new };
        renaming.apply().unwrap_err();
        renaming.undo().unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "other");
        assert_eq!(fs::read_to_string(&temporary).unwrap(), "new");
    }
}
