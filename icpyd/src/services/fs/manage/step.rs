//! What operations do, step by step, as it is kept: enough to reverse each, and to see whether that may still be done.

use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use icpy_protocol::fs::FsOperationItem;
use icpy_protocol::path::FilePath;
use serde::{Deserialize, Serialize};

use super::platform;
use crate::services::fs::grep::Reversal;

/// One change that was made. The paths are where things really are.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub(super) enum Step {
    /// A folder or a symbolic link was made.
    Made {
        path: FilePath,
        left: Left,
    },
    /// A copy was made; the version is that of the whole tree.
    Copied {
        path: FilePath,
        version: String,
    },
    Moved {
        from: FilePath,
        to: FilePath,
        left: Left,
    },
    Trashed {
        path: FilePath,
        id: FilePath,
    },
    Restored {
        path: FilePath,
        left: Left,
    },
    ModeSet {
        path: FilePath,
        left: Left,
        before: u32,
        after: u32,
    },
    /// Parts of a file were replaced; it has one version before and another after.
    Replaced {
        path: FilePath,
        before: String,
        after: String,
        /// None where that was too much to be kept.
        reversal: Option<Reversal>,
    },
    /// Deleted for good.
    Removed {
        path: FilePath,
    },
}

/// Tells a thing from another that has taken its name, whatever is in it now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Left {
    number: u64,
    /// When it was made, where the filesystem knows: numbers are used again.
    born_ns: Option<u64>,
}

impl Left {
    /// Describes what is at a path for system calls.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        let metadata = path.symlink_metadata()?;
        let born = metadata.created().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let born_ns = born.and_then(|since| u64::try_from(since.as_nanos()).ok());
        Ok(Self { number: platform::identity(&metadata).1, born_ns })
    }
}

impl Step {
    /// For people, and for who looks for a path.
    pub(super) fn item(&self) -> FsOperationItem {
        let (path, from) = match self {
            Self::Moved { from, to, .. } => (to, Some(from.clone())),
            Self::Made { path, .. }
            | Self::Copied { path, .. }
            | Self::Trashed { path, .. }
            | Self::Restored { path, .. }
            | Self::ModeSet { path, .. }
            | Self::Replaced { path, .. }
            | Self::Removed { path } => (path, None),
        };
        FsOperationItem { path: path.clone(), from }
    }

    /// Whether it can be reversed at all.
    pub(super) fn can_undo(&self) -> bool {
        !matches!(self, Self::Removed { .. } | Self::Replaced { reversal: None, .. })
    }
}
