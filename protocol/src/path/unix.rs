//! Paths as bytes on Unix, where any byte but NUL may stand in one.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

pub(super) fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

#[expect(clippy::unnecessary_wraps, reason = "other platforms refuse some bytes")]
pub(super) fn path(bytes: Vec<u8>) -> Result<PathBuf, String> {
    Ok(OsString::from_vec(bytes).into())
}
