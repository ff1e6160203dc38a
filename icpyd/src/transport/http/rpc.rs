//! `POST /rpc`: one request or a batch as the body, as on the socket.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::future::join_all;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::message::{Call, Line, Message, read_line, write_error, write_result};

use super::Door;
use super::asker::Asker;
use super::body::read_json;
use crate::caller::Grant;

/// The most requests in a batch.
const BATCH_MAX: usize = 50;

/// How deep JSON may be nested.
const DEPTH_MAX: usize = 64;

/// Answers a body.
pub(super) async fn answer(
    State(door): State<Arc<Door>>,
    Extension(grant): Extension<Arc<Grant>>,
    request: Request,
) -> Response {
    let body = match read_json(request, door.config.body_bytes_max).await {
        Ok(body) => body,
        Err(problem) => return problem.into_response(),
    };
    let asker = Asker::new(&door, &grant, None);
    let mut out = Vec::new();
    match check_depth(&body).map(|()| read_line(&body)) {
        Err(error) => write_error(&mut out, "null", &error),
        Ok(Line::Single(message)) => {
            if let Some(answer) = answer_to(&asker, message).await {
                out = answer;
            }
        }
        Ok(Line::Batch(messages)) if messages.len() > BATCH_MAX => {
            let error = Error::too_large(format!("a batch has at most {BATCH_MAX} requests")).with("limit", BATCH_MAX);
            write_error(&mut out, "null", &error);
        }
        Ok(Line::Batch(messages)) => {
            let answers = join_all(messages.into_iter().map(|message| answer_to(&asker, message))).await;
            let answers: Vec<Vec<u8>> = answers.into_iter().flatten().collect();
            if !answers.is_empty() {
                out = [b"[", &*answers.join(&b','), b"]"].concat();
            }
        }
    }
    match out.is_empty() {
        // Notifications are not answered.
        true => StatusCode::NO_CONTENT.into_response(),
        false => ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], out).into_response(),
    }
}

/// The answer to one message, if it has one.
async fn answer_to(asker: &Asker, message: Message<'_>) -> Option<Vec<u8>> {
    let (id, outcome) = match message {
        Message::Answer => return None,
        Message::Invalid(error) => (Some("null"), Err(error)),
        Message::Call(Call { id, method, params }) => match asker.start(id.map(Into::into), &method, params) {
            Ok(answer) => (id, answer.await),
            Err(error) => (id, Err(error)),
        },
    };
    let mut out = Vec::new();
    match outcome {
        Ok(result) => write_result(&mut out, id?, &result),
        Err(error) => write_error(&mut out, id?, &error),
    }
    Some(out)
}

/// A form or a text, which any page can send, is no JSON.
pub(super) fn check_is_json(headers: &HeaderMap) -> Result<()> {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_json = kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    if is_json { Ok(()) } else { Err(Error::unsupported("the body's `Content-Type` is not `application/json`")) }
}

/// Refuses JSON that is nested too deep, without reading more of it than where its strings are.
pub(super) fn check_depth(json: &[u8]) -> Result<()> {
    let (mut depth, mut place) = (0_usize, 0);
    while let Some(&byte) = json.get(place) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => place = end_of_string(json, place + 1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            let message = format!("the JSON is nested more than {DEPTH_MAX} deep");
            return Err(Error::too_large(message).with("limit", DEPTH_MAX));
        }
        place += 1;
    }
    Ok(())
}

/// Where a string ends: at its closing quote, or where the text does.
fn end_of_string(json: &[u8], begin: usize) -> usize {
    let mut place = begin;
    while let Some(found) = json.get(place..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        place += found;
        if json[place] == b'"' {
            return place;
        }
        place += 2;
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_outside_of_strings() {
        let check = |json: String, is_fine: bool| assert_eq!(check_depth(json.as_bytes()).is_ok(), is_fine, "{json}");
        check("[".repeat(64) + &"]".repeat(64), true);
        check("[".repeat(65), false);
        check("{\"a\":".repeat(65), false);
        check(format!("\"{}\"", "[".repeat(100)), true);
        check(format!("\"\\\"{}\"", "[".repeat(100)), true);
        check(format!("\"\\\\\"{}", "[".repeat(100)), false);
        check("[]".repeat(1000), true);
        check("\"\\".to_owned(), true);
    }
}
