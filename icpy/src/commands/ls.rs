//! `icpy ls`: lists folders and files as the daemon sees them, and prints them as ls(1) does.

mod long;

use std::cmp::Ordering;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use icpy::args::{General, Ls};
use icpy_protocol::fs::{
    self, FsEntry, FsKind, FsListDirectoryParams, FsListDirectoryResult, FsSortBy, FsStatParams, FsStatResult,
};
use icpy_protocol::path::FilePath;
use serde::Serialize;

use self::long::Columns;
use super::manage::named;
use super::{Daemon, absolute};
use crate::output::color;
use crate::output::{Failure, NO_READER, first_failure, print, print_json, shown};

pub(super) fn run(ls: &Ls, general: &General) -> Result<(), Failure> {
    let mut lister = Lister {
        daemon: Daemon::open_or_start(general)?,
        ls,
        general,
        columns: ls.long.then(|| Columns::new(ls.human_readable)),
        is_for_person: io::stdout().is_terminal(),
        is_colored: color::is_wanted(&io::stdout()),
        has_printed: false,
    };
    let mut named = Vec::new();
    let looked = first_failure(general.json, &ls.paths, |path| {
        named.push(lister.look(path)?);
        Ok(())
    });
    named.sort_by(|one, other| lister.compare(&one.entry, &other.entry));
    let (folders, files): (Vec<Named>, _) = named.into_iter().partition(|named| named.is_listed);
    let files: Vec<&FsEntry> = files.iter().map(|named| &named.entry).collect();
    lister.print(&files, None)?;
    let listed = lister.list_all(folders.into_iter().map(|folder| folder.entry.name.into_path_buf()).collect());
    looked.and(listed)
}

/// Something that was named on the command line.
struct Named {
    entry: FsEntry,
    /// Whether it stands for what is in it.
    is_listed: bool,
}

/// An entry as programs get it: with its folder, where there may be several.
#[derive(Serialize)]
struct Listed<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<&'a FilePath>,
    #[serde(flatten)]
    entry: &'a FsEntry,
}

struct Lister<'a> {
    daemon: Daemon,
    ls: &'a Ls,
    general: &'a General,
    columns: Option<Columns>,
    is_for_person: bool,
    is_colored: bool,
    has_printed: bool,
}

impl Lister<'_> {
    /// Looks at what was named. A link to a folder stands for the folder, unless links are to be shown.
    fn look(&mut self, path: &Path) -> Result<Named, Failure> {
        let mut stat = |no_follow: bool| -> Result<FsStatResult, Failure> {
            let params = FsStatParams { no_follow, ..FsStatParams::of(named(path, self.general)?) };
            Ok(self.daemon.call(fs::method::stat, &params)?)
        };
        let found = stat(true)?;
        let is_folder = match found.kind {
            FsKind::Directory => true,
            FsKind::Symlink if !self.ls.long => stat(false).is_ok_and(|target| target.kind == FsKind::Directory),
            _ => false,
        };
        let FsStatResult { kind, size, modified_at_ms, is_hidden, details, .. } = found;
        let entry = FsEntry { name: path.into(), kind, size, modified_at_ms, is_hidden, is_misleading: false, details };
        Ok(Named { entry, is_listed: is_folder && !self.ls.directory })
    }

    /// Lists folders, and those below where that is wanted. What fails is told, and the rest listed.
    fn list_all(&mut self, mut waiting: Vec<PathBuf>) -> Result<(), Failure> {
        let has_headings = self.ls.recursive || self.ls.paths.len() > 1;
        waiting.reverse();
        let mut first = Ok(());
        while let Some(folder) = waiting.pop() {
            match self.list(&folder, has_headings) {
                Ok(below) => waiting.extend(below.into_iter().rev()),
                Err(failure) if failure.status == NO_READER => return Err(failure),
                Err(failure) => {
                    failure.report(self.general.json);
                    first = first.and(Err(Failure::reported(failure.status)));
                }
            }
        }
        first
    }

    /// Lists a folder. Returns the folders in it, where they are to be listed too.
    fn list(&mut self, folder: &Path, has_heading: bool) -> Result<Vec<PathBuf>, Failure> {
        let path = absolute(folder, self.general)?;
        let sort_by = self.sort_by();
        let mut params = FsListDirectoryParams {
            sort_by,
            // The largest and the newest come first.
            is_descending: (sort_by != FsSortBy::Name) != self.ls.reverse,
            // Who may run a file is told by its colour.
            details: self.ls.long || self.general.json || self.is_colored,
            ..FsListDirectoryParams::of(path.clone())
        };
        let mut below = Vec::new();
        let mut is_first = true;
        loop {
            let page: FsListDirectoryResult = self.daemon.call(fs::method::list_directory, &params)?;
            let entries: Vec<&FsEntry> = page.entries.iter().filter(|entry| self.ls.all || !entry.is_hidden).collect();
            if has_heading && is_first {
                self.print_heading(folder)?;
            }
            self.print(&entries, has_heading.then_some(&path))?;
            if self.ls.recursive {
                let folders = entries.iter().filter(|entry| entry.kind == FsKind::Directory);
                below.extend(folders.map(|entry| folder.join(&entry.name)));
            }
            is_first = false;
            let Some(after) = page.next_after else { return Ok(below) };
            params.after = Some(after);
        }
    }

    fn sort_by(&self) -> FsSortBy {
        match (self.ls.by_size, self.ls.by_time) {
            (true, _) => FsSortBy::Size,
            (_, true) => FsSortBy::Modified,
            (false, false) => FsSortBy::Name,
        }
    }

    /// The order in which the daemon lists as well.
    fn compare(&self, one: &FsEntry, other: &FsEntry) -> Ordering {
        let name = |entry: &FsEntry| entry.name.as_path().as_os_str().to_owned();
        let ordering = match self.sort_by() {
            FsSortBy::Size => other.size.cmp(&one.size),
            FsSortBy::Modified => other.modified_at_ms.cmp(&one.modified_at_ms),
            _ => Ordering::Equal,
        };
        let ordering = ordering.then_with(|| name(one).cmp(&name(other)));
        if self.ls.reverse { ordering.reverse() } else { ordering }
    }

    fn print_heading(&mut self, folder: &Path) -> Result<(), Failure> {
        if self.general.json {
            return Ok(());
        }
        let gap: &[u8] = if self.has_printed { b"\n" } else { b"" };
        self.has_printed = true;
        Ok(print(&[gap, &shown(&folder.into(), self.is_for_person), b":\n"].concat())?)
    }

    fn print(&mut self, entries: &[&FsEntry], folder: Option<&FilePath>) -> Result<(), Failure> {
        self.has_printed |= !entries.is_empty();
        if self.general.json {
            return Ok(entries.iter().try_for_each(|entry| print_json(&Listed { folder, entry }))?);
        }
        Ok(print(&self.lines(entries))?)
    }

    fn lines(&self, entries: &[&FsEntry]) -> Vec<u8> {
        let heads = self.columns.as_ref().map(|columns| columns.heads(entries)).unwrap_or_default();
        let mut lines = Vec::new();
        for (number, entry) in entries.iter().enumerate() {
            if let Some(head) = heads.get(number) {
                lines.extend_from_slice(head.as_bytes());
            }
            let color = color_of(entry).filter(|_| self.is_colored);
            lines.extend(color.map(|color| format!("\x1b[{color}m")).unwrap_or_default().into_bytes());
            lines.extend(shown(&entry.name, self.is_for_person));
            lines.extend_from_slice(if color.is_some() { b"\x1b[0m" } else { b"" });
            match (&entry.details.link_target, entry.kind) {
                (Some(target), _) if self.ls.long => {
                    lines.extend_from_slice(b" -> ");
                    lines.extend(shown(target, self.is_for_person));
                }
                (_, FsKind::Directory) if !ends_with_slash(&entry.name) => lines.push(b'/'),
                (_, FsKind::Symlink) => lines.push(b'@'),
                (_, FsKind::Directory | FsKind::File | FsKind::Other) => {}
            }
            lines.push(b'\n');
        }
        lines
    }
}

/// Whether a name was typed so.
fn ends_with_slash(name: &FilePath) -> bool {
    name.as_path().as_os_str().as_encoded_bytes().ends_with(b"/")
}

fn color_of(entry: &FsEntry) -> Option<&'static str> {
    match entry.kind {
        FsKind::Directory => Some(color::BLUE),
        FsKind::Symlink if entry.details.is_broken == Some(true) => Some(color::RED),
        FsKind::Symlink => Some(color::CYAN),
        FsKind::File if entry.details.is_executable == Some(true) => Some(color::GREEN),
        FsKind::File | FsKind::Other => None,
    }
}
