//! Endpoints on Unix: a socket in a folder that only we can enter.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, Metadata};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::{Endpoint, Environment, Source, short_name};

/// `sun_path` holds 104 bytes on macOS and the BSDs, 108 on Linux, with the final NUL. A little is kept for the name
/// under which the socket is made before it is renamed.
const SOCKET_PATH_BYTES_MAX: usize = 100;

/// Who can enter the folder can reach the socket.
pub(super) const SOCKETS_ARE_IN_FOLDERS: bool = true;

pub(super) fn candidates(environment: &Environment) -> Vec<Endpoint> {
    if let Some(home) = &environment.home {
        return vec![endpoint(home.join("run"), Source::Home)];
    }
    let uid = rustix::process::geteuid().as_raw();
    let mut candidates = Vec::new();
    if let Some(runtime) = &environment.runtime {
        candidates.push(endpoint(runtime.join("icpy"), Source::Runtime));
    }
    if cfg!(target_os = "linux") {
        candidates.push(endpoint(format!("/run/user/{uid}/icpy").into(), Source::Runtime));
    }
    // One that was too long has fallen back to below the last, which others find too.
    candidates.retain(|candidate| !candidate.folder.starts_with(temporary_folder()));
    candidates.push(endpoint(temporary_folder(), Source::Temporary));
    candidates.dedup();
    candidates
}

/// The folder that holds the locks of a socket that the user named.
pub(super) fn folder_of(socket: &Path) -> PathBuf {
    socket.parent().unwrap_or(Path::new("/")).to_owned()
}

#[expect(clippy::unnecessary_wraps, reason = "not all bytes are a path everywhere")]
pub(super) fn path_from_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    Some(OsString::from_vec(bytes).into())
}

/// `TMPDIR` is not asked: it differs between the shells of one user.
fn temporary_folder() -> PathBuf {
    format!("/tmp/icpy-{}", rustix::process::geteuid().as_raw()).into()
}

/// The endpoint in `folder`, or in a short folder named after it where its path would be too long for a socket.
fn endpoint(folder: PathBuf, source: Source) -> Endpoint {
    let socket = folder.join("icpyd.sock");
    if socket.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
        return Endpoint { socket, folder, source };
    }
    let folder = temporary_folder().join(short_name(&folder));
    Endpoint { socket: folder.join("icpyd.sock"), folder, source }
}

pub(super) fn check_length(socket: &Path) -> Result<(), String> {
    let length = socket.as_os_str().len();
    if length > SOCKET_PATH_BYTES_MAX {
        return Err(format!(
            "the socket's path has {length} bytes and may have {SOCKET_PATH_BYTES_MAX}: `{}`",
            socket.display()
        ));
    }
    Ok(())
}

/// A socket that nobody uses any more is replaced; nothing else is.
pub(super) fn check_free(socket: &Path) -> Result<(), String> {
    match socket.symlink_metadata() {
        Ok(there) if !there.file_type().is_socket() => {
            Err(format!("`{}` is there and is no socket: name another place", socket.display()))
        }
        _ => Ok(()),
    }
}

pub(super) fn check_private(folder: &Path) -> Result<(), String> {
    let metadata = folder.symlink_metadata().map_err(|error| format!("`{}`: {error}", folder.display()))?;
    check_ours(folder, &metadata)?;
    if metadata.mode() & 0o077 != 0 {
        return Err(format!(
            "`{}` is open to others (mode {:04o}): run `chmod 700` on it",
            folder.display(),
            metadata.mode() & 0o7777
        ));
    }
    Ok(())
}

fn check_ours(folder: &Path, metadata: &Metadata) -> Result<(), String> {
    let uid = rustix::process::geteuid().as_raw();
    if !metadata.is_dir() {
        return Err(format!("`{}` is not a folder", folder.display()));
    }
    if metadata.uid() != uid {
        return Err(format!("`{}` belongs to uid {}, and we are {uid}", folder.display(), metadata.uid()));
    }
    Ok(())
}

pub(super) fn make_private(folder: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("cannot make the folder `{}`: {error}", folder.display());
    match folder.metadata() {
        Ok(metadata) => check_ours(folder, &metadata),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(error)),
        Err(_) => {
            let parent = folder.parent().unwrap_or(Path::new("/"));
            if !parent.exists() {
                make_private(parent)?;
            }
            check_parent(parent)?;
            match DirBuilder::new().mode(0o700).create(folder) {
                // Another process may have made it in the meantime; who made it is checked later.
                Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(failed(error)),
                _ => Ok(()),
            }
        }
    }
}

/// Whoever can rename entries of the parent could put a folder of their own in our folder's place. And nothing of ours
/// belongs into another user's folder, which root could make: `sudo` may keep the user's home.
fn check_parent(parent: &Path) -> Result<(), String> {
    let metadata = fs::metadata(parent).map_err(|error| format!("`{}`: {error}", parent.display()))?;
    let uid = rustix::process::geteuid().as_raw();
    if metadata.uid() != uid && metadata.uid() != 0 {
        return Err(format!(
            "`{}` belongs to uid {}, and we are {uid}: run it as that user, or set HOME",
            parent.display(),
            metadata.uid()
        ));
    }
    let is_sticky = metadata.mode() & 0o1000 != 0;
    if metadata.mode() & 0o022 != 0 && !is_sticky {
        return Err(format!("others can write in `{}` (mode {:04o})", parent.display(), metadata.mode() & 0o7777));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn every_variable_gives_its_place_in_order() {
        let uid = rustix::process::geteuid().as_raw();
        let check = |home: Option<&str>, socket: Option<&str>, runtime: Option<&str>, expect: &[&str]| {
            let environment = Environment {
                home: home.map(Into::into),
                socket: socket.map(Into::into),
                runtime: runtime.map(Into::into),
            };
            let expect: Vec<PathBuf> = expect.iter().map(|path| path.replace("UID", &uid.to_string()).into()).collect();
            let found: Vec<PathBuf> =
                super::super::candidates(&environment, None).into_iter().map(|endpoint| endpoint.socket).collect();
            assert_eq!(found, expect);
        };
        let fallbacks = ["/run/user/UID/icpy/icpyd.sock", "/tmp/icpy-UID/icpyd.sock"];
        if cfg!(target_os = "linux") {
            check(None, None, None, &fallbacks);
            check(None, None, Some("/r"), &["/r/icpy/icpyd.sock", fallbacks[0], fallbacks[1]]);
            check(None, Some("/h/s"), None, &["/h/s", fallbacks[0], fallbacks[1]]);
        }
        check(Some("/i"), Some("/h/s"), Some("/r"), &["/h/s", "/i/run/icpyd.sock"]);
    }

    #[test]
    fn a_path_too_long_for_a_socket_falls_back_to_a_short_one() {
        let long = PathBuf::from("/").join("x".repeat(200));
        let endpoint = endpoint(long, Source::Runtime);
        assert!(endpoint.socket.as_os_str().len() <= SOCKET_PATH_BYTES_MAX);
        assert!(endpoint.socket.starts_with(temporary_folder()));
        let named = Endpoint::named(&PathBuf::from("/").join("x".repeat(200)));
        assert!(named.check().unwrap_err().contains("has 201 bytes and may have 100"));
    }

    #[test]
    fn a_folder_that_others_can_enter_is_refused() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("a/b");
        make_private(&folder).unwrap();
        check_private(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        assert!(check_private(&folder).unwrap_err().contains("open to others (mode 0755)"));

        let link = base.path().join("link");
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        assert!(check_private(&link).unwrap_err().contains("is not a folder"));

        fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
        assert!(make_private(&folder.join("c")).unwrap_err().contains("others can write"));
    }
}
