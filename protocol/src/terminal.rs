//! `terminal:*`: programs that run in terminals of the daemon.

mod command;
mod news;
mod text;
mod view;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Empty;
use crate::json_string::JsonString;
use crate::path::FilePath;

pub use self::command::*;
pub use self::news::*;
pub use self::text::*;
pub use self::view::*;

crate::api! {
    /// Programs that run in terminals of the daemon, and go on when clients come and go.
    service TerminalApi, TerminalClient = "terminal" {
        /// Runs a program, by default the user's shell, in a new terminal.
        Terminal fn create(TerminalCreateParams) -> TerminalInfo; rest POST "/terminals" created "/terminals/{terminalId}";
        /// Lists the terminals, all or those of a workspace, the oldest first.
        Read fn list(TerminalListParams) -> TerminalListResult; rest GET "/terminals";
        /// Describes a terminal.
        Read fn get(TerminalParams) -> TerminalInfo; rest GET "/terminals/{terminalId}";
        /// Gives a terminal another name.
        Terminal fn rename(TerminalRenameParams) -> TerminalInfo, idempotent; rest PATCH "/terminals/{terminalId}";
        /// Shows a terminal to this session from the answer on: what it prints comes as `terminal:data_out`, as fast as the
        /// session acknowledges it, and nothing of it waits for a slow one. A lost connection ends it; `after` goes on.
        Terminal fn attach(TerminalAttachParams) -> TerminalAttachResult;
        /// Ends that.
        Terminal fn detach(TerminalDetachParams) -> Empty;
        /// Says how much of a terminal's output was shown, so that more is sent.
        Terminal fn ack(TerminalAckParams) -> Empty, idempotent;
        /// Types something into a terminal.
        Terminal fn data_in(TerminalDataInParams) -> Empty; rest POST "/terminals/{terminalId}/input";
        /// Returns what a terminal has printed after a place, as far as it is kept: at once, or when there is something.
        Terminal fn read(TerminalReadParams) -> TerminalReadResult, idempotent; rest POST "/terminals/{terminalId}/read";
        /// Returns what is in a terminal as text: what it shows, what was scrolled out, or some lines.
        Terminal fn snapshot(TerminalSnapshotParams) -> TerminalSnapshotResult, idempotent;
        rest POST "/terminals/{terminalId}/snapshot";
        /// Finds text in what a terminal shows and what was scrolled out.
        Terminal fn search(TerminalSearchParams) -> TerminalSearchResult, idempotent; rest POST "/terminals/{terminalId}/search";
        /// Forgets what a terminal has printed, but for its screen, which stays as it is. Who is shown the terminal is given
        /// the screen anew.
        Terminal fn clear(TerminalParams) -> Empty, idempotent; rest POST "/terminals/{terminalId}/clear";
        /// Runs a command in the shell of a terminal, as if it was typed there, and returns what it has written and its status. The
        /// shell is one that the daemon has started with its marks, and waits at an empty prompt: else it is refused.
        Terminal fn run(TerminalRunParams) -> TerminalCommand; rest POST "/terminals/{terminalId}/run";
        /// Returns the last command that has ended in the shell of a terminal.
        Terminal fn last_command(TerminalLastCommandParams) -> TerminalCommand, idempotent;
        rest POST "/terminals/{terminalId}/last-command";
        /// Changes the size of a terminal; its program is told.
        Terminal fn resize(TerminalResizeParams) -> Empty, idempotent; rest PUT "/terminals/{terminalId}/size";
        /// Sends a signal to the program in the foreground of a terminal.
        Terminal fn signal(TerminalSignalParams) -> Empty; rest POST "/terminals/{terminalId}/signal";
        /// Waits until a terminal's program ends. Without an end in time the answer has none.
        Read fn wait(TerminalWaitParams) -> TerminalWaitResult, idempotent; rest GET "/terminals/{terminalId}/exit";
        /// Ends what runs in a terminal and forgets the terminal. What has left its session (`setsid`) or, on Windows, its job
        /// goes on; so do on macOS jobs in the background that a hangup does not end.
        Terminal fn close(TerminalCloseParams) -> Empty; rest DELETE "/terminals/{terminalId}";
    }
    events {
        /// A terminal was made.
        Terminal CREATED: TerminalInfo = "terminal:created", state("terminal:list");
        /// A terminal has another name.
        Terminal RENAMED: TerminalInfo = "terminal:renamed", state("terminal:list");
        /// What a terminal has printed, for one that is attached.
        Terminal DATA_OUT: TerminalDataOut = "terminal:data_out", direct;
        /// A terminal is not shown to this session any more. Comes after all that was shown.
        Terminal DETACHED: TerminalDetached = "terminal:detached", direct;
        /// A terminal's title is another one.
        Terminal TITLE_CHANGED: TerminalTitleChanged = "terminal:title_changed", latest(|it| it.terminal_id.clone());
        /// The program in a terminal is in another folder, as it says itself.
        Terminal CWD_CHANGED: TerminalCwdChanged = "terminal:cwd_changed", latest(|it| it.terminal_id.clone());
        /// A terminal has another size.
        Terminal RESIZED: TerminalResized = "terminal:resized", latest(|it| it.terminal_id.clone());
        /// A terminal's bell rang.
        Terminal BELL: TerminalBell = "terminal:bell", latest(|it| it.terminal_id.clone());
        /// The shell in a terminal runs a command.
        Terminal COMMAND_STARTED: TerminalCommandStarted = "terminal:command_started";
        /// The command has ended.
        Terminal COMMAND_FINISHED: TerminalCommandFinished = "terminal:command_finished";
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
    /// The workspace that it belongs to, also when that was closed or deleted meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
    /// The profile that it was made with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Its process.
    pub pid: u32,
    /// The terminal's size.
    pub size: TerminalSize,
    /// Whose size it has.
    #[serde(default)]
    pub size_policy: TerminalSizePolicy,
    /// When it was made, in milliseconds since 1970.
    pub created_at_ms: u64,
    /// How its program ended, once it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<TerminalExit>,
    /// What goes through it and what it takes: by `terminal:get` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistics: Option<TerminalStatistics>,
}

/// What goes through a terminal, since the daemon or its program was replaced, and what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalStatistics {
    /// Bytes printed since the terminal was made.
    pub bytes_out: u64,
    /// Bytes typed.
    pub bytes_in: u64,
    /// Bytes printed in a second, as far as measured last.
    pub bytes_out_per_second: u64,
    /// Bytes that the screen and what was scrolled out of it take.
    pub screen_bytes: u64,
    /// Those of them that hold what was scrolled out. All terminals together have `limits.scrollback_bytes_max`.
    #[serde(default)]
    pub scrollback_bytes: u64,
    /// How often it is shown now.
    pub viewers: u32,
    /// How often a viewer was too slow and was given the screen as it was then.
    pub slow_screens: u64,
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
    /// The shell to run instead of the user's, when there is no `command`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shell: Option<String>,
    /// Run the shell as it is: it does not tell then where its prompts and commands are. Of bash, zsh and fish.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_plain: bool,
    /// The workspace that it belongs to: its id, or its folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// The name of settings, `terminal.profiles.NAME`, that say what is not said here: `command` or `shell`, and `cwd`. Their
    /// variables are set beside and over those that the program has anyway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The folder in which it starts, from the root; by default that of the workspace, or the user's home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<FilePath>,
    /// The whole environment of the program, beside what describes the terminal; by default the daemon's own variables that
    /// describe the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<BTreeMap<String, String>>,
    /// The terminal's size; by default 80 by 24.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<TerminalSize>,
    /// Whose size it has, once it is shown; by default that of the viewer who was active last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_policy: Option<TerminalSizePolicy>,
    /// What to call it; by default as the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Whose size a terminal has that is shown to several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TerminalSizePolicy {
    /// That of the viewer who attached, typed or changed size last.
    #[default]
    Latest,
    /// What fits in the size of every viewer.
    Smallest,
    /// Its own: only `terminal:resize` without a viewer changes it.
    Fixed,
}

/// Params of `terminal:list`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalListParams {
    /// Only those that belong to this workspace: its id, or its folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
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
    /// How `data` is sent.
    #[serde(default, skip_serializing_if = "TerminalEncoding::is_text")]
    pub encoding: TerminalEncoding,
    /// The viewer that types. What it sends of a bracketed paste stays together, and where the size follows the one who is
    /// active, it is the one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-needs-session" = true))]
    pub viewer_id: Option<String>,
}

impl TerminalDataInParams {
    /// Types a text.
    pub fn text(terminal_id: &str, text: &str) -> Self {
        let (terminal_id, data) = (terminal_id.to_owned(), text.to_owned());
        Self { terminal_id, data, encoding: TerminalEncoding::Utf8, viewer_id: None }
    }
}

/// How bytes of a terminal are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TerminalEncoding {
    /// The text itself.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// The bytes in base64: they are no text.
    #[serde(rename = "base64")]
    Base64,
}

impl TerminalEncoding {
    /// Whether it is text.
    pub fn is_text(&self) -> bool {
        *self == Self::Utf8
    }
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
    pub data: JsonString,
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
    /// Its new size, or that of the viewer.
    pub size: TerminalSize,
    /// The viewer whose size has changed; the terminal takes it as its policy says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-needs-session" = true))]
    pub viewer_id: Option<String>,
}

/// Params of `terminal:get`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalParams {
    /// The terminal.
    pub terminal_id: String,
}

/// Params of `terminal:rename`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalRenameParams {
    /// The terminal.
    pub terminal_id: String,
    /// What to call it.
    pub name: String,
}

/// Params of `terminal:signal`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalSignalParams {
    /// The terminal.
    pub terminal_id: String,
    /// The signal's name, such as `INT`, `TERM` or `KILL`.
    pub signal: String,
}

/// Params of `terminal:wait`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalWaitParams {
    /// The terminal.
    pub terminal_id: String,
    /// Wait so long at most, in milliseconds; by default for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// Result of `terminal:wait`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TerminalWaitResult {
    /// How the program ended, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<TerminalExit>,
}

/// Params of `terminal:close`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalCloseParams {
    /// The terminal.
    pub terminal_id: String,
}
