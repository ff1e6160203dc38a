//! All that is below a path, one thing after the other. Symbolic links are not followed, and each folder is held open while
//! what is in it is looked at: whatever is renamed or linked meanwhile, nothing outside is reached.
//!
//! What is done with each thing is a [`Visitor`]'s business.

use std::ffi::OsString;
use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::vec;

use icpy_protocol::error::{Error, Result};

use crate::confinement::Folder;
use crate::services::fs::error::failed;

/// Folders in each other that are held open at once. A path that the system takes has fewer.
const DEPTH_MAX: usize = 2_100;

/// One thing on the way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    /// For system calls; its last part is not to be followed.
    pub path: &'a Path,
    /// Below the top; the top itself is empty.
    pub below: &'a Path,
    pub metadata: &'a Metadata,
    /// The top, as it was asked for.
    top: &'a Path,
}

impl Entry<'_> {
    /// The path for messages.
    pub(super) fn shown(&self) -> PathBuf {
        if self.below == Path::new("") { self.top.to_owned() } else { self.top.join(self.below) }
    }
}

/// What is done on the way. The first failure ends it.
pub(super) trait Visitor {
    /// What failed when a folder cannot be read: "copy", "delete".
    fn act(&self) -> &'static str;

    /// Fails when nobody waits for this any more.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Whether a thing is left out, with all that is in it.
    fn leaves_out(&self, _: &Entry<'_>) -> bool {
        false
    }

    /// A folder, before what is in it is read.
    fn enter(&mut self, _: &Entry<'_>) -> Result<()> {
        Ok(())
    }

    /// The same folder, after all that is in it.
    fn leave(&mut self, _: &Entry<'_>) -> Result<()> {
        Ok(())
    }

    /// Anything but a folder.
    fn visit(&mut self, entry: &Entry<'_>) -> Result<()>;
}

/// A folder under way.
struct Level {
    folder: Folder,
    path: PathBuf,
    below: PathBuf,
    metadata: Metadata,
    rest: vec::IntoIter<OsString>,
}

/// Shows a visitor what is at a path for system calls, and all below it in the order of names. `shown` is the path for
/// messages.
pub(super) fn walk(path: &Path, shown: &Path, visitor: &mut impl Visitor) -> Result<()> {
    let metadata = path.symlink_metadata().map_err(|error| failed(visitor.act(), shown, &error))?;
    let mut levels = Vec::new();
    levels.extend(step(path.to_owned(), PathBuf::new(), metadata, shown, visitor)?);
    while let Some(level) = levels.last_mut() {
        visitor.check()?;
        let Some(name) = level.rest.next() else {
            visitor.leave(&Entry { path: &level.path, below: &level.below, metadata: &level.metadata, top: shown })?;
            levels.pop();
            continue;
        };
        let (path, below) = (level.folder.path().join(&name), level.below.join(&name));
        match path.symlink_metadata() {
            Ok(_) if levels.len() == DEPTH_MAX => {
                return Err(Error::too_large(format!("`{}` is too deep", shown.display())));
            }
            Ok(metadata) => levels.extend(step(path, below, metadata, shown, visitor)?),
            // It has gone in the meantime.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed(visitor.act(), &shown.join(below), &error)),
        }
    }
    Ok(())
}

/// Shows one thing; a folder is returned, to go on in it.
fn step(
    path: PathBuf,
    below: PathBuf,
    metadata: Metadata,
    top: &Path,
    visitor: &mut impl Visitor,
) -> Result<Option<Level>> {
    let entry = Entry { path: &path, below: &below, metadata: &metadata, top };
    if visitor.leaves_out(&entry) {
        return Ok(None);
    }
    if !metadata.is_dir() {
        visitor.visit(&entry)?;
        return Ok(None);
    }
    visitor.enter(&entry)?;
    let refused = |error| failed(visitor.act(), &entry.shown(), &error);
    let folder = Folder::open(&path).map_err(refused)?;
    let names = folder.path().read_dir().and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect());
    let mut names: Vec<OsString> = names.map_err(refused)?;
    names.sort_unstable();
    Ok(Some(Level { folder, path, below, metadata, rest: names.into_iter() }))
}
