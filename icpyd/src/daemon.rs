//! The daemon as a whole: what is made in which order, and what ends in which. The only file that knows every part.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use icpy_protocol::Empty;
use icpy_protocol::endpoint::Folders;
use icpy_protocol::path::FilePath;
use icpy_protocol::session::SessionClient;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::audit::Audit;
use crate::auth::{self, Auth};
use crate::bus::{Bus, BusState, Respond};
use crate::caller::{Caller, Principal, Rates, Scopes};
use crate::config::{Config, Configuration, DaemonConfig, HttpConfig, Limits};
use crate::front::Front;
use crate::handover::DaemonState;
use crate::host::{Host, ProgramLimits};
use crate::idle;
use crate::journal::{EventLog, Journal};
use crate::keeper::{Keepers, Parcel};
use crate::metrics::Metrics;
use crate::router::Router;
use crate::services::{self, KnownSessions, Services, daemon::About};
use crate::session::{Close, Session, SessionService, Sessions, SessionsState, Shared};
use crate::store::Store;
use crate::store::events::{self, Retention};
use crate::transport::http::{self, HttpFront};
use crate::transport::local::{self, LocalListener, Presence};
use crate::transport::memory::{self, MemoryStream};

/// How long requests under way may take when the daemon is replaced: their clients send them again.
const RESTART_DRAIN_TIMEOUT: Duration = Duration::from_millis(50);

/// What a daemon is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What is set.
    pub configuration: Arc<Configuration>,
    /// The outside world.
    pub host: Host,
    /// Where state and log are.
    pub folders: Folders,
    /// Where it says that it listens.
    pub socket: PathBuf,
    /// The program that this is.
    pub program: PathBuf,
    /// The limits that programs get.
    pub program_limits: ProgramLimits,
}

/// A running daemon.
#[derive(Debug)]
pub struct Daemon {
    shared: Arc<Shared>,
    store: Arc<Store>,
    about: Arc<About>,
    keepers: Keepers,
    /// Every task of the daemon.
    tasks: TaskTracker,
    /// Ends the daemon.
    stop: CancellationToken,
}

impl Daemon {
    /// Makes the parts, each from those before it, and goes on with what another program has left. Nothing is opened, read
    /// or started that no request has asked for.
    pub fn start(settings: Settings, inherited: Option<DaemonState>) -> Self {
        let Settings { configuration, host, folders, socket, program, program_limits } = settings;
        let Config { limits, http: http_config, daemon: DaemonConfig { audit_socket, .. }, .. } =
            configuration.watch().borrow().config.clone();
        let stop = CancellationToken::new();
        let (bytes, queue_bytes) = (limits.ring_bytes_max, limits.queue_bytes_max);
        let DaemonState { daemon_id, started_at_ms, restarts, restart_problem, bus, sessions, parcels } =
            inherited.unwrap_or_else(|| DaemonState::new(&host));
        let bus = Bus::restore(bus, bytes, queue_bytes);
        let (store, journal) = open_journal(&folders, &bus, &host, &limits);
        let sessions = Arc::new(Sessions::restore(sessions));

        let metrics = Metrics::default();
        let mut router = Router::new(metrics.clone(), Audit::new(folders.audit_file(), host.clone(), audit_socket));
        let session = SessionService {
            sessions: Arc::clone(&sessions),
            bus: bus.clone(),
            host: host.clone(),
            limits: limits.clone(),
            daemon_id: daemon_id.clone(),
        };
        icpy_protocol::session::mount(&Arc::new(session), &mut router);
        let about = Arc::new(About {
            daemon_id,
            started_at_ms,
            restarts,
            restart_problem,
            socket: socket.into(),
            log: folders.log_file().into(),
            state_folder: FilePath::from(folders.state),
            program,
            stop: stop.clone(),
            successor: Mutex::default(),
            configuration,
            metrics,
        });
        let tasks = TaskTracker::new();
        let parts = Services {
            host: host.clone(),
            bus: bus.clone(),
            journal,
            request_timeout: limits.request_timeout,
            tasks: tasks.clone(),
            stop: stop.clone(),
            program_limits,
            sessions: known(&sessions),
        };
        let front = http_front(http_config, &parts, &store, &about);
        let handle: Arc<dyn Front> = Arc::new(http::Handle(Arc::clone(&front)));
        let keepers = services::mount(&parts, &about, &front.auth(), &handle, &mut router);
        take_over(&keepers, parcels);

        let router = Arc::new(router);
        let weak: Weak<Router> = Arc::downgrade(&router);
        let responder: Weak<dyn Respond> = weak;
        bus.answer_with(responder);
        let shared = Arc::new(Shared { router, bus, sessions, limits, host });
        front.begin(&shared);
        let idle = idle::run(about.configuration.watch(), shared.sessions.count(), keepers.clone(), stop.clone());
        tasks.spawn(idle);
        Self { shared, store, about, keepers, tasks, stop }
    }

    /// Serves the clients that come to a listener, until the daemon ends.
    pub fn serve(&self, listener: LocalListener, presence: Presence) -> JoinHandle<(LocalListener, Presence)> {
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
        &self.about.configuration
    }

    /// What a client or [`Daemon::shutdown`] asks the daemon to end by.
    pub fn stop_token(&self) -> &CancellationToken {
        &self.stop
    }

    /// The program that is to take this one's place, once the daemon was asked to stop for that.
    pub fn successor(&self) -> Option<PathBuf> {
        self.about.successor.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the daemon, in the reverse order of its start: no new clients, requests under way end, connections close, what
    /// was changed is stored, and programs in terminals end. Returns how many tasks did not end in time, which is a fault.
    pub async fn shutdown(self) -> usize {
        let drain_timeout = self.shared.limits.drain_timeout;
        let reason = "the daemon is stopping".to_owned();
        self.quiesce(Close { reason, drain_timeout, can_resume: false, is_refusal: false }).await;
        for keeper in &self.keepers {
            keeper.end().await;
        }
        self.tasks.len()
    }

    /// Ends this program's part in the daemon, and returns what the next one goes on with. Where none does, the daemon is
    /// still to be shut down.
    pub async fn give(&self) -> DaemonState {
        let reason = "the daemon goes on as another program".to_owned();
        let drain_timeout = RESTART_DRAIN_TIMEOUT;
        self.quiesce(Close { reason, drain_timeout, can_resume: true, is_refusal: false }).await;
        let parcels = self.keepers.iter().map(|keeper| (keeper.name().to_owned(), keeper.give())).collect();
        DaemonState {
            daemon_id: self.about.daemon_id.clone(),
            started_at_ms: self.about.started_at_ms,
            restarts: self.about.restarts,
            restart_problem: None,
            bus: self.shared.bus.state(),
            sessions: self.shared.sessions.state(),
            parcels,
        }
    }

    /// Requests are ended after the drain timeout; as long again is enough for a client that still reads.
    async fn quiesce(&self, close: Close) {
        self.stop.cancel();
        self.shared.sessions.close_all(&close);
        self.tasks.close();
        let _ = tokio::time::timeout(close.drain_timeout * 2, self.tasks.wait()).await;
        self.store.close().await;
    }
}

impl DaemonState {
    /// A daemon that nothing has happened to.
    fn new(host: &Host) -> Self {
        Self {
            daemon_id: host.new_id(),
            started_at_ms: host.now_ms(),
            restarts: 0,
            restart_problem: None,
            bus: BusState::new(host.new_id()),
            sessions: SessionsState::default(),
            parcels: BTreeMap::new(),
        }
    }
}

/// Durable state, and the log of events in it. Nothing is read yet.
fn open_journal(folders: &Folders, bus: &Bus, host: &Host, limits: &Limits) -> (Arc<Store>, Journal) {
    let age_max_ms = u64::try_from(limits.history_age_max.as_millis()).unwrap_or(u64::MAX);
    let retention = Retention { age_max_ms, bytes_max: limits.history_bytes_max };
    let clock = host.clone();
    let tidy = move |connection: &_| events::prune(connection, clock.now_ms(), &retention);
    let store = Arc::new(Store::tidied(folders.state.join("icpy.db"), tidy));
    bus.read_from(Arc::new(EventLog(Arc::clone(&store))));
    let journal = Journal::new(Arc::clone(&store), bus.clone(), host.clone(), retention);
    (store, journal)
}

/// The listener for HTTP, and who may come in there.
fn http_front(config: HttpConfig, parts: &Services, store: &Arc<Store>, about: &About) -> Arc<HttpFront> {
    let Services { host, tasks, stop, .. } = parts.clone();
    let rates = Rates {
        reads: NonZeroU32::new(config.reads_per_second),
        writes: NonZeroU32::new(config.writes_per_second),
        others: NonZeroU32::new(config.others_per_second),
    };
    let state_folder = about.state_folder.as_path().to_owned();
    let setting = auth::Setting { host, state_folder: state_folder.clone(), rates, login_lasts: config.login_lasts };
    let auth = Arc::new(Auth::new(Arc::clone(store), setting, stop.clone()));
    HttpFront::new(http::Parts { config, auth, state_folder, tasks, stop })
}

fn known(sessions: &Arc<Sessions>) -> KnownSessions {
    let (known, connected) = (Arc::clone(sessions), Arc::clone(sessions));
    KnownSessions {
        count: sessions.count(),
        is_known: Arc::new(move |session| known.is_known(session)),
        client: Arc::new(move |session| connected.client(session)),
    }
}

/// Gives the services what the program before has left for them.
fn take_over(keepers: &Keepers, mut parcels: BTreeMap<String, Parcel>) {
    for keeper in keepers {
        let Some(parcel) = parcels.remove(keeper.name()) else { continue };
        if let Err(error) = keeper.take(parcel) {
            tracing::error!(service = keeper.name(), error, "what was handed over is lost");
        }
    }
    for service in parcels.keys() {
        tracing::error!(service, "what was handed over is lost: nothing knows it here");
    }
}
