//! A file that lines are added to, for its user alone. One that is full gets another name, and the oldest one goes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Bytes after which a file is full.
pub const FILE_BYTES_MAX: u64 = 8 << 20;

/// An open file.
#[derive(Debug)]
pub struct Rolling {
    path: PathBuf,
    /// Full files that are kept: the one with `.1` is the youngest.
    full_files_max: u32,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: File,
    bytes: u64,
}

impl Rolling {
    /// Opens a file, making it where it is missing.
    pub fn open(path: PathBuf, full_files_max: u32) -> io::Result<Self> {
        let file = open(&path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { path, full_files_max, state: Mutex::new(State { file, bytes }) })
    }

    /// The file that is written now.
    pub fn file(&self) -> io::Result<File> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).file.try_clone()
    }

    /// Adds a line, or a part of one.
    pub fn write(&self, line: &[u8]) -> io::Result<usize> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.bytes + line.len() as u64 > FILE_BYTES_MAX {
            // Without a new file the old one is written on; the next try comes when as much again is written.
            state.bytes = 0;
            if let Ok(file) = self.rotate() {
                state.file = file;
            }
        }
        let written = (&state.file).write(line)?;
        state.bytes += written as u64;
        Ok(written)
    }

    fn rotate(&self) -> io::Result<File> {
        let full = |number: u32| match number {
            0 => self.path.clone(),
            _ => self.path.with_added_extension(number.to_string()),
        };
        for number in (0..self.full_files_max).rev() {
            match fs::rename(full(number), full(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        open(&self.path)
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
