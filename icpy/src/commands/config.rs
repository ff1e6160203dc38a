//! `icpy config`: the daemon's settings.
//!
//! Not here: what settings there are. The daemon knows; where none runs its program is asked.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use icpy::args::{ConfigAction, General};
use icpy::host;
use icpy_protocol::Empty;
use icpy_protocol::daemon::{self, DaemonGetConfigResult, DaemonReloadResult};
use icpy_protocol::endpoint::Folders;
use icpy_protocol::error::Error;
use icpy_protocol::path::FilePath;
use serde_json::{Value, json};

use super::Daemon;
use crate::output::{Failure, print, print_json, table};

pub(super) fn run(action: ConfigAction, general: &General) -> Result<(), Failure> {
    match action {
        ConfigAction::Show => show(general),
        ConfigAction::Check { file } => check(file.as_deref(), general),
        ConfigAction::Path => path(general),
        ConfigAction::Reload => reload(general),
    }
}

fn show(general: &General) -> Result<(), Failure> {
    let config: DaemonGetConfigResult = Daemon::open_or_start(general)?.call(daemon::method::get_config, &Empty {})?;
    if general.json {
        return Ok(print_json(&config)?);
    }
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let rows = config.settings.into_iter().map(|(key, setting)| {
        let origin = setting.origin.unwrap_or_default();
        [key, text(&setting.value), origin]
    });
    Ok(print(table(rows).as_bytes())?)
}

fn check(file: Option<&Path>, general: &General) -> Result<(), Failure> {
    let file = match file {
        Some(file) => {
            // What is not there has no faults, but who names it means one that is.
            let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
            file.metadata().map_err(|error| Error::not_found(format!("`{}`: {error}", file.display())))?;
            file
        }
        None => config_file()?,
    };
    let program = host::daemon_program();
    let output = Command::new(&program)
        .arg("--check-config")
        .arg(&file)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Error::unavailable(format!("cannot run `{}`: {error}", program.display())))?;
    if output.status.success() {
        if general.json {
            print_json(&json!({ "file": FilePath::from(file), "problems": [] }))?;
        }
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let problems: Vec<&str> = text.lines().collect();
    let error = Error::invalid_params(problems.join("\n       ")).with("problems", problems);
    Err(Failure::from(error).with_status(1))
}

fn path(general: &General) -> Result<(), Failure> {
    let file = config_file()?;
    if general.json {
        return Ok(print_json(&json!({ "file": FilePath::from(file) }))?);
    }
    Ok(print(format!("{}\n", file.display()).as_bytes())?)
}

fn reload(general: &General) -> Result<(), Failure> {
    let reloaded: DaemonReloadResult = Daemon::open(general)?.call(daemon::method::reload, &Empty {})?;
    if general.json {
        return Ok(print_json(&reloaded)?);
    }
    let told = [(reloaded.changed, ""), (reloaded.needs_restart, " holds after `icpy restart`")];
    let lines = told.iter().flat_map(|(keys, note)| keys.iter().map(move |key| format!("{key}{note}\n")));
    Ok(print(lines.collect::<String>().as_bytes())?)
}

fn config_file() -> Result<PathBuf, Failure> {
    let folders = Folders::find(&host::environment()).map_err(Error::not_found)?;
    Ok(folders.config_file())
}
