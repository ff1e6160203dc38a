//! What Rust's own start does on Unix, and this program needs.

use std::fs::OpenOptions;
use std::os::fd::IntoRawFd as _;

use rustix::io::{Errno, fcntl_getfd};
use rustix::stdio::{stderr, stdin, stdout};

/// Gives whoever closed a standard stream an empty one: the next thing that is opened would be taken for it, be it the daemon's
/// socket.
pub(crate) fn open_standard_streams() {
    for stream in [stdin(), stdout(), stderr()] {
        if fcntl_getfd(stream) == Err(Errno::BADF)
            && let Ok(null) = OpenOptions::new().read(true).write(true).open("/dev/null")
        {
            // It stays open to the end.
            let _ = null.into_raw_fd();
        }
    }
}
