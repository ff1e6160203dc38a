//! The trash, as freedesktop.org's Trash specification 1.0 has it: what is deleted keeps its content in `files` and where it
//! was in `info`. One is in the user's home; other disks have their own, since moving there would copy.
//!
//! On macOS there is `~/.Trash`, which does not tell where its things were: only who deleted them can bring them back.

mod info;

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use icpy_protocol::error::{Error, Result};
use icpy_protocol::path::FilePath;

use super::job::Job;
use super::{make, platform};
use crate::confinement::Folder;
use crate::host::Host;
use crate::services::fs::error::failed;
use crate::services::fs::origins::Becomes;
use crate::services::fs::place::{Place, Use};
use crate::services::fs::stamp::Stamp;

/// Names that are tried for a thing before it gets one that nothing else has.
const PLAIN_NAMES_MAX: usize = 3;

/// What a longer name would leave too little room for what is added to it.
const NAME_BYTES_MAX: usize = 200;

/// One trash, held open.
struct Bin {
    path: PathBuf,
    /// The top of its disk, from which its paths are; none for the one in the home.
    top: Option<PathBuf>,
    files: Folder,
    /// None on macOS.
    info: Option<Folder>,
}

/// Moves a thing to the trash: `path` is for system calls, `original` is where it really was. Returns what brings it back.
pub(super) fn throw_away(path: &Path, original: &Path, shown: &Path, job: &Job) -> Result<FilePath> {
    let refused = |error: &io::Error| failed("move to the trash", shown, error);
    let unsupported = |why: &str| {
        let message = format!("`{}` {why}: it can only be deleted for good", shown.display());
        Error::unsupported(message)
    };
    let top = top_of_disk(original).map_err(|error| refused(&error))?;
    if top == original {
        return Err(unsupported("is a whole disk"));
    }
    let home = home_trash(&job.host).and_then(|folder| Bin::open(&folder, None).ok());
    if home.as_ref().is_some_and(|home| home.path.starts_with(original)) {
        return Err(unsupported("holds the trash itself"));
    }
    if let Some(home) = home {
        if original.starts_with(&home.path) {
            return Err(unsupported("is in the trash already"));
        }
        match home.take(path, original, job) {
            Err(error) if error.kind() == ErrorKind::CrossesDevices => {}
            outcome => return outcome.map_err(|error| refused(&error)),
        }
    }
    let bin = Bin::of_disk(&top).ok_or_else(|| unsupported("is on a disk on which there is no trash"))?;
    if original.starts_with(&bin.path) {
        return Err(unsupported("is in the trash already"));
    }
    match bin.take(path, original, job) {
        Err(error) if error.kind() == ErrorKind::CrossesDevices => Err(unsupported("is on a disk with no trash")),
        outcome => outcome.map_err(|error| refused(&error)),
    }
}

/// Brings a thing back to where it was, or to `original` where that is known. Returns where that is.
pub(super) fn bring_back(id: &FilePath, original: Option<&Path>, job: &Job) -> Result<Place> {
    let gone = || Error::not_found(format!("nothing in the trash is called `{id}`"));
    let (bin, name) = Bin::holding(id.as_path(), &job.host).ok_or_else(gone)?;
    let file = bin.files.path().join(name);
    file.symlink_metadata().map_err(|_| gone())?;
    let info = bin.info.as_ref().map(|info| info.path().join(info::name(name)));
    let original = match (original, &info) {
        (Some(original), _) => original.to_owned(),
        (None, Some(info)) => info::read(info, bin.top.as_deref())
            .ok_or_else(|| Error::not_found(format!("the trash does not say where `{id}` was")))?,
        (None, None) => return Err(Error::unsupported("the trash of this system does not say where its things were")),
    };
    if let Some(folder) = original.parent() {
        make::folders(&FilePath::from(folder), job)?;
    }
    let place = Place::of(&job.caller, &original.into(), Use::Change)?;
    let becomes = Stamp::of(&file).map(Becomes::Holding);
    job.changing(&[(place.real(), becomes)], || platform::rename_new(&file, place.path()))
        .map_err(|error| failed("bring back", place.asked(), &error))?;
    if let Some(info) = info {
        // What is left over is an entry of nothing, which everybody ignores.
        let _ = fs::remove_file(info);
    }
    Ok(place)
}

/// Where the home's trash is, whether or not it is there yet.
fn home_trash(host: &Host) -> Option<PathBuf> {
    let folder = |name: &str| host.variable(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    if cfg!(windows) {
        return None;
    }
    if cfg!(target_os = "macos") {
        return Some(folder("HOME")?.join(".Trash"));
    }
    let data = folder("XDG_DATA_HOME").or_else(|| Some(folder("HOME")?.join(".local/share")))?;
    Some(data.join("Trash"))
}

/// The highest folder on the same disk as the folder of a thing, or the thing itself when another disk is mounted there.
fn top_of_disk(real: &Path) -> io::Result<PathBuf> {
    let device = |path: &Path| Ok::<_, io::Error>(platform::identity(&path.symlink_metadata()?).0);
    let ours = device(real)?;
    let mut top = real;
    while let Some(above) = top.parent()
        && device(above)? == ours
    {
        top = above;
    }
    Ok(top.to_owned())
}

impl Bin {
    /// Opens a trash, and makes it where it is missing. It must be a folder of ours.
    fn open(path: &Path, top: Option<&Path>) -> io::Result<Self> {
        if let Some(above) = path.parent().filter(|_| top.is_none()) {
            fs::create_dir_all(above)?;
        }
        let make = |path: &Path| match platform::make_private_folder(path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        };
        make(path)?;
        let folder = Folder::open(path)?;
        if !platform::is_ours(&folder.path().metadata()?) {
            return Err(ErrorKind::PermissionDenied.into());
        }
        let path = path.canonicalize()?;
        let top = top.map(Path::to_owned);
        if cfg!(target_os = "macos") {
            return Ok(Self { path, top, files: folder, info: None });
        }
        for part in ["files", "info"] {
            make(&folder.path().join(part))?;
        }
        let (files, info) = (folder.open_below(Path::new("files"))?, folder.open_below(Path::new("info"))?);
        Ok(Self { path, top, files, info: Some(info) })
    }

    /// The trash of a disk: one that its administrator has prepared for all users, or the user's own.
    fn of_disk(top: &Path) -> Option<Self> {
        let user = platform::user_id()?;
        let shared = top.join(".Trash");
        let is_fit =
            shared.symlink_metadata().is_ok_and(|metadata| metadata.is_dir() && platform::is_sticky(&metadata));
        let shared = is_fit.then(|| Self::open(&shared.join(user.to_string()), Some(top)).ok()).flatten();
        shared.or_else(|| Self::open(&top.join(format!(".Trash-{user}")), Some(top)).ok())
    }

    /// The trash that holds the thing with this id, and its name there. No other folder is one, whatever it looks like.
    fn holding<'a>(id: &'a Path, host: &Host) -> Option<(Self, &'a Path)> {
        let (files, name) = (id.parent()?, Path::new(id.file_name()?));
        let folder =
            if cfg!(target_os = "macos") { files } else { files.parent().filter(|_| files.ends_with("files"))? };
        let home = home_trash(host).filter(|home| home.canonicalize().is_ok_and(|home| home == folder));
        if home.is_some() {
            return Some((Self::open(folder, None).ok()?, name));
        }
        let above = folder.parent()?;
        let top = if above.ends_with(".Trash") { above.parent()? } else { above };
        let bin =
            Self::of_disk(top).filter(|bin| bin.path == folder && top_of_disk(folder).is_ok_and(|it| it == top))?;
        Some((bin, name))
    }

    /// Takes a thing in, and returns its id.
    fn take(&self, path: &Path, original: &Path, job: &Job) -> io::Result<FilePath> {
        let name = original.file_name().unwrap_or_default();
        for attempt in 0.. {
            let mut name = if name.len() > NAME_BYTES_MAX { "long-name".into() } else { name.to_owned() };
            if attempt >= PLAIN_NAMES_MAX {
                name.push(format!(".{}", job.host.new_id()));
            } else if attempt > 0 {
                name.push(format!(".{}", attempt + 1));
            }
            match self.take_as(Path::new(&name), path, original, job) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
                Ok(()) if self.info.is_some() => return Ok(self.path.join("files").join(name).into()),
                Ok(()) => return Ok(self.path.join(name).into()),
            }
        }
        unreachable!("the loop has no end")
    }

    fn take_as(&self, name: &Path, path: &Path, original: &Path, job: &Job) -> io::Result<()> {
        // The entry in `info` is what reserves the name.
        let info = self.info.as_ref().map(|info| info.path().join(info::name(name)));
        if let Some(info) = &info {
            let shown = self.top.as_deref().and_then(|top| original.strip_prefix(top).ok()).unwrap_or(original);
            info::write(info, shown, job)?;
        }
        platform::rename_new(path, &self.files.path().join(name)).inspect_err(|_| {
            if let Some(info) = &info {
                let _ = fs::remove_file(info);
            }
        })
    }
}
