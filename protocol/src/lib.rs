//! The contract between icpyd and its clients: every method, event, error and type that crosses the wire.
//!
//! Declarations live in one module for each namespace; [`API`] lists them. The daemon's routing, the typed clients and
//! all documents are made from these declarations. Not here: any behaviour, and no asynchronous code.

pub mod api;
pub mod error;
pub mod json_string;
pub mod message;
pub mod path;
pub mod rest;
pub mod signal;
pub mod topic;

pub mod session;

pub mod auth;
pub mod daemon;
pub mod event;
pub mod file;
pub mod fs;
pub mod preferences;
pub mod presence;
pub mod project;
pub mod rpc;
pub mod state;
pub mod terminal;
pub mod web;
pub mod workspace;
pub mod yjs;

pub mod documents;
pub mod endpoint;
#[cfg(windows)]
#[path = "user/windows.rs"]
pub mod user;

/// The newest version of the protocol that this build speaks. A change that an old client cannot live with raises it.
pub const PROTOCOL: u32 = 1;

/// The oldest version of the protocol that this build still serves: two majors before its own, once there are so many.
pub const PROTOCOL_MIN: u32 = 1;

/// Every namespace, in the order of the documentation.
pub const API: &[&api::Namespace] = &[
    &session::NAMESPACE,
    &rpc::NAMESPACE,
    &daemon::NAMESPACE,
    &event::NAMESPACE,
    &workspace::NAMESPACE,
    &project::NAMESPACE,
    &state::NAMESPACE,
    &preferences::NAMESPACE,
    &presence::NAMESPACE,
    &file::NAMESPACE,
    &yjs::NAMESPACE,
    &fs::NAMESPACE,
    &terminal::NAMESPACE,
    &auth::NAMESPACE,
    &web::NAMESPACE,
];

/// Params or result of a method that has none. Members are ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Empty {}

/// Finds a declared event by its topic.
pub fn event_info(topic: &str) -> Option<&'static api::EventInfo> {
    API.iter().flat_map(|namespace| namespace.events).copied().find(|event| event.topic == topic)
}
