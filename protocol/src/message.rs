//! The JSON-RPC 2.0 envelope: reading a line into calls without copying ([`read_line`], and [`read_usual`] for the form
//! that nearly all lines have), and writing answers and events.
//!
//! Ids are kept as the text they were sent as, so that they are echoed byte for byte (`null`, strings, integers of any
//! size). Params stay text here; the router reads them into the method's type. Not here: splitting a byte stream into
//! lines, and what a method means.

mod head;
mod usual;
mod write;

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::error::Error;

pub use head::read_id;
pub use usual::read_usual;
pub use write::*;

/// The most calls in one batch.
pub const BATCH_CALLS_MAX: usize = 1000;

/// What one line holds.
#[derive(Debug, PartialEq)]
pub enum Line<'a> {
    /// One message.
    Single(Message<'a>),
    /// A batch, to be answered by one array. Never empty.
    Batch(Vec<Message<'a>>),
}

/// One message of a client.
#[derive(Debug, PartialEq)]
pub enum Message<'a> {
    /// A request, or a notification when it has no id.
    Call(Call<'a>),
    /// An answer. The daemon asks its clients nothing, so it goes unread.
    Answer,
    /// Not a JSON-RPC message: to be answered with this error and the id `null`.
    Invalid(Error),
}

/// A request or a notification.
#[derive(Debug, PartialEq)]
pub struct Call<'a> {
    /// The id as JSON text; `None` is a notification, `Some("null")` is a request.
    pub id: Option<&'a str>,
    /// The method's name.
    pub method: Cow<'a, str>,
    /// The params as JSON text, `{}` when there were none.
    pub params: &'a str,
}

/// A message as a client of the daemon receives it.
#[derive(Debug)]
pub enum Received<'a> {
    /// The answer to the request with this id.
    Answer {
        /// The id as JSON text.
        id: &'a str,
        /// The result as JSON text, or the error.
        outcome: Result<&'a str, Error>,
    },
    /// An event, or another notification of the daemon.
    Notification {
        /// The topic, or a method that begins with `$/`.
        method: Cow<'a, str>,
        /// The params as JSON text.
        params: &'a str,
    },
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    jsonrpc: Option<Text<'a>>,
    /// Three states: absent, `null`, or a value. A plain `Option` would read `null` as absent.
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<Text<'a>>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// A string that is borrowed unless it holds escapes. A `Cow` inside an `Option` would always be copied.
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(text.into()))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(text.to_owned().into()))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// Reads one line that a client sent. Never fails: what is not a message becomes [`Message::Invalid`].
pub fn read_line(line: &[u8]) -> Line<'_> {
    let Ok(text) = std::str::from_utf8(line) else {
        return invalid(Error::parse_error("the line is not valid UTF-8"));
    };
    if !text.trim_start().starts_with('[') {
        return Line::Single(read_message(text));
    }
    match serde_json::from_str::<Vec<&RawValue>>(text) {
        Ok(entries) if entries.is_empty() => invalid(Error::invalid_request("a batch holds at least one call")),
        Ok(entries) if entries.len() > BATCH_CALLS_MAX => invalid(Error::invalid_request(format!(
            "a batch holds at most {BATCH_CALLS_MAX} calls, this one {}",
            entries.len()
        ))),
        Ok(entries) => Line::Batch(entries.into_iter().map(|entry| read_message(entry.get())).collect()),
        Err(error) => invalid(Error::parse_error(format!("the line is not valid JSON: {error}"))),
    }
}

/// Reads one line that the daemon sent; the error says why it is none of its messages.
pub fn read_received(line: &[u8]) -> Result<Received<'_>, String> {
    let envelope: Envelope<'_> = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    if let Some(Text(method)) = envelope.method {
        return Ok(Received::Notification { method, params: envelope.params.map_or("{}", RawValue::get) });
    }
    let id = envelope.id.ok_or("neither a method nor an id")?.get();
    let outcome = match (envelope.result, envelope.error) {
        (_, Some(error)) => Err(serde_json::from_str(error.get()).map_err(|error| error.to_string())?),
        (Some(result), None) => Ok(result.get()),
        // A `result` of null reads as an absent one.
        (None, None) => Ok("null"),
    };
    Ok(Received::Answer { id, outcome })
}

fn invalid(error: Error) -> Line<'static> {
    Line::Single(Message::Invalid(error))
}

fn read_message(text: &str) -> Message<'_> {
    if !text.trim_start().starts_with('{') {
        return match serde_json::from_str::<&RawValue>(text) {
            Ok(_) => Message::Invalid(Error::invalid_request("a request is a JSON object")),
            Err(error) => Message::Invalid(Error::parse_error(format!("the line is not valid JSON: {error}"))),
        };
    }
    match serde_json::from_str::<Envelope<'_>>(text) {
        Ok(envelope) => read_envelope(envelope).unwrap_or_else(Message::Invalid),
        Err(error) if error.is_data() => {
            Message::Invalid(Error::invalid_request(format!("not a JSON-RPC request: {}", without_place(&error))))
        }
        Err(error) => Message::Invalid(Error::parse_error(format!("the line is not valid JSON: {error}"))),
    }
}

fn read_envelope(envelope: Envelope<'_>) -> Result<Message<'_>, Error> {
    if envelope.jsonrpc.is_none_or(|Text(version)| version != "2.0") {
        return Err(Error::invalid_request("the member `jsonrpc` must be \"2.0\""));
    }
    let id = envelope.id.map(RawValue::get);
    if id.is_some_and(|id| !is_id(id)) {
        return Err(Error::invalid_request("an `id` is a string, a number or null"));
    }
    let Some(Text(method)) = envelope.method else {
        return match (envelope.result, envelope.error) {
            (None, None) => Err(Error::invalid_request("the member `method` is missing")),
            _ => Ok(Message::Answer),
        };
    };
    let params = match envelope.params.map(RawValue::get) {
        None | Some("[]") => "{}",
        Some(params) if params.starts_with(['{', '[']) => params,
        Some(_) => return Err(Error::invalid_request("`params` is an object")),
    };
    Ok(Message::Call(Call { id, method, params }))
}

/// Whether a JSON value can be an id: a string, a number or null.
fn is_id(json: &str) -> bool {
    matches!(json.as_bytes()[0], b'"' | b'-' | b'0'..=b'9' | b'n')
}

/// A serde error's text without its place in the input, which means nothing to who sent the whole.
pub fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(place) => text[..place].to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn single(line: &str) -> Message<'_> {
        match read_line(line.as_bytes()) {
            Line::Single(message) => message,
            Line::Batch(_) => panic!("a batch: {line}"),
        }
    }

    #[test]
    fn ids_are_kept_as_text() {
        let check = |id: &str| {
            let line = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"m"}}"#);
            assert_eq!(single(&line), Message::Call(Call { id: Some(id), method: "m".into(), params: "{}" }));
        };
        check("null");
        check("1");
        check("-1.5e3");
        check("9007199254740993123456789");
        check(r#""\u00e9 \"x\"""#);
        let none = single(r#"{"jsonrpc":"2.0","method":"m"}"#);
        assert_eq!(none, Message::Call(Call { id: None, method: "m".into(), params: "{}" }));
    }

    #[test]
    fn what_is_not_a_request_says_why() {
        let check = |line: &[u8], kind: Kind, expect: &str| match read_line(line) {
            Line::Single(Message::Invalid(error)) => {
                assert_eq!(error.kind(), kind, "{error}");
                assert!(error.message().contains(expect), "{error}");
            }
            other => panic!("{other:?}"),
        };
        check(b"{\"jsonrpc\":\"2.0\",", Kind::ParseError, "EOF");
        check(b"\xff{}", Kind::ParseError, "UTF-8");
        check(b"[1,", Kind::ParseError, "EOF");
        check(b"nonsense", Kind::ParseError, "not valid JSON");
        check(b"1", Kind::InvalidRequest, "object");
        check(b"[]", Kind::InvalidRequest, "at least one");
        check(b"{}", Kind::InvalidRequest, "jsonrpc");
        check(br#"{"jsonrpc":"2.0"}"#, Kind::InvalidRequest, "method");
        check(br#"{"jsonrpc":"1.0","method":"m"}"#, Kind::InvalidRequest, "jsonrpc");
        check(br#"{"jsonrpc":"2.0","method":1}"#, Kind::InvalidRequest, "invalid type");
        check(br#"{"jsonrpc":"2.0","method":"m","params":"x"}"#, Kind::InvalidRequest, "params");
        check(br#"{"jsonrpc":"2.0","method":"m","id":{}}"#, Kind::InvalidRequest, "id");
        check(br#"{"jsonrpc":"2.0","method":"m","method":"n"}"#, Kind::InvalidRequest, "duplicate");
    }

    #[test]
    fn a_batch_keeps_good_calls_beside_bad_ones() {
        let Line::Batch(messages) = read_line(br#" [1, {"jsonrpc":"2.0","method":"m","params":null}]"#) else {
            panic!("not a batch");
        };
        assert!(matches!(&messages[0], Message::Invalid(error) if error.kind() == Kind::InvalidRequest));
        assert_eq!(messages[1], Message::Call(Call { id: None, method: "m".into(), params: "{}" }));
    }

    #[test]
    fn nesting_of_any_depth_is_read_without_recursion() {
        let deep =
            format!(r#"{{"jsonrpc":"2.0","method":"m","params":{}{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
        assert!(matches!(single(&deep), Message::Call(_)));
    }

    #[test]
    fn a_client_reads_answers_and_events() {
        let Ok(Received::Answer { id, outcome }) = read_received(br#"{"jsonrpc":"2.0","id":"a","result":null}"#) else {
            panic!("not an answer");
        };
        assert_eq!((id, outcome), (r#""a""#, Ok("null")));
        let failed = read_received(br#"{"jsonrpc":"2.0","id":1,"error":{"code":-32010,"message":"m"}}"#).unwrap();
        assert!(matches!(failed, Received::Answer { outcome: Err(error), .. } if error.kind() == Kind::NotFound));
        assert!(read_received(b"{}").is_err());
    }
}
