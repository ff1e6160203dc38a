//! Who asks: the session, the principal behind it, what it may do, and the way back to it while it waits.

mod outlet;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use icpy_protocol::api::Access;
use icpy_protocol::error::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::OwnedSemaphorePermit;

pub use self::outlet::{Outlet, STREAM_CREDIT_BYTES, Stream, View};
use crate::confinement::Confinement;

/// What a result counts as that may be long, when its size is not known.
pub const LONG_RESULT_BYTES: u64 = 256 << 10;

/// Who is behind a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Principal {
    /// A process of the daemon's user, or of root.
    Peer {
        /// Its user.
        uid: Option<u32>,
        /// The process, where the system tells.
        pid: Option<u32>,
    },
    /// The daemon itself.
    Daemon,
}

/// A set of [`Access`]es.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// Everything.
    pub const ALL: Self = Self(u8::MAX);

    /// Only these, and what is open to all.
    pub fn of(accesses: &[Access]) -> Self {
        Self(accesses.iter().fold(bit(Access::Open), |bits, access| bits | bit(*access)))
    }

    /// What is in both.
    fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether the set holds `access`.
    pub fn contains(self, access: Access) -> bool {
        self.0 & bit(access) != 0
    }
}

fn bit(access: Access) -> u8 {
    1 << access as u8
}

/// Who sends requests on one connection.
#[derive(Debug)]
pub struct Identity {
    /// Names the session.
    pub session: String,
    /// Who is behind it.
    pub principal: Principal,
    /// What it may do.
    pub scopes: Scopes,
    /// The way back to the client, if there is one.
    pub outlet: Option<Arc<Outlet>>,
    /// What of the disk it may use, once it is confined.
    pub confinement: Arc<OnceLock<Arc<Confinement>>>,
}

impl Identity {
    /// Who is not confined.
    pub fn new(session: String, principal: Principal, scopes: Scopes, outlet: Option<Arc<Outlet>>) -> Self {
        Self { session, principal, scopes, outlet, confinement: Arc::default() }
    }
}

impl Identity {
    /// Whether it may call a method. What is confined has to do with files alone.
    pub fn may_call(&self, method: &str) -> bool {
        self.confinement.get().is_none() || (is_for_confined(method) && method != "session:list")
    }

    /// Whether it may receive an event. One that names a path outside is not for it.
    pub fn may_hear(&self, topic: &str, payload: &Map<String, Value>) -> bool {
        let Some(confinement) = self.confinement.get() else { return true };
        let is_inside = |path: &str| !Path::new(path).is_absolute() || confinement.find(Path::new(path)).is_some();
        (is_for_confined(topic) || topic == "file:changed_on_disk")
            && payload.values().all(|it| all_texts(it, &is_inside))
    }
}

fn is_for_confined(name: &str) -> bool {
    ["fs:", "session:", "rpc:"].iter().any(|namespace| name.starts_with(namespace))
}

/// Whether something holds for all texts in a value.
fn all_texts(value: &Value, holds: &impl Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => holds(text),
        Value::Array(values) => values.iter().all(|value| all_texts(value, holds)),
        Value::Object(members) => members.values().all(|value| all_texts(value, holds)),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

/// The sender of one request.
#[derive(Clone, Debug)]
pub struct Caller {
    identity: Arc<Identity>,
    /// The request's id as JSON text; a notification has none.
    request: Option<Arc<str>>,
}

impl Caller {
    /// The sender of the request with this id.
    pub fn new(identity: Arc<Identity>, request: Option<Arc<str>>) -> Self {
        Self { identity, request }
    }

    /// The daemon on its own behalf.
    pub fn daemon() -> Self {
        let identity = Identity::new("daemon".to_owned(), Principal::Daemon, Scopes::ALL, None);
        Self::new(Arc::new(identity), None)
    }

    /// Who it is.
    pub fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    /// Names the session.
    pub fn session(&self) -> &str {
        &self.identity.session
    }

    /// Who is behind the session.
    pub fn principal(&self) -> &Principal {
        &self.identity.principal
    }

    /// What the session may do.
    pub fn scopes(&self) -> Scopes {
        match self.confinement() {
            None => self.identity.scopes,
            // Who may run programs is confined by nothing.
            Some(_) => self.identity.scopes.and(Scopes::of(&[Access::Read, Access::Write])),
        }
    }

    /// What of the disk the session may use; everything that the daemon's user may when there is none.
    pub fn confinement(&self) -> Option<&Arc<Confinement>> {
        self.identity.confinement.get()
    }

    /// Confines the session from now on, once and for all.
    pub fn confine(&self, confinement: Arc<Confinement>) -> Result<()> {
        let again = |_| Error::conflict("the session is confined already, and for as long as it lasts");
        self.identity.confinement.set(confinement).map_err(again)
    }

    /// The same caller, asking for something on the way to its own answer: what that sends does not reach the client.
    #[must_use]
    pub fn indirect(&self) -> Self {
        Self { identity: Arc::clone(&self.identity), request: None }
    }

    /// Waits for room for a long result, to be held until the handler returns. Results are made away from the session's
    /// task: without this, a client that asks and does not read could have all of its answers pile up.
    pub async fn reserve(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        self.identity.outlet.as_ref()?.reserve(bytes).await
    }

    /// Opens a stream to the caller, which carries pieces of the result before the answer.
    pub fn open_stream(&self) -> Result<Stream> {
        match (&self.identity.outlet, &self.request) {
            (Some(outlet), Some(request)) => Ok(Stream::open(Arc::clone(outlet), Arc::clone(request))),
            _ => Err(Error::unsupported("a stream needs a request with an id on a connection")),
        }
    }

    /// Shows the caller something from the answer on, for as long as the connection lasts. To be called right before the
    /// handler returns.
    pub fn open_view(&self, view: Box<dyn View>) -> Result<()> {
        match (&self.identity.outlet, &self.request) {
            (Some(outlet), Some(_)) => {
                outlet.open_view(view);
                Ok(())
            }
            _ => Err(Error::unsupported("who is shown something asks with an id, on a connection")),
        }
    }
}
