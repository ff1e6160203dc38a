//! A content as text in UTF-8, or in bytes that are near to it, and the way back.

use std::borrow::Cow;

/// The encodings that a content names itself, by a mark at its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    None,
    Utf8,
    Utf16Le,
    Utf16Be,
}

/// A text, and how it was encoded.
#[derive(Debug)]
pub(super) struct Text<'a> {
    pub(super) bytes: Cow<'a, [u8]>,
    mark: Mark,
}

impl<'a> Text<'a> {
    /// Reads a content. UTF-16 must be well-formed, so that there is a way back.
    pub(super) fn decode(content: &'a [u8]) -> Result<Self, &'static str> {
        let (mark, bytes) = match content {
            [0xef, 0xbb, 0xbf, rest @ ..] => (Mark::Utf8, rest.into()),
            [0xff, 0xfe, rest @ ..] => (Mark::Utf16Le, utf8(rest, u16::from_le_bytes)?.into()),
            [0xfe, 0xff, rest @ ..] => (Mark::Utf16Be, utf8(rest, u16::from_be_bytes)?.into()),
            _ => (Mark::None, content.into()),
        };
        Ok(Self { bytes, mark })
    }

    /// Other bytes in the encoding of this text.
    pub(super) fn encode(&self, bytes: Vec<u8>) -> Vec<u8> {
        let utf16 = |unit: fn(u16) -> [u8; 2]| {
            let text = String::from_utf8_lossy(&bytes);
            // The mark is a character as any other.
            std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(unit).collect()
        };
        match self.mark {
            Mark::None => bytes,
            Mark::Utf8 => [&[0xef, 0xbb, 0xbf], &bytes[..]].concat(),
            Mark::Utf16Le => utf16(u16::to_le_bytes),
            Mark::Utf16Be => utf16(u16::to_be_bytes),
        }
    }

    /// A replacement whose newlines are those of this text: as its first line ends.
    pub(super) fn with_its_line_ends<'r>(&self, replacement: &'r str) -> Cow<'r, str> {
        let newline = memchr::memchr(b'\n', &self.bytes);
        if !replacement.contains('\n') || newline.is_none_or(|newline| !self.bytes[..newline].ends_with(b"\r")) {
            return replacement.into();
        }
        replacement.replace("\r\n", "\n").replace('\n', "\r\n").into()
    }
}

fn utf8(content: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Vec<u8>, &'static str> {
    let (units, rest) = content.as_chunks::<2>();
    let text: Result<String, _> = char::decode_utf16(units.iter().copied().map(unit)).collect();
    match text {
        Ok(text) if rest.is_empty() => Ok(text.into_bytes()),
        _ => Err("it is not well-formed UTF-16"),
    }
}
