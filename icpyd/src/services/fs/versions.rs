//! The versions of files of any size, without their content. Those that were asked for last are remembered, so that a client
//! that reads a large file in ranges has it read for that once.

use std::collections::VecDeque;
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::sync::{Arc, Mutex, PoisonError};

use icpy_protocol::error::Result;
use icpy_protocol::path::FilePath;
use xxhash_rust::xxh3::Xxh3;

use super::cache::{Cache, Stamp, has_settled};
use super::metadata::platform::{FileId, file_id};
use super::read::{Opened, open};
use super::{blocking, failed, version};
use crate::caller::Caller;
use crate::host::Host;

/// The most files whose versions are remembered.
const FILES_MAX: usize = 256;

/// The bytes that are read before it is looked whether somebody still waits.
const PIECE_BYTES: usize = 1 << 20;

/// What tells versions.
#[derive(Debug)]
pub(super) struct Versions {
    cache: Arc<Cache>,
    host: Host,
    /// The one asked for last is the last one.
    known: Mutex<VecDeque<Known>>,
}

#[derive(Debug)]
struct Known {
    id: FileId,
    stamp: Stamp,
    version: String,
}

impl Versions {
    pub(super) fn new(cache: Arc<Cache>, host: Host) -> Self {
        Self { cache, host, known: Mutex::default() }
    }

    /// The version of a file as it is now.
    pub(super) async fn version(&self, caller: &Caller, path: FilePath) -> Result<String> {
        let (asking, asked) = (caller.clone(), path.clone());
        let Opened { file, metadata, .. } = blocking(move || open(&asking, &asked)).await?;
        let stamp = Stamp::of(&metadata);
        let id = file_id(&metadata);
        let is_plain = metadata.len() > 0;
        let known = id.filter(|_| is_plain).and_then(|id| self.find(&id, &stamp));
        if let Some(version) = known.or_else(|| self.cache.version(&metadata)) {
            return Ok(version);
        }
        let (version, now) = read(file, path).await?;
        if let Some(id) = id
            && is_plain
            && Stamp::of(&now) == stamp
            && has_settled(&now, self.host.now_ms())
        {
            self.remember(Known { id, stamp, version: version.clone() });
        }
        Ok(version)
    }

    fn find(&self, id: &FileId, stamp: &Stamp) -> Option<String> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let place = known.iter().position(|it| it.id == *id)?;
        let found = known.remove(place).filter(|it| it.stamp == *stamp)?;
        let version = found.version.clone();
        known.push_back(found);
        Some(version)
    }

    fn remember(&self, file: Known) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|it| it.id != file.id);
        if known.len() >= FILES_MAX {
            known.pop_front();
        }
        known.push_back(file);
    }
}

/// Reads a file to its end: piece by piece, so that nobody reads on who is not waited for.
async fn read(mut file: File, path: FilePath) -> Result<(String, Metadata)> {
    let mut hash = Xxh3::new();
    let path = Arc::new(path);
    loop {
        let asked = Arc::clone(&path);
        let (rest, bytes) = blocking(move || {
            let mut bytes = Vec::with_capacity(PIECE_BYTES);
            let read = (&mut file).take(PIECE_BYTES as u64).read_to_end(&mut bytes);
            read.map_err(|error| failed("read", asked.as_path(), &error))?;
            Ok((file, bytes))
        })
        .await?;
        if bytes.is_empty() {
            let metadata = rest.metadata().map_err(|error| failed("read", path.as_path(), &error))?;
            return Ok((version(hash.digest128()), metadata));
        }
        hash.update(&bytes);
        file = rest;
    }
}
