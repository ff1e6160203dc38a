//! The JSON-RPC envelope: every line is read as something, the quick way of reading one agrees with the careful way, and
//! every answer is JSON-RPC that a client understands.
//!
//! An input is one line.

use std::collections::BTreeMap;

use icpy_protocol::error::{Error, Kind};
use icpy_protocol::message::{
    Call, Line, Message, Received, read_id, read_line, read_received, read_usual, write_error, write_request,
    write_result,
};
use serde_json::value::RawValue;

use crate::Target;

/// Up to here the id is looked for in every beginning of a line.
const HEADS_BYTES_MAX: usize = 256;

/// The target.
pub fn target() -> Target {
    Box::new(check)
}

fn check(line: &[u8]) {
    let careful = read_line(line);
    if let Some(usual) = read_usual(line)
        && serde_json::from_str::<&RawValue>(usual.params).is_ok()
    {
        assert_eq!(careful, Line::Single(Message::Call(usual)), "the quick reading differs");
    }
    check_ids(line, &careful);
    match careful {
        Line::Single(message) => check_message(&message),
        Line::Batch(messages) => {
            assert!(!messages.is_empty(), "an empty batch");
            messages.iter().for_each(check_message);
        }
    }
    // What a client reads comes from the daemon, and must not end it either.
    if let Ok(Received::Answer { id, .. }) = read_received(line) {
        assert!(serde_json::from_str::<&RawValue>(id).is_ok(), "the id `{id}` of an answer");
    }
}

/// The id that the beginning of a line shows is the one that the whole has.
fn check_ids(line: &[u8], careful: &Line<'_>) {
    let Line::Single(Message::Call(call)) = careful else {
        // Of what is no call there may be an id, which is not looked at.
        read_id(line);
        return;
    };
    for end in 0..=line.len().min(HEADS_BYTES_MAX) {
        if let Some(id) = read_id(&line[..end]) {
            assert_eq!(Some(id), call.id, "the first {end} bytes show another id");
        }
    }
}

fn check_message(message: &Message<'_>) {
    match message {
        Message::Answer => {}
        Message::Invalid(error) => {
            assert!([Kind::ParseError, Kind::InvalidRequest].contains(&error.kind()), "{error:?}");
            check_failure("null", error);
        }
        Message::Call(call) => check_call(call),
    }
}

fn check_call(call: &Call<'_>) {
    let Some(id) = call.id else { return };
    let mut line = Vec::new();
    write_request(&mut line, id, &call.method, call.params);
    assert_eq!(line.pop(), Some(b'\n'), "a request ends its line");
    match read_line(&line) {
        Line::Single(Message::Call(read)) => assert_eq!(&read, call, "a request that is sent on"),
        other => panic!("{other:?}"),
    }

    let mut answer = Vec::new();
    write_result(&mut answer, id, call.params.as_bytes());
    assert_eq!(answered(&answer, id)["result"].get(), call.params, "a result");
    match read_received(&answer) {
        Ok(Received::Answer { id: read, outcome: Ok(result) }) => assert_eq!((read, result), (id, call.params)),
        other => panic!("{other:?}"),
    }
    check_failure(id, &Error::method_not_found(format!("no method is named `{}`", call.method)));
}

fn check_failure(id: &str, error: &Error) {
    let mut answer = Vec::new();
    write_error(&mut answer, id, error);
    let written: Error = serde_json::from_str(answered(&answer, id)["error"].get()).unwrap();
    assert_eq!(&written, error);
    match read_received(&answer) {
        Ok(Received::Answer { id: read, outcome: Err(read_error) }) => assert_eq!((read, &read_error), (id, error)),
        other => panic!("{other:?}"),
    }
}

/// An answer as any reader of JSON has it.
fn answered<'a>(line: &'a [u8], id: &str) -> BTreeMap<&'a str, &'a RawValue> {
    let answer: BTreeMap<&str, &RawValue> = serde_json::from_slice(line).unwrap();
    assert_eq!((answer.len(), answer["jsonrpc"].get(), answer["id"].get()), (3, r#""2.0""#, id));
    answer
}
