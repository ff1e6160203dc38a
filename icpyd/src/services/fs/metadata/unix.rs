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
use memchr::{memmem, memrchr};

/// The bits of the mode that chmod(1) knows.
const PERMISSIONS: u32 = 0o7777;

/// The bits of the mode that let somebody run a file.
const EXECUTE: u32 = 0o111;

/// Which file it is, by whatever name: the filesystem's number and the file's.
pub(in crate::services::fs) type FileId = (u64, u64);

/// When the state of a file changed last, in seconds and nanoseconds.
pub(in crate::services::fs) type ChangeTime = (i64, i64);

/// The names of users and groups.
#[derive(Debug, Default)]
pub(super) struct Names {
    users: List,
    groups: List,
}

/// A list of names by number, read when the first one is needed.
#[derive(Debug, Default)]
struct List {
    content: Option<Vec<u8>>,
    found: HashMap<u32, Option<String>>,
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
    details.owner = names.users.find(Path::new("/etc/passwd"), metadata.uid());
    details.group = names.groups.find(Path::new("/etc/group"), metadata.gid());
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

impl List {
    fn find(&mut self, file: &Path, number: u32) -> Option<String> {
        let Self { content, found } = self;
        // Names are a courtesy: where they cannot be read there are the numbers.
        let content = content.get_or_insert_with(|| fs::read(file).unwrap_or_default());
        found.entry(number).or_insert_with(|| name_of(content, number)).clone()
    }
}

/// The name that has a number: both files begin their lines with a name, a password, and the number. The first counts.
fn name_of(content: &[u8], number: u32) -> Option<String> {
    let number = number.to_string();
    let in_its_place = memmem::find_iter(content, &number).find_map(|place| {
        let begin = memrchr(b'\n', &content[..place]).map_or(0, |end| end + 1);
        let line = content[begin..].split(|byte| *byte == b'\n').next()?;
        let mut fields = line.split(|byte| *byte == b':');
        let (name, _, has) = (fields.next()?, fields.next()?, fields.next()?);
        (has == number.as_bytes()).then_some(name)
    })?;
    Some(String::from_utf8_lossy(in_its_place).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_other_lines_passed_over() {
        let text = "root:x:0:0:root:/root:/bin/sh\n# a comment\n\n+::::::\nann:x:1000:\ntoor:x:0:0::/:\nx:y:z\nshort:1";
        let check = |number: u32, expect: Option<&str>| {
            assert_eq!(name_of(text.as_bytes(), number).as_deref(), expect, "{number}");
        };
        check(0, Some("root"));
        check(1000, Some("ann"));
        check(100, None);
        check(1, None);
        assert_eq!(name_of(b"a:b\n7:x:y", 7), None);
    }
}
