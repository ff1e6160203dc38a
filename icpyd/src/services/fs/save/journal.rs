//! The journal of the saves that are under way: what must be cleared up, or completed, when the daemon is killed.
//!
//! A file in the state folder with slots of one size. A save takes a slot before it makes anything, and clears it when
//! nothing is left to do. What a record names is made after the record, so that a record that is half-written names nothing.
//!
//! Not here: what is done about a record (`recovery`).

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use icpy_protocol::path::FilePath;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::platform;
use super::target::Target;

/// Room for two paths of the greatest length that systems allow.
const SLOT_BYTES: usize = 16 << 10;

/// More saves than run at once: each has a thread.
const SLOTS_MAX: usize = 512;

/// The length of the record (0 for a free slot), and its hash.
const HEADER_BYTES: usize = 12;

/// A file whatever its paths are: its device and number.
pub(super) type FileId = (u64, u64);

/// A save that is under way. Written by one version and read by another: members are added and not changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Record {
    /// A temporary file that is to be renamed.
    Beside { temporary: FilePath },
    /// A file that is written in place.
    InPlace(InPlaceRecord),
    /// A copy that is to be renamed: a file or a folder with all in it. Complete, it has a number.
    Draft { path: FilePath, complete: Option<FileId> },
    /// Several files that are saved as one. The list of that name has them.
    Group { id: String, state: GroupState },
}

/// How far a group is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum GroupState {
    /// No file has been touched.
    Prepared,
    /// Each file gets its new content.
    Committed,
    /// One could not: each gets its old content again.
    Undone,
}

/// A file that is written in place, and where the content of before and after is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InPlaceRecord {
    /// The file.
    pub(super) target: FilePath,
    /// The same, by device and number.
    pub(super) file: FileId,
    /// Names the copies.
    pub(super) id: String,
    /// Whether the copies are complete: the file is not written before.
    pub(super) is_ready: bool,
}

impl InPlaceRecord {
    /// That copies are about to be made: the next daemon removes them, and does not touch the file.
    pub(super) fn of(target: &Target<'_>, id: String) -> Self {
        let (file, target) = (target.file_id().unwrap_or_default(), target.place.real().into());
        Self { target, file, id, is_ready: false }
    }
}

/// The file, and which of its slots are taken.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    taken: Mutex<Vec<bool>>,
}

/// A taken slot. Dropping it clears it.
#[derive(Debug)]
pub(super) struct Entry {
    journal: Arc<Journal>,
    slot: usize,
}

/// What a slot holds.
enum Slot {
    Free,
    /// A record, where it can be read.
    Taken(Option<Record>),
}

/// What another daemon has left: the record, where it can be read.
pub(super) type Leftover = (Entry, Option<Record>);

impl Journal {
    /// Opens the journal; `None` where there is none. It is this daemon's alone.
    pub(super) fn open(path: &Path, may_make: bool) -> io::Result<Option<(Arc<Self>, Vec<Leftover>)>> {
        let mut file = match platform::open_private(path, may_make) {
            Err(error) if !may_make && error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        file.try_lock()?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let slots: Vec<Slot> = bytes.chunks(SLOT_BYTES).map(read_slot).collect();
        let taken: Vec<bool> = slots.iter().map(|slot| matches!(slot, Slot::Taken(_))).collect();
        if slots.len() > 1 && !taken.contains(&true) {
            file.set_len(0)?;
        }
        let journal = Arc::new(Self { file, taken: Mutex::new(taken) });
        let leftover = |(number, slot)| match slot {
            Slot::Free => None,
            Slot::Taken(record) => Some((Entry { journal: Arc::clone(&journal), slot: number }, record)),
        };
        let leftovers = slots.into_iter().enumerate().filter_map(leftover).collect();
        Ok(Some((journal, leftovers)))
    }

    /// Takes a slot for a save.
    pub(super) fn begin(self: &Arc<Self>, record: &Record) -> io::Result<Entry> {
        let slot = {
            let mut taken = self.taken();
            let free = taken.iter().position(|is_taken| !is_taken).unwrap_or(taken.len());
            if free == SLOTS_MAX {
                return Err(ErrorKind::ResourceBusy.into());
            }
            match taken.get_mut(free) {
                Some(slot) => *slot = true,
                None => taken.push(true),
            }
            free
        };
        let entry = Entry { journal: Arc::clone(self), slot };
        entry.write(record)?;
        Ok(entry)
    }

    /// Whether nobody has taken the file away.
    pub(super) fn is_there(&self) -> bool {
        self.file.metadata().is_ok_and(|metadata| platform::has_name(&metadata))
    }

    fn taken(&self) -> MutexGuard<'_, Vec<bool>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// Writes the slot anew.
    pub(super) fn write(&self, record: &Record) -> io::Result<()> {
        let mut bytes = vec![0; HEADER_BYTES];
        serde_json::to_writer(&mut bytes, record)?;
        if bytes.len() > SLOT_BYTES {
            return Err(ErrorKind::InvalidFilename.into());
        }
        let (header, record) = bytes.split_at_mut(HEADER_BYTES);
        let length = u32::try_from(record.len()).expect("a slot is shorter");
        header[..4].copy_from_slice(&length.to_le_bytes());
        header[4..].copy_from_slice(&xxh3_64(record).to_le_bytes());
        platform::write_at(&self.journal.file, &bytes, self.offset())
    }

    /// Makes what was written survive a loss of power.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.journal.file.sync_data()
    }

    fn offset(&self) -> u64 {
        (self.slot * SLOT_BYTES) as u64
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if let Err(error) = platform::write_at(&self.journal.file, &[0; HEADER_BYTES], self.offset()) {
            tracing::warn!(%error, "a slot of the journal of saves cannot be cleared");
        }
        self.journal.taken()[self.slot] = false;
    }
}

fn read_slot(bytes: &[u8]) -> Slot {
    let Some(header) = bytes.first_chunk::<HEADER_BYTES>().filter(|header| **header != [0; HEADER_BYTES]) else {
        return Slot::Free;
    };
    let (length, hash) = header.split_at(4);
    let length = length.try_into().map_or(0, u32::from_le_bytes) as usize;
    let record = bytes.get(HEADER_BYTES..HEADER_BYTES + length).filter(|record| xxh3_64(record).to_le_bytes() == hash);
    Slot::Taken(record.and_then(|record| serde_json::from_slice(record).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beside(name: &str) -> Record {
        Record::Beside { temporary: name.into() }
    }

    fn open(path: &Path) -> (Arc<Journal>, Vec<Option<Record>>) {
        let (journal, leftovers) = Journal::open(path, true).unwrap().unwrap();
        let records = leftovers.iter().map(|(_, record)| record.clone()).collect();
        std::mem::forget(leftovers);
        (journal, records)
    }

    #[test]
    fn what_is_under_way_is_found_and_what_is_over_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        assert!(Journal::open(&path, false).unwrap().is_none());
        let (journal, _) = Journal::open(&path, true).unwrap().unwrap();
        assert!(Journal::open(&path, true).is_err(), "two daemons have one journal");
        let [a, b, c] = ["/a", "/b", "/c"].map(|name| journal.begin(&beside(name)).unwrap());
        drop(b);
        let d = journal.begin(&beside("/d")).unwrap();
        assert_eq!(d.slot, 1);
        drop(a);
        // As when the process is killed.
        std::mem::forget([c, d]);
        let second = path.with_extension("copy");
        std::fs::copy(&path, &second).unwrap();
        let (_journal, found) = open(&second);
        assert_eq!(found, [Some(beside("/d")), Some(beside("/c"))]);
    }

    #[test]
    fn a_record_that_is_half_written_names_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let (journal, _) = Journal::open(&path, true).unwrap().unwrap();
        std::mem::forget(journal.begin(&beside("/some/folder/name")).unwrap());
        platform::write_at(&journal.file, b"x", 20).unwrap();
        let second = path.with_extension("copy");
        std::fs::copy(&path, &second).unwrap();
        assert_eq!(open(&second).1, [None]);
    }
}
