//! What is known of files where there are no Unix permissions.

use std::ffi::OsStr;
use std::fs::Metadata;

use icpy_protocol::fs::FsDetails;

/// Which file it is: not told here, so that nothing is cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::services::fs) enum FileId {}

/// When the state of a file changed last: not told here.
pub(in crate::services::fs) type ChangeTime = ();

/// The names of users and groups: not told here.
#[derive(Debug, Default)]
pub(super) struct Names;

pub(in crate::services::fs) fn file_id(_: &Metadata) -> Option<FileId> {
    None
}

pub(in crate::services::fs) fn change_time(_: &Metadata) -> ChangeTime {}

pub(in crate::services::fs) fn is_whole_second(_: &Metadata) -> bool {
    true
}

pub(in crate::services::fs) fn changed_at_ms(_: &Metadata) -> Option<u64> {
    None
}

#[cfg(windows)]
pub(in crate::services::fs) fn is_hidden(name: &OsStr, metadata: &Metadata) -> bool {
    use std::os::windows::fs::MetadataExt as _;
    /// `FILE_ATTRIBUTE_HIDDEN`.
    const HIDDEN: u32 = 2;
    super::is_dotted(name) || metadata.file_attributes() & HIDDEN != 0
}

#[cfg(not(windows))]
pub(in crate::services::fs) fn is_hidden(name: &OsStr, _: &Metadata) -> bool {
    super::is_dotted(name)
}

pub(super) fn describe(_: &Metadata, _: &mut Names, _: &mut FsDetails) {}
