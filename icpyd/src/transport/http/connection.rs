//! One connection: TLS where that is set, and HTTP/1.1 with limits that hold while a head is read.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::patience::{TimedBody, TimedStream, Unread};
use super::{Door, guard};

/// How much longer a connection waits for a client that takes nothing than the session of a WebSocket, which says why it ends.
const STALL_MORE: Duration = Duration::from_secs(2);

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Serves a client until it leaves or the listener ends.
pub(super) async fn serve(stream: TcpStream, from: SocketAddr, door: Arc<Door>, routes: Router) {
    // What is small goes at once: nobody here writes a message in pieces.
    let _ = stream.set_nodelay(true);
    let Some(encryption) = &door.encryption else { return speak(stream, from, &door, routes).await };
    match timeout(door.config.header_timeout, encryption.accept(stream)).await {
        Ok(Ok(stream)) => speak(stream, from, &door, routes).await,
        Ok(Err(error)) => tracing::debug!(%from, %error, "TLS failed"),
        Err(_) => tracing::debug!(%from, "TLS took too long"),
    }
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    from: SocketAddr,
    door: &Arc<Door>,
    routes: Router,
) {
    let (stall_timeout, body_timeout) = (door.shared.limits.stall_timeout + STALL_MORE, door.config.body_timeout);
    let unread = Unread::default();
    let stream = TimedStream::new(stream, stall_timeout, unread.clone());
    let answer = service_fn(move |request: Request<Incoming>| {
        let routes = routes.clone();
        let mut request = request.map(|body| Body::new(TimedBody::new(body, body_timeout, unread.clone())));
        request.extensions_mut().insert(Peer(from));
        async move { Ok::<_, Infallible>(guard::answer(door, request, routes).await) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(door.config.header_timeout)
        .max_headers(door.config.headers_max)
        .max_buf_size(door.config.header_bytes_max)
        .half_close(false)
        .serve_connection(TokioIo::new(stream), answer)
        .with_upgrades();
    let mut serving = pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = door.stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            timeout(door.shared.limits.drain_timeout, serving).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%from, %error, "a connection ended");
    }
}
