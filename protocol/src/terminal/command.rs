//! Commands in the shell of a terminal.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TerminalExit;

/// Params of `terminal:run`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalRunParams {
    /// The terminal.
    pub terminal_id: String,
    /// What to run, as it would be typed: one line or several.
    pub command_line: String,
    /// Wait so long for its end, in milliseconds; by default for ever. It goes on then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Whether the output is wanted as the terminal gets it: with control sequences, and a carriage return before each line feed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_raw: bool,
}

/// Params of `terminal:last_command`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalLastCommandParams {
    /// The terminal.
    pub terminal_id: String,
    /// Whether the output is wanted as the terminal gets it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_raw: bool,
}

/// A command, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalCommand {
    /// The command, where the shell tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_line: Option<String>,
    /// What it has written: its standard output and errors, without control sequences and what it showed on the alternate screen.
    pub output: String,
    /// Whether the beginning of that is no longer kept.
    pub is_cut: bool,
    /// Its exit status, once it has ended and where the shell tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Whether it still runs.
    pub is_running: bool,
    /// How the shell itself ended, when it has ended with this command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<TerminalExit>,
    /// How long it took, in milliseconds, once it has ended and where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
}
