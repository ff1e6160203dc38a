//! What is known of files where there are no Unix permissions.

use std::ffi::OsStr;
use std::fs::Metadata;

use icpy_protocol::fs::FsDetails;

/// The names of users and groups: not told here.
#[derive(Debug, Default)]
pub(super) struct Names;

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
