//! Copying: into a temporary name beside the new one, and from there to the new name in one step. What is stopped or fails
//! leaves nothing.

use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use icpy_protocol::error::{Error, Result};

use super::job::Job;
use super::remove::remove_ours;
use super::walk::{Entry, Visitor, walk};
use super::{content, may_use, platform};
use crate::confinement::Folder;
use crate::services::fs::error::failed;
use crate::services::fs::origins::Becomes;
use crate::services::fs::place::{Place, Use};
use crate::services::fs::save::DraftEntry;
use crate::services::fs::stamp::Stamp;
use crate::services::fs::{check_regular, platform as files};

/// How faithful a copy is to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// What failed: "copy", "move".
    pub act: &'static str,
    /// Whether the original will go: then the copy keeps the owner too, and is on the disk before it does.
    pub replaces_original: bool,
}

/// A copy that nobody has seen yet. Dropping it removes it.
#[derive(Debug)]
pub(super) struct Draft {
    path: PathBuf,
    is_kept: bool,
    /// Cleared after the draft has gone, or has its name.
    entry: DraftEntry,
}

impl Draft {
    /// A temporary name beside the place that it is for.
    fn beside(to: &Place, job: &Job) -> Self {
        let name = format!(".icpy-{}", job.host.new_id());
        let entry = job.saver.record_draft(&to.real().with_file_name(&name));
        Self { path: to.path().with_file_name(name), is_kept: false, entry }
    }

    /// For system calls.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// All is copied: from here on another thing may get its name.
    fn complete(&self) -> io::Result<()> {
        self.entry.complete(&self.path.symlink_metadata()?)
    }

    /// It has another name now, or is what somebody wants.
    pub(super) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if self.is_kept || self.path.symlink_metadata().is_err() {
            return;
        }
        if let Err(error) = remove_ours(&self.path, &self.path) {
            tracing::warn!(%error, "a half copied file is left over");
        }
    }
}

/// Copies what is at one place for another.
pub(super) fn draft(from: &Place, to: &Place, manner: Manner, job: &Job) -> Result<Draft> {
    let draft = Draft::beside(to, job);
    let (folders, links) = (Vec::new(), HashMap::new());
    let mut copier = Copier { from, to, draft: draft.path(), manner, job, own: None, folders, links };
    walk(from.path(), from.asked(), &mut copier)?;
    draft.complete().map_err(|error| failed(&format!("{} to", manner.act), to.asked(), &error))?;
    Ok(draft)
}

struct Copier<'a> {
    from: &'a Place,
    to: &'a Place,
    draft: &'a Path,
    manner: Manner,
    job: &'a Job,
    /// The top of the copy, which is not to be copied itself.
    own: Option<(u64, u64)>,
    /// The copies of the folders under way, each in the one before.
    folders: Vec<Folder>,
    /// The copies of files that have several names, by what they are copies of.
    links: HashMap<(u64, u64), PathBuf>,
}

impl Visitor for Copier<'_> {
    fn act(&self) -> &'static str {
        self.manner.act
    }

    fn check(&self) -> Result<()> {
        self.job.check()
    }

    /// What is not there for the caller is not copied.
    fn leaves_out(&self, entry: &Entry<'_>) -> bool {
        !may_use(&self.job.caller, &self.from.real().join(entry.below), Use::Look)
    }

    fn enter(&mut self, folder: &Entry<'_>) -> Result<()> {
        if self.own == Some(platform::identity(folder.metadata)) {
            return Err(into_itself(self.from, self.to, self.manner.act));
        }
        let target = self.target(folder)?;
        let refused = |error| self.refused_there(folder, &error);
        platform::make_private_folder(&target).map_err(refused)?;
        let made = Folder::open(&target).map_err(refused)?;
        let metadata = target.symlink_metadata().map_err(refused)?;
        self.expect(folder, &metadata);
        if self.own.is_none() {
            // Zeros where folders have no numbers.
            let identity = platform::identity(&metadata);
            self.own = Some(identity).filter(|identity| *identity != (0, 0));
        }
        self.folders.push(made);
        Ok(())
    }

    fn leave(&mut self, folder: &Entry<'_>) -> Result<()> {
        // Held until its path is not used any more.
        let held = self.folders.pop().expect("it was entered");
        let describe = || {
            if cfg!(unix) {
                let (original, copy) = (platform::open_folder(folder.path)?, platform::open_folder(&held.path())?);
                platform::keep_attributes(&original, &copy, folder.metadata, self.manner.replaces_original)?;
            }
            self.flush(|| files::sync_folder(&held.path()))
        };
        describe().map_err(|error| self.refused_there(folder, &error))
    }

    fn visit(&mut self, entry: &Entry<'_>) -> Result<()> {
        let target = self.target(entry)?;
        if entry.metadata.is_symlink() {
            let text = fs::read_link(entry.path).map_err(|error| self.refused(entry, &error))?;
            let made = platform::make_link(&text, &target);
            let made = made.and_then(|()| platform::keep_link_times(&target, entry.metadata));
            let made = made.and_then(|()| target.symlink_metadata());
            return made.map(|made| self.expect(entry, &made)).map_err(|error| self.refused_there(entry, &error));
        }
        // Opening anything else could wait for ever, or do something.
        check_regular(&entry.shown(), entry.metadata)?;
        if self.link_again(entry, &target) { Ok(()) } else { self.copy_file(entry, &target) }
    }
}

impl Copier<'_> {
    /// Where the copy of a thing goes.
    fn target(&self, entry: &Entry<'_>) -> Result<PathBuf> {
        let (Some(folder), Some(name)) = (self.folders.last(), entry.below.file_name()) else {
            return Ok(self.draft.to_owned());
        };
        let real = self.to.real().join(entry.below);
        if !may_use(&self.job.caller, &real, Use::Change) {
            let message = format!("`{}` would be where this session may change nothing", real.display());
            return Err(Error::permission_denied(message));
        }
        Ok(folder.path().join(name))
    }

    /// Says whose a copy is: it can be seen when the whole has its name.
    fn expect(&self, entry: &Entry<'_>, copy: &Metadata) {
        self.job.expect_change(&self.to.real().join(entry.below), Becomes::Holding(Stamp::from(copy)));
    }

    /// A failure with the original.
    fn refused(&self, entry: &Entry<'_>, error: &io::Error) -> Error {
        failed(self.manner.act, &entry.shown(), error)
    }

    /// A failure with the copy.
    fn refused_there(&self, entry: &Entry<'_>, error: &io::Error) -> Error {
        let shown =
            if entry.below == Path::new("") { self.to.asked().to_owned() } else { self.to.asked().join(entry.below) };
        failed(&format!("{} to", self.manner.act), &shown, error)
    }

    /// Gives a file a further name whose other name was copied before.
    fn link_again(&mut self, entry: &Entry<'_>, target: &Path) -> bool {
        if !platform::has_other_names(entry.metadata) {
            return false;
        }
        let first = self.links.entry(platform::identity(entry.metadata)).or_insert_with(|| entry.below.to_owned());
        if first == entry.below {
            return false;
        }
        let Some(folder) = self.folders.first() else { return false };
        let above = first.parent().unwrap_or(Path::new(""));
        let opened = if above == Path::new("") { Ok(None) } else { folder.open_below(above).map(Some) };
        let (Ok(opened), Some(name)) = (opened, first.file_name()) else { return false };
        let first = opened.as_ref().unwrap_or(folder).path().join(name);
        // Where files cannot have several names each gets content of its own.
        fs::hard_link(first, target).is_ok()
    }

    fn copy_file(&self, entry: &Entry<'_>, target: &Path) -> Result<()> {
        let refused = |error| self.refused(entry, &error);
        let from = files::open_for_reading(entry.path).map_err(refused)?;
        // Another thing may have taken the name in between.
        let metadata: Metadata = from.metadata().map_err(refused)?;
        check_regular(&entry.shown(), &metadata)?;
        let copy = || {
            let to: File = platform::make_private_file(target)?;
            content::copy(&from, &to, |bytes| {
                self.job.advance(bytes);
                self.job.check().map_err(io::Error::other)
            })?;
            platform::keep_attributes(&from, &to, &metadata, self.manner.replaces_original)?;
            self.expect(entry, &to.metadata()?);
            self.flush(|| to.sync_all())
        };
        copy().map_err(|error| {
            self.job.check().err().unwrap_or_else(|| match error.kind() {
                // Only what is read can have nothing yet.
                io::ErrorKind::WouldBlock => self.refused(entry, &error),
                _ => self.refused_there(entry, &error),
            })
        })
    }

    fn flush(&self, flush: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        if self.manner.replaces_original { flush() } else { Ok(()) }
    }
}

/// The error when a folder is to be put into itself.
pub(super) fn into_itself(from: &Place, to: &Place, act: &str) -> Error {
    Error::invalid_params(format!("cannot {act} the folder `{from}` into itself, to `{to}`"))
}
