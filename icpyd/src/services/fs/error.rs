//! The operating system's errors as the wire's.

use std::io;
use std::path::Path;

use icpy_protocol::error::{Error, Kind};
use icpy_protocol::path::FilePath;

use super::platform;

/// What a failure to `act` ("read", "list") on a path means to who asked for it.
pub(super) fn failed(act: &str, path: &Path, error: &io::Error) -> Error {
    use io::ErrorKind as Io;
    let named = serde_json::to_value(FilePath::from(path)).unwrap_or_default();
    let (kind, reason) = match error.kind() {
        Io::NotFound => return Error::not_found(format!("`{}` does not exist", path.display())).with("path", named),
        Io::NotADirectory => (Kind::NotFound, "a part of the path is not a folder".to_owned()),
        Io::IsADirectory => (Kind::Unsupported, "it is a folder".to_owned()),
        Io::AlreadyExists => (Kind::AlreadyExists, "it exists already".to_owned()),
        Io::PermissionDenied => (Kind::PermissionDenied, "permission denied".to_owned()),
        Io::ReadOnlyFilesystem => (Kind::PermissionDenied, "the filesystem is read-only".to_owned()),
        Io::ResourceBusy => (Kind::Conflict, "something is mounted there, or the system uses it".to_owned()),
        Io::StorageFull => (Kind::Unavailable, "the disk is full".to_owned()),
        Io::QuotaExceeded => (Kind::Unavailable, "the disk quota is used up".to_owned()),
        Io::FileTooLarge => (Kind::TooLarge, "the file would be too large".to_owned()),
        Io::InvalidFilename => (Kind::InvalidParams, "the name is too long or not valid".to_owned()),
        _ if platform::is_link_loop(error) => (Kind::Unsupported, "its symbolic links lead in a circle".to_owned()),
        // A failing disk, a lost network drive, too many open files: what it is, the system says best.
        _ => (Kind::Unavailable, error.to_string()),
    };
    Error::new(kind, format!("cannot {act} `{}`: {reason}", path.display())).with("path", named)
}
