//! `icpy -`: what comes on standard input becomes a file that is opened.
//!
//! The file is opened before all has come, and shown again when it has: `tail -f` has no end.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use icpy::args::General;
use icpy::host;
use icpy_protocol::endpoint::{Folders, make_private_folder};
use icpy_protocol::error::Error;
use icpy_protocol::file::{self, FileOpenParams, FileOpenResult, FilePlacing};

use super::Daemon;
use crate::output::{Failure, progress};

/// The argument that means standard input.
pub(super) const NAME: &str = "-";

/// Files that nobody has looked at for so long go.
const AGE_MAX: Duration = Duration::from_hours(7 * 24);

/// Reads standard input to its end. Returns the file that holds it.
pub(super) fn take(general: &General, placing: FilePlacing) -> Result<PathBuf, Failure> {
    let failed = |error: io::Error| Failure::from(Error::unavailable(format!("cannot keep standard input: {error}")));
    let folders = Folders::find(&host::environment()).map_err(Error::unavailable)?;
    let folder = folders.state.join("stdin");
    make_private_folder(&folder).map_err(Error::unavailable)?;
    forget_old(&folder);
    let (path, file) = create(&folder).map_err(failed)?;
    let params = FileOpenParams { placing, ..FileOpenParams::new(path.clone()) };
    let _: FileOpenResult = Daemon::open_or_start(general)?.call(file::method::open, &params)?;
    let mut file = progress::Writer::new(file, "read", None);
    io::copy(&mut io::stdin().lock(), &mut file).map_err(failed)?;
    Ok(path)
}

/// A file that nobody else can read, under a name that says where it comes from.
fn create(folder: &Path) -> io::Result<(PathBuf, File)> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut number = 1;
    loop {
        let path = folder.join(format!("stdin-{}-{number}", std::process::id()));
        match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            opened => return opened.map(|file| (path, file)),
        }
    }
}

fn forget_old(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let age = |modified: SystemTime| modified.elapsed().unwrap_or_default();
        if entry.metadata().and_then(|metadata| metadata.modified()).is_ok_and(|modified| age(modified) > AGE_MAX) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
