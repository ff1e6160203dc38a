//! Saving a range of a file: the rest is copied, so that it is as safe as to save the whole.

use std::fs::File;
use std::io::Read as _;

use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{FsBeginWriteParams, FsWriteFileParams, FsWriteFileResult};
use xxhash_rust::xxh3::Xxh3;

use super::super::{failed, platform as files, version};
use super::target::changed;
use super::{Saver, Upload, bytes_of};
use crate::caller::Caller;

/// How much of the old content is read at once.
const PIECE_BYTES: usize = 256 << 10;

/// Replaces a range of a file.
pub(super) fn save(saver: &Saver, caller: &Caller, params: &FsWriteFileParams) -> Result<FsWriteFileResult> {
    let Some(offset) = params.offset else {
        return Err(Error::invalid_params("a `length` is that of a range, which has an `offset`"));
    };
    if params.must_be_new || params.has_bom {
        return Err(Error::invalid_params("`mustBeNew` and `hasBom` are for whole files"));
    }
    let content = bytes_of(&params.content, params.encoding, params.charset.as_deref(), false)?;
    let length = params.length.unwrap_or(content.len() as u64);
    let whole =
        FsBeginWriteParams { base_version: params.base_version.clone(), ..FsBeginWriteParams::of(params.path.clone()) };
    let mut upload = Upload::begin(saver, caller, whole)?;
    let shown = params.path.as_path();
    let old = files::open_for_reading(upload.place().path()).map_err(|error| failed("write", shown, &error))?;
    let mut hash = Xxh3::new();
    upload.append_from(&old, offset, &mut hash)?;
    if upload.length() < offset {
        let size = upload.length();
        return Err(
            Error::invalid_params(format!("`offset` is {offset}, and the file has {size} bytes")).with("size", size)
        );
    }
    skip(&old, length, &mut hash).map_err(|error| failed("read", shown, &error))?;
    upload.append(&content)?;
    upload.append_from(&old, u64::MAX, &mut hash)?;
    let copied = version(hash.digest128());
    if upload.base_version().is_some_and(|base| base != copied) {
        let how = "changed since the version that the write is based on";
        return Err(changed(shown, how, copied.into()));
    }
    upload.expect_version(copied);
    upload.commit(caller)
}

/// Reads what is replaced: it counts for the version.
fn skip(old: &File, length: u64, hash: &mut Xxh3) -> std::io::Result<()> {
    let mut replaced = old.take(length);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match replaced.read(&mut piece)? {
            0 => return Ok(()),
            length => hash.update(&piece[..length]),
        }
    }
}
