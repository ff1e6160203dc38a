//! `icpy FILE...`: opens files and folders in every attached editor.

use std::cell::RefCell;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use icpy::args::{General, Open};
use icpy::target::{self, Target};
use icpy_protocol::error::{Error, Kind};
use icpy_protocol::file::{self, FileOpenParams, FileOpenResult, FilePlacing, FilePurpose};
use icpy_protocol::fs::{self, FsKind, FsStatParams, FsStatResult};
use icpy_protocol::path::FilePath;
use icpy_protocol::project::{self, ProjectLoadParams, ProjectLoadResult};
use icpy_protocol::workspace::{self, WorkspaceFolderParams, WorkspaceInfo};
use serde::Serialize;

use super::{Daemon, absolute, browser, current_folder, host_of, stdin, wait};
use crate::output::{Failure, first_failure, print_json, say};

pub(super) fn run(open: &Open, general: &General) -> Result<(), Failure> {
    let mut targets = read_targets(&open.files, general)?;
    let is_relative = |target: &Target| target.path.is_relative() && target.path != Path::new(stdin::NAME);
    let folder = if targets.iter().any(is_relative) { current_folder(general)? } else { PathBuf::new() };
    if open.files.iter().filter(|file| *file == stdin::NAME).count() > 1 {
        return Err(Failure::usage("standard input can be read once: `-` is given twice".to_owned()));
    }
    let placing = placing(open);
    if let Some(target) = targets.iter_mut().find(|target| target.path == Path::new(stdin::NAME)) {
        target.path = stdin::take(general, placing, open.wait)?;
    }
    if open.web {
        show_window(&targets, &folder, placing, general)?;
    }
    if open.wait {
        let files = targets.iter().map(|target| (target.path.clone(), file_params(target, &folder, placing))).collect();
        return wait::run(files, general);
    }
    let mut daemon = Daemon::open_or_start(general)?;
    let mut is_seen = true;
    let outcome = first_failure(general.json, &targets, |target| {
        let opened = open_one(&mut daemon, target, &folder, open.add, placing)?;
        is_seen &= opened.receivers() > 0;
        if general.json {
            print_json(&opened)?;
        }
        Ok(())
    });
    if !is_seen {
        say_unseen(general);
    }
    outcome
}

/// Sees to it that there is a window of a browser that will be told of the targets.
fn show_window(targets: &[Target], folder: &Path, placing: FilePlacing, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open_or_start(general)?;
    if browser::is_there(&mut daemon)? {
        return Ok(());
    }
    // It shows a workspace, which may be made by that. What cannot be opened is said when all are opened for it.
    let is_right = targets.iter().all(|target| open_one(&mut daemon, target, folder, false, placing).is_ok());
    if is_right { browser::open(general) } else { Ok(()) }
}

/// `icpy diff` and `icpy merge`: opens a file for more than to be edited.
pub(super) fn run_for(purpose: FilePurpose, path: &Path, should_wait: bool, general: &General) -> Result<(), Failure> {
    let params = FileOpenParams { purpose: Some(purpose), ..FileOpenParams::new(absolute(path, general)?) };
    if should_wait {
        return wait::run(vec![(path.to_owned(), params)], general);
    }
    let mut daemon = Daemon::open_or_start(general)?;
    let opened: FileOpenResult = daemon.call(file::method::open, &params)?;
    if opened.receivers == 0 {
        say_unseen(general);
    }
    if general.json { Ok(print_json(&opened)?) } else { Ok(()) }
}

/// Only the daemon knows what exists on another machine.
fn read_targets(files: &[OsString], general: &General) -> Result<Vec<Target>, Failure> {
    if host_of(general).is_none() {
        return target::read(files, Path::exists).map_err(Failure::usage);
    }
    let daemon = RefCell::new(Daemon::open_or_start(general)?);
    let exists = |path: &Path| {
        let params = FsStatParams::of(path);
        path.is_absolute() && daemon.borrow_mut().call::<FsStatResult>(fs::method::stat, &params).is_ok()
    };
    target::read(files, exists).map_err(Failure::usage)
}

fn placing(open: &Open) -> FilePlacing {
    match (open.new, open.reuse || open.add) {
        (true, _) => FilePlacing::Own,
        (false, true) => FilePlacing::Active,
        (false, false) => FilePlacing::Auto,
    }
}

fn say_unseen(general: &General) {
    if !general.json {
        say("opened, but no editor is attached that would show it: attach one to the daemon's socket \
             (`icpy status`), or see the events with `icpy watch`");
    }
}

/// What the daemon says of a target.
#[derive(Serialize)]
#[serde(untagged)]
enum Opened {
    File(FileOpenResult),
    Folder(ProjectLoadResult),
    Added(WorkspaceInfo),
}

impl Opened {
    /// How many were told.
    fn receivers(&self) -> u32 {
        match self {
            Self::File(result) => result.receivers,
            Self::Folder(result) => result.receivers,
            // There is nothing to be shown.
            Self::Added(_) => 1,
        }
    }
}

fn open_one(
    daemon: &mut Daemon,
    target: &Target,
    folder: &Path,
    is_added: bool,
    placing: FilePlacing,
) -> Result<Opened, Failure> {
    let path = FilePath::from(target::absolute(&target.path, folder));
    if is_folder(daemon, &path)? {
        return open_folder(daemon, path, is_added);
    }
    let opened = daemon.call(file::method::open, &file_params(target, folder, placing));
    opened.map(Opened::File).map_err(|error| explain(error, &target.path))
}

/// Whether a path names a folder on the machine of the daemon.
fn is_folder(daemon: &mut Daemon, path: &FilePath) -> Result<bool, Failure> {
    if !daemon.finder.is_remote() {
        return Ok(path.as_path().is_dir());
    }
    let params = FsStatParams::of(path.clone());
    let stat: FsStatResult = daemon.call(fs::method::stat, &params)?;
    Ok(stat.kind == FsKind::Directory)
}

fn open_folder(daemon: &mut Daemon, path: FilePath, is_added: bool) -> Result<Opened, Failure> {
    if is_added {
        let params = WorkspaceFolderParams { path: path.clone(), workspace_id: None };
        match daemon.call(workspace::method::add_folder, &params) {
            // There is no workspace that it could be added to.
            Err(error) if error.kind() == Kind::NotFound => {}
            added => return Ok(Opened::Added(added?)),
        }
    }
    Ok(Opened::Folder(daemon.call(project::method::load, &ProjectLoadParams { path })?))
}

/// What to ask to have a file opened.
fn file_params(target: &Target, folder: &Path, placing: FilePlacing) -> FileOpenParams {
    let path = target::absolute(&target.path, folder);
    FileOpenParams { position: target.position, placing, ..FileOpenParams::new(path) }
}

/// Adds what to do about it.
pub(super) fn explain(error: Error, path: &Path) -> Failure {
    let is_missing = error.kind() == Kind::NotFound;
    let failure = Failure::from(error);
    match is_missing {
        true => failure.with_hint(format!("to make it: `{}`; for the commands: `icpy --help`", making(path))),
        false => failure,
    }
}

/// What makes an empty file, as it is typed into a shell.
fn making(path: &Path) -> String {
    let quoted = |path: &Path| {
        let text = path.display().to_string();
        shlex::try_quote(&text).map_or(text.clone(), std::borrow::Cow::into_owned)
    };
    let touch = format!("touch {}", quoted(path));
    match path.parent().filter(|parent| !parent.as_os_str().is_empty() && !parent.exists()) {
        Some(parent) => format!("mkdir -p {} && {touch}", quoted(parent)),
        None => touch,
    }
}
