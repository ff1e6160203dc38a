//! From a file's bytes to what travels in an answer. A string is written in JSON once: a cached file would be escaped again each time.

use std::borrow::Cow;
use std::path::Path;

use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{FsEncoding, FsReadFileParams, FsReadFileResult};
use xxhash_rust::xxh3::xxh3_128;

use super::text::{self, Charset, Decoded};
use super::version;
use crate::json_string::{base64, escaped};

/// In which form the content is wanted; by default in the one that fits the file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Form {
    encoding: Option<FsEncoding>,
    charset: Option<Charset>,
}

/// A part of a file with what is around it.
#[derive(Debug)]
pub(super) struct Part<'a> {
    /// The bytes, from one on that four divides.
    pub bytes: &'a [u8],
    /// The byte of the file that they begin at.
    pub from: u64,
    /// Where in `bytes` the part is.
    pub start: usize,
    pub end: usize,
    /// The first bytes of the file.
    pub head: &'a [u8],
    /// The size of the file.
    pub size: u64,
    /// The byte of the file that was asked for, which may be behind its end.
    pub offset: u64,
}

impl Form {
    pub(super) fn wanted(params: &FsReadFileParams) -> Result<Self> {
        let charset = params.charset.as_deref().map(Charset::named).transpose()?;
        if charset.is_some() && (params.stream || params.encoding == Some(FsEncoding::Base64)) {
            return Err(Error::invalid_params("a `charset` is for content that is sent as text"));
        }
        Ok(Self { encoding: params.encoding, charset })
    }

    /// Whether the answer for a whole file in the form that fits it is in this one too.
    pub(super) fn accepts(self, usual: &FsReadFileResult) -> bool {
        self.charset.is_none() && self.encoding.is_none_or(|encoding| encoding == usual.encoding)
    }

    /// Whether only text will do.
    fn must_be_text(self) -> bool {
        self.encoding == Some(FsEncoding::Utf8) || self.charset.is_some()
    }

    fn refusal(self, path: &Path) -> Error {
        let path = path.display();
        Error::unsupported(match self.charset {
            Some(charset) => format!("`{path}` is not text in `{}`: ask for it in base64", charset.name()),
            None => format!("`{path}` is not text: ask for it in base64"),
        })
    }
}

/// The answer for a whole file.
pub(super) fn whole(path: &Path, bytes: &[u8], form: Form) -> Result<FsReadFileResult> {
    let detected = if form.charset.is_none() { text::detect(bytes) } else { None };
    let is_binary = form.charset.is_none() && detected.is_none();
    let wanted = match form.charset {
        Some(charset) => charset.decode(bytes),
        // Who asks for text gets what could be text, though it looks like something else.
        None => detected.or_else(|| form.must_be_text().then(|| Charset::Utf8.decode(bytes)).flatten()),
    };
    if wanted.is_none() && form.must_be_text() {
        return Err(form.refusal(path));
    }
    let mut result = FsReadFileResult {
        version: Some(version(xxh3_128(bytes))),
        is_binary: Some(is_binary),
        ..without_content(bytes.len() as u64)
    };
    if let Some(Decoded { text, charset, has_bom }) = &wanted {
        let (line_ends, ends_with_newline) = text::line_ends(text);
        result.charset = Some(charset.name().to_owned());
        (result.line_ends, result.ends_with_newline) = (Some(line_ends), Some(ends_with_newline));
        result.has_bom = *has_bom;
    }
    match wanted.filter(|_| form.encoding != Some(FsEncoding::Base64)) {
        Some(Decoded { text, .. }) => (result.content, result.encoding) = (Some(escaped(&text)), FsEncoding::Utf8),
        None => result.content = Some(base64(bytes)),
    }
    Ok(result)
}

/// The answer for a part of a file.
pub(super) fn part(path: &Path, part: &Part<'_>, form: Form) -> Result<FsReadFileResult> {
    let bom = text::of_bom(part.head);
    let charset = form.charset.or(bom).unwrap_or(Charset::Utf8);
    let exact = &part.bytes[part.start..part.end];
    let is_text = form.must_be_text() || (form.encoding.is_none() && (bom.is_some() || !text::has_nul(exact)));
    if form.charset.is_some() && !charset.has_borders() {
        let (path, charset) = (path.display(), charset.name());
        let message = format!("where the characters of a part of `{path}` begin is not to be told in `{charset}`");
        return Err(Error::unsupported(format!("{message}: read the whole file, or bytes")));
    }
    let text = is_text.then(|| text_of(part, charset)).flatten();
    if text.is_none() && form.must_be_text() {
        return Err(form.refusal(path));
    }
    let mut result = FsReadFileResult {
        offset: Some(part.offset),
        length: Some(exact.len() as u64),
        has_bom: bom.is_some(),
        ..without_content(part.size)
    };
    match text {
        None => result.content = Some(base64(exact)),
        Some((text, start, end)) => {
            (result.content, result.encoding) = (Some(escaped(&text)), FsEncoding::Utf8);
            let from = part.offset.max(part.from + start as u64);
            (result.offset, result.length) = (Some(from), Some((end - start) as u64));
            result.charset = Some(charset.name().to_owned());
        }
    }
    Ok(result)
}

/// An answer about a file of this size, in which the rest is absent.
pub(super) fn without_content(size: u64) -> FsReadFileResult {
    FsReadFileResult {
        content: None,
        encoding: FsEncoding::Base64,
        size,
        version: None,
        offset: None,
        length: None,
        charset: None,
        has_bom: false,
        line_ends: None,
        ends_with_newline: None,
        is_binary: None,
    }
}

/// The text of a part, and which of the bytes it stands for.
fn text_of<'a>(part: &Part<'a>, charset: Charset) -> Option<(Cow<'a, str>, usize, usize)> {
    let characters = text::characters(charset, part.bytes, part.start..part.end)?;
    let bytes = &part.bytes[characters.clone()];
    let text = match part.from + characters.start as u64 {
        0 => charset.decode(bytes)?.text,
        _ => charset.decode_part(bytes)?,
    };
    Some((text, characters.start, characters.end))
}
