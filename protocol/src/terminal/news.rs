//! What is told of terminals.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{TerminalExit, TerminalSize};

/// Payload of `terminal:title_changed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalTitleChanged {
    /// The terminal.
    pub terminal_id: String,
    /// Its title; empty when it has none any more.
    pub title: String,
}

/// Payload of `terminal:cwd_changed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalCwdChanged {
    /// The terminal.
    pub terminal_id: String,
    /// The folder as the program tells it: a path, or a `file:` address.
    pub cwd: String,
}

/// Payload of `terminal:resized`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalResized {
    /// The terminal.
    pub terminal_id: String,
    /// Its size now.
    pub size: TerminalSize,
}

/// Payload of `terminal:bell`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalBell {
    /// The terminal.
    pub terminal_id: String,
}

/// Payload of `terminal:command_started`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalCommandStarted {
    /// The terminal.
    pub terminal_id: String,
    /// The command as it was typed, where the shell tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_line: Option<String>,
}

/// Payload of `terminal:command_finished`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalCommandFinished {
    /// The terminal.
    pub terminal_id: String,
    /// The command as it was typed, where the shell tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_line: Option<String>,
    /// Its exit status, where the shell tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// How long it took, in milliseconds, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
}

/// Payload of `terminal:exited`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalExited {
    /// The terminal.
    pub terminal_id: String,
    /// How its program ended.
    pub exit: TerminalExit,
}

/// Payload of `terminal:closed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalClosed {
    /// The terminal.
    pub terminal_id: String,
}
