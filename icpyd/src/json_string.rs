//! Writing long strings in JSON by SIMD. Escaping byte by byte took twenty times as long as reading a file.

use icpy_protocol::json_string::JsonString;

/// How much text is escaped at once.
const PIECE_BYTES: usize = 16 << 10;

/// A text. Piece by piece: what escapes takes six times the room of what it is given, and memory that was never used is slow.
pub fn escaped(text: &str) -> JsonString {
    let mut json = Vec::with_capacity(text.len() + text.len() / 8 + 6 * text.len().min(PIECE_BYTES) + 64);
    json.push(b'"');
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(rest.floor_char_boundary(PIECE_BYTES));
        rest = more;
        // Each piece comes between quotation marks: the first falls on the byte before, which is put back.
        let before = json.pop().unwrap_or(b'"');
        let at = json.len();
        json_escape_simd::escape_into(piece, &mut json);
        json[at] = before;
        json.pop();
    }
    json.push(b'"');
    if json.capacity() / 2 > json.len() {
        json.shrink_to_fit();
    }
    JsonString::from_json(String::from_utf8(json).expect("what is escaped is ASCII, and the rest was text"))
}

/// Bytes in base64.
pub fn base64(bytes: &[u8]) -> JsonString {
    let encoder = base64_simd::STANDARD;
    let mut json = String::with_capacity(encoder.encoded_length(bytes.len()) + 2);
    json.push('"');
    encoder.encode_append(bytes, &mut json);
    json.push('"');
    JsonString::from_json(json)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What travels is what serde would write.
    #[track_caller]
    fn check(text: &str) {
        assert!(escaped(text) == JsonString::from(text), "{text:?}");
    }

    #[test]
    fn long_text_is_escaped_whole() {
        check("");
        check("\"");
        for around in [PIECE_BYTES - 2, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1] {
            for odd in ["\"", "\\", "\n", "\u{1}", "é", "😀", "\u{7f}"] {
                check(&format!("{}{odd}{odd}{}", "a".repeat(around), "b".repeat(100)));
                check(&odd.repeat(around));
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_escaped_as_it_is(text: String) {
            prop_assert!(escaped(&text) == JsonString::from(text));
        }
    }
}
