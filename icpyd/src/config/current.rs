//! The settings in force, and reading them again while the daemon runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use icpy_protocol::daemon::LogLevel;
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::{Config, Layers, Loaded, Origin};

/// Where a level comes from that a client has asked for.
const ON_DEMAND: &str = "daemon:set_log_level";

/// The settings in force.
pub struct Configuration {
    layers: Layers,
    in_force: watch::Sender<Loaded>,
    set_level: Box<dyn Fn(LogLevel) + Send + Sync>,
}

/// What reading the settings again has changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// The settings that are in force with new values.
    pub changed: Vec<String>,
    /// Those whose new values hold from the next start on.
    pub needs_restart: Vec<String>,
}

impl Configuration {
    /// Settings that were read from these layers. `set_level` is called when another log level holds.
    pub fn new(layers: Layers, loaded: Loaded, set_level: impl Fn(LogLevel) + Send + Sync + 'static) -> Self {
        Self { layers, in_force: watch::Sender::new(loaded), set_level: Box::new(set_level) }
    }

    /// The settings of now, and every change.
    pub fn watch(&self) -> watch::Receiver<Loaded> {
        self.in_force.subscribe()
    }

    /// The file that they are read from.
    pub fn file(&self) -> &Path {
        &self.layers.file
    }

    /// What the command line sets.
    pub fn flags(&self) -> &[String] {
        &self.layers.flags
    }

    /// Logs so much from now on, until the settings are read again.
    pub fn set_log_level(&self, level: LogLevel) {
        self.in_force.send_modify(|loaded| {
            loaded.config.log.level = level;
            loaded.origins.insert("log.level".to_owned(), Origin::Client(ON_DEMAND));
        });
        (self.set_level)(level);
    }

    /// Reads all layers again. With an error nothing changes.
    pub fn reload(&self) -> Result<Reloaded, Vec<String>> {
        let next = self.layers.load()?;
        let mut reloaded = Reloaded::default();
        self.in_force.send_if_modified(|loaded| {
            let (old, new) = (values(&loaded.config), values(&next.config));
            let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for key in keys.into_iter().filter(|key| old.get(*key) != new.get(*key)) {
                let is_live = Config::is_live(key);
                if is_live { &mut reloaded.changed } else { &mut reloaded.needs_restart }.push(key.clone());
            }
            loaded.config.take_live(&next.config);
            loaded.origins.retain(|key, _| !Config::is_live(key));
            loaded.origins.extend(next.origins.into_iter().filter(|(key, _)| Config::is_live(key)));
            !reloaded.changed.is_empty()
        });
        (self.set_level)(next.config.log.level);
        Ok(reloaded)
    }
}

impl fmt::Debug for Configuration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Configuration").field("in_force", &*self.in_force.borrow()).finish_non_exhaustive()
    }
}

/// The value of every setting, by key.
fn values(config: &Config) -> BTreeMap<String, Value> {
    let mut flat = BTreeMap::new();
    if let Ok(Value::Object(sections)) = serde_json::to_value(config) {
        push_values("", sections, &mut flat);
    }
    flat
}

fn push_values(prefix: &str, values: Map<String, Value>, flat: &mut BTreeMap<String, Value>) {
    for (name, value) in values {
        let key = format!("{prefix}{name}");
        match value {
            Value::Object(inner) => push_values(&format!("{key}."), inner, flat),
            value => drop(flat.insert(key, value)),
        }
    }
}

impl Loaded {
    /// The value of every setting, by key.
    pub fn values(&self) -> BTreeMap<String, Value> {
        values(&self.config)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::config::LogLevel;
    use crate::host::Host;

    #[test]
    fn a_reload_takes_what_it_can_and_names_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        let layers = Layers { file: file.clone(), flags: Vec::new(), host: Host::fake(0) };
        let loaded = layers.load().unwrap();
        let level = Arc::new(Mutex::new(None));
        let seen = Arc::clone(&level);
        let configuration = Configuration::new(layers, loaded, move |level| *seen.lock().unwrap() = Some(level));
        let mut watch = configuration.watch();
        fs::write(&file, "log.level = 'debug'\nlimits.requests_max = 7").unwrap();
        let reloaded = configuration.reload().unwrap();
        assert_eq!(reloaded.changed, ["log.level"]);
        assert_eq!(reloaded.needs_restart, ["limits.requests_max"]);
        assert!(watch.has_changed().unwrap());
        assert_eq!(*level.lock().unwrap(), Some(LogLevel::Debug));
        let loaded = watch.borrow_and_update().clone();
        assert_eq!((loaded.config.log.level, loaded.config.limits.requests_max), (LogLevel::Debug, 256));
        assert_eq!(loaded.origins.keys().collect::<Vec<_>>(), ["log.level"]);

        fs::write(&file, "log.level = 'loud'").unwrap();
        assert_eq!(configuration.reload().unwrap_err().len(), 1);
        assert!(!watch.has_changed().unwrap(), "with an error nothing changes");
        assert_eq!(configuration.watch().borrow().config.log.level, LogLevel::Debug);

        configuration.set_log_level(LogLevel::Trace);
        assert_eq!(*level.lock().unwrap(), Some(LogLevel::Trace));
        assert_eq!(watch.borrow().origins["log.level"].to_string(), "daemon:set_log_level");

        fs::write(&file, "terminal.profiles.one.shell = 'sh'").unwrap();
        assert_eq!(configuration.reload().unwrap().changed, ["log.level", "terminal.profiles.one.shell"]);
        assert!(watch.borrow().config.terminal.profiles.contains_key("one"));

        fs::remove_file(&file).unwrap();
        assert_eq!(configuration.reload().unwrap().changed, ["terminal.profiles.one.shell"]);
        assert!(watch.borrow().origins.is_empty());
    }
}
