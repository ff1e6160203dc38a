//! `icpy rage`: everything that a bug report needs, as one text that can be read before it is sent. It holds no content of files,
//! no keystrokes, and no params of requests; paths it does hold.

use std::fmt::Write as _;
use std::fs;

use icpy::args::General;
use icpy::connection::Connection;
use icpy::host;
use icpy_protocol::daemon::method;
use icpy_protocol::endpoint::Folders;
use icpy_protocol::error::Error;
use serde_json::{Map, Value, json};

use super::{doctor, finder};
use crate::output::{Failure, print, print_json};

/// Lines of the log.
const LINES_MAX: usize = 500;

pub(super) fn run(general: &General) -> Result<(), Failure> {
    let folders = Folders::find(&host::environment()).map_err(Error::unavailable)?;
    let checks = doctor::look(general)?;
    let answers = ask(general)?;
    let log = fs::read_to_string(folders.log_file()).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    let lines = &lines[lines.len().saturating_sub(LINES_MAX)..];
    let crashes = crashes(&folders);
    let system = fs::read_to_string("/proc/version").unwrap_or_else(|_| std::env::consts::OS.to_owned());
    let client = concat!("icpy ", env!("CARGO_PKG_VERSION"));
    if general.json {
        let report = json!({
            "client": client, "system": system.trim(), "checks": checks, "daemon": answers, "log": lines,
            "crashes": crashes,
        });
        return Ok(print_json(&report)?);
    }
    let mut text = format!("# {client}\n{}\n\n# doctor\n{}\n", system.trim(), doctor::describe(&checks, false));
    for (name, answer) in &answers {
        let _ = writeln!(text, "# {name}\n{answer:#}\n");
    }
    for (name, report) in &crashes {
        let _ = writeln!(text, "# crash {name}\n{report}\n");
    }
    let _ = writeln!(text, "# log\n{}", lines.join("\n"));
    Ok(print(text.as_bytes())?)
}

/// What a running daemon says of itself. What it does not answer is left out.
fn ask(general: &General) -> Result<Map<String, Value>, Failure> {
    let mut answers = Map::new();
    let Ok(daemon) = Connection::open(&finder(general)?) else { return Ok(answers) };
    let _ = daemon.set_timeout(Some(super::TIMEOUT));
    for method in [method::status, method::metrics, method::get_config] {
        if let Ok(answer) = daemon.request(method.name, "{}", |_, _| ()) {
            answers.insert(method.name.to_owned(), serde_json::from_str(&answer).unwrap_or_default());
        }
    }
    Ok(answers)
}

/// The reports of crashes, by their names.
fn crashes(folders: &Folders) -> Map<String, Value> {
    let entries = fs::read_dir(folders.crash()).into_iter().flatten().flatten();
    let report = |entry: fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        Some((name, Value::String(fs::read_to_string(entry.path()).ok()?)))
    };
    entries.filter_map(report).collect()
}
