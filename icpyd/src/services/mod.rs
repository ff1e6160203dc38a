//! The services, in start order. A service answers the methods of its namespaces and asks others only through the bus.

pub mod auth;
pub mod daemon;
pub mod fs;
pub mod preferences;
pub mod presence;
pub mod state;
pub mod terminal;
pub mod workspace;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use icpy_protocol as protocol;
use icpy_protocol::error::{Error, Result};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::Auth;
use crate::bus::{Bus, Requester};
use crate::caller::{Caller, Principal};
use crate::config::IdleExit;
use crate::front::Front;
use crate::host::{Host, ProgramLimits};
use crate::journal::Journal;
use crate::keeper::Keepers;
use crate::router::Router;
use crate::store::accounts::OWNER;

/// What services are made of.
#[derive(Clone, Debug)]
pub struct Services {
    /// The outside world.
    pub host: Host,
    /// Events, and requests to other services.
    pub bus: Bus,
    /// Durable state.
    pub journal: Journal,
    /// How long a service waits for another's answer.
    pub request_timeout: Duration,
    /// Every task.
    pub tasks: TaskTracker,
    /// Ends them.
    pub stop: CancellationToken,
    /// What programs are given.
    pub program_limits: ProgramLimits,
    /// Who is there.
    pub sessions: KnownSessions,
}

/// Tells something of a session.
type Tell<T> = Arc<dyn Fn(&str) -> T + Send + Sync>;

/// What services know of sessions: whether they are still there.
#[derive(Clone)]
pub struct KnownSessions {
    /// How many are connected, now and at every change.
    pub count: watch::Receiver<usize>,
    /// Whether a session is connected or can be resumed.
    pub is_known: Tell<bool>,
    /// What the client of a session that is connected calls itself, once it has said so.
    pub client: Tell<Option<String>>,
}

impl fmt::Debug for KnownSessions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KnownSessions").field("count", &*self.count.borrow()).finish_non_exhaustive()
    }
}

impl Services {
    /// The way to other services, on behalf of `caller`.
    fn requester(&self, caller: &Caller) -> Requester {
        self.bus.requester(caller.clone(), self.request_timeout)
    }

    /// Has what a request has begun come to its end, also where who asked for it goes away meanwhile.
    async fn finish<T: Send + 'static>(&self, work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
        let finished = self.tasks.spawn(work).await;
        finished.map_err(|_| Error::internal("what was asked for did not come to its end; the log says more"))?
    }

    /// The user behind a caller.
    fn user_of(caller: &Caller) -> &str {
        match caller.principal() {
            Principal::Remote { user, .. } => user,
            Principal::Peer { .. } | Principal::Daemon => OWNER,
        }
    }
}

/// Starts every service and routes its methods. The daemon's own service takes what it tells about; others than the daemon's
/// own user come in by `front`, as far as `auth` lets them. Returns those services that hold what ends with the process.
pub fn mount(
    services: &Services,
    about: &Arc<daemon::About>,
    auth: &Arc<Auth>,
    front: &Arc<dyn Front>,
    router: &mut Router,
) -> Keepers {
    let limits = about.configuration.watch().borrow().config.limits.clone();
    let fs = fs::Fs::new(services.clone(), about.state_folder.as_path().to_owned(), &limits, about.metrics.clone());
    let fs = Arc::new(fs);
    protocol::fs::mount(&fs, router);

    let workspace = Arc::new(workspace::Workspaces::new(services.clone(), Arc::clone(auth)));
    protocol::workspace::mount(&workspace, router);
    protocol::project::mount(&workspace, router);
    protocol::file::mount(&workspace, router);
    protocol::yjs::mount(&workspace, router);
    protocol::presence::mount(&Arc::new(presence::Presence::new(services.clone())), router);
    protocol::state::mount(&Arc::new(state::State::new(services.clone())), router);
    protocol::preferences::mount(&Arc::new(preferences::Preferences::new(services.clone())), router);

    let whereabouts = terminal::Whereabouts {
        socket: about.socket.as_path().to_owned(),
        daemon_id: about.daemon_id.clone(),
        state_folder: about.state_folder.as_path().to_owned(),
    };
    let settings = about.configuration.watch();
    let terminal = Arc::new(terminal::Terminals::new(services.clone(), whereabouts, settings));
    if let IdleExit::After(timeout) = limits.terminal_idle_timeout {
        services.tasks.spawn(Arc::clone(&terminal).close_idle(timeout));
    }
    protocol::terminal::mount(&terminal, router);

    let access = Arc::new(auth::Access::new(services.clone(), Arc::clone(auth), Arc::clone(front)));
    protocol::auth::mount(&access, router);
    protocol::web::mount(&access, router);

    let keepers: Keepers = vec![terminal, fs, Arc::clone(front) as _];
    let daemon = daemon::DaemonService::new(services.clone(), Arc::clone(about), keepers.clone(), Arc::clone(front));
    let daemon = Arc::new(daemon);
    protocol::daemon::mount(&daemon, router);
    protocol::rpc::mount(&daemon, router);
    protocol::event::mount(&daemon, router);
    keepers
}
