//! Saving several files as one: all get their new content, or none does, also when the daemon is killed.
//!
//! ```text
//!   record: prepared ─▶ all new files, flushed ─▶ record: committed ─▶ renames and writes, flushed ─▶ clear record
//!   killed here: all are removed                 killed here: the next daemon goes on
//!                                                one fails ─▶ record: undone ─▶ the others get back what they had
//! ```

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{FsKind, FsSaveMethod};
use tempfile::TempPath;
use xxhash_rust::xxh3::xxh3_128;

use super::super::failed;
use super::super::locks::{Held, Key};
use super::super::origins::Becomes;
use super::super::place::Place;
use super::super::platform::sync_folder;
use super::super::stamp::Stamp;
use super::super::version;
use super::beside::{self, NotBeside};
use super::copies::Copies;
use super::in_place;
use super::journal::{Entry, FileId, GroupState, Record};
use super::list::{Line, List, Step};
use super::renaming::{Renaming, backup};
use super::target::{Expected, Target};
use super::{Saver, platform};

/// A file of a group, with what it is to hold.
#[derive(Debug)]
pub(in super::super) struct Wanted<'a> {
    pub(in super::super) place: Place,
    pub(in super::super) expected: Expected,
    pub(in super::super) content: Cow<'a, [u8]>,
    version: OnceCell<String>,
}

impl<'a> Wanted<'a> {
    pub(super) fn new(place: Place, expected: Expected, content: Cow<'a, [u8]>) -> Self {
        Self { place, expected, content, version: OnceCell::new() }
    }

    /// The version of the content, which takes a while to find out the first time.
    pub(super) fn version(&self) -> &str {
        self.version.get_or_init(|| version(xxh3_128(&self.content)))
    }
}

/// Saves files as one. Returns for each whether it is new, and how it was saved.
pub(super) fn save(
    saver: &Saver,
    wanted: &[Wanted<'_>],
    announce: &dyn Fn(&Wanted<'_>, Becomes),
) -> Result<Vec<(bool, FsSaveMethod)>> {
    let _paths = lock_paths(saver, wanted)?;
    let mut group = Group::begin(saver).map_err(|error| not_recorded(&error))?;
    let in_place = group.prepare_beside(saver, wanted)?;
    let _files = group.prepare_in_place(saver, wanted, in_place)?;
    for part in group.parts.values() {
        part.target.check_untouched()?;
    }
    group.commit().map_err(|error| not_recorded(&error))?;
    group.announce(wanted, announce);
    group.apply_all(wanted, announce).inspect_err(|_| {
        for Wanted { place, .. } in wanted {
            saver.origins().forget(place.real());
        }
    })?;
    let outcome = |part: &Part<'_>| match part.way {
        Way::Beside { .. } => (part.target.old.is_none(), FsSaveMethod::Replaced),
        Way::InPlace(_) => (false, FsSaveMethod::InPlace),
    };
    let outcomes = group.parts.values().map(outcome).collect();
    drop(group);
    Ok(outcomes)
}

/// Holds all paths, in an order that all share.
fn lock_paths(saver: &Saver, wanted: &[Wanted<'_>]) -> Result<Vec<Held>> {
    let mut paths = BTreeSet::new();
    for Wanted { place, .. } in wanted {
        if !paths.insert(place.real()) {
            return Err(Error::invalid_params(format!("`{place}` is named twice")));
        }
    }
    Ok(paths.into_iter().map(|path| saver.lock(Key::Path(path.to_owned()))).collect())
}

fn not_recorded(error: &io::Error) -> Error {
    Error::unavailable(format!("what is to be saved cannot be recorded: {error}"))
}

/// Files that are saved as one. Dropping it removes what was made for it; fields go in order.
#[derive(Debug)]
struct Group<'a> {
    /// By their places in what is wanted.
    parts: BTreeMap<usize, Part<'a>>,
    list: List,
    entry: Entry,
    id: String,
}

#[derive(Debug)]
struct Part<'a> {
    target: Target<'a>,
    way: Way,
    /// Whether what was made for it is left where it is: nothing else has the old content.
    is_kept: bool,
}

/// How a file gets its content.
#[derive(Debug)]
enum Way {
    Beside { temporary: TempPath, new: FileId },
    InPlace(Copies),
}

impl<'a> Group<'a> {
    fn begin(saver: &Saver) -> io::Result<Self> {
        let id = saver.new_id();
        let entry = saver.durable_journal()?.begin(&Record::Group { id: id.clone(), state: GroupState::Prepared })?;
        entry.sync()?;
        Ok(Self { parts: BTreeMap::new(), list: List::make(saver.folder(), &id)?, entry, id })
    }

    /// Makes a temporary file for each that can be saved so. Returns the others.
    fn prepare_beside(&mut self, saver: &Saver, wanted: &'a [Wanted<'a>]) -> Result<BTreeMap<FileId, usize>> {
        let mut others = BTreeMap::new();
        for (number, Wanted { place, expected, content, .. }) in wanted.iter().enumerate() {
            let target = Target::look(place, expected, saver.now_ms())?;
            let refused = |error: &io::Error| failed("write", place.asked(), error);
            if !target.has_other_names() {
                let record = |path: PathBuf| self.list.append(&Line::Temporary(path.into())).map(|()| None);
                match beside::write(record, &target, content) {
                    Ok(new) => {
                        target.check_version_early()?;
                        new.file.as_file().sync_all().map_err(|error| refused(&error))?;
                        let metadata = new.file.as_file().metadata().map_err(|error| refused(&error))?;
                        let temporary = new.file.into_temp_path();
                        let way = Way::Beside { temporary, new: platform::file_id(&metadata) };
                        self.parts.insert(number, Part { target, way, is_kept: false });
                        continue;
                    }
                    Err(NotBeside::Impossible(_)) if target.old.is_some() => {}
                    Err(NotBeside::Impossible(error)) => return Err(refused(&error)),
                    Err(NotBeside::Refused(error)) => return Err(error),
                }
            }
            if let Some(other) = target.file_id().and_then(|file| others.insert(file, number)) {
                let message = format!("`{place}` and `{}` are one file", wanted[other].place);
                return Err(Error::invalid_params(message));
            }
        }
        Ok(others)
    }

    /// Makes copies for those that are written in place, and holds them.
    fn prepare_in_place(
        &mut self,
        saver: &Saver,
        wanted: &'a [Wanted<'a>],
        files: BTreeMap<FileId, usize>,
    ) -> Result<Vec<Held>> {
        let mut held = Vec::new();
        for ((device, number), place_in_list) in files {
            held.push(saver.lock(Key::File(device, number)));
            let Wanted { place, expected, content, .. } = &wanted[place_in_list];
            let target = Target::look(place, expected, saver.now_ms())?;
            target.check_version_early()?;
            let id = saver.new_id();
            let made = self.list.append(&Line::Copies(id.clone()));
            let made = made.and_then(|()| Copies::make(saver.folder(), id, &target, content));
            let copies = made.map_err(|error| failed("write", place.asked(), &error))?;
            self.parts.insert(place_in_list, Part { target, way: Way::InPlace(copies), is_kept: false });
        }
        Ok(held)
    }

    /// From here on a crash leads to the new content of all.
    fn commit(&self) -> io::Result<()> {
        self.list.append(&Line::Ready(self.parts.values().map(Part::step).collect()))?;
        self.list.sync()?;
        self.sync_folders()?;
        self.set_state(GroupState::Committed)
    }

    /// Tells whose the changes are. When one that is written in place is done, its times are known.
    fn announce(&self, wanted: &[Wanted<'_>], announce: &dyn Fn(&Wanted<'_>, Becomes)) {
        for (number, part) in &self.parts {
            let becomes = match &part.way {
                Way::Beside { temporary, .. } => Stamp::of(temporary).map(Becomes::Holding),
                Way::InPlace(_) => Some(Becomes::Any(FsKind::File)),
            };
            if let Some(becomes) = becomes {
                announce(&wanted[*number], becomes);
            }
        }
    }

    fn set_state(&self, state: GroupState) -> io::Result<()> {
        self.entry.write(&Record::Group { id: self.id.clone(), state })?;
        self.entry.sync()
    }

    /// Makes the names of what was made, or renamed, durable.
    fn sync_folders(&self) -> io::Result<()> {
        let folders: BTreeSet<&Path> = self.parts.values().map(|part| part.target.place.folder()).collect();
        folders.into_iter().chain(self.list.folder()).try_for_each(sync_folder)
    }

    /// Gives each its new content; when one fails, each gets back what it had.
    fn apply_all(&mut self, wanted: &[Wanted<'_>], announce: &dyn Fn(&Wanted<'_>, Becomes)) -> Result<()> {
        let applied = self.parts.iter().try_for_each(|(number, part)| {
            part.apply()?;
            if let (Way::InPlace(_), Some(stamp)) = (&part.way, Stamp::of(part.target.place.path())) {
                announce(&wanted[*number], Becomes::Holding(stamp));
            }
            Ok(())
        });
        let durable = applied.and_then(|()| self.sync_folders().map_err(|error| not_recorded(&error)));
        durable.map_err(|error| self.undo_all(error))
    }

    fn undo_all(&mut self, mut error: Error) -> Error {
        if let Err(problem) = self.set_state(GroupState::Undone) {
            tracing::warn!(%problem, "it is not recorded that files get back what they had");
        }
        for part in self.parts.values_mut() {
            if let Err(problem) = part.undo() {
                tracing::error!(path = %part.target.place, %problem, "a file does not get back what it had");
                error = error.with("changed", part.target.place.to_string());
                part.is_kept = true;
            }
        }
        let _ = self.sync_folders();
        error
    }
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        match &mut self.way {
            Way::InPlace(copies) if self.is_kept => copies.keep(),
            // Mostly there is none.
            Way::Beside { temporary, .. } if !self.is_kept => drop(fs::remove_file(backup(temporary))),
            Way::Beside { .. } | Way::InPlace(_) => {}
        }
    }
}

impl Part<'_> {
    fn step(&self) -> Step {
        let target = self.target.place.real();
        let folder = target.parent().unwrap_or(target);
        match &self.way {
            Way::Beside { temporary, new } => Step::Rename {
                temporary: folder.join(temporary.file_name().unwrap_or_default()).into(),
                target: target.into(),
                old: self.target.file_id(),
                new: *new,
            },
            Way::InPlace(copies) => {
                Step::Write { copies: copies.id().to_owned(), target: target.into(), file: self.file_id() }
            }
        }
    }

    fn renaming<'a>(&'a self, temporary: &'a TempPath, new: FileId) -> Renaming<'a> {
        Renaming { temporary, target: self.target.place.path(), old: self.target.file_id(), new }
    }

    fn apply(&self) -> Result<()> {
        // Recording took its time.
        self.target.check_untouched()?;
        let applied = match &self.way {
            Way::Beside { temporary, new } => self.renaming(temporary, *new).apply(),
            Way::InPlace(copies) => in_place::complete(copies.paths(), self.target.place.path(), self.file_id()),
        };
        applied.map_err(|error| failed("write", self.target.place.asked(), &error))
    }

    fn undo(&self) -> io::Result<()> {
        match &self.way {
            Way::Beside { temporary, new } => self.renaming(temporary, *new).undo(),
            Way::InPlace(copies) => in_place::revert(copies.paths(), self.target.place.path(), self.file_id()),
        }
    }

    /// The file as it was; it has a number where it was there.
    fn file_id(&self) -> FileId {
        self.target.file_id().unwrap_or_default()
    }
}
