//! What one session is shown of a terminal, as fast as it acknowledges it.

use std::sync::Arc;
use std::task::{Context, Poll};

use icpy_protocol::message::write_notification;
use icpy_protocol::terminal::{DATA_OUT, DETACHED, TerminalDataOut, TerminalDetached, TerminalEncoding, TerminalExit};

use super::one::Terminal;
use super::output::Part;
use crate::caller::View;

/// One session's view of a terminal.
#[derive(Debug)]
pub(super) struct TerminalView {
    terminal: Arc<Terminal>,
    id: String,
    is_over: bool,
}

/// What is to be written next.
pub(super) enum Next {
    Data(Part),
    /// What brings a terminal to the state that this one is in, after so many bytes of output.
    Screen {
        at: u64,
        bytes: Vec<u8>,
    },
    Detached(Option<TerminalExit>),
    Nothing,
}

impl TerminalView {
    pub(super) fn new(terminal: Arc<Terminal>, id: String) -> Self {
        Self { terminal, id, is_over: false }
    }
}

impl View for TerminalView {
    fn poll_write(&mut self, cx: &mut Context<'_>, out: &mut Vec<u8>) -> Poll<bool> {
        if self.is_over {
            return Poll::Ready(false);
        }
        let (terminal_id, viewer_id) = (self.terminal.id().to_owned(), self.id.clone());
        match self.terminal.next_for(&self.id, cx.waker()) {
            Next::Nothing => return Poll::Pending,
            Next::Data(part) => {
                let to = part.from + part.bytes.len() as u64;
                let (data, encoding) = encoded(part.bytes);
                let is_screen = false;
                let data = TerminalDataOut { terminal_id, viewer_id, from: part.from, to, is_screen, data, encoding };
                write_notification(out, DATA_OUT.info.topic, &data);
            }
            Next::Screen { at, bytes } => {
                let (data, encoding) = encoded(bytes);
                let is_screen = true;
                let data = TerminalDataOut { terminal_id, viewer_id, from: at, to: at, is_screen, data, encoding };
                write_notification(out, DATA_OUT.info.topic, &data);
            }
            Next::Detached(exit) => {
                self.is_over = true;
                let detached = TerminalDetached { terminal_id, viewer_id, exit };
                write_notification(out, DETACHED.info.topic, &detached);
            }
        }
        Poll::Ready(true)
    }
}

impl Drop for TerminalView {
    fn drop(&mut self) {
        self.terminal.forget_viewer(&self.id);
    }
}

/// Text as it is, and what is none in base64.
pub(super) fn encoded(bytes: Vec<u8>) -> (String, TerminalEncoding) {
    match String::from_utf8(bytes) {
        Ok(text) => (text, TerminalEncoding::Utf8),
        Err(error) => (base64_simd::STANDARD.encode_to_string(error.as_bytes()), TerminalEncoding::Base64),
    }
}
