//! Errors as answers over HTTP: problem details (RFC 9457) that carry the same kind.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use icpy_protocol::error::{Error, Kind};
use icpy_protocol::rest;
use serde_json::Value;

/// An error on its way out.
#[derive(Debug)]
pub(super) struct Problem {
    error: Error,
    status: StatusCode,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self { status: StatusCode::from_u16(error.kind().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), error }
    }
}

impl Problem {
    /// Another problem for the same error, unless this one has a name of its own already.
    pub(super) fn map(self, map: impl FnOnce(Error) -> Self) -> Self {
        if self.status.as_u16() == self.error.kind().status() { map(self.error) } else { self }
    }

    /// The same under another status, for what has a name of its own in HTTP.
    pub(super) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { error, status } = self;
        let problem = rest::Problem::new(&error).status(status.as_u16());
        let retry_after_ms = problem.details.get("retryAfterMs").and_then(Value::as_u64);
        let mut response = (status, problem.to_json()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(rest::PROBLEM_TYPE));
        if problem.retryable {
            let seconds = retry_after_ms.unwrap_or(1000).div_ceil(1000).max(1);
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if error.kind() == Kind::Unauthenticated {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"icpy\""));
        }
        response
    }
}
