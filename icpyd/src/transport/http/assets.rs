//! The files of the web UI, which are part of the program: see `build.rs`.

use axum::extract::Path;
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use icpy_protocol::error::Error;

use super::problem::Problem;

/// One file.
struct Asset {
    name: &'static str,
    content_type: &'static str,
    /// Names its content, in quotes.
    tag: &'static str,
    bytes: &'static [u8],
    gzip: Option<&'static [u8]>,
}

const ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// `GET /`.
pub(super) async fn index(headers: HeaderMap) -> Response {
    named("index.html", &headers)
}

/// `GET /assets/...`.
pub(super) async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    named(&path, &headers)
}

/// A file by its name, or that there is none.
pub(super) fn named(name: &str, headers: &HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return Problem::from(Error::not_found("there is nothing at this path")).into_response();
    };
    // Names do not change with their content: a browser asks each time, and mostly hears that nothing has changed.
    let common =
        [(ETAG, asset.tag), (CACHE_CONTROL, "no-cache"), (VARY, "Accept-Encoding"), (CONTENT_TYPE, asset.content_type)];
    let mut response = if lists(headers, &IF_NONE_MATCH, asset.tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else if let Some(gzip) = asset.gzip.filter(|_| lists(headers, &ACCEPT_ENCODING, "gzip")) {
        ([(CONTENT_ENCODING, "gzip")], gzip).into_response()
    } else {
        asset.bytes.into_response()
    };
    for (name, value) in common {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether a header that is a list has an item, however it is weighted or weak.
fn lists(headers: &HeaderMap, name: &HeaderName, item: &str) -> bool {
    let lines = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let mut items = lines.flat_map(|line| line.split(',')).map(|it| it.split(';').next().unwrap_or_default().trim());
    items.any(|it| it == item || it.strip_prefix("W/") == Some(item) || it == "*")
}
