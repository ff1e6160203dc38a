//! What Unix knows of files.
//!
//! Names of users are read from `/etc/passwd` and `/etc/group`: a static C library asks other sources of users only through
//! a shared one, which may not be there.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, FileType, Metadata};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;

use icpy_protocol::fs::{FsDetails, FsSpecialKind};

/// The bits of the mode that chmod(1) knows.
const PERMISSIONS: u32 = 0o7777;

/// The bits of the mode that let somebody run a file.
const EXECUTE: u32 = 0o111;

/// Which file it is, by whatever name: the filesystem's number and the file's.
pub(in crate::services::fs) type FileId = (u64, u64);

/// When the state of a file changed last, in seconds and nanoseconds.
pub(in crate::services::fs) type ChangeTime = (i64, i64);

/// The names of users and groups, read when the first one is needed.
#[derive(Debug, Default)]
pub(super) struct Names {
    users: Option<HashMap<u32, String>>,
    groups: Option<HashMap<u32, String>>,
}

#[expect(clippy::unnecessary_wraps, reason = "other systems do not tell")]
pub(in crate::services::fs) fn file_id(metadata: &Metadata) -> Option<FileId> {
    Some((metadata.dev(), metadata.ino()))
}

pub(in crate::services::fs) fn change_time(metadata: &Metadata) -> ChangeTime {
    (metadata.ctime(), metadata.ctime_nsec())
}

/// Whether the time of the last change has no fraction: nearly always because the filesystem's clock has none.
pub(in crate::services::fs) fn is_whole_second(metadata: &Metadata) -> bool {
    metadata.ctime_nsec() == 0
}

/// A time before 1970 counts as 1970.
#[expect(clippy::unnecessary_wraps, reason = "other systems do not tell")]
pub(in crate::services::fs) fn changed_at_ms(metadata: &Metadata) -> Option<u64> {
    let (seconds, nanoseconds) = change_time(metadata);
    Some(u64::try_from(seconds * 1000 + nanoseconds / 1_000_000).unwrap_or(0))
}

pub(in crate::services::fs) fn is_hidden(name: &OsStr, _: &Metadata) -> bool {
    super::is_dotted(name)
}

pub(super) fn describe(metadata: &Metadata, names: &mut Names, details: &mut FsDetails) {
    details.mode = Some(metadata.mode() & PERMISSIONS);
    details.uid = Some(metadata.uid());
    details.gid = Some(metadata.gid());
    details.owner = names.user(metadata.uid());
    details.group = names.group(metadata.gid());
    details.links = Some(metadata.nlink());
    details.changed_at_ms = changed_at_ms(metadata);
    details.special_kind = special_kind(metadata.file_type());
    details.is_executable = metadata.is_file().then(|| metadata.mode() & EXECUTE != 0);
}

fn special_kind(file_type: FileType) -> Option<FsSpecialKind> {
    match () {
        () if file_type.is_fifo() => Some(FsSpecialKind::Fifo),
        () if file_type.is_socket() => Some(FsSpecialKind::Socket),
        () if file_type.is_char_device() => Some(FsSpecialKind::CharacterDevice),
        () if file_type.is_block_device() => Some(FsSpecialKind::BlockDevice),
        () => None,
    }
}

impl Names {
    fn user(&mut self, uid: u32) -> Option<String> {
        self.users.get_or_insert_with(|| read(Path::new("/etc/passwd"))).get(&uid).cloned()
    }

    fn group(&mut self, gid: u32) -> Option<String> {
        self.groups.get_or_insert_with(|| read(Path::new("/etc/group"))).get(&gid).cloned()
    }
}

fn read(path: &Path) -> HashMap<u32, String> {
    // Names are a courtesy: where they cannot be read there are the numbers.
    parse(&fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default())
}

/// Names by numbers: both files begin their lines with a name, a password, and the number. The first name counts.
fn parse(text: &str) -> HashMap<u32, String> {
    let mut names = HashMap::new();
    for line in text.lines() {
        let mut fields = line.split(':');
        if let (Some(name), Some(_), Some(Ok(number))) = (fields.next(), fields.next(), fields.next().map(str::parse)) {
            names.entry(number).or_insert_with(|| name.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_other_lines_passed_over() {
        let text = "root:x:0:0:root:/root:/bin/sh\n# a comment\n\n+::::::\nann:x:1000:\ntoor:x:0:0::/:\nx:y:z\nshort:1";
        let names = parse(text);
        let mut names: Vec<_> = names.iter().map(|(number, name)| (*number, name.as_str())).collect();
        names.sort_unstable();
        assert_eq!(names, [(0, "root"), (1000, "ann")]);
    }
}
