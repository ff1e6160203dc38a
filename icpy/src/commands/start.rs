//! `icpy start`: starts the daemon where none runs.

use icpy::args::General;
use icpy::connection::Connection;
use icpy::finder::NoDaemon;

use super::finder;
use crate::output::{Failure, print_json};

pub(super) fn run(general: &General) -> Result<(), Failure> {
    let finder = finder(general)?;
    let has_started = match Connection::open(&finder) {
        Err(NoDaemon::NotRunning) => Connection::open_or_start(&finder).map(|_| true)?,
        outcome => outcome.map(|_| false)?,
    };
    if general.json {
        print_json(&serde_json::json!({ "started": has_started }))?;
    }
    Ok(())
}
