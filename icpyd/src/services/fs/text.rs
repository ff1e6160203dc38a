//! Text in files: from bytes to text, and back to exactly the same bytes.
//!
//! Text is what comes back byte for byte when it is encoded again. Each reading here is checked for that; what fails the
//! check is no text. Nothing here touches a disk.

mod utf_16;

use std::borrow::Cow;
use std::ops::Range;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{DecoderResult, EncoderResult, Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE};
use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::FsLineEnds;

use self::utf_16::Endian;

/// How far a file is searched for the signs of one that is not text.
const HEAD_BYTES: usize = 8 << 10;

/// How much is looked at to guess a charset, from the first byte on that is not ASCII.
const GUESS_BYTES: usize = 64 << 10;

/// The byte order marks, and whose they are.
const BOMS: [(&[u8], Charset); 3] = [
    (b"\xef\xbb\xbf", Charset::Utf8),
    (b"\xff\xfe", Charset::Utf16(Endian::Little)),
    (b"\xfe\xff", Charset::Utf16(Endian::Big)),
];

/// A way to write text in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    Utf8,
    Utf16(Endian),
    /// One that is older than Unicode.
    Legacy(&'static Encoding),
}

/// Bytes as text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded<'a> {
    /// Without the byte order mark.
    pub text: Cow<'a, str>,
    pub charset: Charset,
    pub has_bom: bool,
}

impl Charset {
    /// The charset of this name, of which each has several.
    pub(super) fn named(name: &str) -> Result<Self> {
        match Encoding::for_label(name.as_bytes()) {
            Some(encoding) if encoding == UTF_8 => Ok(Self::Utf8),
            Some(encoding) if encoding == UTF_16LE => Ok(Self::Utf16(Endian::Little)),
            Some(encoding) if encoding == UTF_16BE => Ok(Self::Utf16(Endian::Big)),
            Some(encoding) if encoding != REPLACEMENT => Ok(Self::Legacy(encoding)),
            _ => {
                let shown: String = name.chars().take(80).collect();
                Err(Error::invalid_params(format!("no charset is named `{shown}`")))
            }
        }
    }

    /// Its name in the Encoding Standard of the WHATWG.
    pub(super) fn name(self) -> &'static str {
        self.encoding().name()
    }

    /// Whether it can be told from the bytes around where a character begins.
    pub(super) fn has_borders(self) -> bool {
        !matches!(self, Self::Legacy(encoding) if !encoding.is_single_byte())
    }

    fn encoding(self) -> &'static Encoding {
        match self {
            Self::Utf8 => UTF_8,
            Self::Utf16(Endian::Little) => UTF_16LE,
            Self::Utf16(Endian::Big) => UTF_16BE,
            Self::Legacy(encoding) => encoding,
        }
    }

    fn bom(self) -> Option<&'static [u8]> {
        BOMS.iter().find(|(_, charset)| *charset == self).map(|(bom, _)| *bom)
    }

    /// Reads bytes as text; `None` where encoding that again would not give the same bytes.
    pub(super) fn decode(self, bytes: &[u8]) -> Option<Decoded<'_>> {
        let bom = self.bom().filter(|bom| bytes.starts_with(bom));
        let text = self.decode_part(&bytes[bom.map_or(0, <[u8]>::len)..])?;
        Some(Decoded { text, charset: self, has_bom: bom.is_some() })
    }

    /// Reads bytes from the middle of a file, where a byte order mark has no meaning.
    pub(super) fn decode_part(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        match self {
            Self::Utf8 => std::str::from_utf8(bytes).ok().map(Cow::from),
            Self::Utf16(endian) => utf_16::decode(endian, bytes).map(Cow::from),
            Self::Legacy(encoding) => {
                let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
                (encode_legacy(encoding, &text).ok()? == bytes).then_some(text)
            }
        }
    }
}

/// Whose byte order mark a file begins with.
pub(super) fn of_bom(bytes: &[u8]) -> Option<Charset> {
    BOMS.iter().find(|(bom, _)| bytes.starts_with(bom)).map(|(_, charset)| *charset)
}

/// Finds out in which charset bytes are text; `None` where they look like something else.
pub(super) fn detect(bytes: &[u8]) -> Option<Decoded<'_>> {
    if let Some(charset) = of_bom(bytes)
        && let Some(text) = charset.decode(bytes)
        && !has_nul(text.text.as_bytes())
    {
        return Some(text);
    }
    if has_nul(bytes) {
        return utf_16::guess(&bytes[..bytes.len().min(HEAD_BYTES)])
            .and_then(|endian| Charset::Utf16(endian).decode(bytes))
            .filter(|text| !text.text.contains(|it| is_odd(it) || is_no_character(it)));
    }
    Charset::Utf8.decode(bytes).or_else(|| detect_legacy(bytes))
}

/// Whether bytes have the sign of a binary file: a NUL near the beginning.
pub(super) fn has_nul(bytes: &[u8]) -> bool {
    memchr::memchr(0, &bytes[..bytes.len().min(HEAD_BYTES)]).is_some()
}

/// Whether the first bytes of a file look like text, though they may end within a character.
pub(super) fn begins_text(head: &[u8]) -> bool {
    let is_cut = |error: std::str::Utf8Error| error.error_len().is_none();
    (!has_nul(head) && std::str::from_utf8(head).map_or_else(is_cut, |_| true)) || detect(head).is_some()
}

/// Legacy charsets have a character for nearly any byte, so that every binary file could be read in one: control characters
/// that no text has tell it apart.
fn detect_legacy(bytes: &[u8]) -> Option<Decoded<'_>> {
    if bytes.iter().any(|byte| is_odd(char::from(*byte))) {
        return None;
    }
    let from = Encoding::ascii_valid_up_to(bytes);
    let sample = &bytes[from..bytes.len().min(from + GUESS_BYTES)];
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, from + sample.len() == bytes.len());
    let guess = detector.guess(None, Utf8Detection::Deny);
    // Only the sample may be in what was guessed.
    let charsets = [guess, encoding_rs::WINDOWS_1252];
    charsets.into_iter().find_map(|encoding| Charset::Legacy(encoding).decode(bytes))
}

/// Whether text does not have this character, other than by accident.
fn is_odd(character: char) -> bool {
    // Backspace to carriage return, the end of files of DOS, and escape sequences are in text.
    matches!(character, '\0'..='\x07' | '\x0e'..='\x19' | '\x1c'..='\x1f')
}

/// Whether it is one that Unicode keeps out of texts.
fn is_no_character(character: char) -> bool {
    u32::from(character) & 0xfffe == 0xfffe
}

/// Writes text in a charset. A character that it does not have, or that would come back as another one, is named.
pub(super) fn encode<'a>(text: &'a str, charset: Option<&str>, has_bom: bool) -> Result<Cow<'a, [u8]>> {
    let charset = charset.map_or(Ok(Charset::Utf8), Charset::named)?;
    let bom = match (has_bom, charset.bom()) {
        (false, _) => &[][..],
        (true, Some(bom)) => bom,
        (true, None) => {
            let message = format!("a text in `{}` has no byte order mark", charset.name());
            return Err(Error::invalid_params(message));
        }
    };
    let bytes: Cow<'a, [u8]> = match charset {
        Charset::Utf8 => text.as_bytes().into(),
        Charset::Utf16(endian) => utf_16::encode(endian, text).into(),
        Charset::Legacy(encoding) => {
            encode_legacy(encoding, text).map_err(|at| unknown_character(text, at, charset))?.into()
        }
    };
    Ok(if bom.is_empty() { bytes } else { [bom, &bytes].concat().into() })
}

fn unknown_character(text: &str, at: usize, charset: Charset) -> Error {
    let character = text[at..].chars().next().unwrap_or_default();
    let line = memchr::memchr_iter(b'\n', &text.as_bytes()[..at]).count() + 1;
    let (name, code) = (charset.name(), u32::from(character));
    let message =
        format!("`{name}` has no character `{}` (U+{code:04X}), which is in line {line}", character.escape_debug());
    Error::invalid_params(message).with("line", line as u64)
}

/// Encodes text, or says at which byte of it the first character is that would not come back.
fn encode_legacy(encoding: &'static Encoding, text: &str) -> std::result::Result<Vec<u8>, usize> {
    let mut encoder = encoding.new_encoder();
    let room = encoder.max_buffer_length_from_utf8_without_replacement(text.len()).unwrap_or(text.len() * 4 + 16);
    let mut bytes = Vec::with_capacity(room);
    let (result, read) = encoder.encode_from_utf8_to_vec_without_replacement(text, &mut bytes, true);
    if result != EncoderResult::InputEmpty {
        // Behind the character that it does not have.
        return Err(text[..read].char_indices().next_back().map_or(0, |(at, _)| at));
    }
    // Some charsets write two characters in the same way.
    match first_difference(encoding, &bytes, text) {
        None => Ok(bytes),
        Some(at) => Err(at),
    }
}

/// The byte of `text` from which on `bytes` say something else.
fn first_difference(encoding: &'static Encoding, bytes: &[u8], text: &str) -> Option<usize> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(bytes.len() * 4 + 16);
    let mut back = String::with_capacity(room);
    let (result, _) = decoder.decode_to_string_without_replacement(bytes, &mut back, true);
    if result == DecoderResult::InputEmpty && back == text {
        return None;
    }
    let mut pairs = text.char_indices().zip(back.chars());
    let at = pairs.find(|((_, wanted), got)| wanted != got).map(|((at, _), _)| at);
    Some(at.unwrap_or_else(|| text.floor_char_boundary(back.len().min(text.len().saturating_sub(1)))))
}

/// How the lines of a text end, and whether the last one does.
pub(super) fn line_ends(text: &str) -> (FsLineEnds, bool) {
    let bytes = text.as_bytes();
    let ends_with_newline = matches!(bytes.last(), Some(b'\n' | b'\r'));
    // Nearly every file is seen to have no carriage return by one quick look.
    let (mut crlf, mut cr) = (0, 0);
    for at in memchr::memchr_iter(b'\r', bytes) {
        let is_pair = bytes.get(at + 1) == Some(&b'\n');
        *(if is_pair { &mut crlf } else { &mut cr }) += 1;
        if crlf > 0 && cr > 0 {
            return (FsLineEnds::Mixed, ends_with_newline);
        }
    }
    let has_lf = match crlf {
        0 => memchr::memchr(b'\n', bytes).is_some(),
        _ => memchr::memchr_iter(b'\n', bytes).count() > crlf,
    };
    let line_ends = match (crlf > 0, cr > 0, has_lf) {
        (false, false, false) => FsLineEnds::None,
        (false, false, true) => FsLineEnds::Lf,
        (true, false, false) => FsLineEnds::Crlf,
        (false, true, false) => FsLineEnds::Cr,
        _ => FsLineEnds::Mixed,
    };
    (line_ends, ends_with_newline)
}

/// The characters that begin in `part` of `bytes`, which begin at a byte of the file that four divides. `None` where it
/// cannot be told where characters begin.
pub(super) fn characters(charset: Charset, bytes: &[u8], part: Range<usize>) -> Option<Range<usize>> {
    let border = match charset {
        Charset::Utf8 => utf_8_border,
        Charset::Utf16(Endian::Little) => |bytes: &[u8], at| utf_16::border(Endian::Little, bytes, at),
        Charset::Utf16(Endian::Big) => |bytes: &[u8], at| utf_16::border(Endian::Big, bytes, at),
        Charset::Legacy(encoding) if encoding.is_single_byte() => |_: &[u8], at| Some(at),
        Charset::Legacy(_) => return None,
    };
    Some(border(bytes, part.start)?..border(bytes, part.end)?)
}

/// The first byte from `at` on that begins a character.
fn utf_8_border(bytes: &[u8], at: usize) -> Option<usize> {
    let is_inside = |at: usize| bytes.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
    if !is_inside(at) {
        return Some(at);
    }
    let first = (at.saturating_sub(3)..at).rev().find(|at| !is_inside(*at))?;
    let end = (at..at + 3).find(|at| !is_inside(*at)).unwrap_or(at + 3);
    let character = std::str::from_utf8(bytes.get(first..end)?).ok()?;
    (character.chars().count() == 1).then_some(end)
}

#[cfg(test)]
#[path = "text/tests.rs"]
mod tests;
