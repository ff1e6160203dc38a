//! Who asks by one request after the other, without a session.

use std::sync::Arc;

use icpy_protocol::api::{Call, MethodInfo};
use icpy_protocol::error::Result;

use super::Door;
use crate::bus::Answer;
use crate::caller::{Caller, Grant, Identity, Outlet};
use crate::session::Shared;

/// Who has shown a credential. What belongs to a session, as an upload does, belongs to the credential.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    shared: Arc<Shared>,
    identity: Arc<Identity>,
}

impl Asker {
    pub(super) fn new(door: &Door, grant: &Arc<Grant>, outlet: Option<Arc<Outlet>>) -> Self {
        let identity = Identity::granted(grant.principal.session_of_requests(), grant, outlet);
        Self { shared: Arc::clone(&door.shared), identity: Arc::new(identity) }
    }

    pub(super) fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    pub(super) fn caller(&self, request: Option<Arc<str>>) -> Caller {
        Caller::new(Arc::clone(&self.identity), request)
    }

    /// Starts a request. One that has an id and an outlet may stream.
    pub(super) fn start(&self, request: Option<Arc<str>>, method: &str, params: &str) -> Result<Answer> {
        let router = &self.shared.router;
        let started = router.dispatch(self.caller(request), method, params);
        started.inspect_err(|_| router.metrics().count_refused())
    }
}

impl Call for Asker {
    async fn send(&self, method: &'static MethodInfo, params: String) -> Result<Vec<u8>> {
        self.start(None, method.name, &params)?.await
    }
}
