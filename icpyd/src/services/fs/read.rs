//! Reading files: whole, or as a stream.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{FsEncoding, FsReadFileParams, FsReadFileResult};
use icpy_protocol::path::FilePath;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::place::{Place, Use};
use super::{blocking, check_regular, failed, platform, version};
use crate::caller::{Caller, LONG_RESULT_BYTES};

/// The most bytes of content in an answer.
const CONTENT_BYTES_MAX: u64 = 8 << 20;

/// The bytes of content in one piece of a stream: divisible by three, so that the pieces' base64 can be joined.
const PIECE_BYTES: usize = 96 << 10;

/// Progress is told after so many pieces.
const PROGRESS_PIECES: u64 = 64;

/// Opens a regular file, and nothing else.
fn open(caller: &Caller, path: &FilePath) -> Result<(File, u64)> {
    let place = Place::led_to(caller, path, Use::Look)?;
    let refused = |error| failed("read", place.asked(), &error);
    check_regular(place.asked(), &place.path().symlink_metadata().map_err(refused)?)?;
    let file = platform::open_for_reading(place.path()).map_err(refused)?;
    // Another thing may have taken the name in between.
    let metadata = file.metadata().map_err(refused)?;
    check_regular(place.asked(), &metadata)?;
    Ok((file, metadata.len()))
}

pub(super) async fn whole(caller: &Caller, params: FsReadFileParams) -> Result<FsReadFileResult> {
    let room = caller.reserve(LONG_RESULT_BYTES).await;
    let asking = caller.clone();
    let begun = blocking(move || {
        let (file, size) = open(&asking, &params.path)?;
        if size > CONTENT_BYTES_MAX {
            Err(too_large(params.path.as_path(), size))
        } else if size > LONG_RESULT_BYTES {
            Ok(Begun::Opened(file, size, params))
        } else {
            read(file, size, &params).map(Begun::Done)
        }
    });
    match begun.await? {
        Begun::Done(result) => Ok(result),
        Begun::Opened(file, size, params) => {
            // Whoever kept what they have while they wait for more could wait for each other.
            drop(room);
            let _room = caller.reserve(size).await;
            blocking(move || read(file, size, &params)).await
        }
    }
}

enum Begun {
    Done(FsReadFileResult),
    Opened(File, u64, FsReadFileParams),
}

fn read(file: File, size: u64, params: &FsReadFileParams) -> Result<FsReadFileResult> {
    let path = params.path.as_path();
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    // A file may grow while it is read, and those below /proc say that they are empty.
    file.take(CONTENT_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| failed("read", path, &error))?;
    let size = bytes.len() as u64;
    if size > CONTENT_BYTES_MAX {
        return Err(too_large(path, size));
    }
    let version = version(xxh3_128(&bytes));
    let (content, encoding) = encode(path, bytes, params.encoding)?;
    Ok(FsReadFileResult { content: Some(content), encoding, size, version })
}

fn encode(path: &Path, bytes: Vec<u8>, wanted: Option<FsEncoding>) -> Result<(String, FsEncoding)> {
    if wanted == Some(FsEncoding::Base64) {
        return Ok((BASE64_STANDARD.encode(bytes), FsEncoding::Base64));
    }
    match (String::from_utf8(bytes), wanted) {
        (Ok(text), _) => Ok((text, FsEncoding::Utf8)),
        (Err(error), None) => Ok((BASE64_STANDARD.encode(error.as_bytes()), FsEncoding::Base64)),
        (Err(_), Some(_)) => {
            Err(Error::unsupported(format!("`{}` is not UTF-8: ask for it in base64", path.display())))
        }
    }
}

fn too_large(path: &Path, size: u64) -> Error {
    Error::too_large(format!(
        "`{}` has {size} bytes, and an answer holds {CONTENT_BYTES_MAX}: ask for a stream",
        path.display()
    ))
    .with("size", size)
    .with("limit", CONTENT_BYTES_MAX)
}

pub(super) async fn stream(caller: &Caller, params: FsReadFileParams) -> Result<FsReadFileResult> {
    let mut stream = caller.open_stream()?;
    let path = params.path.clone().into_path_buf();
    let (mut file, total) = {
        let caller = caller.clone();
        blocking(move || open(&caller, &params.path)).await?
    };
    let mut hash = Xxh3::new();
    let mut size = 0;
    for piece in 1u64.. {
        let path = path.clone();
        let (rest, bytes) = blocking(move || {
            let mut bytes = Vec::with_capacity(PIECE_BYTES);
            let read = (&mut file).take(PIECE_BYTES as u64).read_to_end(&mut bytes);
            read.map_err(|error| failed("read", &path, &error))?;
            Ok((file, bytes))
        })
        .await?;
        file = rest;
        if bytes.is_empty() {
            break;
        }
        hash.update(&bytes);
        size += bytes.len() as u64;
        stream.send(&BASE64_STANDARD.encode(&bytes)).await?;
        if piece.is_multiple_of(PROGRESS_PIECES) {
            stream.progress(size, Some(total.max(size)), "bytes");
        }
    }
    let version = version(hash.digest128());
    Ok(FsReadFileResult { content: None, encoding: FsEncoding::Base64, size, version })
}
