//! `web:*`: the listener for browsers and other clients over HTTP.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Empty;

crate::api! {
    /// The listener for browsers and other clients over HTTP and WebSocket. It is off until somebody starts it.
    service WebApi, WebClient = "web" {
        /// Starts the listener. When it listens already nothing changes.
        Admin fn start(WebStartParams) -> WebStatusResult, idempotent;
        /// Ends the listener and its connections.
        Admin fn stop(Empty) -> Empty, idempotent;
        /// Says whether and where it listens.
        Read fn status(Empty) -> WebStatusResult; rest GET "/web/status";
    }
}

/// Params of `web:start`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebStartParams {
    /// Where to listen, as `127.0.0.1:7070`; port 0 is any that is free. By default as the settings say, or there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// Result of `web:start` and `web:status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebStatusResult {
    /// Where it listens, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The beginning of every address there, as `http://127.0.0.1:7070`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Of a certificate that the daemon has made for itself: its SHA-256 fingerprint, to compare with what a browser shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Connections now.
    pub connections: u32,
}
