//! The JSON-RPC 2.0 envelope: reading a line into calls without copying, and writing answers and events.
//!
//! Ids are kept as the text they were sent as, so that they are echoed byte for byte (`null`, strings, integers of any
//! size). Params stay text here; the router reads them into the method's type. Not here: splitting a byte stream into
//! lines, and what a method means.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::error::Error;

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
    jsonrpc: Option<Cow<'a, str>>,
    /// Three states: absent, `null`, or a value. A plain `Option` would read `null` as absent.
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
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
    if let Some(method) = envelope.method {
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
    if envelope.jsonrpc.as_deref() != Some("2.0") {
        return Err(Error::invalid_request("the member `jsonrpc` must be \"2.0\""));
    }
    let id = envelope.id.map(RawValue::get);
    if id.is_some_and(|id| !matches!(id.as_bytes()[0], b'"' | b'-' | b'0'..=b'9' | b'n')) {
        return Err(Error::invalid_request("an `id` is a string, a number or null"));
    }
    let Some(method) = envelope.method else {
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

/// A serde error's text without its place in the input, which means nothing to who sent the whole.
pub fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(place) => text[..place].to_owned(),
        None => text,
    }
}

/// Writes the answer to a request, without the newline. `result` is JSON text.
pub fn write_result(out: &mut Vec<u8>, id: &str, result: &[u8]) {
    write_result_head(out, id);
    out.extend_from_slice(result);
    out.push(b'}');
}

/// Writes the answer to a request up to the result, which is to be followed by `}`.
pub fn write_result_head(out: &mut Vec<u8>, id: &str) {
    out.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
    out.extend_from_slice(id.as_bytes());
    out.extend_from_slice(br#","result":"#);
}

/// Writes the failure of a request, without the newline.
pub fn write_error(out: &mut Vec<u8>, id: &str, error: &Error) {
    out.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
    out.extend_from_slice(id.as_bytes());
    out.extend_from_slice(br#","error":"#);
    write_json(out, error);
    out.push(b'}');
}

/// Writes a request with its newline. `id` and `params` are JSON text.
pub fn write_request(out: &mut Vec<u8>, id: &str, method: &str, params: &str) {
    out.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
    out.extend_from_slice(id.as_bytes());
    out.extend_from_slice(br#","method":"#);
    write_json(out, method);
    out.extend_from_slice(br#","params":"#);
    out.extend_from_slice(params.as_bytes());
    out.extend_from_slice(b"}\n");
}

/// Writes a notification with its newline.
pub fn write_notification(out: &mut Vec<u8>, method: &str, params: &impl Serialize) {
    out.extend_from_slice(br#"{"jsonrpc":"2.0","method":"#);
    write_json(out, method);
    out.extend_from_slice(br#","params":"#);
    write_json(out, params);
    out.extend_from_slice(b"}\n");
}

/// Writes what comes before an event's shared bytes: the part that is each subscription's own.
pub fn write_event_prefix(out: &mut Vec<u8>, subscription: u64, prev: u64) {
    out.extend_from_slice(br#"{"jsonrpc":"2.0","params":{"subscription":"#);
    write_json(out, &subscription);
    out.extend_from_slice(br#","prev":"#);
    write_json(out, &prev);
}

/// The part of an event's line that all receivers share, from its payload (a JSON object's text) to the newline.
///
/// The payload's members come first, so that the line begins with what differs between receivers and the rest is
/// serialised once: `,<members>,"epoch":…,"seq":…},"method":"<topic>"}\n`.
pub fn event_suffix(payload: &[u8], epoch: &str, seq: u64, topic: &str) -> Vec<u8> {
    debug_assert!(payload.starts_with(b"{") && payload.ends_with(b"}"), "a payload is a compact JSON object");
    let members = &payload[1..payload.len() - 1];
    let mut out = Vec::with_capacity(members.len() + epoch.len() + topic.len() + 64);
    if !members.is_empty() {
        out.push(b',');
        out.extend_from_slice(members);
    }
    out.extend_from_slice(br#","epoch":"#);
    write_json(&mut out, epoch);
    out.extend_from_slice(br#","seq":"#);
    write_json(&mut out, &seq);
    out.extend_from_slice(br#"},"method":"#);
    write_json(&mut out, topic);
    out.extend_from_slice(b"}\n");
    out
}

fn write_json<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    serde_json::to_writer(out, value).expect("wire types have string keys and a vector takes every byte");
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
    fn an_event_line_is_its_prefix_and_its_shared_part() {
        let check = |payload: &str, expect: &str| {
            let mut line = Vec::new();
            write_event_prefix(&mut line, 3, 7);
            line.extend(event_suffix(payload.as_bytes(), "e1", 8, "file:opened"));
            assert_eq!(String::from_utf8(line).unwrap(), expect);
        };
        check(
            r#"{"path":"/a"}"#,
            "{\"jsonrpc\":\"2.0\",\"params\":{\"subscription\":3,\"prev\":7,\"path\":\"/a\",\"epoch\":\"e1\",\"seq\":8},\"method\":\"file:opened\"}\n",
        );
        check(
            "{}",
            "{\"jsonrpc\":\"2.0\",\"params\":{\"subscription\":3,\"prev\":7,\"epoch\":\"e1\",\"seq\":8},\"method\":\"file:opened\"}\n",
        );
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
