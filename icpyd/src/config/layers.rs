//! Reading the settings: defaults, then the file, then `ICPY_*` variables, then the command line. The later wins.
//!
//! ```text
//!   limits.requests_max    defaults  ◀  config.toml  ◀  ICPY_LIMITS_REQUESTS_MAX  ◀  --set limits.requests_max=64
//! ```
//!
//! Each layer is a list of single settings with the place that they come from, so that what is wrong is told by that
//! place, and all of it at once.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::PathBuf;

use serde::Deserialize as _;
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::Config;
use super::terminal::is_of_profile;
use crate::host::Host;
use crate::misfit::misfit;
use crate::slip::suggestion;

/// What a variable that sets something begins with.
const PREFIX: &str = "ICPY_";

/// Variables that set nothing here, and have a meaning of their own.
const OTHER_VARIABLES: &[&str] =
    &["ICPY_DAEMON_ID", "ICPY_HOME", "ICPY_HOST", "ICPY_NONCE", "ICPY_SOCKET", "ICPY_SSH", "ICPY_TERMINAL_ID"];

/// Where settings come from.
#[derive(Clone, Debug)]
pub struct Layers {
    /// The file; it need not exist.
    pub file: PathBuf,
    /// `KEY=VALUE` from the command line.
    pub flags: Vec<String>,
    /// Where the variables are.
    pub host: Host,
}

/// Where one setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A line of the file, counted from 1.
    File(PathBuf, usize),
    /// A variable.
    Variable(String),
    /// The command line.
    Flag,
    /// A client, by this method.
    Client(&'static str),
}

/// Settings that were read.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// Their values.
    pub config: Config,
    /// Where each one comes from that is not a default, by key.
    pub origins: BTreeMap<String, Origin>,
}

/// One setting of one layer.
struct Setting {
    key: String,
    value: Value,
    origin: Origin,
}

/// Settings as they are given on the command line.
pub fn flag_args(settings: &[String]) -> impl Iterator<Item = String> + '_ {
    settings.iter().flat_map(|setting| ["--set".to_owned(), setting.clone()])
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, line) => write!(formatter, "{}:{line}", path.display()),
            Self::Variable(name) => formatter.write_str(name),
            Self::Flag => formatter.write_str("--set"),
            Self::Client(method) => formatter.write_str(method),
        }
    }
}

impl Layers {
    /// Reads all layers. The errors are sentences that name the place.
    pub fn load(&self) -> Result<Loaded, Vec<String>> {
        let mut problems = Vec::new();
        let file = self.read_file().unwrap_or_else(|problem| {
            problems.push(problem);
            Vec::new()
        });
        let variables = self.host.variables(PREFIX);
        let is_other = |(name, _): &(String, String)| OTHER_VARIABLES.contains(&&**name);
        if file.is_empty() && self.flags.is_empty() && problems.is_empty() && variables.iter().all(is_other) {
            // As nearly always: a start is not the time to find out what there could be.
            return Ok(Loaded::default());
        }
        let defaults = Table::try_from(Config::default()).expect("the defaults are tables of plain values");
        let known = flatten(&defaults);
        let mut settings = file;
        settings.extend(read_variables(variables, &known, &mut problems));
        settings.extend(self.read_flags(&known, &mut problems));

        let mut loaded = Loaded::default();
        let mut table = defaults;
        for setting in settings {
            if let Err(problem) = apply(&setting, &known, &mut table, &mut loaded) {
                problems.push(format!("{}: {problem}", setting.origin));
            }
        }
        if problems.is_empty() { Ok(loaded) } else { Err(problems) }
    }

    fn read_file(&self) -> Result<Vec<Setting>, String> {
        let text = match fs::read_to_string(&self.file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(format!("{}: {error}", self.file.display())),
        };
        let line_of = |offset: usize| text[..offset.min(text.len())].matches('\n').count() + 1;
        let table = DeTable::parse(&text).map_err(|error| {
            let line = line_of(error.span().map_or(0, |span| span.start));
            format!("{}:{line}: {}", self.file.display(), error.message())
        })?;
        let mut settings = Vec::new();
        let mut add = |key: String, offset: usize, value: Value| {
            settings.push(Setting { key, value, origin: Origin::File(self.file.clone(), line_of(offset)) });
        };
        each_setting("", table.get_ref(), &mut add);
        Ok(settings)
    }

    fn read_flags(&self, known: &BTreeMap<String, Value>, problems: &mut Vec<String>) -> Vec<Setting> {
        let mut settings = Vec::new();
        for flag in &self.flags {
            match flag.split_once('=') {
                Some((key, value)) => {
                    let value = typed(value, known.get(key));
                    settings.push(Setting { key: key.to_owned(), value, origin: Origin::Flag });
                }
                None => problems.push(format!("--set: `{flag}` is not of the form KEY=VALUE")),
            }
        }
        settings
    }
}

fn read_variables(
    variables: Vec<(String, String)>,
    known: &BTreeMap<String, Value>,
    problems: &mut Vec<String>,
) -> Vec<Setting> {
    let names: BTreeMap<String, &String> = known.keys().map(|key| (variable_of(key), key)).collect();
    let is_section = |name: &str| known.keys().any(|key| name.starts_with(&section_variable(key)));
    let mut settings = Vec::new();
    for (name, value) in variables {
        let origin = Origin::Variable(name.clone());
        match names.get(&name) {
            Some(key) => {
                settings.push(Setting { key: (*key).clone(), value: typed(&value, known.get(*key)), origin });
            }
            None if OTHER_VARIABLES.contains(&&*name) || !is_section(&name) => {}
            None => problems.push(format!(
                "{name}: no setting has this name{}",
                suggestion(&name, names.keys().map(String::as_str))
            )),
        }
    }
    settings
}

/// Puts one setting over those of the layers below. The error is a sentence fragment.
fn apply(
    setting: &Setting,
    known: &BTreeMap<String, Value>,
    table: &mut Table,
    loaded: &mut Loaded,
) -> Result<(), String> {
    let Setting { key, value, origin } = setting;
    if !known.contains_key(key) && !is_of_profile(key) {
        if known.keys().any(|it| it.strip_prefix(&**key).is_some_and(|rest| rest.starts_with('.'))) {
            return Err(format!("`{key}` is a section: its settings are `{key}.NAME`"));
        }
        return Err(format!("no setting is named `{key}`{}", suggestion(key, known.keys().map(String::as_str))));
    }
    let mut with_it = table.clone();
    put(&mut with_it, key, value.clone());
    let config = Config::deserialize(with_it.clone()).map_err(|error| misfit(key, error.message(), "a section"))?;
    config.check().map_err(|(key, problem)| format!("`{key}` {problem}"))?;
    *table = with_it;
    loaded.config = config;
    loaded.origins.insert(key.clone(), origin.clone());
    Ok(())
}

/// Every single value of a parsed file, by key, with its place.
fn each_setting(prefix: &str, table: &DeTable<'_>, add: &mut impl FnMut(String, usize, Value)) {
    for (name, value) in table {
        let key = format!("{prefix}{}", name.get_ref());
        match value.get_ref() {
            DeValue::Table(inner) => each_setting(&format!("{key}."), inner, add),
            _ => {
                let plain = Value::deserialize(toml::de::ValueDeserializer::from(value.clone()));
                add(key, name.span().start, plain.unwrap_or_else(|_| Value::String(String::new())));
            }
        }
    }
}

/// The values of a table by key.
fn flatten(table: &Table) -> BTreeMap<String, Value> {
    let mut flat = BTreeMap::new();
    for (name, value) in table {
        match value {
            Value::Table(inner) => {
                flat.extend(flatten(inner).into_iter().map(|(key, value)| (format!("{name}.{key}"), value)));
            }
            _ => drop(flat.insert(name.clone(), value.clone())),
        }
    }
    flat
}

fn put(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => drop(table.insert(key.to_owned(), value)),
        Some((section, rest)) => {
            let inner = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// A text as a value of the type that the setting has.
fn typed(text: &str, default: Option<&Value>) -> Value {
    let as_text = || Value::String(text.to_owned());
    match default {
        Some(Value::Integer(_)) => text.parse().map_or_else(|_| as_text(), Value::Integer),
        Some(Value::Boolean(_)) => text.parse().map_or_else(|_| as_text(), Value::Boolean),
        Some(Value::Array(_)) => {
            let items = text.trim_matches(['[', ']']).split(',').map(str::trim).filter(|item| !item.is_empty());
            Value::Array(items.map(|item| Value::String(item.to_owned())).collect())
        }
        _ => as_text(),
    }
}

/// The variable that sets a key: `ICPY_LOG_LEVEL` for `log.level`.
fn variable_of(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replace('.', "_"))
}

fn section_variable(key: &str) -> String {
    let section = key.split('.').next().unwrap_or_default();
    format!("{PREFIX}{}_", section.to_uppercase())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{IdleExit, LogLevel};

    fn load(file: &str, variables: &[(&str, &str)], flags: &[&str]) -> Result<Loaded, Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        fs::write(&path, file).unwrap();
        let host = Host::fake_with_variables(variables);
        let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let name = |problem: String| problem.replace(&*path.to_string_lossy(), "config.toml");
        Layers { file: path.clone(), flags, host }.load().map_err(|problems| problems.into_iter().map(name).collect())
    }

    #[test]
    fn the_later_layer_wins_and_is_named() {
        let file = "[log]\nlevel = 'warn'\n[limits]\nrequests_max = 5\nstall_timeout = '5s'\n";
        let loaded =
            load(file, &[("ICPY_LIMITS_REQUESTS_MAX", "6"), ("ICPY_LOG_LEVEL", "debug")], &["log.level=error"]);
        let Loaded { config, origins } = loaded.unwrap();
        assert_eq!((config.log.level, config.limits.requests_max), (LogLevel::Error, 6));
        assert_eq!(config.limits.stall_timeout.as_secs(), 5);
        assert_eq!(config.limits.subscriptions_max, 256);
        assert_eq!(origins["log.level"], Origin::Flag);
        assert_eq!(origins["limits.requests_max"], Origin::Variable("ICPY_LIMITS_REQUESTS_MAX".into()));
        assert!(matches!(&origins["limits.stall_timeout"], Origin::File(_, 5)));
        assert!(!origins.contains_key("limits.subscriptions_max"));
    }

    #[test]
    fn a_missing_file_and_an_empty_one_are_the_defaults() {
        let nowhere = Layers { file: "/nowhere/config.toml".into(), flags: Vec::new(), host: Host::fake(0) };
        for loaded in [nowhere.load(), load("", &[], &[]), load("[limits]\n[log]", &[], &[])] {
            let Loaded { config, origins } = loaded.unwrap();
            assert_eq!((config, origins.len()), (Config::default(), 0));
        }
        let folder = Layers { file: Path::new("/").into(), flags: Vec::new(), host: Host::fake(0) };
        assert_eq!(folder.load().unwrap_err(), ["/: Is a directory (os error 21)"]);
    }

    #[test]
    fn idle_exit_is_a_time_or_never() {
        let idle =
            |value: &str| load("", &[], &[&format!("daemon.idle_exit={value}")]).unwrap().config.daemon.idle_exit;
        assert_eq!(idle("never"), IdleExit::Never);
        assert_eq!(idle("1h 30min"), IdleExit::After(std::time::Duration::from_mins(90)));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_the_right_name() {
        let check = |file: &str, flag: Option<&str>, expect: &[&str]| {
            assert_eq!(load(file, &[], flag.as_slice()).unwrap_err(), expect, "{file}");
        };
        check(
            "\n[limits]\nrequest_max = 1",
            None,
            &["config.toml:3: no setting is named `limits.request_max`; did you mean `limits.requests_max`?"],
        );
        check(
            "limit.requests_max = 1\nx = 2",
            None,
            &[
                "config.toml:1: no setting is named `limit.requests_max`; did you mean `limits.requests_max`?",
                "config.toml:2: no setting is named `x`",
            ],
        );
        check(
            "[log]\nlevel = 'verbose'",
            None,
            &[
                "config.toml:2: `log.level` is `verbose`, and has to be one of `error`, `warn`, `info`, `debug`, `trace`",
            ],
        );
        check("limits = 3", None, &["config.toml:1: `limits` is a section: its settings are `limits.NAME`"]);
        check("[limits]\nrequests_max = 0", None, &["config.toml:2: `limits.requests_max` is at least 1, and not 0"]);
        check(
            "[limits]\nrequests_max = -1",
            None,
            &["config.toml:2: `limits.requests_max` is `-1`, and has to be a whole number, and not less than 0"],
        );
        check(
            "[limits]\nstall_timeout = 'soon'",
            None,
            &["config.toml:2: `limits.stall_timeout`: `soon` is no length of time like `30s` or `5min`"],
        );
        check(
            "[limits]\nstall_timeout = '0s'",
            None,
            &["config.toml:2: `limits.stall_timeout` is more than nothing and at most a day"],
        );
        check("[log", None, &["config.toml:1: unclosed table, expected `]`"]);
        check("", Some("log.level"), &["--set: `log.level` is not of the form KEY=VALUE"]);
        check("", Some("log.levle=info"), &["--set: no setting is named `log.levle`; did you mean `log.level`?"]);
        check(
            "",
            Some("limits.requests_max=many"),
            &["--set: `limits.requests_max` is `many`, and has to be a whole number, and not less than 0"],
        );
    }

    #[test]
    fn a_variable_with_a_slip_is_an_error_and_others_are_not_ours() {
        let others = [("ICPY_DAEMON_ID", "x"), ("ICPY_SOCKET", "/s"), ("ICPY_TESTS", "1")];
        assert_eq!(load("", &others, &[]).unwrap().config, Config::default());
        assert_eq!(
            load("", &[("ICPY_LOG_LEVL", "info")], &[]).unwrap_err(),
            ["ICPY_LOG_LEVL: no setting has this name; did you mean `ICPY_LOG_LEVEL`?"]
        );
    }

    #[test]
    fn every_setting_can_be_set_by_a_variable() {
        let known = flatten(&Table::try_from(Config::default()).unwrap());
        for (key, value) in &known {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let loaded = load("", &[(&variable_of(key), &text)], &[]).unwrap();
            assert!(loaded.origins.contains_key(key), "{key}");
        }
        for key in Config::LIVE {
            assert!(known.contains_key(*key) || is_of_profile(&format!("{key}.name.key")), "{key}");
        }
    }
}
