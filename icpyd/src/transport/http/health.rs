//! `GET /healthz`, for whoever watches over the daemon, and `GET /metrics`, for Prometheus.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use icpy_protocol::Empty;
use icpy_protocol::daemon::DaemonClient;
use icpy_protocol::documents::prometheus;

use super::Door;
use super::problem::Problem;
use super::rpc::REQUEST;
use crate::caller::{Caller, Grant, Identity};

/// Tells that the daemon answers, and nothing else.
pub(super) async fn healthz() -> Response {
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], "ok\n").into_response()
}

/// What the daemon counts, in the text format of Prometheus.
pub(super) async fn metrics(
    State(door): State<Arc<Door>>,
    Extension(grant): Extension<Arc<Grant>>,
) -> Result<Response, Problem> {
    let caller = Caller::new(Arc::new(Identity::granted(REQUEST.to_owned(), &grant, None)), None);
    let timeout = door.shared.limits.request_timeout;
    let daemon = DaemonClient::new(door.shared.bus.requester(caller, timeout));
    let metrics = daemon.metrics(&Empty {}).await?;
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], prometheus(&metrics)).into_response())
}
