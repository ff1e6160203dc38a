//! Reading files: whole, or a part of them. `stream` sends those that no answer holds.

use std::fs::{File, Metadata};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{FsEncoding, FsReadFileParams, FsReadFileResult};
use icpy_protocol::path::FilePath;

use super::cache::{Cache, Stamp};
use super::content::{self, Form, Part};
use super::place::{Place, Use};
use super::{blocking, check_regular, failed, platform};
use crate::caller::{Caller, LONG_RESULT_BYTES};
use crate::host::Host;

/// The most bytes of content in an answer.
const CONTENT_BYTES_MAX: u64 = 8 << 20;

/// A character may begin so many bytes before a part of a file, and end so many behind it.
const AROUND_BYTES: u64 = 4;

/// A file that was opened.
#[derive(Debug)]
pub(super) struct Opened {
    pub file: File,
    pub metadata: Metadata,
    real: PathBuf,
}

/// Opens a regular file, and nothing else.
pub(super) fn open(caller: &Caller, path: &FilePath) -> Result<Opened> {
    let place = Place::led_to(caller, path, Use::Look)?;
    check_regular(place.asked(), &look(&place)?)?;
    open_at(&place)
}

fn look(place: &Place) -> Result<Metadata> {
    place.path().symlink_metadata().map_err(|error| failed("read", place.asked(), &error))
}

fn open_at(place: &Place) -> Result<Opened> {
    let refused = |error| failed("read", place.asked(), &error);
    let file = platform::open_for_reading(place.path()).map_err(refused)?;
    // Another thing may have taken the name in between.
    let metadata = file.metadata().map_err(refused)?;
    check_regular(place.asked(), &metadata)?;
    Ok(Opened { file, metadata, real: place.real().to_owned() })
}

/// What reads files.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    pub cache: Arc<Cache>,
    pub host: Host,
}

enum Begun {
    Done(FsReadFileResult),
    Opened(Opened),
}

impl Reader {
    /// Reads what an answer can hold.
    pub(super) async fn read(&self, caller: &Caller, params: FsReadFileParams) -> Result<FsReadFileResult> {
        let form = Form::wanted(&params)?;
        let room = caller.reserve(LONG_RESULT_BYTES).await;
        let (reader, asking, asked) = (self.clone(), caller.clone(), params.clone());
        let begun = blocking(move || reader.begin(&asking, &asked, form)).await?;
        let opened = match begun {
            Begun::Done(result) => return Ok(result),
            Begun::Opened(opened) => opened,
        };
        // Whoever kept what they have while they wait for more could wait for each other.
        drop(room);
        let _room = caller.reserve(bytes_wanted(&params, &opened.metadata)).await;
        let reader = self.clone();
        blocking(move || reader.finish(opened, &params, form)).await
    }

    /// Reads what is small or known; opens the rest.
    fn begin(&self, caller: &Caller, params: &FsReadFileParams, form: Form) -> Result<Begun> {
        let place = Place::led_to(caller, &params.path, Use::Look)?;
        let metadata = look(&place)?;
        check_regular(place.asked(), &metadata)?;
        if !is_part(params)
            && let Some(result) = self.cache.get(&metadata, |usual| form.accepts(usual))
        {
            // The cache keeps it anyway: what it takes is the copy that is sent.
            return Ok(Begun::Done(result));
        }
        let opened = open_at(&place)?;
        match bytes_wanted(params, &opened.metadata) {
            bytes if bytes > CONTENT_BYTES_MAX => Err(too_large(params.path.as_path(), bytes)),
            bytes if bytes > LONG_RESULT_BYTES => Ok(Begun::Opened(opened)),
            _ => self.finish(opened, params, form).map(Begun::Done),
        }
    }

    fn finish(&self, opened: Opened, params: &FsReadFileParams, form: Form) -> Result<FsReadFileResult> {
        let path = params.path.as_path();
        if is_part(params) {
            return read_part(opened, params, form);
        }
        let Opened { mut file, metadata, real } = opened;
        // A file may grow while it is read, and those below /proc say that they are empty.
        let refused = |error| failed("read", path, &error);
        let bytes = read_up_to(&mut file, metadata.len(), CONTENT_BYTES_MAX + 1).map_err(refused)?;
        if bytes.len() as u64 > CONTENT_BYTES_MAX {
            return Err(too_large(path, bytes.len() as u64));
        }
        let result = content::whole(path, &bytes, form)?;
        let is_usual = form.accepts(&result) && result.is_binary == Some(result.encoding == FsEncoding::Base64);
        // What was written meanwhile may be here in part.
        if is_usual && file.metadata().is_ok_and(|now| Stamp::of(&now) == Stamp::of(&metadata)) {
            self.cache.put(&real, &metadata, self.host.now_ms(), &result);
        }
        Ok(result)
    }
}

fn is_part(params: &FsReadFileParams) -> bool {
    params.offset.is_some() || params.length.is_some()
}

/// The bytes of the file that the answer is to hold.
fn bytes_wanted(params: &FsReadFileParams, metadata: &Metadata) -> u64 {
    let rest = metadata.len().saturating_sub(params.offset.unwrap_or(0));
    rest.min(params.length.unwrap_or(u64::MAX))
}

fn read_up_to(file: &mut File, expected: u64, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(expected.min(max)).unwrap_or_default());
    file.take(max).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn read_part(opened: Opened, params: &FsReadFileParams, form: Form) -> Result<FsReadFileResult> {
    let path = params.path.as_path();
    let Opened { mut file, metadata, .. } = opened;
    let (offset, length) = (params.offset.unwrap_or(0), params.length.unwrap_or(u64::MAX));
    let from = offset.saturating_sub(AROUND_BYTES) & !(AROUND_BYTES - 1);
    let read = |from: u64, expected: u64, max: u64, file: &mut File| {
        file.seek(SeekFrom::Start(from)).and_then(|_| read_up_to(file, expected, max))
    };
    let refused = |error: io::Error| match error.kind() {
        // Of an offset that no file can have.
        io::ErrorKind::InvalidInput if i64::try_from(offset).is_err() => {
            Error::invalid_params(format!("`offset` is {offset}: no file is so long"))
        }
        // Some below /proc are read in whole records.
        io::ErrorKind::InvalidInput => {
            Error::unsupported(format!("`{}` cannot be read from byte {offset} on", path.display()))
        }
        _ => failed("read", path, &error),
    };
    let head = read(0, AROUND_BYTES, AROUND_BYTES, &mut file).map_err(refused)?;
    let before = offset - from;
    let max = length.min(CONTENT_BYTES_MAX + 1) + before + AROUND_BYTES;
    let expected = bytes_wanted(params, &metadata) + before + AROUND_BYTES;
    let bytes = read(from, expected, max, &mut file).map_err(refused)?;
    let start = bytes.len().min(usize::try_from(before).unwrap_or(usize::MAX));
    let end = bytes.len().min(start.saturating_add(usize::try_from(length).unwrap_or(usize::MAX)));
    if (end - start) as u64 > CONTENT_BYTES_MAX {
        return Err(too_large(path, (end - start) as u64));
    }
    let size = metadata.len().max(if bytes.is_empty() { 0 } else { from + bytes.len() as u64 });
    content::part(path, &Part { bytes: &bytes, from, start, end, head: &head, size, offset }, form)
}

fn too_large(path: &Path, size: u64) -> Error {
    Error::too_large(format!(
        "`{}` has {size} bytes, and an answer holds {CONTENT_BYTES_MAX}: ask for a stream, or for a part",
        path.display()
    ))
    .with("size", size)
    .with("limit", CONTENT_BYTES_MAX)
}
