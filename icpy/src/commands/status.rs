//! `icpy status`: what the daemon is and how it does.

use std::fmt::Write as _;

use icpy::args::General;
use icpy_protocol::Empty;
use icpy_protocol::daemon::{self, DaemonMetricsResult, DaemonStatusResult};
use icpy_protocol::documents;

use super::Daemon;
use crate::output::{Failure, print, print_json, print_text};

pub(super) fn run(metrics: bool, general: &General) -> Result<(), Failure> {
    if metrics {
        return show_metrics(general);
    }
    let status: DaemonStatusResult = Daemon::open(general)?.call(daemon::method::status, &Empty {})?;
    if general.json {
        print_json(&status)?;
    } else {
        print_text(&describe(&status))?;
    }
    Ok(())
}

fn show_metrics(general: &General) -> Result<(), Failure> {
    let metrics: DaemonMetricsResult = Daemon::open(general)?.call(daemon::method::metrics, &Empty {})?;
    match general.json {
        true => print_json(&metrics)?,
        false => print(documents::prometheus(&metrics).as_bytes())?,
    }
    Ok(())
}

fn describe(status: &DaemonStatusResult) -> String {
    let DaemonStatusResult { version, pid, bus, .. } = status;
    let mut text = format!("icpyd {version}, process {pid}, up {}\n", duration(status.uptime_ms));
    let rows = [
        ("socket", status.socket.to_string()),
        ("state", status.state_folder.to_string()),
        ("log", status.log.to_string()),
        ("sessions", status.sessions.to_string()),
        ("open files", status.open_files.map_or("unknown".to_owned(), |count| count.to_string())),
        ("events", format!("{} published, {} subscriptions", bus.published, bus.subscriptions)),
    ];
    for (name, value) in rows {
        let _ = writeln!(text, "{name:<11} {value}");
    }
    for loss in &status.losses {
        let _ = writeln!(text, "keeps       {}", loss.description);
    }
    for problem in &status.problems {
        let _ = writeln!(text, "problem     {problem}");
    }
    text
}

/// A length of time in its two largest units.
fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_have_two_units() {
        assert_eq!(duration(999), "0 s");
        assert_eq!(duration(61_000), "1 min 1 s");
        assert_eq!(duration(3_661_000), "1 h 1 min");
        assert_eq!(duration(90_000_000), "1 d 1 h");
    }
}
