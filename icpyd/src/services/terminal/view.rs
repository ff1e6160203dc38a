//! What one session is shown of a terminal, as fast as it acknowledges it.

use std::sync::Arc;
use std::task::{Context, Poll};

use icpy_protocol::json_string::JsonString;
use icpy_protocol::message::{write_binary, write_notification};
use icpy_protocol::terminal::{DATA_OUT, DETACHED, TerminalDataOut, TerminalDetached, TerminalEncoding, TerminalExit};

use super::one::Terminal;
use super::output::Part;
use crate::caller::View;
use crate::json_string::{base64, escaped};

/// One session's view of a terminal.
#[derive(Debug)]
pub(super) struct TerminalView {
    terminal: Arc<Terminal>,
    id: String,
    /// Whether what is printed goes as bytes.
    is_binary: bool,
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
    pub(super) fn new(terminal: Arc<Terminal>, id: String, is_binary: bool) -> Self {
        Self { terminal, id, is_binary, is_over: false }
    }

    /// Writes output that stands between two places, or a screen, which stands at one.
    fn write(&self, out: &mut Vec<u8>, from: u64, to: u64, is_screen: bool, bytes: &[u8]) {
        let (terminal_id, viewer_id) = (self.terminal.id().to_owned(), self.id.clone());
        let (data, encoding) = match self.is_binary {
            true => (None, TerminalEncoding::Utf8),
            false => encoded(bytes),
        };
        let shown = TerminalDataOut { terminal_id, viewer_id, from, to, is_screen, data, encoding };
        match self.is_binary {
            true => write_binary(out, DATA_OUT.info.topic, &shown, bytes),
            false => write_notification(out, DATA_OUT.info.topic, &shown),
        }
    }
}

impl View for TerminalView {
    fn poll_write(&mut self, cx: &mut Context<'_>, out: &mut Vec<u8>) -> Poll<bool> {
        if self.is_over {
            return Poll::Ready(false);
        }
        match self.terminal.next_for(&self.id, cx.waker()) {
            Next::Nothing => return Poll::Pending,
            Next::Data(part) => {
                self.write(out, part.from, part.from + part.bytes.len() as u64, false, &part.bytes);
            }
            Next::Screen { at, bytes } => self.write(out, at, at, true, &bytes),
            Next::Detached(exit) => {
                self.is_over = true;
                let (terminal_id, viewer_id) = (self.terminal.id().to_owned(), self.id.clone());
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
fn encoded(bytes: &[u8]) -> (Option<JsonString>, TerminalEncoding) {
    match str::from_utf8(bytes) {
        Ok(text) => (Some(escaped(text)), TerminalEncoding::Utf8),
        Err(_) => (Some(base64(bytes)), TerminalEncoding::Base64),
    }
}
