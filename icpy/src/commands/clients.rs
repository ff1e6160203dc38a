//! `icpy clients`: who is connected to the daemon.

use std::io::{self, IsTerminal as _};

use icpy::args::General;
use icpy_protocol::Empty;
use icpy_protocol::path::FilePath;
use icpy_protocol::session::{self, SessionInfo, SessionListResult};

use super::Daemon;
use crate::output::{Failure, date, print, print_json, shown, table};

pub(super) fn run(general: &General) -> Result<(), Failure> {
    let list: SessionListResult = Daemon::open(general)?.call(session::method::list, &Empty {})?;
    if general.json {
        return Ok(print_json(&list)?);
    }
    let head = ["PROCESS", "CLIENT", "SINCE", "SUBSCRIPTIONS", "REQUESTS", "WAITING"].map(str::to_owned);
    let rows = list.sessions.iter().filter(|session| !session.is_caller).map(row);
    Ok(print(table(std::iter::once(head).chain(rows)).as_bytes())?)
}

fn row(session: &SessionInfo) -> [String; 6] {
    // A client says what it is called, and may say anything.
    let name = session.client_info.as_ref().map_or("-".to_owned(), |client| {
        let name = FilePath::from(std::path::PathBuf::from(format!("{} {}", client.name, client.version)));
        String::from_utf8_lossy(&shown(&name, io::stdout().is_terminal())).trim_end().to_owned()
    });
    [
        session.pid.map_or("-".to_owned(), |pid| pid.to_string()),
        name,
        date(session.connected_at_ms),
        session.subscriptions.to_string(),
        session.requests.to_string(),
        format!("{} B", session.queued_bytes),
    ]
}
