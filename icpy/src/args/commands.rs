//! The commands, each with its own options.

#![allow(clippy::doc_markdown, reason = "clap prints these texts as they are")]

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueHint};
use icpy_protocol::daemon::LogLevel;
use icpy_protocol::topic::Pattern;
use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;

use super::manage::{Cp, Mkdir, Mv, Rm, Undo};
use super::terminal::Terminal;
use super::text::Text;
use super::web::{Login, Token, User, Web};
use super::workspace::{Preferences, Workspace};
use super::{Cat, General, Grep, Ls, Since, parse};

/// Declares the commands: the enumeration, their names, and how one of them is read by itself.
macro_rules! commands {
    ($($(#[doc = $doc:literal])+ $name:literal => $variant:ident,)+) => {
        /// What the client can do.
        #[derive(Clone, Debug, Subcommand)]
        pub enum Command {
            $($(#[doc = $doc])+ $variant($variant),)+
        }

        /// The commands' names.
        pub const COMMANDS: &[&str] = &[$($name,)+ "help"];

        /// Reads the arguments of the command with this name, and of no other.
        pub(super) fn read_command(name: &str, args: Vec<OsString>) -> Option<(General, Command)> {
            match name {
                $($name => parse(args, Command::$variant),)+
                _ => None,
            }
        }
    };
}

commands! {
    /// Open files and folders: what is meant without a command
    "open" => Open,
    /// Close open files
    "close" => Close,
    /// Show what differs between two files
    "diff" => Diff,
    /// Merge two versions of a file by hand
    "merge" => Merge,
    /// List folders and files
    "ls" => Ls,
    /// Print files
    "cat" => Cat,
    /// Find files by name
    "find" => Find,
    /// Find lines by a regular expression, as ripgrep does
    "grep" => Grep,
    /// Copy files and folders
    "cp" => Cp,
    /// Move or rename files and folders
    "mv" => Mv,
    /// Move files and folders to the trash, or delete them for good
    "rm" => Rm,
    /// Make folders, with those above them
    "mkdir" => Mkdir,
    /// Take back what was done with files last
    "undo" => Undo,
    /// Show, make, switch, close and move workspaces
    "workspace" => Workspace,
    /// Read and edit the texts of open files, with what is not saved
    "text" => Text,
    /// Show and set what you prefer, everywhere or in a workspace
    "preferences" => Preferences,
    /// Run programs in terminals of the daemon, and see them
    "terminal" => Terminal,
    /// Start the listener for browsers, and open one that is logged in
    "web" => Web,
    /// Make, list and end tokens, which programs show to come in over HTTP
    "token" => Token,
    /// Log browsers in and out
    "login" => Login,
    /// Add users, and give them roles on workspaces
    "user" => User,
    /// Print events as they happen, one JSON object a line
    "watch" => Watch,
    /// Show who changed what, and when
    "log" => Log,
    /// Call any method of the daemon and print its result
    "call" => Call,
    /// Show what the daemon is and how it does
    "status" => Status,
    /// Show who is connected to the daemon
    "clients" => Clients,
    /// Show what the daemon has written of itself
    "logs" => Logs,
    /// Show the daemon's settings, and check them
    "config" => Config,
    /// Start the daemon where none runs
    "start" => Start,
    /// Replace the daemon's program in place; terminals and unsaved text stay
    "restart" => Restart,
    /// End the daemon in good order
    "stop" => Stop,
    /// Look at everything that the daemon needs, and say what to do
    "doctor" => Doctor,
    /// Print all that a bug report needs
    "rage" => Rage,
    /// Connect standard input and output with the daemon's socket
    "proxy" => Proxy,
    /// Read commands line by line, with history and completion
    "interactive" => Interactive,
}

/// Opening files.
#[derive(Clone, Debug, Default, ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "flags are what they are")]
pub struct Open {
    /// Read FILE:LINE:COLUMN as a place, as is done anyway; for scripts written for other editors
    #[arg(short, long)]
    pub goto: bool,
    /// Return when the files are closed again: EDITOR="icpy --wait"
    #[arg(short, long)]
    pub wait: bool,
    /// Use a workspace over the file's own repository or folder, and no other
    #[arg(short, long, group = "placing")]
    pub new: bool,
    /// Use the active workspace, whatever it holds
    #[arg(short, long, group = "placing")]
    pub reuse: bool,
    /// Add folders to the active workspace; open files in it
    #[arg(short, long, group = "placing")]
    pub add: bool,
    /// Show them in a browser too: a window that is there, or a new one
    #[arg(long)]
    pub web: bool,
    /// Files and folders; `-` is what comes on standard input. FILE:LINE[:COLUMN] is a place in a file, unless a file has that very name; so is +LINE[:COLUMN]
    /// before a FILE
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::AnyPath)]
    pub files: Vec<OsString>,
}

/// Comparing files.
#[derive(Clone, Debug, ClapArgs)]
pub struct Diff {
    /// Return when the newer file is closed again
    #[arg(short, long)]
    pub wait: bool,
    /// The older file
    pub old: PathBuf,
    /// The newer file, which can be edited
    pub new: PathBuf,
}

/// Merging files.
#[derive(Clone, Debug, ClapArgs)]
pub struct Merge {
    /// Return when the result is closed again: 0 when it was kept, 1 when it was discarded
    #[arg(short, long)]
    pub wait: bool,
    /// Our version
    pub local: PathBuf,
    /// Their version
    pub remote: PathBuf,
    /// What both come from
    pub base: PathBuf,
    /// The file that takes the result
    pub result: PathBuf,
}

/// Closing files.
#[derive(Clone, Debug, ClapArgs)]
pub struct Close {
    /// Throw away what was changed: `icpy --wait` ends with 1
    #[arg(long)]
    pub discard: bool,
    /// The files
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

/// Finding files.
#[derive(Clone, Debug, ClapArgs)]
pub struct Find {
    /// A part of the path below the folder, or a glob such as '*.rs'
    pub query: String,
    /// The folder; by default the current one
    #[arg(value_name = "FOLDER", default_value = ".")]
    pub folder: PathBuf,
}

/// Looking at everything.
#[derive(Clone, Debug, ClapArgs)]
pub struct Doctor {}

/// Printing all for a bug report.
#[derive(Clone, Debug, ClapArgs)]
pub struct Rage {}

/// Reading commands.
#[derive(Clone, Debug, ClapArgs)]
pub struct Interactive {}

/// Printing events.
#[derive(Clone, Debug, ClapArgs)]
pub struct Watch {
    /// Begin in the past: so long ago ("10m"), at a time ("2026-11-22 04:12"), or after an entry of the log (its number). What is
    /// no longer in memory comes from the log, as far as it is there
    #[arg(long, value_name = "WHEN", value_parser = Since::parse)]
    pub since: Option<Since>,
    /// Topics to print: `*` is one segment, `**` the rest; by default all
    #[arg(value_name = "PATTERN", value_parser = Pattern::parse)]
    pub patterns: Vec<Pattern>,
}

/// Showing the event log.
#[derive(Clone, Debug, ClapArgs)]
pub struct Log {
    /// Only from then on: so long ago ("10m"), from a time ("2026-11-22 04:12"), or after an entry (its number)
    #[arg(long, value_name = "WHEN", value_parser = Since::parse)]
    pub since: Option<Since>,
    /// Show the last ones, at most so many; by default 50, or with --since all
    #[arg(short = 'n', long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: Option<u32>,
    /// Only events of this topic, as `file:*`; may be given several times
    #[arg(long = "topic", value_name = "PATTERN", value_parser = Pattern::parse)]
    pub topics: Vec<Pattern>,
    /// Go on with what happens
    #[arg(short, long)]
    pub follow: bool,
    /// Only what was done with this file, or with something in this folder
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub path: Option<PathBuf>,
}

/// Calling a method.
#[derive(Clone, Debug, ClapArgs)]
pub struct Call {
    /// The method, as in icpy-protocol(7)
    pub method: String,
    /// Its params as a JSON object; `-` reads them from standard input
    #[arg(value_name = "JSON", default_value = "{}")]
    pub params: String,
}

/// Showing what the daemon is.
#[derive(Clone, Debug, ClapArgs)]
pub struct Status {
    /// Print what it has counted instead, in Prometheus' text format
    #[arg(long)]
    pub metrics: bool,
}

/// Showing who is connected.
#[derive(Clone, Debug, ClapArgs)]
pub struct Clients {}

/// Showing the log.
#[derive(Clone, Debug, ClapArgs)]
pub struct Logs {
    /// Go on with what comes
    #[arg(short, long)]
    pub follow: bool,
    /// How many lines of what there is
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 50)]
    pub lines: usize,
    /// First have the daemon log so much, until its settings are read again
    #[arg(long, value_name = "LEVEL", value_parser = log_level)]
    pub level: Option<LogLevel>,
}

fn log_level(text: &str) -> Result<LogLevel, String> {
    let read: Result<LogLevel, serde::de::value::Error> = LogLevel::deserialize(text.into_deserializer());
    read.map_err(|error| error.to_string())
}

/// The daemon's settings.
#[derive(Clone, Debug, ClapArgs)]
pub struct Config {
    /// What to do
    #[command(subcommand)]
    pub action: ConfigAction,
}

/// What can be done with settings.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigAction {
    /// List the settings in force, and where each one comes from that is not a default
    Show,
    /// Say what is wrong with the settings; nothing is changed
    Check {
        /// The file; by default the one that the daemon reads
        file: Option<PathBuf>,
    },
    /// Print where the file is
    Path,
    /// Have the daemon read the settings again
    Reload,
}

/// Starting the daemon.
#[derive(Clone, Debug, ClapArgs)]
pub struct Start {}

/// Replacing the daemon's program.
#[derive(Clone, Debug, ClapArgs)]
pub struct Restart {
    /// Go on with this program; by default with the icpyd beside this icpy
    #[arg(long, value_name = "PATH")]
    pub program: Option<PathBuf>,
}

/// Ending the daemon.
#[derive(Clone, Debug, ClapArgs)]
pub struct Stop {
    /// End it although terminals or unsaved text would be lost
    #[arg(long)]
    pub force: bool,
}

/// Bridging.
#[derive(Clone, Debug, ClapArgs)]
pub struct Proxy {
    /// Connect with a daemon that runs, and start none
    #[arg(long)]
    pub no_start: bool,
    /// End with the input: who has gone wants no more answers
    #[arg(long)]
    pub end_with_input: bool,
}
