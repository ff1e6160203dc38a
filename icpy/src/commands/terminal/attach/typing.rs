//! What the user types, on its way to the program: whole, in order, and one piece at a time.
//!
//! The keyboard is read whatever the program and the screen do, so that the keys that detach are always seen.

use std::future::pending;
use std::pin::Pin;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use icpy::Client;
use icpy::client::MAY_BE_DONE;
use icpy_protocol::Empty;
use icpy_protocol::api::Call as _;
use icpy_protocol::error::Result;
use icpy_protocol::terminal::{TerminalDataInParams, TerminalEncoding, method};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::keys::Detector;

/// The longest piece that is sent.
const PIECE_BYTES_MAX: usize = 64 << 10;

/// What may wait for a program that reads slowly. Beyond that the keyboard waits.
const WAITING_BYTES_MAX: usize = 4 << 20;

/// How long the second of the keys that detach may take.
const KEYS_TIMEOUT: Duration = Duration::from_millis(500);

/// How long the next piece of a paste may take: without it, or the paste's end, what comes then is typed.
const PASTE_TIMEOUT: Duration = Duration::from_secs(1);

/// Why no more is typed.
pub(super) enum TypingEnd {
    /// The keys that detach were pressed.
    Detached,
    /// The user's terminal is gone.
    Gone,
}

/// What the user types.
pub(super) struct Typing {
    pub(super) client: Client,
    pub(super) terminal_id: String,
    /// Who types, while the terminal is shown.
    pub(super) viewer: watch::Receiver<Option<String>>,
    pub(super) keys: mpsc::Receiver<Vec<u8>>,
    pub(super) detector: Detector,
    /// Only the keys that detach mean something.
    pub(super) is_read_only: bool,
}

/// A piece that is under way, and who types it.
struct Sending {
    answer: Pin<Box<dyn Future<Output = Result<Empty>>>>,
    viewer: String,
    length: usize,
}

impl Typing {
    /// Takes keys until they detach.
    pub(super) async fn run(mut self) -> TypingEnd {
        let (mut waiting, mut sending, mut held_since) = (Vec::new(), None::<Sending>, None::<Instant>);
        let mut quiet_since = Instant::now();
        // A viewer who was refused is not there any more, or the program has ended: the next one types it.
        let mut refused = None;
        loop {
            let viewer = self.viewer.borrow_and_update().clone().filter(|viewer| refused.as_ref() != Some(viewer));
            if sending.is_none() && !waiting.is_empty() {
                sending = viewer.map(|viewer| self.send(&waiting, viewer));
            }
            let has_room = waiting.len() < WAITING_BYTES_MAX;
            if !has_room {
                // What is not looked for is not quiet.
                quiet_since = Instant::now();
            }
            tokio::select! {
                keys = self.keys.recv(), if has_room => {
                    let Some(keys) = keys else { return TypingEnd::Gone };
                    if std::mem::replace(&mut quiet_since, Instant::now()).elapsed() >= PASTE_TIMEOUT {
                        self.detector.end_paste();
                    }
                    if self.detector.take(&keys, &mut waiting) {
                        return TypingEnd::Detached;
                    }
                    held_since = self.detector.is_holding().then(Instant::now);
                }
                () = after(held_since), if held_since.is_some() => {
                    self.detector.release(&mut waiting);
                    held_since = None;
                }
                outcome = answered(&mut sending), if sending.is_some() => {
                    let Some(sent) = sending.take() else { continue };
                    match outcome {
                        // What may have been typed is not typed again.
                        Err(error) if error.detail(MAY_BE_DONE).is_none() => refused = Some(sent.viewer),
                        _ => drop(waiting.drain(..sent.length)),
                    }
                }
                changed = self.viewer.changed() => if changed.is_err() {
                    return pending().await;
                },
            }
            if self.is_read_only {
                waiting.clear();
            }
        }
    }

    fn send(&self, waiting: &[u8], viewer: String) -> Sending {
        let piece = &waiting[..waiting.len().min(PIECE_BYTES_MAX)];
        let whole = whole_characters(piece);
        let (piece, data, encoding) = match std::str::from_utf8(whole) {
            Ok(text) if !text.is_empty() => (whole, text.to_owned(), TerminalEncoding::Utf8),
            _ => (piece, BASE64_STANDARD.encode(piece), TerminalEncoding::Base64),
        };
        let (terminal_id, viewer_id) = (self.terminal_id.clone(), Some(viewer.clone()));
        let params = TerminalDataInParams { terminal_id, data, encoding, viewer_id };
        let (client, length) = (self.client.clone(), piece.len());
        Sending { answer: Box::pin(async move { client.call(method::data_in, &params).await }), viewer, length }
    }
}

/// Leaves the beginning of a character at the end to the next piece.
fn whole_characters(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => &bytes[..error.valid_up_to()],
        _ => bytes,
    }
}

async fn answered(sending: &mut Option<Sending>) -> Result<Empty> {
    match sending {
        Some(sending) => sending.answer.as_mut().await,
        None => pending().await,
    }
}

async fn after(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment + KEYS_TIMEOUT).await,
        None => pending().await,
    }
}
