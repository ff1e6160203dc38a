//! The content of a file, copied through memory.

use std::fs::File;
use std::io::{self, Read as _, Write as _};

const BUFFER_BYTES: usize = 1 << 20;

/// Copies the content of a file into an empty one. `piece_done` is told of each piece, and may end it.
pub(in super::super) fn copy(
    mut from: &File,
    mut to: &File,
    mut piece_done: impl FnMut(u64) -> io::Result<()>,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..read])?;
        piece_done(read as u64)?;
    }
}
