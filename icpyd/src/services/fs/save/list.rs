//! The list of the files that are saved as one: what is made for each is written down before it is made.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use icpy_protocol::path::FilePath;
use serde::{Deserialize, Serialize};

use super::journal::FileId;
use super::platform;

/// One line of a list. Written by one version and read by another: members are added and not changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// A temporary file is made.
    Temporary(FilePath),
    /// Copies of this name are made.
    Copies(String),
    /// All is made: what is to be done.
    Ready(Vec<Step>),
}

/// What is to be done for one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    /// A temporary file gets the name.
    Rename { temporary: FilePath, target: FilePath, old: Option<FileId>, new: FileId },
    /// The file is written from copies.
    Write { copies: String, target: FilePath, file: FileId },
}

impl Step {
    /// Whether it is for this temporary file.
    pub(super) fn needs(&self, path: &FilePath) -> bool {
        matches!(self, Self::Rename { temporary, .. } if temporary == path)
    }

    /// Whether it is from these copies.
    pub(super) fn needs_copies(&self, id: &str) -> bool {
        matches!(self, Self::Write { copies, .. } if copies == id)
    }
}

/// A list that is being written. Dropping it removes it.
#[derive(Debug)]
pub(super) struct List {
    path: PathBuf,
    file: File,
}

impl List {
    pub(super) fn make(folder: &Path, id: &str) -> io::Result<Self> {
        let path = path(folder, id);
        Ok(Self { file: platform::make_new(&path, true)?, path })
    }

    pub(super) fn append(&self, line: &Line) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        (&self.file).write_all(&text)
    }

    pub(super) fn folder(&self) -> Option<&Path> {
        self.path.parent()
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }
}

impl Drop for List {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

/// What is written in a list. A line that is half-written names nothing that was made; a list that is missing nothing that
/// is left.
pub(super) fn read(folder: &Path, id: &str) -> io::Result<Vec<Line>> {
    match fs::read(path(folder, id)) {
        Ok(text) => Ok(text.split(|byte| *byte == b'\n').map_while(|line| serde_json::from_slice(line).ok()).collect()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Removes the list of a daemon that was killed.
pub(super) fn remove_left(folder: &Path, id: &str) {
    remove(&path(folder, id));
}

fn path(folder: &Path, id: &str) -> PathBuf {
    folder.join(format!("{id}.list"))
}

fn remove(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "a list of saved files cannot be removed");
        }
        _ => {}
    }
}
