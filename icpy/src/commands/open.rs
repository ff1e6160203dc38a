//! `icpy FILE...`: opens files and folders in every attached editor.

use std::path::Path;

use icpy::args::{General, Open};
use icpy::target::{self, Target};
use icpy_protocol::error::{Error, Kind};
use icpy_protocol::file::{self, FileOpenParams, FileOpenResult};
use icpy_protocol::project::{self, ProjectLoadParams, ProjectLoadResult};
use serde::Serialize;

use super::{Daemon, current_folder, wait};
use crate::output::{Failure, first_failure, print_json, say};

pub(super) fn run(open: &Open, general: &General) -> Result<(), Failure> {
    let targets = target::read(&open.files, Path::exists).map_err(Failure::usage)?;
    let folder = current_folder()?;
    if open.wait {
        return wait::run(&targets, &folder, general);
    }
    let mut daemon = Daemon::open_or_start(general)?;
    let mut is_seen = true;
    let outcome = first_failure(general.json, &targets, |target| {
        let opened = open_one(&mut daemon, target, &folder)?;
        is_seen &= opened.receivers() > 0;
        if general.json {
            print_json(&opened)?;
        }
        Ok(())
    });
    if !is_seen && !general.json {
        say("opened, but no editor is attached that would show it: attach one to the daemon's socket \
             (`icpy status`), or see the events with `icpy watch`");
    }
    outcome
}

/// What the daemon says of a target.
#[derive(Serialize)]
#[serde(untagged)]
enum Opened {
    File(FileOpenResult),
    Folder(ProjectLoadResult),
}

impl Opened {
    /// How many were told.
    fn receivers(&self) -> u32 {
        match self {
            Self::File(result) => result.receivers,
            Self::Folder(result) => result.receivers,
        }
    }
}

fn open_one(daemon: &mut Daemon, target: &Target, folder: &Path) -> Result<Opened, Failure> {
    let path = target::absolute(&target.path, folder);
    if path.is_dir() {
        let params = ProjectLoadParams { path: path.into() };
        return Ok(Opened::Folder(daemon.call(project::method::load, &params)?));
    }
    let opened = daemon.call(file::method::open, &file_params(target, folder));
    opened.map(Opened::File).map_err(|error| explain(error, &target.path))
}

/// What to ask to have a file opened.
pub(super) fn file_params(target: &Target, folder: &Path) -> FileOpenParams {
    let path = target::absolute(&target.path, folder).into();
    FileOpenParams { path, position: target.position, workspace_id: None }
}

/// Adds what to do about it.
pub(super) fn explain(error: Error, path: &Path) -> Failure {
    let is_missing = error.kind() == Kind::NotFound;
    let failure = Failure::from(error);
    match is_missing {
        true => failure.with_hint(format!("to make it: `touch {}`; for the commands: `icpy --help`", path.display())),
        false => failure,
    }
}
