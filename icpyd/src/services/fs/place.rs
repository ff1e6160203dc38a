//! Where a path leads for a caller: a folder and a name in it.
//!
//! A confined caller's folder is held open, and its path below is one that leads there whatever is renamed or linked
//! meanwhile. Who is not confined has their own rights, and paths as they are.

use std::ffi::OsStr;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use icpy_protocol::error::{Error, Result};
use icpy_protocol::path::FilePath;
use icpy_protocol::path::names::is_other_on_windows;

use super::error::failed;
use crate::caller::Caller;
use crate::confinement::{Confinement, Folder, Root};

/// How often a path is looked up again when it changes under our hands.
const ATTEMPTS_MAX: usize = 8;

/// A path that a caller may use. It is shown as it was asked for.
#[derive(Debug)]
pub(super) struct Place {
    asked: PathBuf,
    real: PathBuf,
    /// For the system's calls.
    path: PathBuf,
    _held: Option<Arc<Folder>>,
}

/// What is to be done at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Look,
    Change,
}

impl Place {
    /// The thing that a path names: a symbolic link itself. It need not exist, its folder must. A path that ends with a slash
    /// names a folder: to look at it, it may lead there through a link.
    pub(super) fn of(caller: &Caller, path: &FilePath, wanted: Use) -> Result<Self> {
        let follows = wanted == Use::Look && names_folder(path.as_path());
        let place = Self::find(caller, path, wanted, if follows { real_of_target } else { real_of_thing })?;
        place.check_slash(true)?;
        Ok(place)
    }

    /// What a path leads to, through symbolic links. It need not exist, its folder must; what is changed so is a file, which
    /// is not made where a slash at the end names a folder.
    pub(super) fn led_to(caller: &Caller, path: &FilePath, wanted: Use) -> Result<Self> {
        let place = Self::find(caller, path, wanted, real_of_target)?;
        place.check_slash(wanted == Use::Look)?;
        Ok(place)
    }

    /// Refuses a path that ends with a slash, and names no folder.
    fn check_slash(&self, may_be_missing: bool) -> Result<()> {
        let is_folder = || self.path.symlink_metadata().map_or(may_be_missing, |metadata| metadata.is_dir());
        if !names_folder(&self.asked) || is_folder() {
            return Ok(());
        }
        Err(Error::unsupported(format!("`{self}` is not a folder, as the slash at its end says")))
    }

    /// Refuses to make of one thing another that ends with a slash, unless it is a folder.
    pub(super) fn check_takes(&self, from: &Self) -> Result<()> {
        self.check_slash(from.path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()))
    }

    /// Refuses to make anything but a folder of a path that ends with a slash.
    pub(super) fn check_takes_no_folder(&self) -> Result<()> {
        self.check_slash(false)
    }

    /// A thing in the folder at this place, without looking for the folder again. `None` where what the caller may use must
    /// be asked anew.
    pub(super) fn inside(&self, caller: &Caller, path: &FilePath) -> Option<Self> {
        let asked = path.as_path();
        let is_inside = caller.confinement().is_none() && asked.parent() == Some(&*self.asked);
        let real = self.real.join(asked.file_name().filter(|_| is_inside)?);
        Some(Self { asked: asked.to_owned(), path: real.clone(), real, _held: None })
    }

    fn find(caller: &Caller, path: &FilePath, wanted: Use, real_of: fn(&Path) -> Result<PathBuf>) -> Result<Self> {
        check_absolute(path)?;
        let asked = path.as_path().to_owned();
        let Some(confinement) = caller.confinement() else {
            let real = real_of(&asked)?;
            return Ok(Self { path: real.clone(), asked, real, _held: None });
        };
        for _ in 1..ATTEMPTS_MAX {
            let real = real_of(&asked)
                .map_err(|error| if leads_outside(confinement, &asked) { denied(&asked) } else { error })?;
            let (root, below) = confinement.find(&real).ok_or_else(|| denied(&asked))?;
            check_use(confinement, root, below, wanted, &asked)?;
            // Else a folder on the way has become a link, or has gone.
            if let Some((held, path)) = hold(root, below) {
                return Ok(Self { asked, real, path, _held: Some(held) });
            }
        }
        Err(Error::busy(format!("`{}` leads elsewhere each time it is looked at", asked.display())))
    }

    /// The path for system calls. Its last part is not to be followed where it is a symbolic link.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Its name in its folder; none for what the caller is confined to, and for the root of the filesystem.
    pub(super) fn name(&self) -> Option<&OsStr> {
        let is_folder_itself = self.path.as_os_str().as_encoded_bytes().ends_with(b"/.");
        if is_folder_itself { None } else { self.path.file_name() }
    }

    /// Where it really is: the same for all who mean the same thing.
    pub(super) fn real(&self) -> &Path {
        &self.real
    }

    /// The path that was asked for.
    pub(super) fn asked(&self) -> &Path {
        &self.asked
    }

    /// The folder that it is in, for system calls.
    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.asked.display().fmt(formatter)
    }
}

fn names_folder(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().last().is_some_and(|byte| std::path::is_separator(char::from(*byte)))
}

fn check_use(confinement: &Confinement, root: &Root, below: &Path, wanted: Use, asked: &Path) -> Result<()> {
    let why = match wanted {
        Use::Change if confinement.is_on_the_way(below) => "is not among the paths that this session may change",
        Use::Change if root.is_read_only => "is in a folder that this session may only read",
        Use::Change if below == Path::new("") => "is what this session is confined to, and not in it",
        Use::Change | Use::Look => return Ok(()),
    };
    Err(Error::permission_denied(format!("`{}` {why}", asked.display())))
}

fn hold(root: &Root, below: &Path) -> Option<(Arc<Folder>, PathBuf)> {
    let Some(name) = below.file_name() else {
        let folder = root.open_folder(below).ok()?;
        let path = folder.path();
        return Some((folder, path));
    };
    let folder = root.open_folder(below.parent().unwrap_or(Path::new(""))).ok()?;
    let path = folder.path().join(name);
    Some((folder, path))
}

/// Whether the deepest folder of a path that exists is outside: what is missing there is not for the caller to know.
fn leads_outside(confinement: &Confinement, asked: &Path) -> bool {
    let real = asked.ancestors().find_map(|path| path.canonicalize().ok());
    real.is_none_or(|real| confinement.find(&real).is_none())
}

fn denied(asked: &Path) -> Error {
    Error::permission_denied(format!("`{}` is outside of the folders that this session may use", asked.display()))
}

fn real_of_thing(path: &Path) -> Result<PathBuf> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return path.canonicalize().map_err(|error| failed("find", path, &error));
    };
    match folder.canonicalize() {
        Ok(folder) => Ok(folder.join(name)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let message = format!("`{}` does not exist, nor does its folder `{}`", path.display(), folder.display());
            Err(Error::not_found(message).with("path", serde_json::to_value(FilePath::from(path)).unwrap_or_default()))
        }
        Err(error) => Err(failed("find", path, &error)),
    }
}

fn real_of_target(path: &Path) -> Result<PathBuf> {
    match path.canonicalize() {
        Ok(real) => Ok(real),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let real = real_of_thing(path)?;
            match real.symlink_metadata() {
                Err(_) => Ok(real),
                Ok(_) => {
                    let message =
                        format!("`{}` does not exist: it is a symbolic link that leads nowhere", path.display());
                    Err(Error::not_found(message))
                }
            }
        }
        Err(error) => Err(failed("find", path, &error)),
    }
}

fn check_absolute(path: &FilePath) -> Result<()> {
    if !path.as_path().is_absolute() {
        return Err(Error::invalid_params(format!("the path `{path}` is not absolute")));
    }
    if path.as_path().as_os_str().as_encoded_bytes().contains(&0) {
        return Err(Error::invalid_params(format!("the path `{path}` holds a NUL character")));
    }
    let is_other =
        |part: Component<'_>| matches!(part, Component::Normal(name) if name.to_str().is_some_and(is_other_on_windows));
    if cfg!(windows) && path.as_path().components().any(is_other) {
        let message = format!("a name in `{path}` is that of a device or a stream, or would lose its end");
        return Err(Error::unsupported(message));
    }
    Ok(())
}
