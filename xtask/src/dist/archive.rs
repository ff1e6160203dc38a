//! Archives whose bytes depend on their files alone: everything belongs to root and has one time.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::path::Path;

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

use super::layout::File;
use crate::Failure;

type Encoder = GzEncoder<Vec<u8>>;

/// Compresses, without a name or a time in the result.
pub(super) fn gzip(content: &[u8]) -> Result<Vec<u8>, Failure> {
    compress(Compression::best(), |mut encoder| {
        encoder.write_all(content)?;
        Ok(encoder)
    })
}

/// An archive with files below a folder, and every folder on the way to them.
pub(super) fn tar_gz(folder: &str, files: &[File], time: u64) -> Result<Vec<u8>, Failure> {
    // The best compression takes three times as long for programs, and saves a twentieth.
    compress(Compression::default(), |encoder| {
        let mut archive = Builder::new(encoder);
        let mut folders = BTreeSet::new();
        for file in files {
            let path = Path::new(folder).join(&file.path);
            let above: Vec<&Path> = path.ancestors().skip(1).filter(|it| !it.as_os_str().is_empty()).collect();
            for folder in above.into_iter().rev() {
                if folders.insert(folder.to_owned()) {
                    let mut header = header(EntryType::Directory, 0o755, 0, time);
                    archive.append_data(&mut header, folder, io::empty())?;
                }
            }
            let mut header = header(EntryType::Regular, file.mode, file.content.len(), time);
            archive.append_data(&mut header, &path, file.content.as_slice())?;
        }
        archive.into_inner()
    })
}

fn header(entry_type: EntryType, mode: u32, size: usize, time: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(entry_type);
    header.set_mode(mode);
    header.set_mtime(time);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(size as u64);
    header
}

fn compress(level: Compression, write: impl FnOnce(Encoder) -> io::Result<Encoder>) -> Result<Vec<u8>, Failure> {
    let encoder = GzBuilder::new().write(Vec::new(), level);
    let compressed = write(encoder).and_then(Encoder::finish);
    compressed.map_err(|error| Some(format!("cannot make an archive: {error}")))
}
