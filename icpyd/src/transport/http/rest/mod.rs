//! `/api/v1/...`: methods as resources. Which there are, what a request is as params and a result as an answer follows from
//! the declarations (`icpy_protocol::rest`); here it becomes HTTP.
//!
//! Not here: who asks, which the guard has found out.

mod condition;
mod content;
mod range;
mod reading;
mod writing;

use std::sync::{Arc, OnceLock};

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, LINK, LOCATION, TRANSFER_ENCODING};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use icpy_protocol::api::Call as _;
use icpy_protocol::documents::openapi;
use icpy_protocol::error::{Error, Kind};
use icpy_protocol::rest::{self, Answer, Finding, PREFIX, Resource, Resources, Verb};

use self::condition::{Conditions, Verdict, etag};
pub(super) use self::content::{read as read_content, write as write_content};
use super::Door;
use super::asker::Asker;
use super::assets;
use super::body::read_json;
use super::guard::wrong_method;
use super::problem::Problem;
use super::rpc::check_depth;
use crate::caller::Grant;

/// What is made of the declarations when it is first needed.
#[derive(Debug, Default)]
pub(super) struct Rest {
    resources: OnceLock<Resources>,
    description: OnceLock<Bytes>,
}

impl Rest {
    fn resources(&self) -> &Resources {
        self.resources.get_or_init(Resources::new)
    }
}

/// `GET /api/v1/openapi.json`.
pub(super) async fn description(State(door): State<Arc<Door>>) -> Response {
    let write = || serde_json::to_vec(&openapi()).expect("JSON values can be written").into();
    let text = door.rest.description.get_or_init(write).clone();
    ([(CONTENT_TYPE, "application/json")], text).into_response()
}

/// `GET /api/v1/docs`: the page that shows the description.
pub(super) async fn docs(headers: HeaderMap) -> Response {
    assets::named("docs/index.html", &headers)
}

/// All resources that are methods.
pub(super) async fn answer(
    State(door): State<Arc<Door>>,
    Extension(grant): Extension<Arc<Grant>>,
    request: Request,
) -> Response {
    let is_head = request.method() == Method::HEAD;
    let mut response = match serve(&door, &grant, request).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    };
    if is_head {
        *response.body_mut() = Body::empty();
    }
    response
}

async fn serve(door: &Door, grant: &Arc<Grant>, request: Request) -> std::result::Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let sent = Request::from_parts(parts.clone(), body);
    let path = parts.uri.path().strip_prefix(PREFIX).unwrap_or_default();
    let query = parts.uri.query().unwrap_or_default();
    let verb = if parts.method == Method::HEAD { Method::GET } else { parts.method };
    let (resource, parameters) = match door.rest.resources().find(verb.as_str(), path) {
        Finding::Found(resource, parameters) => (resource, parameters),
        Finding::OtherVerbs(_) => return Err(wrong_method()),
        Finding::Nothing => return Err(Error::not_found("there is nothing at this path").into()),
    };
    let conditions = Conditions::of(&parts.headers)?;
    let body = match resource.route.verb.has_body() {
        true => json_of(door, sent).await?,
        false => String::new(),
    };
    let (version, must_be_new) = conditions_of_write(resource, &conditions)?;
    let params = rest::Request { path: parameters, query, body: &body, version, must_be_new }.params(resource)?;
    let outcome = Asker::new(door, grant, None).send(resource.method, params.clone()).await;
    let result = outcome.map_err(|error| refused(error, &conditions))?;
    let result = String::from_utf8(result).map_err(|_| Error::internal("a result is not UTF-8"))?;
    let answer = Answer::of(resource, path, query, &params, &result);
    respond(resource, answer, &conditions, result)
}

/// What a write must find. A condition on what has no version cannot hold.
fn conditions_of_write(
    resource: &Resource,
    conditions: &Conditions,
) -> std::result::Result<(Option<String>, bool), Problem> {
    if resource.takes_version() {
        return Ok(conditions.of_write()?);
    }
    let is_read = resource.route.verb == Verb::GET;
    match conditions.names_version() && !is_read {
        true => Err(failed_condition("what is at this path has no versions that `If-Match` could name")),
        false => Ok((None, false)),
    }
}

fn respond(
    resource: &Resource,
    answer: Answer,
    conditions: &Conditions,
    result: String,
) -> std::result::Result<Response, Problem> {
    let mut headers = HeaderMap::new();
    let mut add = |name: HeaderName, value: Option<String>| {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    };
    add(ETAG, answer.version.as_deref().map(etag));
    add(LOCATION, answer.location);
    add(LINK, answer.next.map(|next| format!("<{next}>; rel=\"next\"")));
    if resource.route.verb == Verb::GET
        && let Some(version) = &answer.version
    {
        match conditions.verdict(version) {
            Verdict::Go => {}
            Verdict::Same => return Ok((StatusCode::NOT_MODIFIED, headers).into_response()),
            Verdict::Failed => return Err(failed_condition("the file has another version than `If-Match` names")),
        }
    }
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    if status == StatusCode::NO_CONTENT {
        return Ok((status, headers).into_response());
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // For `HEAD`, whose body is taken away.
    headers.insert(CONTENT_LENGTH, result.len().into());
    Ok((status, headers, result).into_response())
}

/// A body within the limits that is JSON, or nothing.
async fn json_of(door: &Door, request: Request) -> std::result::Result<String, Problem> {
    let headers = request.headers();
    let is_empty = !headers.contains_key(TRANSFER_ENCODING) && headers.get(CONTENT_LENGTH).is_none_or(|it| it == "0");
    if is_empty {
        return Ok(String::new());
    }
    let read = read_json(request, door.config.body_bytes_max).await?;
    check_depth(&read)?;
    Ok(String::from_utf8(read.into()).map_err(|_| Error::parse_error("the body is not UTF-8"))?)
}

/// The verbs that a path has, for an answer that says so.
pub(super) fn allow(door: &Door, path: &str) -> Option<HeaderValue> {
    let names = match path.strip_prefix(PREFIX)? {
        "/fs/content" => "GET, HEAD, PUT".to_owned(),
        "/docs" | "/openapi.json" | "/events" => "GET, HEAD".to_owned(),
        below => match door.rest.resources().find("", below) {
            Finding::OtherVerbs(verbs) => names(&verbs),
            Finding::Found(..) | Finding::Nothing => return None,
        },
    };
    HeaderValue::try_from(names).ok()
}

fn names(verbs: &[Verb]) -> String {
    let mut names: Vec<&str> = verbs.iter().map(|verb| verb.name()).collect();
    if verbs.contains(&Verb::GET) {
        names.push("HEAD");
    }
    names.join(", ")
}

fn failed_condition(why: &str) -> Problem {
    Problem::from(Error::conflict(why)).with_status(StatusCode::PRECONDITION_FAILED)
}

/// An error of a request with conditions: they may be what it is about.
fn refused(error: Error, conditions: &Conditions) -> Problem {
    let is_about_them = conditions.is_some() && matches!(error.kind(), Kind::Conflict | Kind::AlreadyExists);
    let problem = Problem::from(error);
    if is_about_them { problem.with_status(StatusCode::PRECONDITION_FAILED) } else { problem }
}
