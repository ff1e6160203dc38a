//! What part of the disk a caller may use: folders that are held open, so that nothing that is renamed or linked meanwhile
//! leads out of them. No path is judged by its text alone.
//!
//! Not here: who is confined, and what is done with a place.

#[cfg_attr(target_os = "linux", path = "confinement/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "confinement/other.rs")]
mod platform;

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::{Glob, GlobSet, GlobSetBuilder};
use icpy_protocol::error::{Error, Result};

pub use self::platform::Folder;

/// The folders that a caller may use, and what in them is not for it.
#[derive(Debug)]
pub struct Confinement {
    roots: Vec<Root>,
    denied: GlobSet,
    /// The daemon's own folder: whoever could write there could be anybody.
    state_folder: PathBuf,
}

/// One folder, with all below it.
#[derive(Debug)]
pub struct Root {
    /// As it was named.
    named: PathBuf,
    /// Where it really is.
    real: PathBuf,
    folder: Arc<Folder>,
    /// Whether nothing below may be changed.
    pub is_read_only: bool,
}

impl Confinement {
    /// Opens the folders. The globs are for paths below them: what they match is not there for the caller.
    pub fn open(
        roots: impl IntoIterator<Item = (PathBuf, bool)>,
        denied: &[String],
        state_folder: &Path,
    ) -> Result<Self> {
        let mut globs = GlobSetBuilder::new();
        for pattern in denied {
            let wrong = |error| Error::invalid_params(format!("the glob `{pattern}` cannot be read: {error}"));
            globs.add(Glob::new(pattern).map_err(wrong)?);
        }
        let denied = globs.build().map_err(|error| Error::invalid_params(error.to_string()))?;
        let open = |(named, is_read_only): (PathBuf, bool)| {
            let opened = named.canonicalize().and_then(|real| Ok((Folder::open(&real)?, real)));
            let (folder, real) =
                opened.map_err(|error| Error::not_found(format!("cannot open `{}`: {error}", named.display())))?;
            Ok(Root { named, real, folder: Arc::new(folder), is_read_only })
        };
        let state_folder = state_folder.canonicalize().unwrap_or_else(|_| state_folder.to_owned());
        Ok(Self { roots: roots.into_iter().map(open).collect::<Result<_>>()?, denied, state_folder })
    }

    /// The root that a path is below, as it is written or as it really is, and the rest of the path. The innermost root counts.
    pub fn find<'a>(&self, path: &'a Path) -> Option<(&Root, &'a Path)> {
        if path.starts_with(&self.state_folder) {
            return None;
        }
        let below = |root: &Root| path.strip_prefix(&root.real).or_else(|_| path.strip_prefix(&root.named)).ok();
        let found = self.roots.iter().filter_map(|root| Some((root, below(root)?)));
        let (root, rest) = found.min_by_key(|(_, rest)| rest.components().count())?;
        // A folder that is denied takes what is in it along.
        let is_denied = rest.ancestors().any(|part| part != Path::new("") && self.is_denied(part));
        (!is_denied).then_some((root, rest))
    }

    fn is_denied(&self, rest: &Path) -> bool {
        self.denied.is_match(rest) || rest.file_name().is_some_and(|name: &OsStr| self.denied.is_match(name))
    }
}

impl Root {
    /// Opens a folder below, by a path without symbolic links and `..`.
    pub fn open_folder(&self, below: &Path) -> io::Result<Arc<Folder>> {
        match below == Path::new("") {
            true => Ok(Arc::clone(&self.folder)),
            false => self.folder.open_below(below).map(Arc::new),
        }
    }
}
