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
use super::asker::Asker;
use super::problem::Problem;
use crate::caller::Grant;

/// Tells that the daemon answers, and nothing else.
pub(super) async fn healthz() -> Response {
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], "ok\n").into_response()
}

/// What the daemon counts, in the text format of Prometheus.
pub(super) async fn metrics(
    State(door): State<Arc<Door>>,
    Extension(grant): Extension<Arc<Grant>>,
) -> Result<Response, Problem> {
    let metrics = DaemonClient::new(Asker::new(&door, &grant, None)).metrics(&Empty {}).await?;
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], prometheus(&metrics)).into_response())
}
