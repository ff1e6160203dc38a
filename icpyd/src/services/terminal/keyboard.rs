//! What is typed, by one or by several: each piece whole, and what is pasted in one go.
//!
//! A program is told where a paste begins and ends (bracketed paste). What somebody else types in between would be taken for a
//! part of it, so that others wait until the paste is over, or stops coming.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use memchr::memmem;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, timeout_at};

/// Pieces of input that may wait.
const PIECES_MAX: usize = 16;

/// What a terminal sends before a paste, and behind it.
const PASTE_BEGINS: &[u8] = b"\x1b[200~";
const PASTE_ENDS: &[u8] = b"\x1b[201~";

/// How long the next piece of a paste is waited for.
const PASTE_TIMEOUT: Duration = Duration::from_secs(1);

/// Where a terminal's input comes in.
#[derive(Debug)]
pub(super) struct Keyboard {
    typed: mpsc::Sender<Bytes>,
    /// Held while one piece goes in.
    turn: tokio::sync::Mutex<()>,
    paste: Mutex<Option<Paste>>,
    paste_ended: Notify,
}

/// A paste that has begun and not ended.
#[derive(Debug)]
struct Paste {
    by: String,
    until: Instant,
    /// The last bytes: a mark may be cut.
    tail: Vec<u8>,
}

impl Keyboard {
    pub(super) fn new() -> (Self, mpsc::Receiver<Bytes>) {
        let (typed, pieces) = mpsc::channel(PIECES_MAX);
        let keyboard =
            Self { typed, turn: tokio::sync::Mutex::default(), paste: Mutex::default(), paste_ended: Notify::new() };
        (keyboard, pieces)
    }

    /// Has a piece typed behind those before it. Returns whether there is anyone to read it.
    pub(super) async fn type_in(&self, by: &str, data: Bytes) -> bool {
        loop {
            let turn = self.turn.lock().await;
            let ended = self.paste_ended.notified();
            match self.pasted_by_another(by) {
                None => {
                    self.note(by, &data);
                    return self.typed.send(data).await.is_ok();
                }
                Some(until) => {
                    drop(turn);
                    // When it does not come to its end it is over.
                    let _ = timeout_at(until, ended).await;
                }
            }
        }
    }

    /// Has all typed that comes, as one who waits for others' pastes too. Does not end.
    pub(super) async fn type_all(&self, by: &str, pieces: &mut mpsc::Receiver<Bytes>) {
        while let Some(piece) = pieces.recv().await {
            self.type_in(by, piece).await;
        }
        std::future::pending::<()>().await;
    }

    /// Until when somebody else's paste is waited for.
    fn pasted_by_another(&self, by: &str) -> Option<Instant> {
        let paste = self.paste.lock().unwrap_or_else(PoisonError::into_inner);
        paste.as_ref().filter(|paste| paste.by != by && paste.until > Instant::now()).map(|paste| paste.until)
    }

    fn note(&self, by: &str, data: &[u8]) {
        let mut paste = self.paste.lock().unwrap_or_else(PoisonError::into_inner);
        let own = paste.take().filter(|paste| paste.by == by);
        let was_pasting = own.is_some();
        let mut bytes = own.map(|paste| paste.tail).unwrap_or_default();
        bytes.extend_from_slice(data);
        let begun = memmem::rfind(&bytes, PASTE_BEGINS);
        let ended = memmem::rfind(&bytes, PASTE_ENDS);
        if (was_pasting && ended.is_none()) || begun > ended {
            let tail = bytes.split_off(bytes.len().saturating_sub(PASTE_ENDS.len() - 1));
            *paste = Some(Paste { by: by.to_owned(), until: Instant::now() + PASTE_TIMEOUT, tail });
        } else {
            self.paste_ended.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use tokio::time::{advance, timeout};

    use super::*;

    /// What is typed, and by whom: each piece as soon as it may.
    async fn typed(pieces: &[(&'static str, &'static str)]) -> String {
        let (keyboard, mut typed) = Keyboard::new();
        let all = pieces.iter().map(|(by, data)| keyboard.type_in(by, Bytes::from_static(data.as_bytes())));
        let _ = timeout(PASTE_TIMEOUT / 2, futures_util::future::join_all(all)).await;
        let mut text = Vec::new();
        while let Ok(piece) = typed.try_recv() {
            text.extend(piece);
        }
        String::from_utf8(text).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_paste_stays_in_one_piece() {
        let begin = ("one", "\x1b[200~a");
        let end = ("one", "b\x1b[201~");
        assert_eq!(typed(&[begin, ("two", "x"), end]).await, "\x1b[200~ab\x1b[201~x");
        assert_eq!(typed(&[begin, ("two", "x")]).await, "\x1b[200~a");
        // The end may be cut, and be in one piece with the beginning.
        assert_eq!(typed(&[begin, ("two", "x"), ("one", "\x1b[20"), ("one", "1~")]).await, "\x1b[200~a\x1b[201~x");
        assert_eq!(typed(&[("one", "\x1b[200~a\x1b[201~"), ("two", "x")]).await, "\x1b[200~a\x1b[201~x");
        assert_eq!(typed(&[("one", "a"), ("two", "x"), ("one", "b")]).await, "axb");
    }

    #[tokio::test(start_paused = true)]
    async fn a_paste_that_stops_holds_nobody_for_long() {
        let (keyboard, mut typed) = Keyboard::new();
        assert!(keyboard.type_in("one", Bytes::from_static(b"\x1b[200~a")).await);
        let other = keyboard.type_in("two", Bytes::from_static(b"x"));
        tokio::pin!(other);
        assert_eq!(other.as_mut().now_or_never(), None);
        advance(PASTE_TIMEOUT).await;
        assert!(other.await);
        assert_eq!(typed.recv().await.unwrap(), "\x1b[200~a");
        assert_eq!(typed.recv().await.unwrap(), "x");
    }
}
