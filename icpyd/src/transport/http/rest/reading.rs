//! The bytes of a file on their way to a client: as fast as the client takes them, and never more than a stream's credit of
//! them at once. When the file changes meanwhile the last piece is not sent, so that the client knows that it has no version of
//! it.

use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use futures_util::stream::try_unfold;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{FsClient, FsReadFileParams, FsReadFileResult, FsStatParams, FsStatResult, method};
use icpy_protocol::path::FilePath;
use icpy_protocol::signal::{STREAM, StreamParams};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Asker;
use crate::bus::Answer;
use crate::caller::Outlet;

/// The id of the only request.
const REQUEST: &str = "1";

/// A file that is being read.
pub(super) struct Reading {
    asker: Asker,
    path: FilePath,
    /// What the file was when the reading began.
    begun: FsStatResult,
    outlet: Arc<Outlet>,
    /// `None` when all pieces were made.
    answer: Option<Answer>,
    read: Option<FsReadFileResult>,
    /// How many bytes are still to come.
    left: u64,
    /// The piece that goes when another follows, or all is well.
    held: Option<Bytes>,
}

#[derive(Deserialize)]
struct Notification<'a> {
    #[serde(borrow)]
    method: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    params: &'a RawValue,
}

impl Reading {
    /// Begins to read what `begun` describes: `part` of it, or all. The asker's identity has this outlet.
    pub(super) fn begin(
        asker: Asker,
        outlet: Arc<Outlet>,
        path: FilePath,
        begun: FsStatResult,
        part: Option<(u64, u64)>,
    ) -> Result<Self> {
        let left = part.map_or(begun.size, |(_, length)| length);
        let (offset, length) = part.unzip();
        let params = FsReadFileParams { offset, length, stream: true, ..FsReadFileParams::of(path.clone()) };
        let params = serde_json::to_string(&params).expect("wire types have string keys");
        let answer = asker.start(Some(REQUEST.into()), method::read_file.name, &params)?;
        Ok(Self { asker, path, begun, outlet, answer: Some(answer), read: None, left, held: None })
    }

    /// The bytes as a body; an error on the way ends the connection. What can be refused is known when the first are there.
    pub(super) async fn into_body(mut self) -> Result<Body> {
        let first = self.next().await?;
        let rest = try_unfold(self, async |mut reading: Self| Ok(reading.next().await?.map(|bytes| (bytes, reading))));
        let first = futures_util::stream::iter(first.map(Ok::<Bytes, Error>));
        Ok(Body::from_stream(futures_util::StreamExt::chain(first, rest)))
    }

    async fn next(&mut self) -> Result<Option<Bytes>> {
        while let Some(bytes) = std::future::poll_fn(|cx| self.poll_piece(cx)).await? {
            self.left = self.left.checked_sub(bytes.len() as u64).ok_or_else(|| self.changed())?;
            if let Some(before) = self.held.replace(bytes) {
                return Ok(Some(before));
            }
        }
        if let Some(read) = self.read.take() {
            let is_same = self.left == 0 && is_still(&self.asker, &self.path, &self.begun, &read).await?;
            if !is_same {
                return Err(self.changed());
            }
        }
        Ok(self.held.take())
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        self.outlet.register(cx.waker());
        loop {
            while let Some(line) = self.outlet.take() {
                if let Some(bytes) = self.piece(&line)? {
                    return Poll::Ready(Ok(Some(bytes)));
                }
            }
            let Some(answer) = &mut self.answer else { return Poll::Ready(Ok(None)) };
            let Poll::Ready(outcome) = answer.as_mut().poll(cx) else { return Poll::Pending };
            self.answer = None;
            self.read = serde_json::from_slice(&outcome?).ok();
        }
    }

    /// The bytes that a line brings; progress brings none.
    fn piece(&self, line: &[u8]) -> Result<Option<Bytes>> {
        let broken = |_| Error::internal("a stream of the daemon's own cannot be read");
        let notification: Notification<'_> = serde_json::from_slice(line).map_err(broken)?;
        if notification.method != STREAM {
            return Ok(None);
        }
        let piece: StreamParams<'_> = serde_json::from_str(notification.params.get()).map_err(broken)?;
        self.outlet.acknowledge(REQUEST, piece.ack().bytes);
        let bytes = base64_simd::STANDARD.decode_to_vec(piece.data.as_bytes());
        bytes.map(|bytes| Some(bytes.into())).map_err(|_| Error::internal("a stream of the daemon's own is not base64"))
    }

    fn changed(&self) -> Error {
        Error::conflict(format!("`{}` changed while it was read", self.path))
    }
}

/// Whether what was read is of the version that a file began with: of a part, whether the file is as it was.
async fn is_still(asker: &Asker, path: &FilePath, begun: &FsStatResult, read: &FsReadFileResult) -> Result<bool> {
    if read.version.is_some() {
        return Ok(read.version == begun.version);
    }
    let now = FsClient::new(asker).stat(&FsStatParams::of(path.clone())).await?;
    let state = |it: &FsStatResult| (it.kind, it.size, it.modified_at_ms, it.details.changed_at_ms);
    Ok(state(&now) == state(begun))
}
