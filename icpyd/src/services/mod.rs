//! The services, in start order. A service answers the methods of its namespaces and asks others only through the bus.

pub mod daemon;
pub mod fs;
pub mod workspace;

use std::sync::Arc;
use std::time::Duration;

use icpy_protocol as protocol;

use crate::bus::{Bus, Requester};
use crate::caller::Caller;
use crate::host::Host;
use crate::journal::Journal;
use crate::router::Router;

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
}

impl Services {
    /// The way to other services, on behalf of `caller`.
    fn requester(&self, caller: &Caller) -> Requester {
        self.bus.requester(caller.clone(), self.request_timeout)
    }
}

/// Starts every service and routes its methods. The daemon's own service takes what it tells about.
pub fn mount(services: &Services, about: daemon::About, router: &mut Router) {
    let fs = Arc::new(fs::Fs::default());
    protocol::fs::mount(&fs, router);

    let workspace = Arc::new(workspace::Workspaces::new(services.clone()));
    protocol::workspace::mount(&workspace, router);
    protocol::project::mount(&workspace, router);
    protocol::file::mount(&workspace, router);

    let daemon = Arc::new(daemon::DaemonService::new(services.clone(), about));
    protocol::daemon::mount(&daemon, router);
    protocol::rpc::mount(&daemon, router);
    protocol::event::mount(&daemon, router);
}
