//! Replacing files: a new file beside the old one, flushed, then renamed over it.

use std::fs::Metadata;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{FsEncoding, FsWriteFileParams, FsWriteFileResult};
use serde_json::Value;
use tempfile::NamedTempFile;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::{check_regular, failed, platform, version};

/// The file that a path leads to, through symbolic links. It need not exist, its folder must.
pub(super) fn target(path: &Path) -> Result<PathBuf> {
    match path.canonicalize() {
        Ok(target) => Ok(target),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if path.symlink_metadata().is_ok() {
                let message = format!("`{}` is a symbolic link that leads nowhere", path.display());
                return Err(Error::unsupported(message));
            }
            let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
                return Err(failed("write", path, &error));
            };
            let folder = folder.canonicalize().map_err(|error| failed("write into", folder, &error))?;
            Ok(folder.join(name))
        }
        Err(error) => Err(failed("write", path, &error)),
    }
}

pub(super) fn replace(target: &Path, params: &FsWriteFileParams) -> Result<FsWriteFileResult> {
    let refused = |error| failed("write", target, &error);
    let content = decode(params)?;
    let old = match target.metadata() {
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(refused(error)),
    };
    check_may_replace(target, old.as_ref(), params)?;

    let folder = target.parent().unwrap_or(Path::new("/"));
    let mut new = platform::new_beside(folder, old.as_ref()).map_err(refused)?;
    new.write_all(&content).map_err(refused)?;
    if let Some(old) = &old {
        platform::keep_attributes(new.as_file(), old).map_err(refused)?;
    }
    new.as_file().sync_all().map_err(refused)?;
    check_untouched(target, old.as_ref())?;
    put_in_place(new, target, old.is_none())?;
    platform::sync_folder(folder).map_err(refused)?;

    let is_new = old.is_none();
    Ok(FsWriteFileResult { version: version(xxh3_128(&content)), size: content.len() as u64, is_new })
}

fn decode(params: &FsWriteFileParams) -> Result<std::borrow::Cow<'_, [u8]>> {
    match params.encoding {
        FsEncoding::Utf8 => Ok(params.content.as_bytes().into()),
        FsEncoding::Base64 => BASE64_STANDARD
            .decode(&params.content)
            .map(Into::into)
            .map_err(|error| Error::invalid_params(format!("the content is not valid base64: {error}"))),
    }
}

fn check_may_replace(target: &Path, old: Option<&Metadata>, params: &FsWriteFileParams) -> Result<()> {
    let Some(old) = old else {
        return match &params.base_version {
            Some(_) => Err(changed(target, "does not exist any more", Value::Null)),
            None => Ok(()),
        };
    };
    check_regular(target, old)?;
    if params.must_be_new {
        return Err(failed("make", target, &ErrorKind::AlreadyExists.into()));
    }
    // Renaming over a file needs no permission to write it, and would ignore that it is read-only.
    platform::check_writable(target).map_err(|error| failed("write", target, &error))?;
    match &params.base_version {
        None => Ok(()),
        Some(base) => {
            let current = version_of(target)?;
            if *base == current {
                return Ok(());
            }
            Err(changed(target, "changed since the version that the write is based on", current.into()))
        }
    }
}

fn changed(target: &Path, how: &str, current: Value) -> Error {
    Error::conflict(format!("`{}` {how}", target.display())).with("currentVersion", current)
}

fn version_of(path: &Path) -> Result<String> {
    let refused = |error| failed("read", path, &error);
    let mut file = platform::open_for_reading(path).map_err(refused)?;
    let mut hash = Hash(Xxh3::new());
    std::io::copy(&mut file, &mut hash).map_err(refused)?;
    Ok(version(hash.0.digest128()))
}

struct Hash(Xxh3);

impl std::io::Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Somebody may have written the file since it was checked. What is left of that race is the moment of the rename.
fn check_untouched(target: &Path, old: Option<&Metadata>) -> Result<()> {
    let (Some(old), Ok(now)) = (old, target.metadata()) else {
        return Ok(());
    };
    if platform::is_same_state(old, &now) {
        return Ok(());
    }
    Err(changed(target, "changed while it was being written", version_of(target)?.into()))
}

fn put_in_place(new: NamedTempFile, target: &Path, must_be_new: bool) -> Result<()> {
    let put = if must_be_new { new.persist_noclobber(target) } else { new.persist(target) };
    match put {
        Ok(_) => Ok(()),
        Err(error) if must_be_new && error.error.kind() == ErrorKind::AlreadyExists => {
            Err(changed(target, "came into being while it was being written", version_of(target)?.into()))
        }
        Err(error) => Err(failed("write", target, &error.error)),
    }
}
