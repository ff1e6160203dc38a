//! `icpy stop`: ends the daemon and waits until it is gone.

use icpy::args::General;
use icpy::connection::Connection;
use icpy::finder::{Finder, NoDaemon};
use icpy::host;
use icpy_protocol::Empty;
use icpy_protocol::daemon::{self, DaemonStatusResult, DaemonStopParams};
use icpy_protocol::error::Error;

use super::{Daemon, finder};
use crate::output::{Failure, print_json, say};

pub(super) fn run(force: bool, general: &General) -> Result<(), Failure> {
    let finder = finder(general)?;
    let connection = match Connection::open(&finder) {
        Err(NoDaemon::NotRunning) => {
            if !general.json {
                say("icpyd is not running");
            }
            return finish(general, false);
        }
        outcome => outcome?,
    };
    let mut daemon = Daemon::over(finder.clone(), connection, general);
    let status: DaemonStatusResult = daemon.call(daemon::method::status, &Empty {})?;
    if host::daemon_id().is_some_and(|ours| ours == status.daemon_id) {
        let message = "this runs inside a terminal of icpyd, and would end itself with it";
        return Err(Failure::from(Error::conflict(message)).with_hint("stop it from another terminal"));
    }
    let params = DaemonStopParams { force };
    let stopped: Result<Empty, Error> = daemon.call(daemon::method::stop, &params);
    stopped.map_err(|error| match error.detail("losses") {
        Some(_) => Failure::from(error).with_hint("`icpy stop --force` ends it all the same"),
        None => error.into(),
    })?;
    if !has_ended(&finder, &daemon, &status) {
        let message = format!("icpyd (process {}) was asked to stop and has not ended yet", status.pid);
        return Err(Error::timeout(message).into());
    }
    finish(general, true)
}

/// Waits for the end. What happens on another machine is seen by its connection.
fn has_ended(finder: &Finder, daemon: &Daemon, status: &DaemonStatusResult) -> bool {
    match finder.is_remote() {
        true => daemon.connection.wait_for_close().is_ok(),
        false => finder.wait_for_end(status.socket.as_path()),
    }
}

fn finish(general: &General, has_stopped: bool) -> Result<(), Failure> {
    if general.json {
        print_json(&serde_json::json!({ "stopped": has_stopped }))?;
    }
    Ok(())
}
