//! A real daemon inside the test's process: real socket, real store, real files.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use icpy::Client;
use icpy_protocol::endpoint::{Endpoint, Environment, Folders, place};
use icpy_protocol::session::{ClientInfo, SessionSubscribeParams};
use icpy_protocol::topic::Pattern;
use icpyd::caller::Scopes;
use icpyd::config::{Config, Configuration, Layers, Limits, Loaded};
use icpyd::daemon::{Daemon as Inner, Settings};
use icpyd::host::{Host, ProgramLimits};
use icpyd::instance::LifeLock;
use icpyd::transport::local::{self, Presence};
use interprocess::local_socket::GenericFilePath;
use interprocess::local_socket::tokio::prelude::*;
use tokio::runtime::Runtime;

use crate::{Events, Folder, within};

/// A running daemon. Dropping it ends it, and fails the test when something is left over.
#[derive(Debug)]
pub struct Daemon {
    runtime: Option<Runtime>,
    inner: Option<Inner>,
    endpoint: Endpoint,
    folder: Folder,
}

impl Daemon {
    /// Starts a daemon beside the files of a fixture.
    pub fn boot(fixture: &str) -> Self {
        Self::boot_with(fixture, |_| ())
    }

    /// Starts a daemon with other limits.
    pub fn boot_with(fixture: &str, set: impl FnOnce(&mut Limits)) -> Self {
        Self::boot_in(fixture, Host::real(), set)
    }

    /// Starts a daemon in another world.
    pub fn boot_in(fixture: &str, host: Host, set: impl FnOnce(&mut Limits)) -> Self {
        Self::boot_set(fixture, host, |config| set(&mut config.limits))
    }

    /// Starts a daemon with other settings in another world.
    pub fn boot_set(fixture: &str, host: Host, set: impl FnOnce(&mut Config)) -> Self {
        let folder = Folder::new(fixture);
        let environment = Environment { home: Some(folder.home()), ..Environment::default() };
        let endpoint = place(&environment, None).unwrap();
        let folders = Folders::find(&environment).unwrap();
        let mut config = Config::default();
        set(&mut config);
        let layers = Layers { file: folders.config_file(), flags: Vec::new(), host: host.clone() };
        let loaded = Loaded { config, origins: BTreeMap::new() };
        let configuration = Arc::new(Configuration::new(layers, loaded, |_| ()));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let inner = {
            let _inside = runtime.enter();
            let socket = endpoint.socket.clone();
            let inner = Inner::start(
                Settings {
                    configuration,
                    host,
                    folders,
                    socket,
                    program: PathBuf::new(),
                    program_limits: ProgramLimits::default(),
                },
                None,
            );
            let presence = Presence::new(endpoint.clone(), LifeLock::take(&endpoint).unwrap());
            drop(inner.serve(local::listen(&endpoint).unwrap(), presence));
            inner
        };
        Self { runtime: Some(runtime), inner: Some(inner), endpoint, folder }
    }

    /// Runs a test against the daemon.
    pub fn run<T>(&self, test: impl Future<Output = T>) -> T {
        self.runtime.as_ref().unwrap().block_on(within("the test", test))
    }

    /// Runs a campaign, which may take its time.
    pub fn run_long<T>(&self, campaign: impl Future<Output = T>) -> T {
        self.runtime.as_ref().unwrap().block_on(campaign)
    }

    /// A path in the fixture.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path(name)
    }

    /// The folders of the test.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Where the daemon listens.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The daemon itself.
    pub fn inner(&self) -> &Inner {
        self.inner.as_ref().unwrap()
    }

    /// A client over the socket.
    pub async fn client(&self) -> Client {
        let name = self.endpoint.socket.as_path().to_fs_name::<GenericFilePath>().unwrap();
        Client::over(LocalSocketStream::connect(name).await.unwrap(), client_info()).await.unwrap()
    }

    /// A client that may do only what `scopes` say.
    pub async fn client_with(&self, scopes: Scopes) -> Client {
        Client::over(self.inner().connect(scopes), client_info()).await.unwrap()
    }

    /// The events that match a pattern, to be read one by one.
    pub async fn events(&self, client: &Client, pattern: &str) -> Events {
        let patterns = vec![Pattern::parse(pattern).unwrap()];
        Events::new(client.subscribe(SessionSubscribeParams { patterns, ..Default::default() }).await.unwrap())
    }
}

fn client_info() -> ClientInfo {
    ClientInfo { name: "test".to_owned(), version: String::new() }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let (Some(runtime), Some(inner)) = (self.runtime.take(), self.inner.take()) else { return };
        let unended = runtime.block_on(inner.shutdown());
        drop(runtime);
        if std::thread::panicking() {
            return;
        }
        assert_eq!(unended, 0, "tasks did not end with the daemon");
        assert!(!self.endpoint.socket.exists(), "the socket is left over");
        assert_eq!(self.folder.litter(), Vec::<PathBuf>::new(), "temporary files are left over");
    }
}
