//! What a daemon does about the saves that one before it was killed in.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use icpy_protocol::path::FilePath;

use super::copies::CopyPaths;
use super::journal::{FileId, GroupState, InPlaceRecord, Leftover, Record};
use super::list::{self, Line, Step};
use super::renaming::{self, Renaming};
use super::{beside, in_place, platform};
use crate::services::fs::manage::remove_ours;

/// Clears up behind each save that is recorded, or completes it. What cannot be done is logged, and not tried again.
pub(super) fn run(folder: &Path, leftovers: Vec<Leftover>) {
    for (entry, record) in leftovers {
        match record {
            // It was killed before it made anything.
            None => {}
            Some(Record::Beside { temporary }) => remove_temporary(temporary.as_path()),
            Some(Record::InPlace(record)) => complete(folder, &record),
            Some(Record::Draft { path, complete }) => remove_draft(path.as_path(), complete),
            Some(Record::Group { id, state }) => complete_group(folder, &id, state),
        }
        drop(entry);
    }
}

fn remove_temporary(path: &Path) {
    if !beside::is_temporary(path) {
        return tracing::error!(path = %path.display(), "the journal of saves names no temporary file");
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "a temporary file cannot be removed");
        }
        _ => {}
    }
}

/// Removes a copy that has not got its name. What it was to replace may have the copy's name instead: that stays.
fn remove_draft(path: &Path, complete: Option<FileId>) {
    let Ok(metadata) = path.symlink_metadata() else { return };
    if !beside::is_temporary(path) {
        return tracing::error!(path = %path.display(), "the journal of saves names no temporary file");
    }
    if complete.is_some_and(|draft| draft != platform::file_id(&metadata)) {
        return tracing::error!(path = %path.display(), "what was replaced did not get to the trash");
    }
    if let Err(error) = remove_ours(path, path) {
        tracing::warn!(%error, "a half copied file is left over");
    }
}

/// Writes a file to its end, when it is still the one that was begun; else the copies stay for a person to look at.
fn complete(folder: &Path, record: &InPlaceRecord) {
    let copies = CopyPaths::new(folder, &record.id);
    if record.is_ready
        && let Err(error) = in_place::complete(&copies, record.target.as_path(), record.file)
    {
        return tell_kept(&record.target, &error, &copies.new);
    }
    copies.remove();
}

fn tell_kept(path: &FilePath, error: &io::Error, copy: &Path) {
    tracing::error!(%path, %error, copy = %copy.display(), "a save was interrupted: see the copy");
}

/// Goes on with several files that are saved as one, or takes them back, and removes what was made for that.
fn complete_group(folder: &Path, id: &str, state: GroupState) {
    let lines = match list::read(folder, id) {
        Ok(lines) => lines,
        Err(error) => return tracing::error!(id, %error, "the list of an interrupted save cannot be read"),
    };
    // What was made last is what counts: nothing is ready before all is made.
    let steps = match lines.last() {
        Some(Line::Ready(steps)) if state != GroupState::Prepared => steps.as_slice(),
        _ => &[],
    };
    let kept: Vec<&Step> = steps.iter().filter(|step| !take(folder, step, state)).collect();
    for line in &lines {
        match line {
            Line::Temporary(path) if !kept.iter().any(|step| step.needs(path)) => {
                remove_temporary(&renaming::backup(path.as_path()));
                remove_temporary(path.as_path());
            }
            Line::Copies(id) if !kept.iter().any(|step| step.needs_copies(id)) => CopyPaths::new(folder, id).remove(),
            _ => {}
        }
    }
    list::remove_left(folder, id);
}

/// Takes one step of a group; returns whether that could be done.
fn take(folder: &Path, step: &Step, state: GroupState) -> bool {
    let is_undone = state == GroupState::Undone;
    let (target, made, outcome) = match step {
        Step::Rename { temporary, target, old, new } => {
            let made = temporary.as_path();
            let renaming = Renaming { temporary: made, target: target.as_path(), old: *old, new: *new };
            let outcome = match is_undone {
                true => renaming.undo(),
                // It has the name already.
                false if !made.exists() => Ok(()),
                false => renaming.apply(),
            };
            (target, made.to_owned(), outcome)
        }
        Step::Write { copies, target, file } => {
            let copies = CopyPaths::new(folder, copies);
            let act = if is_undone { in_place::revert } else { in_place::complete };
            (target, copies.new.clone(), act(&copies, target.as_path(), *file))
        }
    };
    outcome.inspect_err(|error| tell_kept(target, error, &made)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "the old content";
    const NEW: &str = "new and longer content";

    /// Recovers a save in place that was killed when the file held `found`. Returns what it holds then, and whether the
    /// copies are still there.
    fn recover(found: &str, is_ready: bool, is_replaced: bool) -> (String, bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("target"), found).unwrap();
        let file = platform::file_id(&path("target").metadata().unwrap());
        let file = if is_replaced { (file.0, file.1 + 1) } else { file };
        fs::write(path("1.new"), NEW).unwrap();
        fs::write(path("1.old"), OLD).unwrap();
        let target = path("target").into();
        let record = InPlaceRecord { target, file, id: "1".to_owned(), is_ready };
        complete(folder.path(), &record);
        assert_eq!(path("1.new").exists(), path("1.old").exists());
        (fs::read_to_string(path("target")).unwrap(), path("1.new").exists())
    }

    #[test]
    fn a_file_is_written_to_its_end_and_no_other_is_touched() {
        let check = |found: &str, is_ready, is_replaced, expect: &str, is_kept| {
            assert_eq!(recover(found, is_ready, is_replaced), (expect.to_owned(), is_kept), "{found:?}");
        };
        for half_way in [OLD, NEW, "the old contentcon", "new and contentcontent"] {
            check(half_way, true, false, NEW, false);
        }
        check(OLD, false, false, OLD, false);
        check(OLD, true, true, OLD, true);
        check("the old content, new", true, false, "the old content, new", true);
    }

    #[test]
    fn only_drafts_are_removed_and_not_what_they_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let check = |name: &str, complete: fn(FileId) -> Option<FileId>, is_removed| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.join("deep")).unwrap();
            fs::write(path.join("deep/file"), "").unwrap();
            remove_draft(&path, complete(platform::file_id(&path.metadata().unwrap())));
            assert_eq!(!path.exists(), is_removed, "{name}");
        };
        check(".icpy-1", |_| None, true);
        check(".icpy-2", Some, true);
        check(".icpy-3", |(device, number)| Some((device, number + 1)), false);
        check("folder", |_| None, false);
    }

    #[test]
    fn only_temporary_files_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        for (name, is_removed) in [(".icpy-a1B2c3", true), ("file", false)] {
            let path = folder.path().join(name);
            fs::write(&path, "").unwrap();
            remove_temporary(&path);
            assert_eq!(!path.exists(), is_removed, "{name}");
        }
    }
}
