//! What can be set about the daemon: plain values, with defaults that fit one developer's machine.
//!
//! `layers` reads them from the file, the environment and the command line; `current` holds those in force. `terminal` has the
//! profiles of terminals, `http` what is set about the listener for HTTP.

mod current;
mod http;
mod layers;
mod terminal;

use std::time::Duration;

use icpy_protocol::daemon::LogLevel;
use serde::{Deserialize, Serialize};

pub use current::{Configuration, Reloaded};
pub use http::{HttpConfig, Tls};
pub use layers::{Layers, Loaded, Origin, flag_args};
pub use terminal::{TerminalConfig, TerminalProfile};

use self::terminal::{PROFILES, is_of_profile};

/// All settings. A setting's key is its path, as `log.level`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// The log.
    pub log: LogConfig,
    /// The daemon's life.
    pub daemon: DaemonConfig,
    /// Limits on clients.
    pub limits: Limits,
    /// Terminals.
    pub terminal: TerminalConfig,
    /// The listener for HTTP.
    pub http: HttpConfig,
}

/// Settings of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogConfig {
    /// How much is logged.
    pub level: LogLevel,
}

/// Settings of the daemon's life.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaemonConfig {
    /// How long a daemon that nobody uses, and with which nothing would be lost, goes on.
    pub idle_exit: IdleExit,
    /// Whether the audit log has what the user's own processes ask over the socket too.
    pub audit_socket: bool,
}

/// When an idle daemon ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdleExit {
    /// Not by itself.
    #[default]
    Never,
    /// After so long.
    After(Duration),
}

/// Limits on what one client, and all of them, can make the daemon hold or do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// The longest line that a client may send.
    pub line_bytes_max: usize,
    /// Requests of one session that may be under way.
    pub requests_max: usize,
    /// Subscriptions of one session.
    pub subscriptions_max: usize,
    /// Above this many bytes that wait for a client, nothing more is read from it or made for it.
    pub outbox_bytes_max: usize,
    /// A client that reads nothing for so long, while something waits for it, is closed.
    #[serde(with = "duration")]
    pub stall_timeout: Duration,
    /// Bytes of events that may wait in one subscription before it reads on from the kept events.
    pub queue_bytes_max: usize,
    /// Bytes of events that are kept for replay.
    pub ring_bytes_max: usize,
    /// How long durable events stay in the event log.
    #[serde(with = "duration")]
    pub history_age_max: Duration,
    /// Bytes of the event log: the oldest events go.
    pub history_bytes_max: u64,
    /// Bytes of files' contents that are kept to be read again; with 0 none are.
    pub cache_bytes_max: usize,
    /// How long what is known of a folder is kept when nobody watches it or looks for anything there.
    #[serde(with = "duration")]
    pub tree_timeout: Duration,
    /// Terminals of one user.
    pub terminals_max: usize,
    /// Bytes of what was scrolled out of terminals, of all together: those that print nothing for longest give theirs up.
    pub scrollback_bytes_max: usize,
    /// How long a terminal is kept that is not shown, prints and is typed nothing, and whose shell runs nothing or has ended.
    pub terminal_idle_timeout: IdleExit,
    /// How long a write whose content comes in parts waits for the next one before it is given up.
    #[serde(with = "duration")]
    pub upload_timeout: Duration,
    /// How long one service waits for the answer of another.
    #[serde(with = "duration")]
    pub request_timeout: Duration,
    /// How long requests under way may take to end when the daemon stops.
    #[serde(with = "duration")]
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line_bytes_max: 16 << 20,
            requests_max: 256,
            subscriptions_max: 256,
            outbox_bytes_max: 1 << 20,
            stall_timeout: Duration::from_secs(30),
            queue_bytes_max: 1 << 20,
            ring_bytes_max: 8 << 20,
            history_age_max: Duration::from_hours(90 * 24),
            history_bytes_max: 64 << 20,
            cache_bytes_max: 16 << 20,
            tree_timeout: Duration::from_mins(5),
            terminals_max: 512,
            scrollback_bytes_max: 256 << 20,
            terminal_idle_timeout: IdleExit::Never,
            upload_timeout: Duration::from_mins(10),
            request_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(2),
        }
    }
}

impl Config {
    /// The settings, and sections of them, that hold from the moment at which they are set. The others hold from the next
    /// start on.
    pub const LIVE: &[&str] = &["log.level", "daemon.idle_exit", PROFILES];

    fn is_live(key: &str) -> bool {
        Self::LIVE.contains(&key) || is_of_profile(key)
    }

    /// Takes those of another.
    fn take_live(&mut self, other: &Self) {
        self.log.level = other.log.level;
        self.daemon.idle_exit = other.daemon.idle_exit;
        self.terminal.clone_from(&other.terminal);
    }

    /// Whether the daemon could live with this. The error is a sentence fragment about one setting.
    fn check(&self) -> Result<(), (&'static str, String)> {
        self.terminal.check()?;
        self.http.check()?;
        let limits = &self.limits;
        let at_least = [
            ("limits.line_bytes_max", limits.line_bytes_max, 4096),
            ("limits.requests_max", limits.requests_max, 1),
            ("limits.subscriptions_max", limits.subscriptions_max, 1),
            ("limits.outbox_bytes_max", limits.outbox_bytes_max, 4096),
            ("limits.queue_bytes_max", limits.queue_bytes_max, 4096),
            ("limits.ring_bytes_max", limits.ring_bytes_max, 4096),
            ("limits.terminals_max", limits.terminals_max, 1),
            ("limits.scrollback_bytes_max", limits.scrollback_bytes_max, 1 << 20),
        ];
        for (key, value, min) in at_least {
            if value < min {
                return Err((key, format!("is at least {min}, and not {value}")));
            }
        }
        if limits.history_age_max.is_zero() {
            return Err(("limits.history_age_max", "is more than nothing".to_owned()));
        }
        let times = [
            ("limits.stall_timeout", limits.stall_timeout),
            ("limits.upload_timeout", limits.upload_timeout),
            ("limits.request_timeout", limits.request_timeout),
            ("limits.drain_timeout", limits.drain_timeout),
        ];
        let is_wrong = |time: Duration| time.is_zero() || time > Duration::from_hours(24);
        match times.into_iter().find(|(_, time)| is_wrong(*time)) {
            Some((key, _)) => Err((key, "is more than nothing and at most a day".to_owned())),
            None => Ok(()),
        }
    }
}

impl Serialize for IdleExit {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Never => serializer.serialize_str("never"),
            Self::After(time) => duration::serialize(time, serializer),
        }
    }
}

impl<'de> Deserialize<'de> for IdleExit {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "never" { Ok(Self::Never) } else { duration::parse(&text).map(Self::After) }
    }
}

/// Lengths of time as people write them: `30s`, `1h 30min`.
mod duration {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        const DAY_SECONDS: u64 = 24 * 60 * 60;
        match (time.as_secs() / DAY_SECONDS, time.as_secs() % DAY_SECONDS) {
            // Not in months, which nobody means by 90 days.
            (days @ 1.., 0) => serializer.collect_str(&format_args!("{days}d")),
            _ => serializer.collect_str(&humantime::format_duration(*time)),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        parse(&String::deserialize(deserializer)?)
    }

    pub(super) fn parse<E: serde::de::Error>(text: &str) -> Result<Duration, E> {
        humantime::parse_duration(text)
            .map_err(|_| E::custom(format!("`{text}` is no length of time like `30s` or `5min`")))
    }
}
