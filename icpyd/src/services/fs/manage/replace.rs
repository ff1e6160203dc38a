//! Keeping what a replacement has changed in files, and taking it back.

use std::io::{self, Read as _};

use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{FsEncoding, FsOperationKind, FsWriteFileParams};
use xxhash_rust::xxh3::xxh3_128;

use super::job::Job;
use super::operate;
use super::step::Step;
use crate::caller::Caller;
use crate::services::fs::error::failed;
use crate::services::fs::grep::{Replacement, Reversal};
use crate::services::fs::place::{Place, Use};
use crate::services::fs::{Fs, check_regular, platform, version};

/// Saves the files of a replacement as one. Returns their versions, and what takes it back.
pub(in super::super) async fn replace(
    fs: &Fs,
    caller: &Caller,
    replacement: Replacement,
) -> Result<(Vec<String>, Option<String>)> {
    let Replacement { writes, reversals, .. } = replacement;
    let turns = fs.turns(&writes).await;
    let work = move |job: &Job| {
        let _turns = turns;
        // Where they really are is to be known before: afterwards somebody else may have moved them.
        let real = |file: &FsWriteFileParams| Ok(Place::led_to(&job.caller, &file.path, Use::Change)?.real().into());
        let paths = writes.files.iter().map(real).collect::<Result<Vec<_>>>()?;
        let written = job.saver.save_all(&job.caller, &writes)?;
        let after: Vec<String> = written.files.into_iter().map(|file| file.version).collect();
        let before = writes.files.into_iter().map(|file| file.base_version.unwrap_or_default());
        for (((path, before), after), reversal) in paths.into_iter().zip(before).zip(&after).zip(reversals) {
            job.did(Step::Replaced { path, before, after: after.clone(), reversal });
        }
        Ok(after)
    };
    operate(fs, caller, FsOperationKind::Replace, None, work).await
}

/// Whether a file still has the content that a replacement has left in it.
pub(super) fn is_left(place: &Place, after: &str) -> bool {
    content(place).is_ok_and(|content| version(xxh3_128(&content)) == after)
}

/// Gives a file back what it had, if it is of version `after` still.
pub(super) fn take_back(place: &Place, before: &str, after: &str, reversal: &Reversal, job: &Job) -> Result<()> {
    let new = content(place).map_err(|error| failed("read", place.asked(), &error))?;
    let old = reversal.apply(&new).filter(|old| version(xxh3_128(old)) == before);
    let old = old.ok_or_else(|| Error::conflict(format!("`{place}` is not any more what was written")))?;
    let params = FsWriteFileParams {
        encoding: FsEncoding::Base64,
        base_version: Some(after.to_owned()),
        ..FsWriteFileParams::of(place.real(), base64_simd::STANDARD.encode_to_string(old))
    };
    job.saver.save(&job.caller, &params).map(drop)
}

fn content(place: &Place) -> io::Result<Vec<u8>> {
    let mut file = platform::open_for_reading(place.path())?;
    check_regular(place.asked(), &file.metadata()?).map_err(io::Error::other)?;
    let mut content = Vec::new();
    file.read_to_end(&mut content)?;
    Ok(content)
}
