//! `icpy ls`: lists a folder as the daemon sees it.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};

use icpy::args::{General, Ls};
use icpy_protocol::fs::{self, FsEntry, FsKind, FsListDirectoryParams, FsListDirectoryResult};

use super::{Daemon, absolute};
use crate::output::color;
use crate::output::{Failure, date, print, print_json, shown};

pub(super) fn run(ls: &Ls, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open_or_start(general)?;
    let mut params = FsListDirectoryParams { path: absolute(&ls.folder, general)?, after: None, limit: None };
    loop {
        let page: FsListDirectoryResult = daemon.call(fs::method::list_directory, &params)?;
        for entry in &page.entries {
            if general.json { print_json(entry)? } else { print(&line(entry, ls.long))? }
        }
        let Some(after) = page.next_after else { return Ok(()) };
        params.after = Some(after);
    }
}

fn line(entry: &FsEntry, is_long: bool) -> Vec<u8> {
    let mut head = String::new();
    if is_long {
        let _ = write!(head, "{:>12}  {}  ", entry.size, date(entry.modified_at_ms));
    }
    let mut line = head.into_bytes();
    let name = shown(&entry.name, io::stdout().is_terminal());
    if entry.kind == FsKind::Directory && color::is_wanted(&io::stdout()) {
        line.extend(format!("\x1b[{}m", color::BLUE).into_bytes());
        line.extend(name);
        line.extend(b"\x1b[0m");
    } else {
        line.extend(name);
    }
    line.extend(match entry.kind {
        FsKind::Directory => &b"/\n"[..],
        FsKind::Symlink => b"@\n",
        FsKind::File | FsKind::Other => b"\n",
    });
    line
}
