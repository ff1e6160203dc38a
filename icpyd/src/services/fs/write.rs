//! Replacing files: a new file beside the old one, flushed, then renamed over it.

use std::fs::Metadata;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{FsEncoding, FsWriteFileParams, FsWriteFileResult};
use serde_json::Value;
use tempfile::NamedTempFile;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::place::Place;
use super::stamp::Stamp;
use super::{check_regular, failed, platform, text, version};

pub(super) fn replace(
    place: &Place,
    params: &FsWriteFileParams,
    expect: impl FnOnce(Stamp, String),
) -> Result<FsWriteFileResult> {
    let (target, shown) = (place.path(), place.asked());
    let refused = |error| failed("write", shown, &error);
    let content = decode(params)?;
    let old = match target.symlink_metadata() {
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(refused(error)),
    };
    check_may_replace(place, old.as_ref(), params)?;

    let folder = place.folder();
    let mut new = platform::new_beside(folder, old.as_ref()).map_err(refused)?;
    new.write_all(&content).map_err(refused)?;
    if let Some(old) = &old {
        platform::keep_attributes(new.as_file(), old).map_err(refused)?;
    }
    new.as_file().sync_all().map_err(refused)?;
    check_untouched(place, old.as_ref())?;
    let version = version(xxh3_128(&content));
    expect(Stamp::from(&new.as_file().metadata().map_err(refused)?), version.clone());
    put_in_place(new, place, old.is_none())?;
    platform::sync_folder(folder).map_err(refused)?;

    let is_new = old.is_none();
    Ok(FsWriteFileResult { version, size: content.len() as u64, is_new })
}

fn decode(params: &FsWriteFileParams) -> Result<std::borrow::Cow<'_, [u8]>> {
    match params.encoding {
        FsEncoding::Utf8 => text::encode(&params.content, params.charset.as_deref(), params.has_bom),
        FsEncoding::Base64 if params.charset.is_some() || params.has_bom => {
            Err(Error::invalid_params("`charset` and `hasBom` are for content that is sent as text"))
        }
        FsEncoding::Base64 => BASE64_STANDARD
            .decode(&params.content)
            .map(Into::into)
            .map_err(|error| Error::invalid_params(format!("the content is not valid base64: {error}"))),
    }
}

fn check_may_replace(place: &Place, old: Option<&Metadata>, params: &FsWriteFileParams) -> Result<()> {
    let (target, shown) = (place.path(), place.asked());
    let Some(old) = old else {
        return match &params.base_version {
            Some(_) => Err(changed(shown, "does not exist any more", Value::Null)),
            None => Ok(()),
        };
    };
    check_regular(shown, old)?;
    if params.must_be_new {
        return Err(failed("make", shown, &ErrorKind::AlreadyExists.into()));
    }
    // Renaming over a file needs no permission to write it, and would ignore that it is read-only.
    platform::check_writable(target).map_err(|error| failed("write", shown, &error))?;
    match &params.base_version {
        None => Ok(()),
        Some(base) => {
            let current = version_of(place)?;
            if *base == current {
                return Ok(());
            }
            Err(changed(shown, "changed since the version that the write is based on", current.into()))
        }
    }
}

fn changed(shown: &Path, how: &str, current: Value) -> Error {
    Error::conflict(format!("`{}` {how}", shown.display())).with("currentVersion", current)
}

fn version_of(place: &Place) -> Result<String> {
    let refused = |error| failed("read", place.asked(), &error);
    let mut file = platform::open_for_reading(place.path()).map_err(refused)?;
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
fn check_untouched(place: &Place, old: Option<&Metadata>) -> Result<()> {
    let (Some(old), Ok(now)) = (old, place.path().symlink_metadata()) else {
        return Ok(());
    };
    if platform::is_same_state(old, &now) {
        return Ok(());
    }
    Err(changed(place.asked(), "changed while it was being written", version_of(place)?.into()))
}

fn put_in_place(new: NamedTempFile, place: &Place, must_be_new: bool) -> Result<()> {
    let put = if must_be_new { new.persist_noclobber(place.path()) } else { new.persist(place.path()) };
    match put {
        Ok(_) => Ok(()),
        Err(error) if must_be_new && error.error.kind() == ErrorKind::AlreadyExists => {
            Err(changed(place.asked(), "came into being while it was being written", version_of(place)?.into()))
        }
        Err(error) => Err(failed("write", place.asked(), &error.error)),
    }
}
