//! The listener for HTTP: browsers, and clients that have a token. It is off until the settings or somebody ask for it.
//!
//! ```text
//!   listen ─▶ connection (TLS, limits on the head) ─▶ guard (Host, Origin, credential) ─▶ routes ─▶ router, sessions
//! ```
//!
//! Not here: who may do what (`auth`), and what methods mean.

mod asker;
mod assets;
mod body;
mod connection;
mod events;
mod guard;
mod health;
mod lasting;
mod listen;
mod login;
mod origin;
mod patience;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;
mod problem;
mod rest;
mod routes;
mod rpc;
mod stay;
mod tls;
mod websocket;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use icpy_protocol::daemon::DaemonLoss;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::web::WebStatusResult;
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::listen::Listener;
use self::origin::Hosts;
use self::tls::Encryption;
use crate::auth::{Auth, Throttle};
use crate::config::HttpConfig;
use crate::front;
use crate::keeper::{Descriptor, Ending, Keeper, Parcel};
use crate::session::Shared;

pub use self::routes::{Needs, table};

/// What the listener is made of.
#[derive(Debug)]
pub struct Parts {
    /// What is set about it.
    pub config: HttpConfig,
    /// Who may come in.
    pub auth: Arc<Auth>,
    /// Where a certificate that the daemon makes is kept.
    pub state_folder: PathBuf,
    /// Every task.
    pub tasks: TaskTracker,
    /// Ends them.
    pub stop: CancellationToken,
}

/// The listener for HTTP, whether it listens or not.
#[derive(Debug)]
pub struct HttpFront {
    parts: Parts,
    throttle: Arc<Throttle>,
    /// What sessions share; set once the daemon has it.
    shared: OnceLock<Weak<Shared>>,
    /// What the program before has listened with, until it is known what sessions share.
    inherited: Mutex<Option<Listener>>,
    /// Why it does not listen where it should from the start on.
    problem: Mutex<Option<String>>,
    open: Mutex<Option<Open>>,
}

/// A listener that listens.
#[derive(Debug)]
struct Open {
    door: Arc<Door>,
    /// The same socket, for the next program.
    descriptor: Option<Descriptor>,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

/// What all connections to one listener share.
#[derive(Debug)]
struct Door {
    shared: Arc<Shared>,
    auth: Arc<Auth>,
    throttle: Arc<Throttle>,
    config: HttpConfig,
    address: SocketAddr,
    hosts: Hosts,
    encryption: Option<Encryption>,
    connections: listen::Connections,
    rest: rest::Rest,
    /// Ends the listener.
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// What the next program has to know of a listener.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    address: SocketAddr,
}

impl HttpFront {
    /// A listener that does not listen yet.
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            parts,
            throttle: Arc::default(),
            shared: OnceLock::new(),
            inherited: Mutex::default(),
            problem: Mutex::default(),
            open: Mutex::default(),
        })
    }

    /// Who may come in.
    pub fn auth(&self) -> Arc<Auth> {
        Arc::clone(&self.parts.auth)
    }

    /// Says what sessions share, and listens: with what the program before has left, or where the settings ask for that.
    pub fn begin(self: &Arc<Self>, shared: &Arc<Shared>) {
        let _ = self.shared.set(Arc::downgrade(shared));
        let inherited = self.inherited.lock().unwrap_or_else(PoisonError::into_inner).take();
        if inherited.is_none() && self.parts.config.listens_at_start().is_none() {
            return;
        }
        let front = Arc::clone(self);
        self.parts.tasks.spawn(async move {
            let outcome = match inherited {
                Some(listener) => front.serve(listener),
                None => front.open_at(None).await,
            };
            if let Err(error) = outcome {
                tracing::error!(%error, "the listener for HTTP does not listen");
                *front.problem.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.message().to_owned());
            }
        });
    }

    async fn open_at(self: &Arc<Self>, asked: Option<String>) -> Result<()> {
        let address = self.parts.config.address(asked.as_deref()).map_err(Error::invalid_params)?;
        let present = self.lock().as_ref().map(|open| open.door.address);
        if let Some(present) = present {
            let is_there =
                asked.is_none() || present == address || (address.port() == 0 && present.ip() == address.ip());
            return match is_there {
                true => Ok(()),
                false => Err(Error::conflict(format!("it listens at `{present}`: stop that before `{address}`"))),
            };
        }
        let listener = Listener::bind(address).await?;
        self.serve(listener)
    }

    fn serve(self: &Arc<Self>, listener: Listener) -> Result<()> {
        let stopping = || Error::unavailable("the daemon is stopping");
        let shared = self.shared.get().and_then(Weak::upgrade).ok_or_else(stopping)?;
        let Parts { config, auth, state_folder, tasks, stop } = &self.parts;
        let encryption = Encryption::of(config, state_folder)?;
        let address = listener.address();
        let descriptor = listener.share()?;
        let stop = stop.child_token();
        let door = Arc::new(Door {
            shared,
            auth: Arc::clone(auth),
            throttle: Arc::clone(&self.throttle),
            hosts: Hosts::new(address, config, encryption.is_some()),
            connections: listen::Connections::new(config),
            config: config.clone(),
            rest: rest::Rest::default(),
            address,
            encryption,
            stop: stop.clone(),
            tasks: tasks.clone(),
        });
        let mut open = self.lock();
        if open.is_none() {
            let serving = tasks.spawn(listener.serve(Arc::clone(&door)));
            tracing::info!(%address, "listens for HTTP");
            *open = Some(Open { door, descriptor, stop, serving });
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Door {
    /// The beginning of every address here.
    fn url(&self) -> String {
        self.hosts.url()
    }
}

/// The listener as services see it.
#[derive(Clone, Debug)]
pub struct Handle(pub Arc<HttpFront>);

impl front::Front for Handle {
    fn open(&self, address: Option<String>) -> front::Answer<'_, Result<()>> {
        Box::pin(self.0.open_at(address))
    }

    fn close(&self) -> front::Answer<'_, ()> {
        Box::pin(async {
            let open = self.0.lock().take();
            if let Some(open) = open {
                open.stop.cancel();
                // Its place is free when the answer comes.
                drop(open.descriptor);
                let _ = open.serving.await;
                tracing::info!(address = %open.door.address, "listens for HTTP no more");
            }
        })
    }

    fn status(&self) -> WebStatusResult {
        let open = self.0.lock();
        let door = open.as_ref().map(|open| &open.door);
        WebStatusResult {
            address: door.map(|door| door.address.to_string()),
            url: door.map(|door| door.url()),
            fingerprint: door.and_then(|door| door.encryption.as_ref()?.fingerprint()),
            connections: door.map_or(0, |door| door.connections.count()),
        }
    }

    fn problem(&self) -> Option<String> {
        let is_open = self.0.lock().is_some();
        let problem = self.0.problem.lock().unwrap_or_else(PoisonError::into_inner).clone();
        problem.filter(|_| !is_open).map(|problem| format!("no listener for HTTP: {problem}"))
    }
}

impl Keeper for Handle {
    fn name(&self) -> &'static str {
        "http"
    }

    fn losses(&self) -> Vec<DaemonLoss> {
        Vec::new()
    }

    fn end(&self) -> Ending<'_> {
        Box::pin(async {})
    }

    fn give(&self) -> Parcel {
        let Some(open) = self.0.lock().take() else { return Parcel::default() };
        let state = serde_json::to_value(Kept { address: open.door.address }).unwrap_or_default();
        Parcel { state, descriptors: open.descriptor.into_iter().collect(), ..Parcel::default() }
    }

    fn take(&self, mut parcel: Parcel) -> std::result::Result<(), String> {
        let Some(descriptor) = parcel.descriptors.pop() else { return Ok(()) };
        let Kept { address } = serde_json::from_value(parcel.state).map_err(|error| error.to_string())?;
        let listener = Listener::adopt(descriptor, address).map_err(|error| error.to_string())?;
        *self.0.inherited.lock().unwrap_or_else(PoisonError::into_inner) = Some(listener);
        Ok(())
    }
}
