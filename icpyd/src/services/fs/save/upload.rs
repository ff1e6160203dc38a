//! Saving content that comes in parts: it is gathered in a file of its own, which then gets the name.
//!
//! The parts go to a temporary file beside the target, as with every other save. Where none can be, or the file must be
//! written in place, they go to the daemon's own folder. Dropping what was gathered removes it; so does the next daemon.

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};

use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{FsBeginWriteParams, FsEncoding, FsSaveMethod, FsWriteFileResult};
use icpy_protocol::path::FilePath;
use xxhash_rust::xxh3::Xxh3;

use super::super::locks::Key;
use super::super::origins::Becomes;
use super::super::place::{Place, Use};
use super::super::{failed, version};
use super::beside::{self, LONG_BYTES_MIN, NotBeside, Temporary};
use super::copies::Copies;
use super::journal::{Entry, InPlaceRecord, Record};
use super::target::{Expected, Target};
use super::{Saver, bytes_of, find, in_place, platform};
use crate::caller::Caller;

/// How much can be written in place: that needs all of it in memory.
const IN_PLACE_BYTES_MAX: u64 = 256 << 20;

/// How much is copied at once.
const PIECE_BYTES: usize = 256 << 10;

/// A save whose content comes in parts.
pub(in super::super) struct Upload {
    saver: Saver,
    path: FilePath,
    /// Fields go in order: what is gathered is removed through the folder that the place holds open.
    gathered: Gathered,
    place: Place,
    expected: Expected,
    charset: Option<String>,
    /// Whether there was a file to replace when it began.
    is_replacement: bool,
    hash: Xxh3,
    length: u64,
}

impl fmt::Debug for Upload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Upload").field("path", &self.path).field("length", &self.length).finish_non_exhaustive()
    }
}

/// Where the parts go.
#[derive(Debug)]
enum Gathered {
    Beside(Temporary),
    /// Fields go in order: the record is cleared when what it names is gone.
    Apart {
        file: File,
        _copies: Copies,
        _entry: Entry,
    },
}

impl Upload {
    /// Refuses what a save would be refused for now.
    pub(in super::super) fn begin(saver: &Saver, caller: &Caller, params: FsBeginWriteParams) -> Result<Self> {
        let FsBeginWriteParams { path, charset, has_bom, base_version, must_be_new, make_folders } = params;
        let mark = bytes_of("", FsEncoding::Utf8, charset.as_deref(), has_bom)?;
        let place = find(caller, &path, make_folders && base_version.is_none())?;
        let expected = Expected { base_version, must_be_new };
        let (gathered, is_replacement) = {
            let target = Target::look(&place, &expected, saver.now_ms())?;
            target.check_version_early()?;
            (Gathered::make(saver, &target)?, target.old.is_some())
        };
        let (saver, hash) = (saver.clone(), Xxh3::new());
        let mut upload = Self { saver, path, gathered, place, expected, charset, is_replacement, hash, length: 0 };
        upload.append(&mark)?;
        Ok(upload)
    }

    pub(in super::super) fn path(&self) -> &FilePath {
        &self.path
    }

    /// How many bytes are there.
    pub(in super::super) fn length(&self) -> u64 {
        self.length
    }

    /// The bytes of a part.
    pub(in super::super) fn bytes_of<'a>(&self, content: &'a str, encoding: FsEncoding) -> Result<Cow<'a, [u8]>> {
        let charset = self.charset.as_deref().filter(|_| encoding == FsEncoding::Utf8);
        bytes_of(content, encoding, charset, false)
    }

    /// Takes the part that begins at this byte. One that is there already changes nothing.
    pub(in super::super) fn put(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        if at == self.length {
            return self.append(bytes);
        }
        let is_there = at.saturating_add(bytes.len() as u64) <= self.length;
        if is_there && self.holds(at, bytes).map_err(|error| self.refused(&error))? {
            return Ok(());
        }
        let message = format!("the part begins at byte {at}, and {} bytes are there", self.length);
        Err(Error::conflict(message).with("length", self.length))
    }

    /// Where it fails, nothing of the bytes counts.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let file = self.gathered.file();
        platform::write_at(file, bytes, self.length).map_err(|error| self.refused(&error))?;
        if bytes.len() >= LONG_BYTES_MIN {
            platform::begin_flush(file);
        }
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Appends so many bytes of a file, or what there is of it, and has a hash take them too.
    pub(super) fn append_from(&mut self, file: &File, bytes: u64, hash: &mut Xxh3) -> Result<()> {
        let mut rest = file.take(bytes);
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            match rest.read(&mut piece).map_err(|error| failed("read", self.place.asked(), &error))? {
                0 => return Ok(()),
                length => {
                    hash.update(&piece[..length]);
                    self.append(&piece[..length])?;
                }
            }
        }
    }

    fn holds(&self, at: u64, bytes: &[u8]) -> io::Result<bool> {
        let mut file = self.gathered.file();
        file.seek(SeekFrom::Start(at))?;
        let mut there = vec![0; bytes.len()];
        file.read_exact(&mut there)?;
        Ok(there == bytes)
    }

    /// What must be true of the file when the content gets its name.
    pub(super) fn expect_version(&mut self, base: String) {
        self.expected.base_version = Some(base);
    }

    pub(super) fn base_version(&self) -> Option<&str> {
        self.expected.base_version.as_deref()
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Gives the content the name. Durable when it returns.
    pub(in super::super) fn commit(self, caller: &Caller) -> Result<FsWriteFileResult> {
        let Self { saver, path, place, expected, gathered, is_replacement, hash, length, .. } = self;
        let refused = |error: &io::Error| failed("write", place.asked(), error);
        // What the caller may use, and links on the way, can be others by now.
        if Place::led_to(caller, &path, Use::Change)?.real() != place.real() {
            return Err(Error::conflict(format!("`{place}` leads elsewhere than when the write began")));
        }
        let version = version(hash.digest128());
        let announce = |becomes| {
            let version = (!matches!(becomes, Becomes::Any(_))).then(|| version.clone());
            saver.origins().expect(place.real(), becomes, version, caller);
        };
        let result = |is_new, method| {
            let (version, method) = (version.clone(), Some(method));
            Ok(FsWriteFileResult { version, size: length, is_new, method })
        };
        let _writing = saver.lock(Key::Path(place.real().to_owned()));
        // What was written of a part that failed does not count.
        gathered.file().set_len(length).map_err(|error| refused(&error))?;
        let mut content = gathered.file().try_clone().map_err(|error| refused(&error))?;
        let target = Target::look(&place, &expected, saver.now_ms())?;
        if !target.has_other_names()
            && let Gathered::Beside(new) = gathered
        {
            let is_gone = is_replacement && target.old.is_none();
            match finish(&saver, new, &target, is_gone, &announce) {
                Ok(()) => return result(target.old.is_none(), FsSaveMethod::Replaced),
                Err(NotBeside::Refused(error)) => return Err(error),
                Err(NotBeside::Impossible(error)) if target.old.is_none() => return Err(refused(&error)),
                Err(NotBeside::Impossible(error)) => tracing::debug!(%place, %error, "a file is saved in place"),
            }
        }
        let _file = target.file_id().map(|(device, number)| saver.lock(Key::File(device, number)));
        let target = Target::look(&place, &expected, saver.now_ms())?;
        let content = read_all(&mut content, length, &place)?;
        in_place::save(&saver, &target, &content, &announce)?;
        result(false, FsSaveMethod::InPlace)
    }

    fn refused(&self, error: &io::Error) -> Error {
        failed("write", self.place.asked(), error)
    }
}

impl Gathered {
    fn make(saver: &Saver, target: &Target<'_>) -> Result<Self> {
        let place = target.place;
        if !target.has_other_names() {
            match beside::make_empty(saver, place, target.old.is_some()).map_err(|it| beside::not_beside(place, it)) {
                Ok(new) => return Ok(Self::Beside(new)),
                Err(NotBeside::Refused(error)) => return Err(error),
                Err(NotBeside::Impossible(error)) if target.old.is_none() => {
                    return Err(failed("make", place.asked(), &error));
                }
                Err(NotBeside::Impossible(_)) => {}
            }
        }
        Self::apart(saver, target).map_err(|error| failed("write", place.asked(), &error))
    }

    fn apart(saver: &Saver, target: &Target<'_>) -> io::Result<Self> {
        let id = saver.new_id();
        let record = InPlaceRecord::of(target, id.clone());
        let entry = saver.durable_journal()?.begin(&Record::InPlace(record))?;
        let (copies, file) = Copies::begin(saver.folder(), id)?;
        Ok(Self::Apart { file, _copies: copies, _entry: entry })
    }

    fn file(&self) -> &File {
        match self {
            Self::Beside(temporary) => temporary.file.as_file(),
            Self::Apart { file, .. } => file,
        }
    }
}

fn finish(
    saver: &Saver,
    new: Temporary,
    target: &Target<'_>,
    is_gone: bool,
    announce: &dyn Fn(Becomes),
) -> std::result::Result<(), NotBeside> {
    let file = new.file.as_file();
    beside::keep_attributes(file, target)?;
    if is_gone {
        // The file is new after all. Another new one shows what permissions the system gives.
        let like = beside::make_empty(saver, target.place, false).map_err(NotBeside::Impossible)?;
        let mode = like.file.as_file().metadata().map(|metadata| metadata.permissions());
        mode.and_then(|mode| file.set_permissions(mode)).map_err(NotBeside::Impossible)?;
    }
    beside::finish(new, target, announce)
}

fn read_all(file: &mut File, length: u64, place: &Place) -> Result<Vec<u8>> {
    if length > IN_PLACE_BYTES_MAX {
        let message = format!("`{place}` must be written in place, for which {length} bytes are too many");
        return Err(Error::too_large(message).with("size", length).with("limit", IN_PLACE_BYTES_MAX));
    }
    let mut content = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_end(&mut content));
    read.map_err(|error| failed("write", place.asked(), &error))?;
    Ok(content)
}
