//! What one caller searches: a folder, or a file.

use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use icpy_protocol::error::Result;
use icpy_protocol::fs::FsGrepParams;
use icpy_protocol::path::FilePath;
use tokio_util::sync::CancellationToken;

use super::super::error::failed;
use super::super::place::{Place, Use};
use super::super::watch::Live;
use super::super::{check_regular, platform};
use super::pattern::Pattern;
use super::scan::Scan;
use super::turns::{Found, Outcome};
use super::walk;
use crate::caller::Caller;
use crate::confinement::Confinement;

/// A folder or a file that a caller may search.
pub(super) struct Scope {
    place: Place,
    is_file: bool,
    /// What is denied to the caller in the folder is not searched.
    confinement: Option<Arc<Confinement>>,
    /// The tree that the folder is in, where it knows all that is to be searched.
    live: Option<Arc<Live>>,
}

impl Scope {
    pub(super) fn new(caller: &Caller, path: &FilePath) -> Result<Self> {
        let place = Place::led_to(caller, path, Use::Look)?;
        let metadata = place.path().symlink_metadata().map_err(|error| failed("search", place.asked(), &error))?;
        let is_file = !metadata.is_dir();
        if is_file {
            check_regular(place.asked(), &metadata)?;
        }
        Ok(Self { place, is_file, confinement: caller.confinement().cloned(), live: None })
    }

    /// Where it really is, when it is a folder.
    pub(super) fn folder(&self) -> Option<&Path> {
        (!self.is_file).then(|| self.place.real())
    }

    /// Says in which tree the folder is, which knows all that is to be searched.
    pub(super) fn set_live(&mut self, live: Arc<Live>) {
        self.live = Some(live);
    }

    /// Searches it, as [`Scan::run`] does.
    pub(super) fn search(
        &self,
        params: &FsGrepParams,
        limit: usize,
        stop: &CancellationToken,
        deliver: impl FnMut(Found) -> ControlFlow<()> + Send,
    ) -> Result<Outcome> {
        let pattern = Pattern::new(params)?;
        let open = |path: &Path| self.open(path);
        let scan = Scan { pattern: &pattern, params, limit, open: &open, stop };
        if self.is_file {
            let name = PathBuf::from(self.place.real().file_name().unwrap_or_default());
            return Ok(scan.run(std::iter::once(name), deliver));
        }
        if let Some(live) = &self.live {
            let below = self.place.real().strip_prefix(live.root()).unwrap_or(Path::new(""));
            let mut outcome = live.index().search(below, &scan, |path| self.is_allowed(path), deliver)?;
            self.unread(live, below).into_iter().for_each(|path| outcome.fail(path));
            return Ok(outcome);
        }
        let failed = Mutex::default();
        let files = walk::files(self.place.path(), self.place.asked(), params, &failed)?;
        let mut outcome = scan.run(files.filter(|path| self.is_allowed(path)), deliver);
        failed.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().for_each(|path| outcome.fail(path));
        Ok(outcome)
    }

    /// The folders that a tree could not read.
    fn unread(&self, live: &Live, below: &Path) -> Vec<FilePath> {
        let tree = live.tree();
        let Some(folder) = tree.find(below) else { return vec![] };
        let unread = tree.unread(folder).map(|node| tree.path(node)).collect::<Vec<_>>();
        drop(tree);
        let paths = unread.iter().filter_map(|path| path.strip_prefix(self.place.real()).ok());
        paths.filter(|path| self.is_allowed(path)).map(FilePath::from).collect()
    }

    /// The path of a file in it, as its caller would write it.
    pub(super) fn path_of(&self, path: &Path) -> PathBuf {
        if self.is_file { self.place.asked().to_owned() } else { self.place.asked().join(path) }
    }

    fn is_allowed(&self, path: &Path) -> bool {
        let is_there = |confinement: &Arc<Confinement>| confinement.find(&self.place.real().join(path)).is_some();
        self.confinement.as_ref().is_none_or(is_there)
    }

    /// Opens a file that is searched, by its path as it is shown. It must be regular: another thing may have taken the name
    /// since it was listed.
    pub(super) fn open(&self, path: &Path) -> io::Result<File> {
        let path = if self.is_file { self.place.path().to_owned() } else { self.place.path().join(path) };
        let file = platform::open_for_reading(&path)?;
        check_regular(&path, &file.metadata()?).map_err(|error| io::Error::other(error.to_string()))?;
        Ok(file)
    }
}
