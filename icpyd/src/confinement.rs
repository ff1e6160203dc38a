//! What part of the disk a caller may use: folders that are held open, so that nothing that is renamed or linked meanwhile
//! leads out of them. No path is judged by its text alone.
//!
//! Not here: who is confined, and what is done with a place.

#[cfg_attr(target_os = "linux", path = "confinement/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "confinement/other.rs")]
mod platform;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use globset::{Glob, GlobSet, GlobSetBuilder};
use icpy_protocol::auth::AuthRole;
use icpy_protocol::error::{Error, Result};

pub use self::platform::Folder;

/// The folders that a caller may use, and what in them is not for it.
#[derive(Debug)]
pub struct Confinement {
    roots: Vec<Root>,
    denied: GlobSet,
    allowed: Option<Allowed>,
    /// The workspaces whose state may be used, and as what. None for who has only named folders.
    workspaces: Option<BTreeMap<String, AuthRole>>,
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
        let denied = globs(denied)?;
        let open = |(named, is_read_only): (PathBuf, bool)| {
            let opened = named.canonicalize().and_then(|real| Ok((Folder::open(&real)?, real)));
            let (folder, real) =
                opened.map_err(|error| Error::not_found(format!("cannot open `{}`: {error}", named.display())))?;
            Ok(Root { named, real, folder: Arc::new(folder), is_read_only })
        };
        let state_folder = state_folder.canonicalize().unwrap_or_else(|_| state_folder.to_owned());
        Ok(Self {
            roots: roots.into_iter().map(open).collect::<Result<_>>()?,
            denied,
            allowed: None,
            workspaces: None,
            state_folder,
        })
    }

    /// The same, for paths alone that one of these globs matches, with all below them. What lies on the way there can be
    /// seen.
    pub fn allowing(mut self, patterns: &[String]) -> Result<Self> {
        self.allowed = Some(Allowed { globs: globs(patterns)?, beginnings: patterns.iter().map(beginning).collect() });
        Ok(self)
    }

    /// The same, with the state of these workspaces, each in a role.
    #[must_use]
    pub fn within(mut self, workspaces: BTreeMap<String, AuthRole>) -> Self {
        self.workspaces = Some(workspaces);
        self
    }

    /// The workspaces whose state may be used, and as what.
    pub fn workspaces(&self) -> Option<&BTreeMap<String, AuthRole>> {
        self.workspaces.as_ref()
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
        let is_allowed =
            || self.allowed.as_ref().is_none_or(|allowed| allowed.has(rest) || allowed.leads_through(rest));
        (!is_denied && is_allowed()).then_some((root, rest))
    }

    /// Whether a path below a root may only be seen, because what may be used is below it.
    pub fn is_on_the_way(&self, rest: &Path) -> bool {
        self.allowed.as_ref().is_some_and(|allowed| !allowed.has(rest))
    }

    fn is_denied(&self, rest: &Path) -> bool {
        self.denied.is_match(rest) || rest.file_name().is_some_and(|name: &OsStr| self.denied.is_match(name))
    }
}

/// What alone may be used.
#[derive(Debug)]
struct Allowed {
    globs: GlobSet,
    /// The folders that each glob begins with.
    beginnings: Vec<PathBuf>,
}

impl Allowed {
    fn has(&self, rest: &Path) -> bool {
        rest.ancestors().any(|part| part != Path::new("") && self.globs.is_match(part))
    }

    fn leads_through(&self, rest: &Path) -> bool {
        self.beginnings.iter().any(|beginning| beginning.starts_with(rest))
    }
}

fn globs(patterns: &[String]) -> Result<GlobSet> {
    let mut globs = GlobSetBuilder::new();
    for pattern in patterns {
        let wrong = |error| Error::invalid_params(format!("the glob `{pattern}` cannot be read: {error}"));
        globs.add(Glob::new(pattern).map_err(wrong)?);
    }
    globs.build().map_err(|error| Error::invalid_params(error.to_string()))
}

/// The folders that a glob begins with: what it matches is below them.
fn beginning(pattern: &String) -> PathBuf {
    let is_plain =
        |part: &&Component<'_>| !part.as_os_str().as_encoded_bytes().iter().any(|byte| b"*?[{\\".contains(byte));
    Path::new(pattern).components().collect::<Vec<_>>().iter().take_while(is_plain).collect()
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
