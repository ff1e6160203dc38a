//! A request's body as a whole, within its limit.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_LENGTH;
use icpy_protocol::error::Error;

use super::problem::Problem;
use super::rpc::check_is_json;

/// Reads a body of JSON. What its headers say is enough to refuse it.
pub(super) async fn read_json(mut request: Request, bytes_max: usize) -> Result<Bytes, Problem> {
    check_is_json(request.headers())
        .map_err(|error| Problem::from(error).with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE))?;
    let too_large = || Error::too_large(format!("the body has at most {bytes_max} bytes")).with("limit", bytes_max);
    let told = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if told.is_some_and(|told| told > bytes_max as u64) {
        return Err(too_large().into());
    }
    DefaultBodyLimit::max(bytes_max).apply(&mut request);
    let rejected = |rejection: BytesRejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => Error::invalid_request("the body ended early"),
    };
    Ok(Bytes::from_request(request, &()).await.map_err(rejected)?)
}
