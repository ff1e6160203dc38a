//! Sending files of any size piece by piece, as fast as the caller takes them.

use std::io::{Read as _, Seek as _, SeekFrom};

use icpy_protocol::error::Result;
use icpy_protocol::fs::{FsReadFileParams, FsReadFileResult};
use xxhash_rust::xxh3::Xxh3;

use super::content::{Form, without_content};
use super::read::{Opened, open};
use super::{blocking, failed, version};
use crate::caller::Caller;

/// The bytes of content in one piece of a stream: divisible by three, so that the pieces' base64 can be joined.
const PIECE_BYTES: usize = 96 << 10;

/// Progress is told after so many pieces.
const PROGRESS_PIECES: u64 = 64;

pub(super) async fn stream(caller: &Caller, params: FsReadFileParams) -> Result<FsReadFileResult> {
    // For what it refuses.
    Form::wanted(&params)?;
    let mut stream = caller.open_stream()?;
    let path = params.path.clone().into_path_buf();
    let is_part = params.offset.is_some() || params.length.is_some();
    let (offset, length) = (params.offset.unwrap_or(0), params.length.unwrap_or(u64::MAX));
    let (mut file, whole) = {
        let (caller, path) = (caller.clone(), path.clone());
        blocking(move || {
            let Opened { mut file, metadata, .. } = open(&caller, &params.path)?;
            if offset > 0 {
                file.seek(SeekFrom::Start(offset)).map_err(|error| failed("read", &path, &error))?;
            }
            Ok((file, metadata.len()))
        })
        .await?
    };
    let total = whole.saturating_sub(offset).min(length);
    let mut hash = Xxh3::new();
    let mut sent = 0;
    for piece in 1u64.. {
        let path = path.clone();
        let bytes_max = (PIECE_BYTES as u64).min(length - sent);
        let (rest, bytes) = blocking(move || {
            let mut bytes = Vec::with_capacity(PIECE_BYTES);
            let read = (&mut file).take(bytes_max).read_to_end(&mut bytes);
            read.map_err(|error| failed("read", &path, &error))?;
            Ok((file, bytes))
        })
        .await?;
        file = rest;
        if bytes.is_empty() {
            break;
        }
        hash.update(&bytes);
        sent += bytes.len() as u64;
        stream.send(&base64_simd::STANDARD.encode_to_string(&bytes)).await?;
        if piece.is_multiple_of(PROGRESS_PIECES) {
            stream.progress(sent, Some(total.max(sent)), "bytes");
        }
    }
    let size = match is_part {
        false => sent,
        true if sent == 0 => whole,
        // Those below /proc say that they are empty.
        true => whole.max(offset + sent),
    };
    Ok(FsReadFileResult {
        version: (!is_part).then(|| version(hash.digest128())),
        offset: is_part.then_some(offset),
        length: is_part.then_some(sent),
        ..without_content(size)
    })
}
