//! `daemon:*`, `rpc:*` and `event:*`: what the daemon tells about itself and its history, and its end.

mod history;
mod restart;
mod system;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use icpy_protocol::daemon::{
    DaemonApi, DaemonGetConfigResult, DaemonLoss, DaemonMetricsResult, DaemonReloadResult, DaemonRestartParams,
    DaemonRestartResult, DaemonSetLogLevelParams, DaemonSetting, DaemonStatusResult, DaemonStopParams,
};
use icpy_protocol::error::{Error, Result};
use icpy_protocol::event::{EventApi, EventListParams, EventListResult};
use icpy_protocol::path::FilePath;
use icpy_protocol::rpc::RpcApi;
use icpy_protocol::session::SessionClient;
use icpy_protocol::terminal::{TerminalClient, TerminalListParams};
use icpy_protocol::{Empty, PROTOCOL, documents};
use serde_json::{Map, Value};
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use super::Services;
use crate::caller::Caller;
use crate::config::{Configuration, Reloaded};
use crate::front::Front;
use crate::keeper::Keepers;
use crate::metrics::Metrics;
use crate::store::workspaces;

/// What the daemon knows of itself.
#[derive(Debug)]
pub struct About {
    /// Names the daemon; a restart in place does not change that.
    pub daemon_id: String,
    /// When it started, in milliseconds since 1970.
    pub started_at_ms: u64,
    /// How often it was replaced in place.
    pub restarts: u32,
    /// Why it was not, when that was tried last.
    pub restart_problem: Option<String>,
    /// Where it listens.
    pub socket: FilePath,
    /// Where it keeps its state.
    pub state_folder: FilePath,
    /// Its log.
    pub log: FilePath,
    /// The program that this is.
    pub program: PathBuf,
    /// Ends the daemon.
    pub stop: CancellationToken,
    /// The program that is to go on with it.
    pub successor: Mutex<Option<PathBuf>>,
    /// The settings in force.
    pub configuration: Arc<Configuration>,
    /// What is counted of requests.
    pub metrics: Metrics,
}

/// The service.
#[derive(Debug)]
pub struct DaemonService {
    services: Services,
    about: Arc<About>,
    keepers: Keepers,
    front: Arc<dyn Front>,
}

impl DaemonService {
    pub(super) fn new(services: Services, about: Arc<About>, keepers: Keepers, front: Arc<dyn Front>) -> Self {
        Self { services, about, keepers, front }
    }

    fn losses(&self) -> Vec<DaemonLoss> {
        self.keepers.iter().flat_map(|keeper| keeper.losses()).collect()
    }
}

impl DaemonApi<Caller> for DaemonService {
    async fn status(&self, caller: &Caller, _: Empty) -> Result<DaemonStatusResult> {
        let about = &self.about;
        let sessions = SessionClient::new(self.services.requester(caller)).list(&Empty {}).await?.sessions;
        let counted = self.services.journal.commit(|connection, _| workspaces::count_open_files(connection)).await;
        Ok(DaemonStatusResult {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: PROTOCOL,
            daemon_id: about.daemon_id.clone(),
            pid: std::process::id(),
            started_at_ms: about.started_at_ms,
            uptime_ms: self.services.host.now_ms().saturating_sub(about.started_at_ms),
            socket: about.socket.clone(),
            state_folder: about.state_folder.clone(),
            log: about.log.clone(),
            sessions: u32::try_from(sessions.len()).unwrap_or(u32::MAX),
            open_files: counted.as_ref().ok().map(|count| count.value),
            losses: self.losses(),
            restarts: about.restarts,
            // Without its store the daemon still tells what is wrong, and can be stopped.
            problems: counted
                .err()
                .map(|error| error.message().to_owned())
                .into_iter()
                .chain(about.restart_problem.clone())
                .chain(self.front.problem())
                .collect(),
            position: self.services.bus.position(),
            bus: self.services.bus.statistics(),
        })
    }

    async fn metrics(&self, caller: &Caller, _: Empty) -> Result<DaemonMetricsResult> {
        let requester = || self.services.requester(caller);
        let sessions = SessionClient::new(requester()).list(&Empty {}).await?.sessions;
        let terminals = TerminalClient::new(requester()).list(&TerminalListParams::default()).await?.terminals;
        let use_of_system = spawn_blocking(system::read).await.unwrap_or_default();
        Ok(DaemonMetricsResult {
            methods: self.about.metrics.methods(),
            refused: self.about.metrics.refused(),
            sessions: sessions.len() as u64,
            queued_bytes: sessions.iter().map(|session| session.queued_bytes).sum(),
            terminals: terminals.len() as u64,
            bus: self.services.bus.statistics(),
            file_cache: self.about.metrics.file_cache().read(),
            uptime_ms: self.services.host.now_ms().saturating_sub(self.about.started_at_ms),
            resident_bytes: use_of_system.resident_bytes,
            open_descriptors: use_of_system.open_descriptors,
        })
    }

    async fn stop(&self, caller: &Caller, params: DaemonStopParams) -> Result<Empty> {
        let losses = self.losses();
        if !params.force && !losses.is_empty() {
            let what: Vec<&str> = losses.iter().map(|loss| &*loss.description).collect();
            let message = format!("the daemon does not stop, because something would be lost: {}", what.join("; "));
            return Err(Error::conflict(message).with("losses", serde_json::to_value(&losses).unwrap_or_default()));
        }
        tracing::info!(session = caller.session(), principal = ?caller.principal(), "asked to stop");
        self.about.stop.cancel();
        Ok(Empty {})
    }

    async fn restart(&self, caller: &Caller, params: DaemonRestartParams) -> Result<DaemonRestartResult> {
        let program = params.program.map_or_else(|| self.about.program.clone(), FilePath::into_path_buf);
        let credentials = restart::check(&program, self.about.configuration.flags()).await?;
        tracing::info!(session = caller.session(), program = %program.display(), "asked to restart");
        *self.about.successor.lock().unwrap_or_else(PoisonError::into_inner) = Some(program);
        self.about.stop.cancel();
        Ok(DaemonRestartResult { version: credentials.version })
    }

    async fn get_config(&self, _: &Caller, _: Empty) -> Result<DaemonGetConfigResult> {
        let configuration = &self.about.configuration;
        let loaded = configuration.watch().borrow().clone();
        let setting = |(key, value): (String, Value)| {
            let origin = loaded.origins.get(&key).map(ToString::to_string);
            (key, DaemonSetting { value, origin })
        };
        let settings = loaded.values().into_iter().map(setting).collect();
        Ok(DaemonGetConfigResult { file: configuration.file().into(), settings })
    }

    async fn reload(&self, _: &Caller, _: Empty) -> Result<DaemonReloadResult> {
        let configuration = Arc::clone(&self.about.configuration);
        let read = spawn_blocking(move || configuration.reload()).await;
        let Reloaded { changed, needs_restart } = read
            .map_err(|error| Error::internal(error.to_string()))?
            .map_err(|problems| Error::invalid_params(problems.join("; ")).with("problems", problems))?;
        tracing::info!(?changed, ?needs_restart, "settings read again");
        Ok(DaemonReloadResult { changed, needs_restart })
    }

    async fn set_log_level(&self, _: &Caller, params: DaemonSetLogLevelParams) -> Result<Empty> {
        self.about.configuration.set_log_level(params.level);
        Ok(Empty {})
    }
}

impl RpcApi<Caller> for DaemonService {
    async fn discover(&self, _: &Caller, _: Empty) -> Result<Map<String, Value>> {
        Ok(documents::openrpc())
    }
}

impl EventApi<Caller> for DaemonService {
    async fn list(&self, caller: &Caller, params: EventListParams) -> Result<EventListResult> {
        history::list(&self.services.journal, caller, &params).await
    }
}
