//! Showing a terminal on Windows: there is none of the daemon's yet to be shown.

use icpy_protocol::terminal::TerminalSize;

/// The size of the user's terminal.
pub(in super::super) fn size() -> Option<TerminalSize> {
    None
}
