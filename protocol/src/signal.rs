//! The notifications about a request under way: cancelling it, the pieces of its result, and how far it is.
//!
//! Ids stay the text that they were sent as.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// From the client: see [`CancelParams`].
pub const CANCEL: &str = "$/cancelRequest";
/// From the client: see [`AckParams`].
pub const ACK: &str = "$/ack";
/// From the daemon: see [`StreamParams`].
pub const STREAM: &str = "$/stream";
/// From the daemon: see [`ProgressParams`].
pub const PROGRESS: &str = "$/progress";

/// Params of `$/cancelRequest`, a notification of the client: the request is answered with `cancelled`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CancelParams<'a> {
    /// The id of the request, as it was sent.
    #[serde(borrow)]
    #[schemars(with = "Value")]
    pub id: &'a RawValue,
}

/// Params of `$/ack`, a notification of the client: it has taken so many bytes of a stream and is ready for more.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AckParams<'a> {
    /// The id of the request that streams.
    #[serde(borrow)]
    #[schemars(with = "Value")]
    pub id: &'a RawValue,
    /// How many bytes of `data`, as sent, were taken since the last `$/ack`.
    pub bytes: u32,
}

/// Params of `$/stream`, a notification of the daemon: a piece of a long result, before the answer.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StreamParams<'a> {
    /// The id of the request that streams.
    #[serde(borrow)]
    #[schemars(with = "Value")]
    pub id: &'a RawValue,
    /// The number of the piece, from 0.
    pub seq: u64,
    /// The piece.
    #[serde(borrow)]
    pub data: Cow<'a, str>,
}

/// Params of `$/progress`, a notification of the daemon: how far a request is.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProgressParams<'a> {
    /// The id of the request.
    #[serde(borrow)]
    #[schemars(with = "Value")]
    pub id: &'a RawValue,
    /// How much is done.
    pub done: u64,
    /// How much there is in all, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// What `done` and `total` count.
    #[serde(borrow)]
    pub unit: Cow<'a, str>,
}

impl<'a> StreamParams<'a> {
    /// What the client says when it has taken this piece.
    pub fn ack(&self) -> AckParams<'a> {
        AckParams { id: self.id, bytes: u32::try_from(self.data.len()).unwrap_or(u32::MAX) }
    }
}
