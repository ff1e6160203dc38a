//! What a daemon does about the saves that one before it was killed in.

use std::fs;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

use super::in_place::{self, CopyFiles, Stopped};
use super::journal::{InPlaceRecord, Leftover, Record};
use super::{beside, platform};

/// Clears up behind each save that is recorded, or completes it. What cannot be done is logged, and not tried again.
pub(super) fn run(folder: &Path, leftovers: Vec<Leftover>) {
    for (entry, record) in leftovers {
        match record {
            // It was killed before it made anything.
            None => {}
            Some(Record::Beside { temporary }) => remove_temporary(temporary.as_path()),
            Some(Record::InPlace(record)) => complete(folder, &record),
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

/// Writes a file to its end, when it is still the one that was begun; else the copies stay for a person to look at.
fn complete(folder: &Path, record: &InPlaceRecord) {
    let copies = CopyFiles::named(folder, record.id.clone());
    if !record.is_ready {
        return;
    }
    match write(&copies, record) {
        Ok(()) => tracing::info!(path = %record.target, "a save that was interrupted is complete"),
        Err(error) => {
            let copy = copies.new_path();
            tracing::error!(path = %record.target, %error, copy = %copy.display(), "a save was interrupted: see the copy");
            copies.keep();
        }
    }
}

fn write(copies: &CopyFiles, record: &InPlaceRecord) -> io::Result<()> {
    let new = match fs::read(copies.new_path()) {
        // It was complete, and killed while it cleared up.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        read => read?,
    };
    let mut file = platform::open_for_change(record.target.as_path())?;
    let before = file.metadata()?;
    if platform::file_id(&before) != record.file {
        return Err(io::Error::other("another file has its name now"));
    }
    if record.has_old {
        let mut now = Vec::new();
        file.read_to_end(&mut now)?;
        if !in_place::is_between(&now, &fs::read(copies.old_path())?, &new) {
            return Err(io::Error::other("it was written by somebody else since"));
        }
    }
    match in_place::overwrite(&mut file, before.len(), &new) {
        Ok(()) => Ok(()),
        Err(Stopped::Unchanged(error) | Stopped::HalfWay(error)) => Err(error),
    }
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
        let record = InPlaceRecord { target, file, id: "1".to_owned(), has_old: true, is_ready };
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
