//! Writing answers, events and other notifications, straight into the bytes to be sent.

use std::io;

use serde::Serialize;
use serde_json::ser::Formatter;

use crate::error::Error;

/// About as long as most results are.
const RESULT_BYTES: usize = 128;

/// How all is written. JSON has no bytes: where a type hands over bytes, they are JSON that is written already.
struct Ready;

impl Formatter for Ready {
    fn write_byte_array<W: ?Sized + io::Write>(&mut self, writer: &mut W, json: &[u8]) -> io::Result<()> {
        writer.write_all(json)
    }
}

/// A result as JSON text.
pub fn to_json(result: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut json = Vec::with_capacity(RESULT_BYTES);
    write_ready(&mut json, result)?;
    Ok(json)
}

/// The only way to write what holds JSON that is written already, as [`JsonString`] does.
///
/// [`JsonString`]: crate::json_string::JsonString
fn write_ready<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) -> serde_json::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(out, Ready))
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

/// The byte that a binary message begins with on its way to a connection that has frames: no text does.
pub const BINARY: u8 = 0;

/// Bytes before the frame of a binary message: [`BINARY`], and how long the frame is, as 32 bits, the lowest first.
pub const BINARY_HEAD_BYTES: usize = 5;

/// Writes a binary message: a frame that holds the notification as a line, and then the bytes that it is about.
pub fn write_binary(out: &mut Vec<u8>, method: &str, params: &impl Serialize, bytes: &[u8]) {
    out.push(BINARY);
    let begin = out.len();
    out.extend_from_slice(&[0; 4]);
    write_notification(out, method, params);
    out.extend_from_slice(bytes);
    let length = u32::try_from(out.len() - begin - 4).expect("a frame is shorter than 4 GiB");
    out[begin..begin + 4].copy_from_slice(&length.to_le_bytes());
}

/// Writes what comes before an event's shared bytes: the part that is each subscription's own.
pub fn write_event_prefix(out: &mut Vec<u8>, subscription: u64, prev: u64) {
    out.extend_from_slice(br#"{"jsonrpc":"2.0","params":{"subscription":"#);
    write_json(out, &subscription);
    out.extend_from_slice(br#","prev":"#);
    write_json(out, &prev);
}

/// What stands before the entry in the event log, in the part of an event's line that all receivers share.
pub const EVENT_LOG: &[u8] = br#","log":"#;

/// The part of an event's line that all receivers share, from its payload (a JSON object's text) to the newline.
///
/// The payload's members come first, so that the line begins with what differs between receivers and the rest is
/// serialised once: `,<members>,"log":…,"epoch":…,"seq":…},"method":"<topic>"}\n`. What is in the event log has its
/// entry there as `log`, which is JSON text.
pub fn event_suffix(payload: &[u8], log: Option<&[u8]>, epoch: &str, seq: u64, topic: &str) -> Vec<u8> {
    debug_assert!(payload.starts_with(b"{") && payload.ends_with(b"}"), "a payload is a compact JSON object");
    let members = &payload[1..payload.len() - 1];
    let log_bytes = log.map_or(0, <[u8]>::len);
    let mut out = Vec::with_capacity(members.len() + log_bytes + epoch.len() + topic.len() + 64);
    if !members.is_empty() {
        out.push(b',');
        out.extend_from_slice(members);
    }
    if let Some(log) = log {
        out.extend_from_slice(EVENT_LOG);
        out.extend_from_slice(log);
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
    write_ready(out, value).expect("wire types have string keys and a vector takes every byte");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_line_is_its_prefix_and_its_shared_part() {
        let check = |payload: &str, log: Option<&str>, expect: &str| {
            let mut line = Vec::new();
            write_event_prefix(&mut line, 3, 7);
            line.extend(event_suffix(payload.as_bytes(), log.map(str::as_bytes), "e1", 8, "file:opened"));
            assert_eq!(String::from_utf8(line).unwrap(), expect);
        };
        check(
            r#"{"path":"/a"}"#,
            None,
            "{\"jsonrpc\":\"2.0\",\"params\":{\"subscription\":3,\"prev\":7,\"path\":\"/a\",\"epoch\":\"e1\",\"seq\":8},\"method\":\"file:opened\"}\n",
        );
        check(
            "{}",
            Some("{\"id\":2}"),
            "{\"jsonrpc\":\"2.0\",\"params\":{\"subscription\":3,\"prev\":7,\"log\":{\"id\":2},\"epoch\":\"e1\",\"seq\":8},\"method\":\"file:opened\"}\n",
        );
    }
}
