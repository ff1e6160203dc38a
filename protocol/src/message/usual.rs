//! Reading the lines that nearly all clients send nearly always, at a fraction of a JSON parser's cost. Not here: any other
//! line, which is no error.

use super::Call;

/// Reads a line of the form that nearly all have: the members `jsonrpc`, `id` and `method` in any order, without escapes,
/// then `params` or nothing, and no space between them. Any other is left to [`read_line`].
///
/// The params reach to the end of the line and are not looked at: whoever reads them finds out whether they are one JSON
/// value, and goes on with [`read_line`] if not.
pub fn read_usual(line: &[u8]) -> Option<Call<'_>> {
    let text = std::str::from_utf8(line).ok()?.trim_ascii_end();
    let mut rest = text.strip_prefix('{')?.strip_suffix('}')?;
    let (mut has_version, mut id, mut method, mut params) = (false, None, None, "{}");
    while !rest.is_empty() {
        let behind = if let Some(value) = rest.strip_prefix(r#""params":"#) {
            params = (value.starts_with('{') && value.ends_with('}')).then_some(value)?;
            ""
        } else if let Some(behind) = rest.strip_prefix(r#""jsonrpc":"2.0""#) {
            (!std::mem::replace(&mut has_version, true)).then_some(behind)?
        } else {
            let (member, value) = match rest.strip_prefix(r#""id":"#) {
                Some(value) => (&mut id, value),
                None => (&mut method, rest.strip_prefix(r#""method":"#)?),
            };
            let (value, behind) = value.split_at(usual_value_length(value)?);
            member.replace(value).is_none().then_some(behind)?
        };
        rest = match behind.strip_prefix(',') {
            Some(rest) if !rest.is_empty() => rest,
            None if behind.is_empty() => "",
            _ => return None,
        };
    }
    let method = method.filter(|_| has_version)?.strip_prefix('"')?.strip_suffix('"')?;
    Some(Call { id, method: method.into(), params })
}

/// The length of the string without escapes, or the natural number, that a text begins with.
fn usual_value_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits > 0 {
        return (digits == 1 || bytes[0] != b'0').then_some(digits);
    }
    let inside = bytes.strip_prefix(b"\"")?;
    let end = inside.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' '))?;
    (inside[end] == b'"').then_some(end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Line, Message, read_line};
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    fn with_all_care(line: &str) -> Message<'_> {
        match read_line(line.as_bytes()) {
            Line::Single(message) => message,
            Line::Batch(_) => panic!("a batch: {line}"),
        }
    }

    #[test]
    fn a_usual_line_is_read_as_with_all_care() {
        for line in [
            r#"{"jsonrpc":"2.0","id":1,"method":"a:b","params":{"x":"y"}}"#,
            r#"{"id":"a","jsonrpc":"2.0","method":"a:b"}"#,
            r#"{"jsonrpc":"2.0","method":"a:b","params":{}}"#,
            "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"a\"}  \r",
        ] {
            let usual = read_usual(line.as_bytes()).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(Message::Call(usual), with_all_care(line));
        }
        for line in [
            "",
            "{}",
            r#"{"jsonrpc":"2.0","id":01,"method":"a"}"#,
            r#"{"jsonrpc":"2.0","id":1.5,"method":"a"}"#,
            r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"a"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"\u0061"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":1}"#,
            r#"{"jsonrpc":"1.0","id":1,"method":"a"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"a","other":1}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"a",}"#,
            r#"{"jsonrpc":"2.0" "id":1,"method":"a"}"#,
            "{\"jsonrpc\":\"2.0\",\"id\":\"\t\",\"method\":\"a\"}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"params\":{} }",
        ] {
            assert_eq!(read_usual(line.as_bytes()), None, "{line}");
        }
    }

    proptest! {
        /// What the quick reading finds the careful one finds too, as soon as the params are one JSON value.
        #[test]
        fn the_two_readings_agree(
            members in proptest::collection::vec(proptest::sample::select(MEMBERS), 1..6),
            separator in proptest::sample::select(&[",", ",", ",", " ,", ""][..]),
        ) {
            let line = format!("{{{}}}", members.join(separator));
            if let Some(call) = read_usual(line.as_bytes()) && serde_json::from_str::<&RawValue>(call.params).is_ok() {
                prop_assert_eq!(with_all_care(&line), Message::Call(call), "{}", line);
            }
        }
    }

    const MEMBERS: &[&str] = &[
        r#""jsonrpc":"2.0""#,
        r#""jsonrpc":"2.0""#,
        r#""id":1"#,
        r#""id":"x""#,
        r#""id":null"#,
        r#""method":"a:b""#,
        r#""method":"a:b""#,
        r#""params":{}"#,
        r#""params":{"a":[1,"}"]}"#,
        r#""params":[]"#,
        r#""params":null"#,
        r#""result":1"#,
        r#""x""#,
    ];
}
