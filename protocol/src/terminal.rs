//! `terminal:*`: programs that run in terminals of the daemon.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Empty;
use crate::path::FilePath;

crate::api! {
    /// Programs that run in terminals of the daemon, and go on when clients come and go.
    service TerminalApi, TerminalClient = "terminal" {
        /// Runs a program, by default the user's shell, in a new terminal.
        Terminal fn create(TerminalCreateParams) -> TerminalInfo; rest POST "/terminals";
        /// Lists the terminals, the oldest first.
        Read fn list(Empty) -> TerminalListResult; rest GET "/terminals";
        /// Types something into a terminal.
        Terminal fn data_in(TerminalDataInParams) -> Empty;
        /// Returns what a terminal has printed after a place, as far as it is kept: at once, or when there is something.
        Terminal fn read(TerminalReadParams) -> TerminalReadResult, idempotent;
        /// Changes the size of a terminal; its program is told.
        Terminal fn resize(TerminalResizeParams) -> Empty, idempotent;
        /// Ends what runs in a terminal and forgets the terminal.
        Terminal fn close(TerminalCloseParams) -> Empty;
    }
    events {
        /// A terminal was made.
        Terminal CREATED: TerminalInfo = "terminal:created", state("terminal:list");
        /// A terminal's program has ended. All that it printed can be read before.
        Terminal EXITED: TerminalExited = "terminal:exited", state("terminal:list");
        /// A terminal was forgotten.
        Terminal CLOSED: TerminalClosed = "terminal:closed", state("terminal:list");
    }
}

/// One terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalInfo {
    /// Names the terminal.
    pub terminal_id: String,
    /// What people call it: by default the program's name.
    pub name: String,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The folder in which it was started.
    pub cwd: FilePath,
    /// Its process.
    pub pid: u32,
    /// The terminal's size.
    pub size: TerminalSize,
    /// When it was made, in milliseconds since 1970.
    pub created_at_ms: u64,
    /// How its program ended, once it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<TerminalExit>,
}

/// The size of a terminal in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TerminalSize {
    /// Characters in a row, at least 1.
    pub columns: u16,
    /// Rows, at least 1.
    pub rows: u16,
}

impl Default for TerminalSize {
    fn default() -> Self {
        Self { columns: 80, rows: 24 }
    }
}

/// How a program ended: by itself with a code, or by a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TerminalExit {
    /// The exit status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// The signal that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
}

/// Params of `terminal:create`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalCreateParams {
    /// The program and its arguments; by default the user's shell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// The folder in which it starts, from the root; by default the user's home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<FilePath>,
    /// The whole environment of the program, beside what describes the terminal; by default the daemon's own variables that
    /// describe the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<BTreeMap<String, String>>,
    /// The terminal's size; by default 80 by 24.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<TerminalSize>,
    /// What to call it; by default as the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Result of `terminal:list`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TerminalListResult {
    /// The terminals, the oldest first.
    pub terminals: Vec<TerminalInfo>,
}

/// Params of `terminal:data_in`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalDataInParams {
    /// The terminal.
    pub terminal_id: String,
    /// What is typed.
    pub data: String,
}

/// Params of `terminal:read`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalReadParams {
    /// The terminal.
    pub terminal_id: String,
    /// Bytes of the terminal's output that the caller has seen; by default none.
    #[serde(default)]
    pub after: u64,
    /// Wait so long for something to be there, in milliseconds; by default not at all.
    #[serde(default)]
    pub wait_ms: u32,
}

/// Result of `terminal:read`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TerminalReadResult {
    /// What was printed; bytes that are no UTF-8 are replaced.
    pub data: String,
    /// Where it begins, in bytes of the terminal's output: behind `after` when what was between is no longer kept.
    pub from: u64,
    /// Where it ends: the next `after`.
    pub to: u64,
    /// How the program ended, when all that it printed is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<TerminalExit>,
}

/// Params of `terminal:resize`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalResizeParams {
    /// The terminal.
    pub terminal_id: String,
    /// Its new size.
    pub size: TerminalSize,
}

/// Params of `terminal:close`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalCloseParams {
    /// The terminal.
    pub terminal_id: String,
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
