//! What can be set about the daemon: plain values, with defaults that fit one developer's machine.

use std::time::Duration;

/// Limits on what one client, and all of them, can make the daemon hold or do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest line that a client may send.
    pub line_bytes_max: usize,
    /// Requests of one session that may be under way.
    pub requests_max: usize,
    /// Subscriptions of one session.
    pub subscriptions_max: usize,
    /// Above this many bytes that wait for a client, nothing more is read from it or made for it.
    pub outbox_bytes_max: usize,
    /// A client that reads nothing for so long, while something waits for it, is closed.
    pub stall_timeout: Duration,
    /// Bytes of events that may wait in one subscription before it reads on from the kept events.
    pub queue_bytes_max: usize,
    /// Bytes of events that are kept for replay.
    pub ring_bytes_max: usize,
    /// How long one service waits for the answer of another.
    pub request_timeout: Duration,
    /// How long requests under way may take to end when the daemon stops.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line_bytes_max: 16 << 20,
            requests_max: 256,
            subscriptions_max: 256,
            outbox_bytes_max: 1 << 20,
            stall_timeout: Duration::from_secs(30),
            queue_bytes_max: 1 << 20,
            ring_bytes_max: 8 << 20,
            request_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(2),
        }
    }
}
