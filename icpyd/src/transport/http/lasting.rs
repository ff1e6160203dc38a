//! What goes on behind the guard: it ends with the credential that let it in, and a fault in it ends nothing else.

use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use axum::{BoxError, Router};
use futures_util::FutureExt as _;
use hyper::body::{Frame, SizeHint};
use icpy_protocol::error::Error;
use tokio::time::timeout;
use tower_service::Service as _;

use super::Door;
use super::problem::Problem;
use super::websocket::expiry;
use crate::caller::Grant;

/// How long a request goes on whose credential has ended: it may be the one that has ended it.
const GRACE: Duration = Duration::from_millis(500);

/// A body up to this length is on its way already.
const SHORT_BYTES: u64 = 64 << 10;

/// Has a request answered by its route.
pub(super) async fn run(door: &Arc<Door>, request: Request, mut routes: Router) -> Response {
    let grant = request.extensions().get::<Arc<Grant>>().cloned();
    let mut serving = pin!(contain(async {
        let Ok(response) = routes.call(request).await;
        response
    }));
    let Some(grant) = grant else { return serving.await };
    let ended = ended(Arc::clone(door), Arc::clone(&grant));
    tokio::select! {
        biased;
        response = serving.as_mut() => response.map(|body| until(body, door, &grant)),
        () = ended => timeout(GRACE, serving).await.unwrap_or_else(|_| {
            Problem::from(Error::unauthenticated("the credential has ended while this was under way")).into_response()
        }),
    }
}

async fn ended(door: Arc<Door>, grant: Arc<Grant>) {
    tokio::select! {
        () = grant.ended.cancelled() => {}
        () = expiry(&door, &grant) => {}
    }
}

/// The answer, or that there is none because of a fault of ours. What the fault says may hold what was sent.
async fn contain(answer: impl Future<Output = Response>) -> Response {
    AssertUnwindSafe(answer).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!("a route panicked");
        Problem::from(Error::internal("this failed inside the daemon; its log says more")).into_response()
    })
}

/// A body that ends with its credential.
fn until(body: Body, door: &Arc<Door>, grant: &Arc<Grant>) -> Body {
    if body.size_hint().upper().is_some_and(|length| length <= SHORT_BYTES) {
        return body;
    }
    Body::new(Lasting { body, ended: Box::pin(ended(Arc::clone(door), Arc::clone(grant))) })
}

struct Lasting<F> {
    body: Body,
    ended: Pin<Box<F>>,
}

impl<F: Future<Output = ()>> HttpBody for Lasting<F> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx).map_err(Into::into);
        // A body may end in good order by itself. Else the client sees that it has not got all.
        let is_over = matches!(frame, Poll::Ready(None));
        if !is_over && self.ended.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err("its credential has ended".into())));
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt as _, StreamBody};

    use super::*;

    #[tokio::test]
    async fn a_panic_is_answered_and_keeps_its_secret() {
        let response = contain(async { panic!("the password is {}", 1234) }).await;
        assert_eq!(response.status(), 500);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.contains("inside the daemon"), "{text}");
        assert!(!text.contains("1234"), "{text}");
    }

    #[tokio::test]
    async fn a_body_ends_with_its_credential() {
        let pieces = futures_util::stream::iter([Ok::<_, BoxError>(Frame::data(Bytes::from_static(b"one")))]);
        let pieces =
            Body::new(StreamBody::new(futures_util::StreamExt::chain(pieces, futures_util::stream::pending())));
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let ended = Box::pin(ended.map(|_| ()));
        let mut body = Body::new(Lasting { body: pieces, ended });
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "one");
        drop(end);
        assert!(body.frame().await.unwrap().is_err());
    }
}
