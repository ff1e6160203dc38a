//! The files of the web UI, which are part of the program: see `build.rs`.

use std::path::Component;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use icpy_protocol::error::Error;

use super::Door;
use super::problem::Problem;

/// What the web UI is answered with beside what every answer has: editors and terminals make the rules of their styles as they
/// go, which is no way for a script to come in.
const POLICY: &str = "default-src 'self'; script-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The folder of files whose names have a digest of their content: a name always means the same.
const HASHED: &str = "web/";

/// One file.
struct Asset {
    name: &'static str,
    /// Names its content, in quotes.
    tag: &'static str,
    bytes: &'static [u8],
    gzip: Option<&'static [u8]>,
}

const ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// `GET /`.
pub(super) async fn index(State(door): State<Arc<Door>>, headers: HeaderMap) -> Response {
    let mut response = found(&door, "index.html", &headers).await;
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

/// `GET /assets/...`.
pub(super) async fn asset(State(door): State<Arc<Door>>, Path(path): Path<String>, headers: HeaderMap) -> Response {
    found(&door, &path, &headers).await
}

/// A file by its name: of the folder that the settings name, if they do and it is there, or of the program.
async fn found(door: &Door, name: &str, headers: &HeaderMap) -> Response {
    let folder = &door.config.web_folder;
    let is_inside = |path: &std::path::Path| path.components().all(|part| matches!(part, Component::Normal(_)));
    if !folder.as_os_str().is_empty() && is_inside(name.as_ref()) {
        let below = if name == "index.html" { folder.join(name) } else { folder.join("assets").join(name) };
        if let Ok(Ok(bytes)) = tokio::task::spawn_blocking(move || std::fs::read(below)).await {
            let headers = [(CONTENT_TYPE, content_type(name)), (CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
            return (headers, bytes).into_response();
        }
    }
    named(name, headers)
}

/// A file of the program by its name, or that there is none.
pub(super) fn named(name: &str, headers: &HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return Problem::from(Error::not_found("there is nothing at this path")).into_response();
    };
    // Other names do not change with their content: a browser asks each time, and mostly hears that nothing has changed.
    let cached = if name.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let common = [(ETAG, asset.tag), (CACHE_CONTROL, cached), (VARY, "Accept-Encoding")];
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
    response.headers_mut().insert(CONTENT_TYPE, content_type(name));
    response
}

/// What a file is, by its name.
fn content_type(name: &str) -> HeaderValue {
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    let text = if kind.type_() == mime_guess::mime::TEXT { format!("{kind}; charset=utf-8") } else { kind.to_string() };
    HeaderValue::from_str(&text).expect("a media type is ASCII")
}

/// Whether a header that is a list has an item, however it is weighted or weak.
fn lists(headers: &HeaderMap, name: &HeaderName, item: &str) -> bool {
    let lines = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let mut items = lines.flat_map(|line| line.split(',')).map(|it| it.split(';').next().unwrap_or_default().trim());
    items.any(|it| it == item || it.strip_prefix("W/") == Some(item) || it == "*")
}
