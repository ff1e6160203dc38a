//! `icpy find` and `icpy grep`: files by name, and lines by pattern, as the daemon finds them.

use std::io::{self, IsTerminal as _};
use std::path::{Component, Path};

use icpy::args::{Find, General, Grep};
use icpy_protocol::fs::{self, FsFindParams, FsFindResult, FsGrepParams, FsGrepResult};
use icpy_protocol::path::FilePath;

use super::{Daemon, absolute};
use crate::output::{Failure, print, print_json, say, shown};

/// Exit status when nothing is found, as grep(1) has it.
const NOTHING: u8 = 1;

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
    end(found.files.is_empty(), found.has_more, found.files.len())
}

pub(super) fn grep(grep: Grep, general: &General) -> Result<(), Failure> {
    let params = FsGrepParams {
        path: absolute(&grep.path, general)?,
        pattern: grep.pattern,
        ignore_case: grep.ignore_case,
        is_literal: grep.fixed_strings,
        limit: None,
    };
    let is_folder = params.path.as_path().is_dir();
    let found: FsGrepResult = Daemon::open_or_start(general)?.call(fs::method::grep, &params)?;
    if general.json {
        print_json(&found)?;
        return Ok(());
    }
    let mut text = Vec::new();
    for line in &found.matches {
        text.extend(if is_folder { name(&grep.path, &line.path) } else { name(&grep.path, &FilePath::from("")) });
        text.extend(format!(":{}:{}:{}\n", line.line, line.column, line.text).into_bytes());
    }
    print(&text)?;
    end(found.matches.is_empty(), found.has_more, found.matches.len())
}

/// A path as seen from where the user is, in the way that it can be opened.
fn name(folder: &Path, below: &FilePath) -> Vec<u8> {
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
