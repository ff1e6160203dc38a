//! What is in a terminal, as text: its screen and the lines that were scrolled out of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TerminalSize;

/// What of a terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TerminalPart {
    /// What it shows.
    #[default]
    Screen,
    /// What was scrolled out.
    Scrollback,
    /// What was scrolled out, and what it shows.
    Both,
}

/// How text of a terminal is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TerminalFormat {
    /// Characters alone.
    #[default]
    Text,
    /// With escape sequences for colours, styles and links.
    Ansi,
    /// A `pre` element.
    Html,
}

/// Lines of a terminal by their numbers, which stay: line 0 is the first that was ever written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TerminalLines {
    /// The first.
    pub from: u64,
    /// The one behind the last.
    pub to: u64,
}

/// Where something is in a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TerminalPlace {
    /// The row, from 0.
    pub row: u16,
    /// The column, from 0.
    pub column: u16,
}

/// Params of `terminal:snapshot`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalSnapshotParams {
    /// The terminal.
    pub terminal_id: String,
    /// How the text is written.
    #[serde(default)]
    pub format: TerminalFormat,
    /// Which lines. When they are too long for an answer the last ones are given.
    #[serde(default)]
    pub what: TerminalPart,
    /// These lines instead; of the alternate screen there are none. When they are too long the first ones are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<TerminalLines>,
}

/// Result of `terminal:snapshot`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalSnapshotResult {
    /// The lines, each ended by a line feed. Rows that a long line was broken into are one line again.
    pub text: String,
    /// Which they are. Rows of the alternate screen have the numbers that those of the other one would have.
    pub lines: TerminalLines,
    /// Whether some that were asked for are left out: there are more of them than fit into an answer.
    pub is_cut: bool,
    /// The number of the first line that is kept.
    pub first_line: u64,
    /// The number of the first row of the screen.
    pub screen_line: u64,
    /// The terminal's size.
    pub size: TerminalSize,
    /// Where the cursor is on the screen.
    pub cursor: TerminalPlace,
    /// Whether the alternate screen is shown, as full-screen programs do.
    pub is_alternate: bool,
    /// The title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// Params of `terminal:search`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalSearchParams {
    /// The terminal.
    pub terminal_id: String,
    /// What to look for.
    pub pattern: String,
    /// Whether `pattern` is a regular expression.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_regex: bool,
    /// Whether upper and lower case are different.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_case_sensitive: bool,
    /// Where; by default in all that is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<TerminalPart>,
    /// In these lines instead: to go on behind a search that had too many results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<TerminalLines>,
    /// So many results at most; by default and at most 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results_max: Option<u32>,
}

/// Result of `terminal:search`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalSearchResult {
    /// What was found, the oldest first.
    pub found: Vec<TerminalFound>,
    /// Whether there may be more.
    pub is_cut: bool,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalFound {
    /// The number of the line in which it begins.
    pub line: u64,
    /// The column in which it begins, from 0.
    pub column: u32,
    /// What was found; of something very long the beginning.
    pub text: String,
    /// The row in which it begins, without blanks at its end.
    pub row: String,
}
