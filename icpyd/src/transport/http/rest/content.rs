//! `/api/v1/fs/content`: the bytes of a file as they are, whatever their number.
//!
//! They are somebody's own, and no page of ours: a browser saves them, and runs nothing that is in them.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    LOCATION,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{FsClient, FsEncoding, FsKind, FsReadFileParams, FsStatParams, FsStatResult};
use icpy_protocol::path::FilePath;
use icpy_protocol::rest::path_of;

use super::condition::{Conditions, Verdict, etag, range_counts};
use super::range::Range;
use super::reading::Reading;
use super::writing::{self, Target};
use super::{Asker, Door, Problem, failed_condition, refused};
use crate::caller::{Grant, Outlet};

/// `GET` and `HEAD`.
pub(in crate::transport::http) async fn read(
    State(door): State<Arc<Door>>,
    Extension(grant): Extension<Arc<Grant>>,
    request: Request,
) -> std::result::Result<Response, Problem> {
    let path = path_of(request.uri().query().unwrap_or_default())?;
    let conditions = Conditions::of(request.headers())?;
    let outlet = Arc::new(Outlet::new(false));
    let asker = Asker::new(&door, &grant, Some(Arc::clone(&outlet)));
    let (found, small) = look(&asker, &path).await?;
    let version = found.version.clone().unwrap_or_default();
    let mut headers = headers(&path, &version);
    match conditions.verdict(&version) {
        Verdict::Go => {}
        Verdict::Same => return Ok((StatusCode::NOT_MODIFIED, headers).into_response()),
        Verdict::Failed => return Err(failed_condition("the file has another version than `If-Match` names")),
    }
    let range = match range_counts(request.headers(), &version) {
        true => Range::of(request.headers(), found.size),
        false => Range::All,
    };
    let (status, part) = match range {
        Range::All => (StatusCode::OK, None),
        Range::Part { from, length } => (StatusCode::PARTIAL_CONTENT, Some((from, length))),
        Range::Nowhere => return Ok(nowhere(found.size)),
    };
    if let Some((from, length)) = part {
        let value = format!("bytes {from}-{}/{}", from + length - 1, found.size);
        add(&mut headers, CONTENT_RANGE, value);
    }
    let length = part.map_or(found.size, |(_, length)| length);
    add(&mut headers, CONTENT_LENGTH, length.to_string());
    let body = match (request.method() == Method::HEAD, small) {
        (true, _) => Body::empty(),
        (false, Some(bytes)) => Body::from(cut(&bytes, part)),
        (false, None) => Reading::begin(asker, outlet, path, found, part)?.into_body().await?,
    };
    Ok((status, headers, body).into_response())
}

/// Describes a file, whose content comes along where nothing else tells how long it is.
async fn look(asker: &Asker, path: &FilePath) -> Result<(FsStatResult, Option<Bytes>)> {
    let fs = FsClient::new(asker);
    let mut found = fs.stat(&FsStatParams { with_version: true, ..FsStatParams::of(path.clone()) }).await?;
    if found.kind != FsKind::File {
        return Err(Error::unsupported(format!("`{path}` is not a regular file")));
    }
    if found.size > 0 {
        return Ok((found, None));
    }
    // Those below /proc say that they are empty.
    let params = FsReadFileParams { encoding: Some(FsEncoding::Base64), ..FsReadFileParams::of(path.clone()) };
    let read = fs.read_file(&params).await?;
    let content = read.content.map(icpy_protocol::json_string::JsonString::into_text).unwrap_or_default();
    let bytes = base64_simd::STANDARD.decode_to_vec(content).map_err(|error| Error::internal(error.to_string()))?;
    found.size = bytes.len() as u64;
    found.version = read.version;
    Ok((found, Some(bytes.into())))
}

fn cut(bytes: &Bytes, part: Option<(u64, u64)>) -> Bytes {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
    part.map_or_else(|| bytes.clone(), |(from, length)| bytes.slice(place(from)..place(from.saturating_add(length))))
}

/// `PUT`.
pub(in crate::transport::http) async fn write(
    State(door): State<Arc<Door>>,
    Extension(grant): Extension<Arc<Grant>>,
    request: Request,
) -> std::result::Result<Response, Problem> {
    let path = path_of(request.uri().query().unwrap_or_default())?;
    let conditions = Conditions::of(request.headers())?;
    let (version, must_be_new) = conditions.of_write()?;
    if request.headers().contains_key(CONTENT_RANGE) {
        return Err(Error::invalid_request("`Content-Range` is not for a file that is written as a whole").into());
    }
    let location = request.uri().to_string();
    let asker = Asker::new(&door, &grant, None);
    let target = Target { path, version, must_be_new };
    let written = writing::write(&door, &asker, target, request.into_body()).await;
    let written = written.map_err(|problem| problem.map(|error| refused(error, &conditions)))?;
    let mut headers = HeaderMap::new();
    add(&mut headers, ETAG, etag(&written.version));
    add(&mut headers, CONTENT_TYPE, "application/json".to_owned());
    let mut status = StatusCode::OK;
    if written.is_new {
        status = StatusCode::CREATED;
        add(&mut headers, LOCATION, location);
    }
    let text = serde_json::to_string(&written).map_err(|error| Error::internal(error.to_string()))?;
    Ok((status, headers, text).into_response())
}

fn add(headers: &mut HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

/// What is said of every content.
fn headers(path: &FilePath, version: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    add(&mut headers, ETAG, etag(version));
    add(&mut headers, ACCEPT_RANGES, "bytes".to_owned());
    add(&mut headers, CONTENT_TYPE, "application/octet-stream".to_owned());
    add(&mut headers, CONTENT_SECURITY_POLICY, "sandbox".to_owned());
    add(&mut headers, CONTENT_DISPOSITION, disposition(path));
    headers
}

/// `attachment` with the file's name, as RFC 6266 writes it for old readers and new ones.
fn disposition(path: &FilePath) -> String {
    let name = path.as_path().file_name().unwrap_or_default().to_string_lossy();
    let is_plain =
        |letter: char| letter.is_ascii_graphic() && !['"', '\\', '%', ';'].contains(&letter) || letter == ' ';
    let plain: String = name.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        match byte {
            _ if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => encoded.push(char::from(byte)),
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

/// No byte that is asked for is there.
fn nowhere(size: u64) -> Response {
    let error = Error::invalid_request(format!("the range is outside of the file, which has {size} bytes"));
    let mut response = Problem::from(error).with_status(StatusCode::RANGE_NOT_SATISFIABLE).into_response();
    add(response.headers_mut(), CONTENT_RANGE, format!("bytes */{size}"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_written_so_that_nobody_misreads_it() {
        let check = |path: &str, expect: &str| assert_eq!(disposition(&path.into()), format!("attachment; {expect}"));
        check("/a/b.txt", "filename=\"b.txt\"; filename*=UTF-8''b.txt");
        check("/a/\"b\\ c;.é", "filename=\"_b_ c_._\"; filename*=UTF-8''%22b%5C%20c%3B.%C3%A9");
        check("/a/b\r\nSet-Cookie: c", "filename=\"b__Set-Cookie: c\"; filename*=UTF-8''b%0D%0ASet-Cookie%3A%20c");
        check("/", "filename=\"\"; filename*=UTF-8''");
    }
}
