//! The bytes of a request on their way to a file: few at once, many in parts that are kept apart until all are there.

use axum::body::{Body, BodyDataStream, Bytes};
use futures_util::StreamExt as _;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{
    FsBeginWriteParams, FsClient, FsEncoding, FsEndWriteParams, FsWriteFileParams, FsWriteFileResult, FsWritePartParams,
};
use icpy_protocol::path::FilePath;

use super::{Asker, Door, Problem};

/// What is written at once; more comes in parts of about this size.
const PART_BYTES: usize = 1 << 20;

/// What a file is to become.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) path: FilePath,
    /// The version that must be there.
    pub(super) version: Option<String>,
    pub(super) must_be_new: bool,
}

/// Writes a body to a file.
pub(super) async fn write(
    door: &Door,
    asker: &Asker,
    target: Target,
    body: Body,
) -> std::result::Result<FsWriteFileResult, Problem> {
    let mut body = body.into_data_stream();
    let first = part(&mut body).await?;
    let fs = FsClient::new(asker);
    if first.len() < PART_BYTES {
        let params = FsWriteFileParams {
            encoding: FsEncoding::Base64,
            base_version: target.version,
            must_be_new: target.must_be_new,
            ..FsWriteFileParams::of(target.path, base64(&first))
        };
        return Ok(fs.write_file(&params).await?);
    }
    let params = FsBeginWriteParams {
        base_version: target.version,
        must_be_new: target.must_be_new,
        ..FsBeginWriteParams::of(target.path)
    };
    let write_id = fs.begin_write(&params).await?.write_id;
    let mut unfinished = Unfinished { door, asker, write_id: Some(write_id.clone()) };
    send_parts(door, asker, &write_id, first, &mut body).await?;
    // Whatever comes of it, the write is over then.
    unfinished.write_id = None;
    Ok(fs.commit_write(&FsEndWriteParams { write_id }).await?)
}

async fn send_parts(
    door: &Door,
    asker: &Asker,
    write_id: &str,
    first: Vec<u8>,
    body: &mut BodyDataStream,
) -> std::result::Result<(), Problem> {
    // A part is no request of the client's, which are counted.
    let fs = FsClient::new(door.shared.bus.requester(asker.caller(None), door.shared.limits.request_timeout));
    let (mut bytes, mut at) = (first, 0);
    while !bytes.is_empty() {
        let (content, encoding) = (base64(&bytes), FsEncoding::Base64);
        at = fs.write_part(&FsWritePartParams { write_id: write_id.to_owned(), at, content, encoding }).await?.length;
        bytes = part(body).await?;
    }
    Ok(())
}

/// The next bytes of a body: about a part, or fewer where it ends.
async fn part(body: &mut BodyDataStream) -> std::result::Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while bytes.len() < PART_BYTES {
        let Some(next) = body.next().await else { break };
        let next: Bytes = next.map_err(|_| Error::invalid_request("the body ended early"))?;
        bytes.extend_from_slice(&next);
    }
    Ok(bytes)
}

fn base64(bytes: &[u8]) -> String {
    base64_simd::STANDARD.encode_to_string(bytes)
}

/// A write that is taken back unless it comes to its end.
struct Unfinished<'a> {
    door: &'a Door,
    asker: &'a Asker,
    write_id: Option<String>,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        let Some(write_id) = self.write_id.take() else { return };
        let asker = self.asker.clone();
        self.door.tasks.spawn(async move {
            let outcome: Result<_> = FsClient::new(&asker).abort_write(&FsEndWriteParams { write_id }).await;
            if let Err(error) = outcome {
                tracing::debug!(%error, "a write that nobody goes on with was not taken back");
            }
        });
    }
}
