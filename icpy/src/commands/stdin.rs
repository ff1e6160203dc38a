//! `icpy -`: what comes on standard input becomes a file that is opened.
//!
//! The file is opened before all has come, and shown again when it has: `tail -f` has no end. Who ends this early has what
//! came until then. With `--wait` it ends when the file is closed, whatever is still to come.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use icpy::args::General;
use icpy::host;
use icpy_protocol::endpoint::{Folders, make_private_folder};
use icpy_protocol::error::Error;
use icpy_protocol::file::{self, FileListParams, FileListResult, FileOpenParams, FileOpenResult, FilePlacing};

use super::Daemon;
use crate::output::{Failure, progress, say};

/// The argument that means standard input.
pub(super) const NAME: &str = "-";

/// Files into which nothing came for so long go.
const AGE_MAX: Duration = Duration::from_hours(7 * 24);

/// Opens a file that takes what comes on standard input, and reads it to its end, or with `in_background` goes on reading
/// while this process lives. Returns the file.
pub(super) fn take(general: &General, placing: FilePlacing, in_background: bool) -> Result<PathBuf, Failure> {
    let folders = Folders::find(&host::environment()).map_err(Error::unavailable)?;
    let folder = folders.state.join("stdin");
    make_private_folder(&folder).map_err(Error::unavailable)?;
    let mut daemon = Daemon::open_or_start(general)?;
    forget_old(&folder, &mut daemon)?;
    let (path, file) = create(&folder).map_err(not_kept)?;
    if in_background {
        thread::spawn(move || {
            if let Err(error) = copy(file) {
                say(&not_kept(error).error.to_string());
            }
        });
        return Ok(path);
    }
    let params = FileOpenParams { placing, ..FileOpenParams::new(path.clone()) };
    let _: FileOpenResult = daemon.call(file::method::open, &params)?;
    copy(file).map_err(not_kept)?;
    Ok(path)
}

fn copy(file: File) -> io::Result<u64> {
    io::copy(&mut io::stdin().lock(), &mut progress::Writer::new(file, "read", None))
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn not_kept(error: io::Error) -> Failure {
    Error::unavailable(format!("cannot keep standard input: {error}")).into()
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

/// Removes old files. One that is still open stays.
fn forget_old(folder: &Path, daemon: &mut Daemon) -> Result<(), Failure> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    let open: FileListResult = daemon.call(file::method::list, &FileListParams::default())?;
    let is_open = |path: &Path| open.files.iter().any(|file| file.path.as_path() == path);
    for entry in entries.flatten().filter(|entry| !is_open(&entry.path())) {
        let age = |modified: SystemTime| modified.elapsed().unwrap_or_default();
        if entry.metadata().and_then(|metadata| metadata.modified()).is_ok_and(|modified| age(modified) > AGE_MAX) {
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}
