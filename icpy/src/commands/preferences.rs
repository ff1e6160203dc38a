//! `icpy preferences`: what the user prefers, everywhere or in a workspace.

use icpy::args::{General, Preferences, PreferencesAction};
use icpy_protocol::error::Error;
use icpy_protocol::preferences::declared::check_key;
use icpy_protocol::preferences::{
    self, PreferencesGetParams, PreferencesGetResult, PreferencesLayer, PreferencesSetParams, PreferencesSetResult,
};
use serde_json::Value;

use super::{Daemon, workspace};
use crate::output::{Failure, print_json, print_text, table};

pub(super) fn run(preferences: Preferences, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open_or_start(general)?;
    let workspace_id = workspace::find_if(&mut daemon, preferences.workspace, general)?;
    match preferences.action {
        PreferencesAction::List => list(&mut daemon, workspace_id, general),
        PreferencesAction::Get { key } => get(&mut daemon, workspace_id, &key, general),
        PreferencesAction::Set { key, value } => {
            // Quotes around every text would have to be hidden from the shell.
            let value = serde_json::from_str(&value).unwrap_or(Value::String(value));
            set(&mut daemon, &PreferencesSetParams { key, value, workspace_id, if_rev: None }, general)
        }
        PreferencesAction::Unset { key } => {
            let params = PreferencesSetParams { key, value: Value::Null, workspace_id, if_rev: None };
            set(&mut daemon, &params, general)
        }
    }
}

/// Adds what to do about it.
fn explain(error: Error) -> Failure {
    let is_unknown = error.message().contains("there is no preference");
    let failure = Failure::from(error);
    if is_unknown { failure.with_hint("`icpy preferences list` shows all") } else { failure }
}

fn in_force(daemon: &mut Daemon, workspace_id: Option<String>) -> Result<PreferencesGetResult, Error> {
    daemon.call(preferences::method::get, &PreferencesGetParams { workspace_id })
}

fn list(daemon: &mut Daemon, workspace_id: Option<String>, general: &General) -> Result<(), Failure> {
    let result = in_force(daemon, workspace_id)?;
    if general.json {
        return Ok(print_json(&result)?);
    }
    let rows = result.preferences.into_iter().map(|(key, preference)| {
        let layer = match preference.layer {
            PreferencesLayer::Default => "",
            PreferencesLayer::User => "user",
            PreferencesLayer::Workspace => "workspace",
        };
        [key, text(&preference.value), layer.to_owned()]
    });
    Ok(print_text(&table(rows))?)
}

fn get(daemon: &mut Daemon, workspace_id: Option<String>, key: &str, general: &General) -> Result<(), Failure> {
    let mut result = in_force(daemon, workspace_id)?;
    let Some(found) = result.preferences.remove(key) else {
        check_key(key).map_err(explain)?;
        return Err(Error::not_found(format!("`{key}` is not set")).into());
    };
    let printed = if general.json { print_json(&found) } else { print_text(&format!("{}\n", text(&found.value))) };
    Ok(printed?)
}

fn set(daemon: &mut Daemon, params: &PreferencesSetParams, general: &General) -> Result<(), Failure> {
    let set: PreferencesSetResult = daemon.call(preferences::method::set, params).map_err(explain)?;
    if general.json {
        print_json(&set)?;
    }
    Ok(())
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
