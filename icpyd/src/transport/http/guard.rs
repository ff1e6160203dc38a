//! What every request passes: its host and origin, its method, and its credential. What comes out of it knows who asks.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, REFERRER_POLICY, UPGRADE,
};
use axum::http::header::{X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use icpy_protocol::error::{Error, Kind, Result};
use tokio::time::{Instant, sleep_until};

use super::connection::Peer;
use super::problem::Problem;
use super::rest;
use super::routes::{Needs, needs};
use super::{Door, lasting};
use crate::auth::is_same;
use crate::caller::Grant;

/// What a request that changes something carries beside a cookie.
const CSRF_HEADER: &str = "x-icpy-csrf";

/// What a page of ours may do: nothing but what we serve.
const POLICY: &str = "default-src 'self'; script-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";

/// Lets a request through to its route, or answers it.
pub(super) async fn answer(door: &Arc<Door>, mut request: Request, routes: Router) -> Response {
    let uri = request.uri().clone();
    let mut response = match admit(door, &mut request).await {
        Ok(()) => lasting::run(door, request, routes).await,
        Err(problem) => problem.into_response(),
    };
    if response.status() == StatusCode::METHOD_NOT_ALLOWED
        && let Some(allow) = rest::allow(door, uri.path())
    {
        response.headers_mut().insert(ALLOW, allow);
    }
    protect(response.headers_mut());
    response
}

async fn admit(door: &Arc<Door>, request: &mut Request) -> std::result::Result<(), Problem> {
    check_head(request, door.config.header_bytes_max)?;
    let method = request.method().clone();
    door.hosts
        .check_host(request.uri(), request.headers())
        .map_err(|error| Problem::from(error).with_status(StatusCode::MISDIRECTED_REQUEST))?;
    door.hosts.check_origin(&method, request.headers())?;
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    if !known.contains(&method) {
        return Err(wrong_method());
    }
    let needs = needs(request.uri().path());
    if needs == Needs::Nothing {
        return Ok(());
    }
    let from = request.extensions().get::<Peer>().copied();
    let shown = shown(door, request.uri(), request.headers(), needs);
    let grant = match identify(door, shown).await {
        Ok(grant) => grant,
        Err(error) => return Err(refuse(door, shown, from, error).await),
    };
    if matches!(shown, Shown::Login(_)) {
        check_csrf(&grant, request)?;
    }
    request.extensions_mut().insert(grant);
    Ok(())
}

/// While a head comes it is bounded by the room that there is for it, which may be more.
fn check_head(request: &Request, bytes_max: usize) -> std::result::Result<(), Problem> {
    let path = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    if path + headers.sum::<usize>() <= bytes_max {
        return Ok(());
    }
    let error = Error::too_large(format!("a request's head has at most {bytes_max} bytes")).with("limit", bytes_max);
    Err(Problem::from(error).with_status(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE))
}

/// What a request shows of who asks.
#[derive(Clone, Copy)]
enum Shown<'a> {
    Nothing,
    /// `Authorization` that is not of the one form.
    Unreadable,
    Token(&'a str),
    Login(&'a str),
    Ticket(&'a str),
}

fn shown<'a>(door: &Door, uri: &'a Uri, headers: &'a HeaderMap, needs: Needs) -> Shown<'a> {
    if let Some(value) = headers.get(AUTHORIZATION) {
        let token = value.to_str().ok().and_then(|value| value.strip_prefix("Bearer "));
        return token.map_or(Shown::Unreadable, |token| Shown::Token(token.trim()));
    }
    if let Some(secret) = cookie(headers, &door.cookie_name()) {
        return Shown::Login(secret);
    }
    let ticket = (needs == Needs::Ticket).then(|| ticket(uri.query()?)).flatten();
    ticket.map_or(Shown::Nothing, Shown::Ticket)
}

/// Who asks.
async fn identify(door: &Door, shown: Shown<'_>) -> Result<Arc<Grant>> {
    match shown {
        Shown::Token(token) => door.auth.grant_of_token(token).await,
        Shown::Login(secret) => door.auth.grant_of_login(secret).await,
        Shown::Ticket(ticket) => door.auth.use_ticket(ticket),
        Shown::Unreadable => Err(Error::unauthenticated("`Authorization` is not of the form `Bearer TOKEN`")),
        Shown::Nothing => {
            let message = "this needs a token in `Authorization: Bearer`, or a browser that is logged in";
            Err(Error::unauthenticated(message))
        }
    }
}

/// A cookie comes with every request of a browser, whoever made it: what changes something, or opens a connection, must also
/// be made by a page of ours.
fn check_csrf(grant: &Grant, request: &Request) -> Result<()> {
    let headers = request.headers();
    if headers.contains_key(UPGRADE) {
        // Browsers always name the origin then, and it was looked at.
        let has_origin = headers.contains_key(axum::http::header::ORIGIN);
        return if has_origin {
            Ok(())
        } else {
            Err(Error::permission_denied("a WebSocket by a cookie names its origin"))
        };
    }
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(());
    }
    let shown = headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok());
    match (shown, &grant.csrf_token) {
        (Some(shown), Some(token)) if is_same(shown, token) => Ok(()),
        _ => Err(Error::permission_denied(
            "`X-Icpy-Csrf` is missing or wrong: `auth:whoami` tells a page of ours what it is",
        )),
    }
}

/// Answers who has no credential, the later the more often a wrong one came from there. Who shows none is told at once.
async fn refuse(door: &Door, shown: Shown<'_>, from: Option<Peer>, error: Error) -> Problem {
    door.write_down(from, "http:enter", Err(error.kind()));
    let is_guess = error.kind() == Kind::Unauthenticated && !matches!(shown, Shown::Nothing);
    match from {
        Some(Peer(from)) if is_guess => door.fail(from).await.err().unwrap_or(error).into(),
        _ => error.into(),
    }
}

impl Door {
    /// Writes down who was let in, or not, before there was any method.
    pub(super) fn write_down(&self, from: Option<Peer>, what: &str, outcome: std::result::Result<(), Kind>) {
        if let Some(audit) = self.shared.router.audit() {
            let who = from.map_or_else(|| "unknown".to_owned(), |Peer(from)| from.ip().to_string());
            audit.door(&who, what, outcome);
        }
    }

    /// Takes note of a wrong credential, and waits for it. Refused after too many.
    pub(super) async fn fail(&self, from: SocketAddr) -> Result<()> {
        let delay = self.throttle.count(from.ip(), &self.shared.host)?;
        sleep_until(Instant::now() + delay).await;
        Ok(())
    }

    /// The cookie that a browser is known by. Cookies know no ports: another daemon's has another name.
    pub(super) fn cookie_name(&self) -> String {
        let prefix = if self.hosts.is_encrypted() { "__Host-" } else { "" };
        format!("{prefix}icpy_{}", self.address.port())
    }
}

/// The only cookie of this name.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

fn ticket(query: &str) -> Option<&str> {
    query.split('&').find_map(|pair| pair.strip_prefix("ticket="))
}

/// What every answer says.
fn protect(headers: &mut HeaderMap) {
    static ALWAYS: [(HeaderName, HeaderValue); 5] = [
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ];
    static OFTEN: [(HeaderName, HeaderValue); 2] = [
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    // `Content-Length` and `Date` follow.
    headers.reserve(ALWAYS.len() + OFTEN.len() + 2);
    for (name, value) in &ALWAYS {
        headers.insert(name, value.clone());
    }
    for (name, value) in &OFTEN {
        headers.entry(name).or_insert_with(|| value.clone());
    }
}

pub(super) fn wrong_method() -> Problem {
    Problem::from(Error::method_not_found("this path has no such method")).with_status(StatusCode::METHOD_NOT_ALLOWED)
}
