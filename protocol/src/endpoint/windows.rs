//! Endpoints on Windows: a named pipe, and a folder of the user's for the locks.

use std::fs;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use super::{Endpoint, Environment, Source, short_name};

/// Pipes are in no folder; the folder holds the locks alone.
pub(super) const SOCKETS_ARE_IN_FOLDERS: bool = false;

pub(super) fn candidates(environment: &Environment) -> Vec<Endpoint> {
    let (folder, source) = match &environment.home {
        Some(home) => (home.join("run"), Source::Home),
        None => (user_folder(), Source::Runtime),
    };
    // The folder lies in the user's profile, so that its name tells users apart.
    let socket = PathBuf::from(format!(r"\\.\pipe\icpy-{}", short_name(&folder)));
    vec![Endpoint { socket, folder, source }]
}

/// The folder that holds the locks of a pipe that the user named.
pub(super) fn folder_of(_: &Path) -> PathBuf {
    user_folder()
}

pub(super) fn path_from_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    String::from_utf8(bytes).ok().map(Into::into)
}

fn user_folder() -> PathBuf {
    match ProjectDirs::from("", "", "icpy") {
        Some(dirs) => dirs.data_local_dir().join("run"),
        None => PathBuf::from(r"C:\ProgramData\icpy\run"),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "sockets have a limit, pipes practically none")]
pub(super) fn check_length(_: &Path) -> Result<(), String> {
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "a file can be in a socket's place, and in no pipe's")]
pub(super) fn check_free(_: &Path) -> Result<(), String> {
    Ok(())
}

/// The profile's own permissions keep others out.
pub(super) fn check_private(folder: &Path) -> Result<(), String> {
    match folder.is_dir() {
        true => Ok(()),
        false => Err(format!("`{}` is not a folder", folder.display())),
    }
}

pub(super) fn make_private(folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| format!("cannot make the folder `{}`: {error}", folder.display()))
}
