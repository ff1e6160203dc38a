//! Logging a browser in, by a link or a password, and out.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::response::{IntoResponse, Response};
use icpy_protocol::Empty;
use icpy_protocol::auth::{AuthClient, AuthLogoutParams};
use icpy_protocol::error::{Error, Kind};
use serde::Deserialize;
use tokio::time::{Instant, sleep_until, timeout};

use super::asker::Asker;
use super::body::read_json;
use super::connection::Peer;
use super::problem::Problem;
use super::{Door, assets};
use crate::auth::{NewLogin, OWNER};
use crate::caller::Grant;

/// The most bytes of what a browser sends to log in: anybody may send it.
const BODY_BYTES_MAX: usize = 4096;

/// What a browser sends to log in by a password.
#[derive(Deserialize)]
struct Password {
    #[serde(default)]
    user: Option<String>,
    password: String,
}

/// `GET /login`: the page; or, with the token of a link, the login itself and the way to a clean address.
pub(super) async fn page(
    State(door): State<Arc<Door>>,
    Extension(Peer(from)): Extension<Peer>,
    request: Request,
) -> Result<Response, Problem> {
    let token = request.uri().query().and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("token=")));
    let Some(token) = token else { return Ok(assets::named("login.html", request.headers())) };
    let used = door.auth.use_link(token).await;
    door.write_down(Some(Peer(from)), "http:login", used.as_ref().map(drop).map_err(Error::kind));
    match used {
        Ok(login) => {
            let headers = [(LOCATION, "/".to_owned()), (SET_COOKIE, door.cookie(&login))];
            Ok((StatusCode::SEE_OTHER, headers).into_response())
        }
        Err(error) => {
            door.fail(from).await?;
            Err(error.into())
        }
    }
}

/// `POST /login`: a user and a password as JSON.
pub(super) async fn by_password(
    State(door): State<Arc<Door>>,
    Extension(Peer(from)): Extension<Peer>,
    request: Request,
) -> Result<Response, Problem> {
    let late = |_| Error::invalid_request("the body took too long to come");
    let body = timeout(door.config.header_timeout, read_json(request, BODY_BYTES_MAX)).await.map_err(late)??;
    let wrong = |_| Error::invalid_params("the body is not of the form `{\"user\": ..., \"password\": ...}`");
    let Password { user, password } = serde_json::from_slice(&body).map_err(wrong)?;
    let write_down = |outcome| door.write_down(Some(Peer(from)), "http:login", outcome);
    // Counted before it is looked at: of many that come at once no more are looked at than of those that come one by one.
    let delay = door.throttle.count(from.ip(), &door.shared.host).inspect_err(|error| write_down(Err(error.kind())))?;
    let login = door.auth.use_password(user.as_deref().unwrap_or(OWNER), password).await;
    write_down(login.as_ref().map(drop).map_err(Error::kind));
    match login {
        Err(error) if error.kind() == Kind::Unauthenticated => {
            sleep_until(Instant::now() + delay).await;
            Err(error.into())
        }
        login => {
            door.throttle.forgive(from.ip());
            Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, door.cookie(&login?))]).into_response())
        }
    }
}

/// `POST /logout`: ends the login that asks, and has the browser forget its cookie.
pub(super) async fn logout(
    State(door): State<Arc<Door>>,
    Extension(grant): Extension<Arc<Grant>>,
) -> Result<Response, Problem> {
    let Empty {} = AuthClient::new(Asker::new(&door, &grant, None)).logout(&AuthLogoutParams::default()).await?;
    let gone = format!("{}=; Max-Age=0; {}", door.cookie_name(), door.cookie_attributes());
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, gone)]).into_response())
}

impl Door {
    fn cookie(&self, login: &NewLogin) -> String {
        let lasts_s = self.config.login_lasts.as_secs();
        format!("{}={}; Max-Age={lasts_s}; {}", self.cookie_name(), login.secret, self.cookie_attributes())
    }

    fn cookie_attributes(&self) -> &'static str {
        match self.hosts.is_encrypted() {
            true => "Path=/; HttpOnly; SameSite=Strict; Secure",
            false => "Path=/; HttpOnly; SameSite=Strict",
        }
    }
}
