//! Percent-encoding of parts of a URI (RFC 3986), and of queries as forms write them.

use std::fmt::Write as _;

/// Reads one segment of a path, or one name or value of a query; `None` when it is not UTF-8.
pub(super) fn decode(text: &str, is_query: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        bytes.push(match first {
            b'+' if is_query => b' ',
            b'%' => {
                let (digits, behind) = rest.split_at_checked(2)?;
                rest = behind;
                let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|it| u8::try_from(it).ok());
                digit(digits[0])? << 4 | digit(digits[1])?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

/// The names and values of a query.
pub(super) fn pairs(query: &str) -> impl Iterator<Item = Option<(String, String)>> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((decode(name, true)?, decode(value, true)?))
    })
}

/// Writes a text so that it is one segment of a path, or one value of a query. In a query a slash needs no encoding.
pub(super) fn encode(into: &mut String, text: &str, is_query: bool) {
    for byte in text.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (is_query && byte == b'/');
        if is_plain {
            into.push(char::from(byte));
        } else {
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding() {
        let check = |text: &str, expect: Option<&str>| assert_eq!(decode(text, true).as_deref(), expect, "{text}");
        check("a%20b+c", Some("a b c"));
        check("%C3%a9", Some("é"));
        check("", Some(""));
        check("%2", None);
        check("%", None);
        check("%g0", None);
        check("%+1", None);
        check("%ff", None);
        assert_eq!(decode("a+b", false).as_deref(), Some("a+b"));
    }

    #[test]
    fn what_was_encoded_is_decoded_to_the_same() {
        for (is_query, expect) in [(true, "/a%20b%2Bc%3F%26%C3%A9"), (false, "%2Fa%20b%2Bc%3F%26%C3%A9")] {
            let mut encoded = String::new();
            encode(&mut encoded, "/a b+c?&é", is_query);
            assert_eq!(encoded, expect);
            assert_eq!(decode(&encoded, is_query).as_deref(), Some("/a b+c?&é"));
        }
    }

    #[test]
    fn a_query_is_read_in_its_order() {
        let read: Option<Vec<_>> = pairs("a=1&&b&c=x=y&a=2").collect();
        let read = read.unwrap();
        let read: Vec<_> = read.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(read, [("a", "1"), ("b", ""), ("c", "x=y"), ("a", "2")]);
    }
}
