//! Who asks: the session, the principal behind it, what it may do, and the way back to it while it waits.

mod grant;
mod limits;
mod outlet;
mod rate;

use std::sync::{Arc, OnceLock};

use icpy_protocol::api::Access;
use icpy_protocol::auth::AuthRole;
use icpy_protocol::error::{Error, Result};
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

pub use self::grant::Grant;
pub use self::outlet::{Outlet, STREAM_CREDIT_BYTES, Stream, View};
pub use self::rate::Rates;
use crate::confinement::Confinement;

/// What a result counts as that may be long, when its size is not known.
pub const LONG_RESULT_BYTES: u64 = 256 << 10;

/// What the daemon's own session is called. It lasts as long as the daemon.
pub const DAEMON: &str = "daemon";

/// What the names of sessions begin with that are requests without a connection.
pub const REQUESTS: &str = "http:";

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
    /// Somebody who has shown a credential over HTTP.
    Remote {
        /// Which user.
        user: String,
        /// By what.
        credential: Credential,
    },
}

/// Names a credential.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Credential {
    /// A token.
    Token(String),
    /// A browser that is logged in.
    Login(String),
}

impl Credential {
    /// Its name.
    pub fn id(&self) -> &str {
        match self {
            Self::Token(id) | Self::Login(id) => id,
        }
    }
}

impl Principal {
    /// What the requests are called that it sends one by one, without a connection of its own: they are those of one
    /// credential.
    pub fn session_of_requests(&self) -> String {
        match self {
            Self::Remote { credential, .. } => format!("{REQUESTS}{}", credential.id()),
            Self::Peer { .. } | Self::Daemon => format!("{REQUESTS}own"),
        }
    }

    /// Whether it may take up what that other one has left: another process of the same user, or the same credential.
    pub fn may_take_over(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Peer { uid, .. }, Self::Peer { uid: other, .. }) => uid == other,
            _ => self == other,
        }
    }
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
    /// What the credential allows, of who came over HTTP.
    pub grant: Option<Arc<Grant>>,
    /// What the client calls itself, once it has said so.
    pub client: OnceLock<String>,
    /// What the program of its process is called, once that was asked.
    program: OnceLock<Option<String>>,
}

impl Identity {
    /// Who is not confined.
    pub fn new(session: String, principal: Principal, scopes: Scopes, outlet: Option<Arc<Outlet>>) -> Self {
        Self {
            session,
            principal,
            scopes,
            outlet,
            confinement: Arc::default(),
            grant: None,
            client: OnceLock::new(),
            program: OnceLock::new(),
        }
    }

    /// Who came over HTTP.
    pub fn granted(session: String, grant: &Arc<Grant>, outlet: Option<Arc<Outlet>>) -> Self {
        let confinement = grant.confinement.clone().map_or_else(OnceLock::new, OnceLock::from);
        Self {
            session,
            principal: grant.principal.clone(),
            scopes: grant.scopes,
            outlet,
            confinement: Arc::new(confinement),
            grant: Some(Arc::clone(grant)),
            client: OnceLock::new(),
            program: OnceLock::new(),
        }
    }

    /// What its client calls itself, or else what its program is called, as `find` finds it by the process.
    pub fn client(&self, find: impl FnOnce(u32) -> Option<String>) -> Option<&str> {
        let pid = match self.principal {
            Principal::Peer { pid, .. } => pid,
            Principal::Daemon | Principal::Remote { .. } => None,
        };
        self.client.get().or_else(|| self.program.get_or_init(|| find(pid?)).as_ref()).map(String::as_str)
    }

    /// The same one as the session that it takes up, whose client has said what it calls itself.
    #[must_use]
    pub fn under(&self, session: String, client: Option<String>) -> Self {
        Self {
            client: client.map_or_else(OnceLock::new, OnceLock::from),
            program: OnceLock::new(),
            session,
            principal: self.principal.clone(),
            scopes: self.scopes,
            outlet: self.outlet.clone(),
            confinement: Arc::clone(&self.confinement),
            grant: self.grant.clone(),
        }
    }
}

/// The sender of one request.
#[derive(Clone, Debug)]
pub struct Caller {
    identity: Arc<Identity>,
    /// The request's id as JSON text; a notification has none.
    request: Option<Arc<str>>,
    cleanups: Cleanups,
}

/// What goes on for a moment after the handler of one request was dropped.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cleanups(Arc<OnceLock<TaskTracker>>);

impl Cleanups {
    /// Waits until nothing does; `None` where nothing ever did.
    pub(crate) fn ended(&self) -> Option<impl Future<Output = ()> + Send + use<>> {
        let cleanups = self.0.get()?.clone();
        cleanups.close();
        Some(async move { cleanups.wait().await })
    }
}

impl Caller {
    /// The sender of the request with this id.
    pub fn new(identity: Arc<Identity>, request: Option<Arc<str>>) -> Self {
        Self { identity, request, cleanups: Cleanups::default() }
    }

    /// What goes on for a moment after the request's handler was dropped.
    pub(crate) fn cleanups(&self) -> &Cleanups {
        &self.cleanups
    }

    /// To be held by work that does not end when the handler is dropped: a request that is cancelled is answered when all
    /// such work has ended.
    pub fn clean_up(&self) -> TaskTrackerToken {
        self.cleanups.0.get_or_init(TaskTracker::new).token()
    }

    /// The daemon on its own behalf.
    pub fn daemon() -> Self {
        let identity = Identity::new(DAEMON.to_owned(), Principal::Daemon, Scopes::ALL, None);
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

    /// Refuses a workspace that the caller is not confined to, or in which it has not at least this role.
    pub fn check_workspace(&self, workspace_id: &str, least: AuthRole) -> Result<()> {
        let Some(roles) = self.confinement().map(|confinement| confinement.workspaces()) else { return Ok(()) };
        match roles.and_then(|roles| roles.get(workspace_id)) {
            Some(role) if *role >= least => Ok(()),
            Some(_) => {
                let message = format!("the workspace `{workspace_id}` can only be seen by this caller");
                Err(Error::permission_denied(message))
            }
            // Whether there is one is not for the caller to know.
            None => Err(Error::not_found(format!("no workspace has the id `{workspace_id}`"))),
        }
    }

    /// Confines the session from now on, once and for all.
    pub fn confine(&self, confinement: Arc<Confinement>) -> Result<()> {
        let again = |_| Error::conflict("the session is confined already, and for as long as it lasts");
        self.identity.confinement.set(confinement).map_err(again)
    }

    /// The same caller, asking for something on the way to its own answer: what that sends does not reach the client.
    #[must_use]
    pub fn indirect(&self) -> Self {
        Self { identity: Arc::clone(&self.identity), request: None, cleanups: self.cleanups.clone() }
    }

    /// Waits for room for a long result, to be held until the handler returns. Results are made away from the session's
    /// task: without this, a client that asks and does not read could have all of its answers pile up.
    pub async fn reserve(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        self.identity.outlet.as_ref()?.reserve(bytes).await
    }

    /// Whether what is sent to the caller goes in frames, of which some may be binary.
    pub fn has_frames(&self) -> bool {
        self.identity.outlet.as_ref().is_some_and(|outlet| outlet.has_frames())
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
