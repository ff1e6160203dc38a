//! What tells two states of a file apart without reading it.

use std::fs::Metadata;
use std::path::Path;
use std::time::SystemTime;

use icpy_protocol::fs::FsKind;

use super::kind;
use super::platform::{Identity, file, identity};

/// The state of a file. Each write changes it, on filesystems whose clock is fine enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Stamp {
    size: u64,
    modified_at: Option<SystemTime>,
    identity: Identity,
    kind: FsKind,
}

impl Stamp {
    /// The state of what a path names: of a symbolic link itself.
    pub(super) fn of(path: &Path) -> Option<Self> {
        path.symlink_metadata().ok().map(|metadata| Self::from(&metadata))
    }

    /// Whether it is the same file with the same content, under whatever name: a rename changes a file too.
    pub(super) fn has_content_of(&self, other: &Self) -> bool {
        let content = |stamp: &Self| (stamp.size, stamp.modified_at, file(&stamp.identity), stamp.kind);
        content(self) == content(other)
    }

    /// Whether it is the same file, whatever is in it.
    pub(super) fn is_same_file(&self, other: &Self) -> bool {
        file(&self.identity) == file(&other.identity)
    }

    /// What it is.
    pub(super) fn kind(&self) -> FsKind {
        self.kind
    }

    /// Some state.
    #[cfg(test)]
    pub(super) fn of_test(size: u64) -> Self {
        let metadata = Path::new("/").symlink_metadata().unwrap();
        Self { size, ..Self::from(&metadata) }
    }
}

impl From<&Metadata> for Stamp {
    fn from(metadata: &Metadata) -> Self {
        // What is in a folder changes both.
        let (size, modified_at) = match metadata.is_dir() {
            true => (0, None),
            false => (metadata.len(), metadata.modified().ok()),
        };
        Self { size, modified_at, identity: identity(metadata), kind: kind(metadata) }
    }
}
