//! Saving files, so that no crash and no full disk leaves less than the old content or the new.
//!
//! Usually the new content is written beside and renamed over the old file (`beside`).

mod beside;
mod folders;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(not(unix), path = "other.rs")]
mod platform;
mod target;

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{FsEncoding, FsSaveMethod, FsWriteFileParams, FsWriteFileResult};
use xxhash_rust::xxh3::xxh3_128;

use self::beside::NotBeside;
use self::target::{Expected, Target};
use super::locks::{Key, Locks};
use super::place::{Place, Use};
use super::{failed, version};
use crate::caller::Caller;
use crate::host::Host;

/// What saves files.
#[derive(Clone, Debug)]
pub(super) struct Saver {
    host: Host,
    locks: Locks,
}

impl Saver {
    pub(super) fn new(host: Host, locks: Locks) -> Self {
        Self { host, locks }
    }

    /// Saves a file. Runs to its end once begun; durable when it returns.
    pub(super) fn save(&self, caller: &Caller, params: &FsWriteFileParams) -> Result<FsWriteFileResult> {
        let content = decode(params)?;
        // A version that it is based on must be there already.
        if params.make_folders && params.base_version.is_none() {
            folders::make(caller, &params.path)?;
        }
        let place = Place::led_to(caller, &params.path, Use::Change)?;
        let _writing = self.locks.lock_blocking(Key::Path(place.real().to_owned()));
        let expected = Expected::by(params);
        let target = Target::look(&place, &expected, self.host.now_ms())?;
        match beside::save(&target, &content) {
            Ok(()) => {}
            Err(NotBeside::Refused(error)) => return Err(error),
            Err(NotBeside::Impossible(error)) => return Err(failed("write", place.asked(), &error)),
        }
        Ok(FsWriteFileResult {
            version: version(xxh3_128(&content)),
            size: content.len() as u64,
            is_new: target.old.is_none(),
            method: Some(FsSaveMethod::Replaced),
        })
    }
}

/// The bytes that the content stands for.
fn decode(params: &FsWriteFileParams) -> Result<Cow<'_, [u8]>> {
    match params.encoding {
        FsEncoding::Utf8 => Ok(params.content.as_bytes().into()),
        FsEncoding::Base64 => BASE64_STANDARD
            .decode(&params.content)
            .map(Into::into)
            .map_err(|error| Error::invalid_params(format!("the content is not valid base64: {error}"))),
    }
}
