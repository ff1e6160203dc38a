//! `icpy find`: files by name, as the daemon finds them.

use std::io::{self, IsTerminal as _};
use std::path::{Component, Path};

use icpy::args::{Find, General};
use icpy_protocol::fs::{self, FsFindParams, FsFindResult};
use icpy_protocol::path::FilePath;

use super::{Daemon, absolute};
use crate::output::{Failure, print, print_json, say, shown};

/// Exit status when nothing is found, as grep(1) has it.
pub(super) const NOTHING: u8 = 1;

pub(super) fn find(find: Find, general: &General) -> Result<(), Failure> {
    let params =
        FsFindParams { path: absolute(&find.folder, general)?, query: find.query, include_hidden: false, limit: None };
    let found: FsFindResult = Daemon::open_or_start(general)?.call(fs::method::find, &params)?;
    if general.json {
        print_json(&found)?;
        return Ok(());
    }
    let lines: Vec<Vec<u8>> = found.files.iter().map(|file| name(&find.folder, file)).collect();
    print(&[lines.join(&b'\n'), if lines.is_empty() { vec![] } else { vec![b'\n'] }].concat())?;
    tell_failed(&find.folder, &found.failed, found.folders_failed);
    end(found.files.is_empty(), found.has_more, found.files.len())
}

/// Names what could not be read: some of so many.
pub(super) fn tell_failed(folder: &Path, some: &[FilePath], all: u64) {
    for path in some {
        say(&format!("`{}` cannot be read", String::from_utf8_lossy(&name(folder, path))));
    }
    match all.saturating_sub(some.len() as u64) {
        0 => {}
        more => say(&format!("{more} more files and folders cannot be read")),
    }
}

/// A path as seen from where the user is, in the way that it can be opened.
pub(super) fn name(folder: &Path, below: &FilePath) -> Vec<u8> {
    let path = folder.join(below);
    let path: std::path::PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
    shown(&path.into(), io::stdout().is_terminal())
}

fn end(is_empty: bool, has_more: bool, count: usize) -> Result<(), Failure> {
    if has_more {
        say(&format!("there are more than these {count}"));
    }
    if is_empty { Err(Failure::reported(NOTHING)) } else { Ok(()) }
}
