//! The content of a file on Linux: shared with the original where the filesystem can, else copied by the kernel. Holes stay
//! holes.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};

use rustix::fs::{SeekFrom, copy_file_range, ioctl_ficlone, seek};
use rustix::io::Errno;

/// Copied at once: between two such pieces the work can be stopped.
const PIECE_BYTES: usize = 8 << 20;

/// Without the kernel's help.
const BUFFER_BYTES: usize = 256 << 10;

/// Copies the content of a file into an empty one. `piece_done` is told of each piece, and may end it.
pub(in super::super) fn copy(
    mut from: &File,
    mut to: &File,
    mut piece_done: impl FnMut(u64) -> io::Result<()>,
) -> io::Result<()> {
    let size = from.metadata()?.len();
    if size == 0 {
        // Those below /proc say that they are empty.
        let copied = io::copy(&mut from, &mut to)?;
        return piece_done(copied);
    }
    if ioctl_ficlone(to, from).is_ok() {
        return piece_done(size);
    }
    let mut place = 0;
    while let Some((data, end)) = next_data(from, place, size) {
        piece_done(data - place)?;
        from.seek(io::SeekFrom::Start(data))?;
        to.seek(io::SeekFrom::Start(data))?;
        place = data;
        while place < end {
            let wanted = usize::try_from(end - place).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
            let copied = copy_piece(from, to, wanted)?;
            if copied == 0 {
                // It has become shorter.
                return to.set_len(place);
            }
            place += copied;
            piece_done(copied)?;
        }
    }
    // What is written while this goes on may be in the copy, as with any copy.
    to.set_len(size)
}

/// The next part of a file that is no hole: from where to where.
fn next_data(file: &File, place: u64, size: u64) -> Option<(u64, u64)> {
    if place >= size {
        return None;
    }
    match seek(file, SeekFrom::Data(place)) {
        Ok(data) => {
            let end = seek(file, SeekFrom::Hole(data)).unwrap_or(size);
            Some((data, end.min(size)))
        }
        // All the rest is a hole.
        Err(Errno::NXIO) => None,
        // The filesystem does not know of holes.
        Err(_) => Some((place, size)),
    }
}

fn copy_piece(from: &File, mut to: &File, wanted: usize) -> io::Result<u64> {
    match copy_file_range(from, None, to, None, wanted) {
        Ok(copied) if copied > 0 => Ok(copied as u64),
        // Between these two filesystems the kernel does not: zero is what some of them answer instead.
        Ok(_)
        | Err(Errno::XDEV | Errno::INVAL | Errno::NOSYS | Errno::NOTSUP | Errno::PERM | Errno::BADF | Errno::INTR) => {
            let mut buffer = Vec::with_capacity(wanted.min(BUFFER_BYTES));
            from.take(buffer.capacity() as u64).read_to_end(&mut buffer)?;
            to.write_all(&buffer)?;
            Ok(buffer.len() as u64)
        }
        Err(error) => Err(error.into()),
    }
}
