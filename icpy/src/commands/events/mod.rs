//! `icpy watch` and `icpy log`: what happens, and what has happened.

mod log;
mod sentence;
mod watch;

use icpy::Client;
use icpy::args::{Command, General};
use icpy_protocol::session::ClientInfo;

use super::{Daemon, absolute, finder, host_of};
use crate::output::Failure;

pub(super) fn run(command: Command, general: &General) -> Result<(), Failure> {
    match command {
        Command::Watch(watched) => watch::run(watched, general),
        Command::Log(logged) => log::run(logged, general),
        _ => Ok(()),
    }
}

/// A client that stays connected, for this command.
async fn connect(command: &str, general: &General) -> Result<Client, Failure> {
    let client_info = ClientInfo { name: format!("icpy {command}"), version: env!("CARGO_PKG_VERSION").to_owned() };
    let connected = Client::connect(finder(general)?, client_info).await;
    connected.map_err(|error| Failure::from(error).no_daemon())
}
