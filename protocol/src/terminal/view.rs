//! Terminals as they are shown to a session.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::json_string::JsonString;

use super::{TerminalEncoding, TerminalExit, TerminalInfo, TerminalSize};

/// Params of `terminal:attach`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalAttachParams {
    /// The terminal.
    pub terminal_id: String,
    /// Go on after this byte of the terminal's output, as far as that is kept; by default the screen comes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// How many lines that have scrolled out of the screen come with it, the last ones; by default all that are kept. A viewer
    /// that shows them when they are asked for has its screen sooner without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_lines: Option<u32>,
    /// The viewer's size, which the terminal takes as its policy says; by default the viewer has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<TerminalSize>,
    /// Send what is printed as binary frames, where the connection has them (`binaryFrames` among the capabilities of
    /// `session:initialize`): each is the notification `terminal:data_out` without `data`, a newline, and the bytes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_binary: bool,
    /// The viewer types nothing and changes no size.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_read_only: bool,
}

/// Result of `terminal:attach`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalAttachResult {
    /// Names the viewer.
    pub viewer_id: String,
    /// The terminal as it is now.
    pub terminal: TerminalInfo,
    /// Where what is shown begins, in bytes of the terminal's output.
    pub from: u64,
    /// Bytes that are sent before any are acknowledged.
    pub window_bytes: u64,
}

/// Params of `terminal:detach`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalDetachParams {
    /// The terminal.
    pub terminal_id: String,
    /// The viewer.
    pub viewer_id: String,
}

/// Params of `terminal:ack`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalAckParams {
    /// The terminal.
    pub terminal_id: String,
    /// The viewer.
    pub viewer_id: String,
    /// The output up to this byte was shown: the `to` of the last `terminal:data_out`.
    pub to: u64,
}

/// Payload of `terminal:data_out`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalDataOut {
    /// The terminal.
    pub terminal_id: String,
    /// The viewer that it is for.
    pub viewer_id: String,
    /// Where `data` begins, in bytes of the terminal's output. Behind the last `to` when the viewer was too slow for what is
    /// kept.
    pub from: u64,
    /// Where it ends.
    pub to: u64,
    /// Whether `data` is no output, but brings a terminal of the same size to the state that this one is in, whatever it showed before:
    /// its lines, screens, cursor, colours, modes and title. So is a viewer begun, and one that was too slow.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_screen: bool,
    /// What was printed; absent where it follows as bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<JsonString>,
    /// How `data` is sent.
    #[serde(default, skip_serializing_if = "TerminalEncoding::is_text")]
    pub encoding: TerminalEncoding,
}

/// Payload of `terminal:detached`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalDetached {
    /// The terminal.
    pub terminal_id: String,
    /// The viewer.
    pub viewer_id: String,
    /// How the program ended, where that is why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<TerminalExit>,
}
