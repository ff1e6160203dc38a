//! Requests between services: through the bus, with the same typed clients and checks as a remote peer's.

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use icpy_protocol::api::{Call, MethodInfo};
use icpy_protocol::error::{Error, Result};

use super::Bus;
use crate::caller::Caller;

/// An answer under way: the result as JSON text.
pub type Answer = Pin<Box<dyn Future<Output = Result<Vec<u8>>> + Send>>;

/// What answers requests: the router.
pub trait Respond: Debug + Send + Sync {
    /// Starts a request. Dropping the answer cancels it.
    fn respond(&self, caller: Caller, method: &str, params: &str) -> Answer;
}

impl Bus {
    /// Says who answers requests. The bus does not keep it alive.
    pub fn answer_with(&self, responder: Weak<dyn Respond>) {
        let was_unset = self.0.responder.set(responder).is_ok();
        debug_assert!(was_unset, "one router answers");
    }

    /// The way for a service to ask others, on behalf of `caller`.
    pub fn requester(&self, caller: Caller, timeout: Duration) -> Requester {
        Requester { bus: self.clone(), caller, timeout }
    }
}

/// Asks services on behalf of a caller.
#[derive(Clone, Debug)]
pub struct Requester {
    bus: Bus,
    caller: Caller,
    timeout: Duration,
}

impl Requester {
    /// Asks for a method by its name, with params as JSON text; the result is JSON text.
    pub async fn request(&self, method: &str, params: &str) -> Result<Vec<u8>> {
        let responder: Arc<dyn Respond> = self
            .bus
            .0
            .responder
            .get()
            .and_then(Weak::upgrade)
            .ok_or_else(|| Error::unavailable("the daemon is stopping"))?;
        let answer = responder.respond(self.caller.indirect(), method, params);
        match tokio::time::timeout(self.timeout, answer).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Error::timeout(format!("`{method}` did not answer within {:?}", self.timeout))),
        }
    }
}

impl Call for Requester {
    async fn send(&self, method: &'static MethodInfo, params: String) -> Result<Vec<u8>> {
        self.request(method.name, &params).await
    }
}
