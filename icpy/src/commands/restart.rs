//! `icpy restart`: replaces the daemon's program in place, and waits until the new one answers.

use icpy::args::{General, Restart};
use icpy::host;
use icpy_protocol::Empty;
use icpy_protocol::daemon::{self, DaemonRestartParams, DaemonRestartResult, DaemonStatusResult};
use icpy_protocol::error::Error;
use icpy_protocol::path::FilePath;

use super::{Daemon, absolute};
use crate::output::{Failure, print_json};

pub(super) fn run(restart: Restart, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open(general)?;
    let before: DaemonStatusResult = daemon.call(daemon::method::status, &Empty {})?;
    let program = match restart.program {
        Some(program) => Some(absolute(&program, general)?),
        // One that is found by the search path is not named: the daemon's own place is as good.
        // Another machine's programs are not where this one's are.
        None if daemon.finder.is_remote() => None,
        None => Some(host::daemon_program()).filter(|program| program.is_absolute()).map(FilePath::from),
    };
    let _: DaemonRestartResult = daemon.call(daemon::method::restart, &DaemonRestartParams { program })?;
    daemon.connect_again()?;
    let after: DaemonStatusResult = daemon.call(daemon::method::status, &Empty {})?;
    if after.daemon_id != before.daemon_id {
        return Err(Error::internal("the daemon ended, and another one was started").into());
    }
    if after.restarts == before.restarts {
        let why = after.problems.first().map_or("the daemon does not say why", |problem| problem);
        return Err(Error::internal(format!("the daemon goes on as it was: {why}")).into());
    }
    if general.json {
        print_json(&after)?;
    }
    Ok(())
}
