//! `session:*`: one client's connection, its subscriptions, and going on after a lost connection.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Empty;
use crate::topic::Pattern;

crate::api! {
    /// One client's connection: who it is, what it is told of, and how it goes on after a lost connection.
    service SessionApi, SessionClient = "session" {
        /// Says who the client is and which protocol versions it speaks. Optional: a one-shot client may call any
        /// method at once. Needed for `session:resume` later on.
        Open fn initialize(SessionInitializeParams) -> SessionInitializeResult;
        /// Subscribes to events: from now on, or from a position that is still kept. With `replay` also from where it is not:
        /// then the event log has the events that are declared durable.
        Read fn subscribe(SessionSubscribeParams) -> SessionSubscribeResult;
        /// Ends one subscription.
        Open fn unsubscribe(SessionUnsubscribeParams) -> Empty;
        /// Takes up a session whose connection was lost, with its subscriptions. Every event that was missed follows
        /// once; or the answer is `gone` and holds the state as it is now.
        Open fn resume(SessionResumeParams) -> SessionResumeResult;
        /// Lists the connected sessions.
        Read fn list(Empty) -> SessionListResult;
        /// Answers at once with the daemon's position in the history of events.
        Open fn ping(Empty) -> Position, idempotent;
    }
    events {
        /// Some events of a subscription are lost to this client: it was too slow and they are no longer kept. The
        /// subscription goes on behind them; ask for the state.
        Read GAP: SessionGap = "session:gap", direct;
        /// All events up to `seq` are delivered or did not match: a quiet client can resume from here, and replay the log
        /// after `logId`.
        Read BOOKMARK: SessionBookmark = "session:bookmark", direct;
        /// The daemon is about to close this connection.
        Open CLOSING: SessionClosing = "session:closing", direct;
    }
}

/// A program that speaks to the daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClientInfo {
    /// What it is called, for people.
    pub name: String,
    /// Its version.
    #[serde(default)]
    pub version: String,
}

/// An inclusive range of protocol versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProtocolRange {
    /// The oldest.
    pub min: u32,
    /// The newest.
    pub max: u32,
}

/// A place in the history of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    /// Names one history: numbers of different epochs have nothing to do with each other.
    pub epoch: String,
    /// The number of the last event before this place; 0 is the beginning.
    pub seq: u64,
}

/// Params of `session:initialize`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionInitializeParams {
    /// The calling program.
    pub client_info: ClientInfo,
    /// The protocol versions that the client speaks; by default any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<ProtocolRange>,
    /// Optional abilities of the client, by name.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub capabilities: Map<String, Value>,
}

/// Result of `session:initialize`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionInitializeResult {
    /// The daemon.
    pub server_info: ClientInfo,
    /// The protocol version that holds on this connection.
    pub protocol: u32,
    /// Optional abilities of the daemon, by name.
    pub capabilities: Map<String, Value>,
    /// Names the daemon; a restart in place does not change that.
    pub daemon_id: String,
    /// Names this session.
    pub session_id: String,
    /// A secret that lets this client, and no other, take the session up again.
    pub resume_token: String,
    /// The place in the history of events at which the session begins.
    pub position: Position,
}

/// Params of `session:subscribe`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionSubscribeParams {
    /// An event is delivered when any of these matches its topic.
    pub patterns: Vec<Pattern>,
    /// Only events whose payload has these members with these values.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub filter: Map<String, Value>,
    /// Begin with the events after this place; by default with the next one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Position>,
    /// Read from the event log what is no longer kept in memory: where the subscription begins, and whenever it falls
    /// behind. Each durable event that matches comes once and in order; of the others that were lost a `session:gap` tells.
    /// Not together with a pace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<SessionReplay>,
    /// Deliver an event when none followed it for so many milliseconds, and only the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debounce_ms: Option<u32>,
    /// Deliver at most one event in so many milliseconds: the first at once, then the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle_ms: Option<u32>,
    /// A member of the payload: debounce or throttle the events of each of its values apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coalesce_by: Option<String>,
    /// Hold events for so many milliseconds and deliver them together, all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffer_ms: Option<u32>,
}

/// Where a subscription begins in the event log, where `after` is not given or no longer kept; by default at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionReplay {
    /// After the event with this id, and with all events that are kept in memory behind it. Refused with `gone` when later
    /// ones are no longer in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_log_id: Option<u64>,
    /// With the first event of the log that happened at this time or later, in milliseconds since 1970. Events that are not
    /// durable come from the first durable one in memory on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<u64>,
}

/// Result of `session:subscribe`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionSubscribeResult {
    /// Names the subscription on this session; every event carries it.
    pub subscription: u64,
    /// Where the subscription begins: the first event's `prev` is this `seq`.
    pub position: Position,
    /// With `replay`: the event of the log after which it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_id: Option<u64>,
}

/// Params of `session:unsubscribe`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionUnsubscribeParams {
    /// The subscription to end.
    pub subscription: u64,
}

/// Params of `session:resume`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionResumeParams {
    /// From `session:initialize`.
    pub resume_token: String,
    /// The epoch of the positions below.
    pub epoch: String,
    /// The last event that the client has seen, for every subscription that is not named below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// The last event that the client has seen, by subscription.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub subscriptions: BTreeMap<u64, u64>,
    /// The last event of the log that the client has seen, by subscription: those with `replay` go on from there, where they
    /// had not read the log to its end or events are no longer kept.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub logged: BTreeMap<u64, u64>,
}

/// How a session was taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SessionResumeStatus {
    /// Every missed event follows, once each.
    Resumed,
    /// Every missed event that is durable follows once, from the event log. Others may be lost: `snapshot` is the state now.
    Replayed,
    /// Some missed events are no longer kept. The subscriptions go on from `position`; `snapshot` is the state now.
    Gone,
}

/// Result of `session:resume`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionResumeResult {
    /// Whether the tail follows or is gone.
    pub status: SessionResumeStatus,
    /// Names the session: the same as before.
    pub session_id: String,
    /// The token for the next time.
    pub resume_token: String,
    /// Where the subscriptions go on.
    pub position: Position,
    /// The subscriptions that live on, by their old names.
    pub subscriptions: Vec<u64>,
    /// When gone or replayed: the results of the methods that answer for the subscribed topics, by method name. Each says at which
    /// position it was taken.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub snapshot: Map<String, Value>,
    /// Why the daemon closed the lost connection, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_because: Option<String>,
}

/// Result of `session:list`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SessionListResult {
    /// The sessions, oldest first.
    pub sessions: Vec<SessionInfo>,
}

/// One connected session.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionInfo {
    /// Names the session.
    pub session_id: String,
    /// The program, if it introduced itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_info: Option<ClientInfo>,
    /// The process at the other end, where the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// When it connected, in milliseconds since 1970.
    pub connected_at_ms: u64,
    /// How many subscriptions it has.
    pub subscriptions: u32,
    /// How many requests it waits for.
    pub requests: u32,
    /// Bytes that wait to be read by it.
    pub queued_bytes: u64,
    /// Whether this is the session that asks.
    pub is_caller: bool,
}

/// Payload of `session:gap`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionGap {
    /// The subscription that missed something.
    pub subscription: u64,
    /// The history it is about.
    pub epoch: String,
    /// The first event that may be missing.
    pub from: u64,
    /// The last event that may be missing.
    pub to: u64,
}

/// Payload of `session:bookmark`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionBookmark {
    /// The subscription it is about.
    pub subscription: u64,
    /// The history it is about.
    pub epoch: String,
    /// A resume after this event misses nothing.
    pub seq: u64,
    /// Of a subscription with `replay`: the same in the event log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_id: Option<u64>,
}

/// Payload of `session:closing`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionClosing {
    /// Why, as a sentence fragment.
    pub reason: String,
    /// Whether the client can go on at once: it connects again and resumes the session.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub can_resume: bool,
}
