//! A request whose result comes in pieces, at the pace at which they are taken.

use icpy_protocol::error::{Error, Result};
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, oneshot};

use super::driver::Order;
use super::{CancelOnDrop, ended};

/// Pieces that may wait to be taken. The daemon sends 256 KiB ahead, and its pieces are long.
pub(super) const PIECES_MAX: usize = 4096;

/// What comes before the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A part of the result.
    Data(String),
    /// How far the request is.
    Progress {
        /// How much is done.
        done: u64,
        /// How much there is in all, if that is known.
        total: Option<u64>,
        /// What both count.
        unit: String,
    },
}

/// A request under way. Dropping it cancels the request.
#[derive(Debug)]
pub struct Streaming {
    pub(super) pieces: mpsc::Receiver<Piece>,
    pub(super) answer: oneshot::Receiver<Result<String>>,
    pub(super) unanswered: CancelOnDrop,
}

impl Streaming {
    /// The next piece, or `None` when there are no more. Taking it asks the daemon for more.
    pub async fn next(&mut self) -> Option<Piece> {
        let piece = self.pieces.recv().await?;
        if let Piece::Data(data) = &piece {
            let order = Order::Acknowledge(self.unanswered.number, u32::try_from(data.len()).unwrap_or(u32::MAX));
            // When the client has ended, so has the stream.
            let _ = self.unanswered.orders.send(order).await;
        }
        Some(piece)
    }

    /// The answer itself; pieces that were not taken are dropped.
    pub async fn finish<R: DeserializeOwned>(mut self) -> Result<R> {
        while self.next().await.is_some() {}
        self.unanswered.is_answered = true;
        let text = (&mut self.answer).await.map_err(|_| ended())??;
        serde_json::from_str(&text).map_err(|error| Error::internal(format!("icpyd answered something else: {error}")))
    }
}
