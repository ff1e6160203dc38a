//! `fs:replace`: what a preview has shown, done.

use std::io::Read as _;
use std::path::PathBuf;

use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{
    FsEncoding, FsFileVersion, FsReplaceParams, FsReplaceResult, FsWriteFileParams, FsWriteFilesParams,
};
use icpy_protocol::path::FilePath;
use xxhash_rust::xxh3::xxh3_128;

use super::super::error::failed;
use super::super::read::open;
use super::super::version;
use super::pattern::Pattern;
use super::preview::FILE_BYTES_MAX;
use super::replace::{Reversal, replace};
use super::scope::Scope;
use crate::caller::Caller;

/// The most files that are changed at once.
const FILES_MAX: usize = 10_000;

/// What is kept of one replacement to take it back, in about so many bytes.
const REVERSAL_BYTES_MAX: usize = 2 << 20;

/// What is to be written so that everything is replaced, and how much that is.
pub(in super::super) struct Replacement {
    /// The files that change.
    pub(super) files: Vec<FilePath>,
    pub(in super::super) writes: FsWriteFilesParams,
    /// What takes each back; none of those with which it would be too much to be kept.
    pub(in super::super) reversals: Vec<Option<Reversal>>,
    reversal_bytes: usize,
    replaced: u64,
}

impl Replacement {
    /// Reads the files, each of which must still be of its version.
    pub(super) fn make(caller: &Caller, scope: &Scope, params: &FsReplaceParams) -> Result<Self> {
        if params.files.len() > FILES_MAX {
            let message = format!("{} files are more than are changed at once", params.files.len());
            return Err(Error::too_large(message).with("limit", FILES_MAX));
        }
        let pattern = Pattern::new(&params.preview.search)?;
        let mut replacement = Self {
            files: Vec::new(),
            writes: FsWriteFilesParams { files: Vec::new() },
            reversals: Vec::new(),
            reversal_bytes: 0,
            replaced: 0,
        };
        for file in &params.files {
            replacement.add(params, &pattern, file, scope.path_of(file.path.as_path()), caller)?;
        }
        Ok(replacement)
    }

    fn add(
        &mut self,
        params: &FsReplaceParams,
        pattern: &Pattern,
        file: &FsFileVersion,
        path: PathBuf,
        caller: &Caller,
    ) -> Result<()> {
        // No search has found these names: they are the caller's, and may lead anywhere.
        let opened = open(caller, &path.clone().into())?.file;
        let mut content = Vec::new();
        let read = opened.take(FILE_BYTES_MAX + 1).read_to_end(&mut content);
        read.map_err(|error| failed("read", &path, &error))?;
        let current = version(xxh3_128(&content));
        if current != file.base_version {
            let message = format!("`{}` changed since the version that the preview was of", path.display());
            return Err(Error::conflict(message).with("currentVersion", current));
        }
        let search = &params.preview.search;
        let replaced = replace(&content, pattern, search, &params.preview.replacement)
            .map_err(|reason| Error::unsupported(format!("`{}` cannot be changed: {reason}", path.display())))?;
        if replaced.edits.is_empty() {
            return Ok(());
        }
        self.replaced += replaced.edits.len() as u64;
        let reversal = Reversal::of(&replaced);
        self.reversal_bytes += reversal.size();
        self.reversals.push(Some(reversal).filter(|_| self.reversal_bytes <= REVERSAL_BYTES_MAX));
        self.files.push(file.path.clone());
        self.writes.files.push(FsWriteFileParams {
            encoding: FsEncoding::Base64,
            base_version: Some(current),
            ..FsWriteFileParams::of(path, base64_simd::STANDARD.encode_to_string(replaced.content()))
        });
        Ok(())
    }

    /// What is answered when all is written, in these versions.
    pub(super) fn done(
        files: Vec<FilePath>,
        replaced: u64,
        versions: Vec<String>,
        operation_id: Option<String>,
    ) -> FsReplaceResult {
        let written = files.into_iter().zip(versions);
        FsReplaceResult {
            replaced,
            files: written.map(|(path, base_version)| FsFileVersion { path, base_version }).collect(),
            operation_id,
        }
    }

    /// How many matches are replaced.
    pub(super) fn replaced(&self) -> u64 {
        self.replaced
    }
}
