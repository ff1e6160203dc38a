//! From a method's name to its handler: find, check access, open the span, parse, contain panics.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use icpy_protocol::api::{MethodInfo, Mount};
use icpy_protocol::error::{Error, Result};
use icpy_protocol::message::{to_json, without_place};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::Instrument as _;

use crate::audit::{Audit, Audited};
use crate::bus::{Answer, Respond};
use crate::caller::Caller;
use crate::crash;
use crate::metrics::{Measured, Metrics};
use crate::misfit::misfit;
use crate::slip::suggestion;

/// About so many names there are: growing from nothing would move them often.
const ROUTES: usize = 256;

/// All mounted methods.
#[derive(Default)]
pub struct Router {
    /// By name, and by the name with a dot for the colon.
    routes: HashMap<String, Arc<Route>>,
    metrics: Metrics,
    audit: Option<Arc<Audit>>,
}

struct Route {
    info: &'static MethodInfo,
    start: Start,
}

/// Parses the params and starts the handler.
type Start = Box<dyn Fn(Caller, &str) -> Result<Answer> + Send + Sync>;

impl Mount<Caller> for Router {
    fn method<P, R, H, F>(&mut self, info: &'static MethodInfo, handler: H)
    where
        P: DeserializeOwned + Send + 'static,
        R: Serialize + 'static,
        H: Fn(Caller, P) -> F + Send + Sync + 'static,
        F: Future<Output = Result<R>> + Send + 'static,
    {
        let counters = self.metrics.counters(info);
        let start = move |caller, params: &str| -> Result<Answer> {
            let wrong = |why: &str| Error::invalid_params(format!("invalid params for `{}`: {why}", info.name));
            if params.starts_with('[') {
                // serde would read an array as the members in the order of their declaration.
                return Err(wrong("they are given by name"));
            }
            let params = parse(params).map_err(|why| wrong(&why))?;
            let measured = Measured::begin(&counters);
            let answer = handler(caller, params);
            Ok(Box::pin(async move {
                let outcome = contain(info, async move {
                    let result = answer.await?;
                    to_json(&result).map_err(|error| Error::internal(format!("unwritable result: {error}")))
                });
                let outcome = outcome.await;
                measured.end(outcome.is_err());
                outcome
            }))
        };
        let route = Arc::new(Route { info, start: Box::new(start) });
        let dotted = self.routes.insert(info.name.replacen(':', ".", 1), Arc::clone(&route));
        let named = self.routes.insert(info.name.to_owned(), route);
        assert!(dotted.is_none() && named.is_none(), "`{}` is mounted twice", info.name);
    }
}

impl Router {
    /// A router without methods, that counts requests and writes clients' requests down.
    pub fn new(metrics: Metrics, audit: Arc<Audit>) -> Self {
        Self { routes: HashMap::with_capacity(ROUTES), metrics, audit: Some(audit) }
    }

    /// Where clients' requests are written down.
    pub fn audit(&self) -> Option<&Arc<Audit>> {
        self.audit.as_ref()
    }

    /// What it counts.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Whether a method is mounted.
    pub fn has(&self, method: &str) -> bool {
        self.routes.contains_key(method)
    }

    /// Starts a client's request. The outer error is known at once; dropping the answer cancels the request.
    pub fn dispatch(&self, caller: Caller, method: &str, params: &str) -> Result<Answer> {
        let (route, audited) = self.admit(&caller, method, params)?;
        let answer = Self::start(route, caller, params);
        let Some(audited) = audited else { return answer };
        match answer {
            Ok(answer) => Ok(Box::pin(async move {
                let outcome = answer.await;
                audited.end(outcome.as_ref().map(drop).map_err(Error::kind));
                outcome
            })),
            Err(error) => {
                audited.end(Err(error.kind()));
                Err(error)
            }
        }
    }

    /// Whether a client may call a method now, which is counted and written down as the call: for a transport that does
    /// itself what the method does.
    pub fn permit(&self, caller: &Caller, method: &MethodInfo) -> Result<Option<Audited>> {
        Ok(self.admit(caller, method.name, "")?.1)
    }

    /// The route of a method that a client may call now. What is decided is written down, and so is every refusal counted.
    fn admit(&self, caller: &Caller, method: &str, params: &str) -> Result<(&Route, Option<Audited>)> {
        match self.check(caller, method) {
            Ok(route) => {
                let info = route.info;
                let begin = |audit: &Arc<Audit>| audit.begin(caller, info.name, info.access, params);
                Ok((route, self.audit.as_ref().and_then(begin)))
            }
            Err(error) => {
                if let Some(audit) = &self.audit {
                    let declared = self.routes.get(method).map(|route| route.info.name);
                    audit.refuse(caller, declared, params, &error);
                }
                Err(error)
            }
        }
    }

    fn check(&self, caller: &Caller, method: &str) -> Result<&Route> {
        let route = self.find(caller, method)?;
        if !caller.identity().may_call(route.info.name) {
            let message = format!("`{method}` is not for a session that is confined to some folders");
            return Err(Error::permission_denied(message));
        }
        if let Some(grant) = &caller.identity().grant {
            grant.count(route.info.access)?;
        }
        Ok(route)
    }

    /// The route of a method that is within a caller's scopes.
    fn find(&self, caller: &Caller, method: &str) -> Result<&Route> {
        let route = self.routes.get(method).ok_or_else(|| {
            let wrong = shortened(method);
            let meant = suggestion(wrong, self.routes.values().map(|route| route.info.name));
            Error::method_not_found(format!("no method is named `{wrong}`{meant}"))
        })?;
        let info = route.info;
        match caller.scopes().contains(info.access) {
            true => Ok(route),
            false => Err(Error::permission_denied(format!(
                "`{}` needs the scope `{}`, which this session does not have",
                info.name,
                format!("{:?}", info.access).to_lowercase()
            ))),
        }
    }

    fn start(route: &Route, caller: Caller, params: &str) -> Result<Answer> {
        let info = route.info;
        crash::remember(info);
        let span = tracing::debug_span!("request", method = info.name, session = caller.session());
        let start = || (route.start)(caller, params);
        let answer = std::panic::catch_unwind(AssertUnwindSafe(|| span.in_scope(start)))
            .unwrap_or_else(|panic| Err(panicked(info, &*panic)))?;
        // Without a listener the span costs nothing.
        if span.is_disabled() { Ok(answer) } else { Ok(Box::pin(answer.instrument(span))) }
    }
}

impl Respond for Router {
    fn respond(&self, caller: Caller, method: &str, params: &str) -> Answer {
        let started = self.find(&caller, method).and_then(|route| Self::start(route, caller, params));
        started.unwrap_or_else(|error| Box::pin(std::future::ready(Err(error))))
    }
}

async fn contain(info: &'static MethodInfo, answer: impl Future<Output = Result<Vec<u8>>>) -> Result<Vec<u8>> {
    match AssertUnwindSafe(answer).catch_unwind().await {
        Ok(outcome) => outcome,
        Err(panic) => Err(panicked(info, &*panic)),
    }
}

/// The panic's own message may hold what a client sent, so that it stays out of the answer.
fn panicked(info: &MethodInfo, panic: &(dyn Any + Send)) -> Error {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(method = info.name, panic = text.unwrap_or("not a text"), "a handler panicked");
    Error::internal(format!("`{}` failed inside the daemon; its log says more", info.name))
}

/// Parses params. Where they do not fit, they are parsed again by what also knows where it is.
fn parse<P: DeserializeOwned>(params: &str) -> std::result::Result<P, String> {
    serde_json::from_str(params).map_err(|error| {
        let placed = serde_path_to_error::deserialize::<_, P>(&mut serde_json::Deserializer::from_str(params)).err();
        let path = placed.map(|error| error.path().to_string()).filter(|path| path != "." && !path.contains('?'));
        misfit(path.as_deref().unwrap_or_default(), &without_place(&error), "an object")
    })
}

/// A name that a client made up, short enough to be repeated to it.
fn shortened(name: &str) -> &str {
    name.char_indices().nth(80).map_or(name, |(end, _)| &name[..end])
}

impl fmt::Debug for Router {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Router").field("methods", &(self.routes.len() / 2)).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use icpy_protocol::Empty;
    use icpy_protocol::api::Access;
    use icpy_protocol::error::Kind;
    use icpy_protocol::session::method::ping;

    use super::*;
    use crate::caller::{Identity, Principal, Scopes};

    fn caller(scopes: Scopes) -> Caller {
        let session = "s".to_owned();
        Caller::new(Arc::new(Identity::new(session, Principal::Daemon, scopes, None)), None)
    }

    async fn ask(router: &Router, method: &str, params: &str) -> Result<Vec<u8>> {
        router.dispatch(caller(Scopes::of(&[Access::Read])), method, params)?.await
    }

    #[tokio::test]
    async fn a_panic_is_contained_and_keeps_its_secret() {
        let mut at_once = Router::default();
        at_once.method(ping, |_, _: Empty| -> std::future::Ready<Result<Empty>> { panic!("the password is 1234") });
        let mut later = Router::default();
        later.method(ping, |_, _: Empty| async {
            tokio::task::yield_now().await;
            assert!(!std::hint::black_box(true), "the password is {}", 1234);
            Ok(Empty {})
        });
        for router in [at_once, later] {
            let error = ask(&router, "session:ping", "{}").await.unwrap_err();
            assert_eq!(error.kind(), Kind::Internal);
            assert!(error.message().contains("`session:ping` failed") && !error.message().contains("1234"), "{error}");
            // The router lives.
            assert_eq!(ask(&router, "session:ping", "{").await.unwrap_err().kind(), Kind::InvalidParams);
        }
    }

    #[tokio::test]
    async fn a_method_is_found_by_its_name_and_by_nothing_like_it() {
        let mut router = Router::default();
        router.method(ping, |_, _: Empty| std::future::ready(Ok(Empty {})));
        assert_eq!(ask(&router, "session:ping", "{}").await.unwrap(), b"{}");
        assert_eq!(ask(&router, "session.ping", "{}").await.unwrap(), b"{}");
        for name in ["session:Ping", "session: ping", "session:ping ", "session", "ping", "session/ping"] {
            assert_eq!(ask(&router, name, "{}").await.unwrap_err().kind(), Kind::MethodNotFound, "{name}");
        }
    }

    #[test]
    #[should_panic(expected = "`session:ping` is mounted twice")]
    fn a_method_is_mounted_once() {
        let mut router = Router::default();
        router.method(ping, |_, _: Empty| std::future::ready(Ok(Empty {})));
        router.method(ping, |_, _: Empty| std::future::ready(Ok(Empty {})));
    }
}
