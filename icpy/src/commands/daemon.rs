//! The commands about the daemon itself.

use icpy::args::{Clients, Command, Doctor, General, Rage, Start, Status, Stop};

use super::{clients, config, doctor, logs, rage, restart, start, status, stop};
use crate::output::Failure;

pub(super) fn run(command: Command, general: &General) -> Result<(), Failure> {
    match command {
        Command::Status(Status { metrics }) => status::run(metrics, general),
        Command::Clients(Clients {}) => clients::run(general),
        Command::Logs(logs) => logs::run(&logs, general),
        Command::Config(config) => config::run(config.action, general),
        Command::Start(Start {}) => start::run(general),
        Command::Restart(restart) => restart::run(restart, general),
        Command::Stop(Stop { force }) => stop::run(force, general),
        Command::Doctor(Doctor {}) => doctor::run(general),
        Command::Rage(Rage {}) => rage::run(general),
        _ => unreachable!("the others are no commands about that"),
    }
}
