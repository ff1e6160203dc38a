//! Paths as bytes where paths are text: only UTF-8 can be given.

use std::path::{Path, PathBuf};

pub(super) fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

pub(super) fn path(bytes: Vec<u8>) -> Result<PathBuf, String> {
    String::from_utf8(bytes).map(PathBuf::from).map_err(|_| "on this system a path is Unicode".to_owned())
}
