//! `daemon:*`: the daemon itself.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Empty;
use crate::path::FilePath;
use crate::session::Position;

crate::api! {
    /// The daemon itself: what it is, how it does, and its end.
    service DaemonApi, DaemonClient = "daemon" {
        /// Returns what the daemon is and how it does.
        Read fn status(Empty) -> DaemonStatusResult; rest GET "/daemon/status";
        /// Returns what the daemon has counted: requests by method, sessions, events, terminals, memory.
        Read fn metrics(Empty) -> DaemonMetricsResult; rest GET "/daemon/metrics";
        /// Ends the daemon in good order: requests under way are finished, state is stored, then every connection is
        /// closed. Where something would be lost the error `conflict` lists it as `losses`, unless that is meant.
        Admin fn stop(DaemonStopParams) -> Empty, idempotent; rest POST "/daemon/stop";
        /// Replaces the daemon's program in place: terminals and unsaved text stay, connections close and can be resumed
        /// at once. The program is asked first whether it can go on; when it cannot, the error says why and nothing
        /// happens.
        Admin fn restart(DaemonRestartParams) -> DaemonRestartResult; rest POST "/daemon/restart";
        /// Returns every setting that is in force, and where it comes from.
        Read fn get_config(Empty) -> DaemonGetConfigResult; rest GET "/daemon/config";
        /// Reads the settings again. When one of them is wrong the error names it, and nothing changes.
        Admin fn reload(Empty) -> DaemonReloadResult, idempotent; rest POST "/daemon/reload";
        /// Logs more or less from now on, until the settings are read again.
        Admin fn set_log_level(DaemonSetLogLevelParams) -> Empty, idempotent; rest PUT "/daemon/log-level";
    }
}

/// Result of `daemon:status`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DaemonStatusResult {
    /// The daemon's version.
    pub version: String,
    /// The newest protocol version it speaks.
    pub protocol: u32,
    /// Names the daemon; a restart in place does not change that.
    pub daemon_id: String,
    /// Its process.
    pub pid: u32,
    /// When it started, in milliseconds since 1970.
    pub started_at_ms: u64,
    /// How long it has been running.
    pub uptime_ms: u64,
    /// How often its program was replaced in place.
    #[serde(default)]
    pub restarts: u32,
    /// Where it listens.
    pub socket: FilePath,
    /// Where it keeps its state.
    pub state_folder: FilePath,
    /// Its log.
    pub log: FilePath,
    /// How many sessions are connected.
    pub sessions: u32,
    /// How many files are open, in all workspaces. Absent when the store cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_files: Option<u32>,
    /// What would be lost if the daemon ended now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<DaemonLoss>,
    /// What is wrong with the daemon, as sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// The present place in the history of events.
    pub position: Position,
    /// How the bus does.
    pub bus: BusStatistics,
}

/// The bounds of the buckets of latencies, in microseconds: each is four times the one before.
pub const LATENCY_BUCKETS_US: [u64; 13] =
    [1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216];

/// Result of `daemon:metrics`. Counters begin with the running program.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DaemonMetricsResult {
    /// Requests by method, of those that were called.
    pub methods: BTreeMap<String, MethodMetrics>,
    /// Requests that were not started: their method is not known, their params are wrong, or their caller may not.
    pub refused: u64,
    /// Connected sessions.
    pub sessions: u64,
    /// Bytes that wait to be read by clients.
    pub queued_bytes: u64,
    /// Terminals.
    pub terminals: u64,
    /// What the bus has done.
    pub bus: BusStatistics,
    /// How the cache of files' contents does.
    #[serde(default)]
    pub file_cache: CacheStatistics,
    /// How long the daemon has been running.
    pub uptime_ms: u64,
    /// Memory of the process that is in use, in bytes. Absent where the system does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resident_bytes: Option<u64>,
    /// Descriptors that the process has open. Absent where the system does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_descriptors: Option<u64>,
}

/// Requests of one method.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MethodMetrics {
    /// Requests that were started.
    pub requests: u64,
    /// Those that ended with an error.
    pub errors: u64,
    /// Those whose caller did not wait for the end.
    pub cancelled: u64,
    /// How long those that ended took together, in microseconds.
    pub total_us: u64,
    /// How many ended within 1, 4, 16 and so on up to 16,777,216 microseconds and not within the bound before; the last
    /// number is of those that took longer.
    pub buckets: Vec<u64>,
}

/// How a cache does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CacheStatistics {
    /// Times something was there.
    pub hits: u64,
    /// Times something was not, or not any more.
    pub misses: u64,
    /// Entries that had to go for others.
    pub evictions: u64,
    /// Entries now.
    pub entries: u64,
    /// Bytes of the entries now.
    pub bytes: u64,
}

/// What the bus has done since the daemon started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BusStatistics {
    /// Events published.
    pub published: u64,
    /// Events that went to a subscription, counted once for each.
    pub delivered: u64,
    /// Waiting events that a newer one with the same key replaced.
    pub conflated: u64,
    /// Times a subscriber's queue was full, so that it reads on from the kept events.
    pub overflowed: u64,
    /// Times a subscriber was told of a gap.
    pub gaps: u64,
    /// Subscriptions now.
    pub subscriptions: u64,
    /// Events kept for replay now.
    pub kept_events: u64,
    /// Bytes of the events kept for replay now.
    pub kept_bytes: u64,
}

/// Params of `daemon:stop`.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct DaemonStopParams {
    /// End it whatever is lost.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
}

/// Params of `daemon:restart`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct DaemonRestartParams {
    /// The program, from the root; by default the one that runs, as it is on disk now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<FilePath>,
}

/// Result of `daemon:restart`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DaemonRestartResult {
    /// The version of the program that takes over. Whether it has, `daemon:status` tells by `restarts`.
    pub version: String,
}

/// Something that would be lost if the daemon ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DaemonLoss {
    /// What it is: `terminal`.
    pub kind: String,
    /// Names it among its kind.
    pub id: String,
    /// What would be lost, as a sentence for people.
    pub description: String,
}

/// Result of `daemon:get_config`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DaemonGetConfigResult {
    /// The file that settings are read from; it need not exist.
    pub file: FilePath,
    /// The settings by key, as `log.level`.
    pub settings: BTreeMap<String, DaemonSetting>,
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DaemonSetting {
    /// Its value.
    pub value: Value,
    /// Where it comes from: `FILE:LINE`, a variable's name, `--set` or the method that set it. Absent for a default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

/// Result of `daemon:reload`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DaemonReloadResult {
    /// The settings that are in force with new values, by key.
    pub changed: Vec<String>,
    /// The settings whose new values hold from the next start on.
    pub needs_restart: Vec<String>,
}

/// Params of `daemon:set_log_level`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DaemonSetLogLevelParams {
    /// How much is logged.
    pub level: LogLevel,
}

/// How much is logged: each level has what those before it have, and more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What failed.
    Error,
    /// What is not as it should be.
    Warn,
    /// The daemon's own life.
    #[default]
    Info,
    /// Every request.
    Debug,
    /// Everything.
    Trace,
}
