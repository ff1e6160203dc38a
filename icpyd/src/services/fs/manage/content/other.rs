//! The content of a file, copied through memory.

use std::fs::File;
use std::io::{self, Read as _, Write as _};

const BUFFER_BYTES: usize = 1 << 20;

/// Copies the content of a file into an empty one. `piece_done` is told of each piece, and may end it.
pub(in super::super) fn copy(
    from: &File,
    mut to: &File,
    mut piece_done: impl FnMut(u64) -> io::Result<()>,
) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(BUFFER_BYTES);
    loop {
        buffer.clear();
        from.take(BUFFER_BYTES as u64).read_to_end(&mut buffer)?;
        if buffer.is_empty() {
            return Ok(());
        }
        to.write_all(&buffer)?;
        piece_done(buffer.len() as u64)?;
    }
}
