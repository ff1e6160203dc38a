//! The daemon as a whole: what is made in which order, and what ends in which. The only file that knows every part.

use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use icpy_protocol::Empty;
use icpy_protocol::endpoint::Folders;
use icpy_protocol::path::FilePath;
use icpy_protocol::session::SessionClient;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::bus::{Bus, Respond};
use crate::caller::{Caller, Principal, Scopes};
use crate::config::Configuration;
use crate::host::Host;
use crate::journal::Journal;
use crate::router::Router;
use crate::services::{self, Services, daemon::About};
use crate::session::{Session, SessionService, Sessions, Shared};
use crate::store::Store;
use crate::transport::local::{self, LocalListener, Presence};
use crate::transport::memory::{self, MemoryStream};

/// What a daemon is started with.
#[derive(Debug)]
pub struct Settings {
    /// What is set.
    pub configuration: Configuration,
    /// The outside world.
    pub host: Host,
    /// Where state and log are.
    pub folders: Folders,
    /// Where it says that it listens.
    pub socket: PathBuf,
}

/// A running daemon.
#[derive(Debug)]
pub struct Daemon {
    shared: Arc<Shared>,
    store: Arc<Store>,
    configuration: Arc<Configuration>,
    /// Every task of the daemon.
    tasks: TaskTracker,
    /// Ends the daemon.
    stop: CancellationToken,
}

impl Daemon {
    /// Makes the parts, each from those before it. Nothing is opened, read or started that no request has asked for.
    pub fn start(settings: Settings) -> Self {
        let Settings { configuration, host, folders, socket } = settings;
        let limits = configuration.watch().borrow().config.limits.clone();
        let configuration = Arc::new(configuration);
        let stop = CancellationToken::new();
        let daemon_id = host.new_id();
        let bus = Bus::new(host.new_id(), limits.ring_bytes_max, limits.queue_bytes_max);
        let store = Arc::new(Store::new(folders.state.join("icpy.db")));
        let journal = Journal::new(Arc::clone(&store), bus.clone(), host.clone());
        let sessions = Arc::new(Sessions::default());

        let mut router = Router::default();
        let session = SessionService {
            sessions: Arc::clone(&sessions),
            bus: bus.clone(),
            host: host.clone(),
            limits: limits.clone(),
            daemon_id: daemon_id.clone(),
        };
        icpy_protocol::session::mount(&Arc::new(session), &mut router);
        let about = About {
            daemon_id,
            started_at_ms: host.now_ms(),
            socket: socket.into(),
            log: folders.log_file().into(),
            state_folder: FilePath::from(folders.state),
            stop: stop.clone(),
            configuration: Arc::clone(&configuration),
        };
        let parts = Services { host: host.clone(), bus: bus.clone(), journal, request_timeout: limits.request_timeout };
        services::mount(&parts, about, &mut router);

        let router = Arc::new(router);
        let weak: Weak<Router> = Arc::downgrade(&router);
        let responder: Weak<dyn Respond> = weak;
        bus.answer_with(responder);
        let shared = Arc::new(Shared { router, bus, sessions, limits, host });
        Self { shared, store, configuration, tasks: TaskTracker::new(), stop }
    }

    /// Serves the clients that come to a listener, until the daemon ends.
    pub fn serve(&self, listener: LocalListener, presence: Presence) -> JoinHandle<Presence> {
        let (shared, tasks, stop) = (Arc::clone(&self.shared), self.tasks.clone(), self.stop.clone());
        self.tasks.spawn(local::serve(listener, presence, shared, tasks, stop))
    }

    /// Makes a connection inside the process, for a client that may do what `scopes` say.
    pub fn connect(&self, scopes: Scopes) -> MemoryStream {
        let (ours, theirs) = memory::pair();
        let principal = Principal::Peer { uid: None, pid: Some(std::process::id()) };
        self.tasks.spawn(Session::new(&self.shared, ours, principal, scopes).run());
        theirs
    }

    /// Calls `tell_alive` at least once in each `period`, as long as requests are answered.
    pub fn feed_watchdog(&self, period: Duration, tell_alive: fn()) {
        let requester = self.shared.bus.requester(Caller::daemon(), period / 2);
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            let session = SessionClient::new(requester);
            loop {
                match session.ping(&Empty {}).await {
                    Ok(_) => tell_alive(),
                    Err(error) => tracing::error!(%error, "the daemon does not answer itself"),
                }
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = sleep_until(Instant::now() + period / 2) => {}
                }
            }
        });
    }

    /// The bus, for a program that embeds the daemon.
    pub fn bus(&self) -> &Bus {
        &self.shared.bus
    }

    /// The settings in force.
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// What a client or [`Daemon::shutdown`] asks the daemon to end by.
    pub fn stop_token(&self) -> &CancellationToken {
        &self.stop
    }

    /// Ends the daemon, in the reverse order of its start: no new clients, requests under way end, connections close,
    /// what was changed is stored. Returns how many tasks did not end in time, which is a fault.
    pub async fn shutdown(self) -> usize {
        self.stop.cancel();
        self.shared.sessions.close_all("the daemon is stopping");
        self.tasks.close();
        // Requests are ended after the drain timeout; as long again is enough for a client that still reads.
        let deadline = self.shared.limits.drain_timeout * 2;
        let _ = tokio::time::timeout(deadline, self.tasks.wait()).await;
        self.store.close().await;
        self.tasks.len()
    }
}
