//! The id of a request of which only the beginning is at hand.

use serde_json::value::RawValue;

use super::is_id;

/// The id as JSON text, where the object's members up to it are whole in these bytes. An id at the very end may go on, so
/// that it does not count.
pub fn read_id(head: &[u8]) -> Option<&str> {
    let mut rest = head.trim_ascii_start().strip_prefix(b"{")?;
    loop {
        let (name, behind) = read_value(rest)?;
        let (value, behind) = read_value(behind.trim_ascii_start().strip_prefix(b":")?)?;
        let behind = behind.trim_ascii_start();
        if name == "\"id\"" {
            return Some(value).filter(|value| is_id(value) && !behind.is_empty());
        }
        rest = behind.strip_prefix(b",")?;
    }
}

/// The first JSON value, and what is behind it.
fn read_value(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<&RawValue>();
    let value = values.next()?.ok()?;
    Some((value.get(), &bytes[values.byte_offset()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_read_where_all_before_it_is_whole() {
        let check = |head: &str, expect: Option<&str>| assert_eq!(read_id(head.as_bytes()), expect, "{head}");
        check(r#"{"jsonrpc":"2.0","id":12,"method":"m","params":{"content":"xx"#, Some("12"));
        check(r#" { "id" : "a\"b" , "params":["#, Some(r#""a\"b""#));
        check(r#"{"params":{"id":1},"id":2,"#, Some("2"));
        check(r#"{"id":null,"#, Some("null"));
        for none in [
            "",
            "xxxx",
            r#"[{"id":1,"#,
            r#"{"params":{"id":1,"content":"xx"#,
            r#"{"jsonrpc":"2.0","id":12"#,
            r#"{"id":{},"#,
            r#"{"id" 1,"#,
            r#"{"jsonrpc":"2.0"}"#,
        ] {
            check(none, None);
        }
        assert_eq!(read_id(b"{\"id\":\"\xff\","), None);
    }
}
