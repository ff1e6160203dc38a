//! The options of `icpy terminal`.

#![allow(clippy::doc_markdown, reason = "clap prints these texts as they are")]

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::Keys;

/// Terminals.
#[derive(Clone, Debug, ClapArgs)]
pub struct Terminal {
    /// What to do; by default `new`
    #[command(subcommand)]
    pub action: Option<TerminalAction>,
}

/// What can be done with terminals.
#[derive(Clone, Debug, Subcommand)]
pub enum TerminalAction {
    /// Run a program, by default the shell, in a new terminal and attach to it: what is meant without a command
    New(TerminalNew),
    /// Show a terminal in this one, and type into it; ctrl-] pressed twice detaches
    Attach(TerminalAttach),
    /// List the terminals, the oldest first
    #[command(alias = "list")]
    Ls {
        /// Only those that belong to this workspace, by its name, id or folder
        #[arg(long)]
        workspace: Option<OsString>,
    },
    /// Type a text into a terminal; `-` reads it from standard input
    Send {
        /// Its name or id
        terminal: String,
        /// The text; with no newline added
        #[arg(allow_hyphen_values = true)]
        text: String,
        /// Press Enter after it
        #[arg(long)]
        enter: bool,
    },
    /// Print what a terminal shows
    Show(TerminalShow),
    /// Find text in what a terminal shows and what was scrolled out of it; ends with 1 when there is none
    Search(TerminalSearch),
    /// Run a command in the shell of a terminal, print what it writes, and end as it does; with --timeout, wait at most so long
    Run(TerminalRun),
    /// Print the last command that has ended in the shell of a terminal, with what it has written and its status
    Last(TerminalLast),
    /// Forget what was scrolled out of a terminal; its screen stays
    Clear {
        /// Its name or id
        terminal: String,
    },
    /// Wait until a terminal's program ends, and end as it does; with --timeout, at most so long
    Wait {
        /// Its name or id
        terminal: String,
    },
    /// Give a terminal another name
    Rename {
        /// Its name or id
        terminal: String,
        /// What to call it
        name: String,
    },
    /// Send a signal to what runs in the foreground of a terminal
    Signal {
        /// Its name or id
        terminal: String,
        /// The signal, such as INT, TERM or KILL
        signal: String,
    },
    /// End what runs in a terminal and forget the terminal
    #[command(alias = "close")]
    Kill {
        /// Its name or id
        terminal: String,
    },
    /// Write what a terminal shows to a file, as asciinema does, until its program ends or ^C
    Record {
        /// Its name or id
        terminal: String,
        /// The file; it must not be there yet
        file: PathBuf,
        /// The version of asciicast
        #[arg(long, value_name = "VERSION", default_value = "v3")]
        format: RecordFormat,
    },
    /// Show such a file (asciicast v2 or v3), as fast as it was
    Replay {
        /// The file
        file: PathBuf,
        /// So many times as fast
        #[arg(long, value_name = "TIMES", default_value = "1", value_parser = factor)]
        speed: f64,
        /// Rest no longer than so many seconds
        #[arg(long, value_name = "SECONDS", value_parser = seconds)]
        idle_limit: Option<Duration>,
    },
}

/// A new terminal.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct TerminalNew {
    /// Print the terminal's id and leave it to itself, as is done without a terminal on standard input and output
    #[arg(short, long)]
    pub detach: bool,
    /// What to call it; by default as the program
    #[arg(long)]
    pub name: Option<String>,
    /// What the settings have for it: `terminal.profiles.NAME`
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// The workspace that it belongs to, by its name, id or folder
    #[arg(long)]
    pub workspace: Option<OsString>,
    /// The folder in which it starts; by default that of the profile or the workspace, or the current one
    #[arg(long, value_name = "FOLDER")]
    pub cwd: Option<PathBuf>,
    /// How it is shown
    #[command(flatten)]
    pub viewing: Viewing,
    /// The program and its arguments
    #[arg(trailing_var_arg = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// What of a terminal is printed, and how.
#[derive(Clone, Debug, ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "they are options of the command line")]
pub struct TerminalShow {
    /// Its name or id
    pub terminal: String,
    /// Also what was scrolled out, before it
    #[arg(short, long)]
    pub scrollback: bool,
    /// As characters alone: what is meant by default
    #[arg(long, group = "way")]
    pub text: bool,
    /// With escape sequences for colours and links
    #[arg(long, group = "way")]
    pub ansi: bool,
    /// As a `pre` element
    #[arg(long, group = "way")]
    pub html: bool,
    /// What was printed, byte for byte, as far as it is kept, and not the screen that came of it
    #[arg(long, group = "way", conflicts_with = "scrollback")]
    pub raw: bool,
    /// The same, and go on until the program ends, and end as it does
    #[arg(short, long, conflicts_with_all = ["text", "ansi", "html", "scrollback"])]
    pub follow: bool,
}

/// A command in a terminal.
#[derive(Clone, Debug, ClapArgs)]
pub struct TerminalRun {
    /// Its name or id; by default the youngest
    pub terminal: Option<String>,
    /// With control sequences, as the terminal gets it
    #[arg(long)]
    pub raw: bool,
    /// The command and its arguments, or one argument that is a whole command line
    #[arg(last = true, required = true)]
    pub command: Vec<String>,
}

/// What of the last command is printed.
#[derive(Clone, Debug, ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "they are options of the command line")]
pub struct TerminalLast {
    /// Its name or id; by default the one that this runs in, or else the youngest
    pub terminal: Option<String>,
    /// What it has written, and nothing else
    #[arg(long, group = "what")]
    pub output: bool,
    /// Its line
    #[arg(long, group = "what")]
    pub command: bool,
    /// Its exit status
    #[arg(long, group = "what")]
    pub exit_code: bool,
    /// With control sequences, as the terminal gets it
    #[arg(long)]
    pub raw: bool,
}

/// What is looked for in a terminal.
#[derive(Clone, Debug, ClapArgs)]
pub struct TerminalSearch {
    /// Its name or id
    pub terminal: String,
    /// The text; any spelling of it in upper and lower case is found
    #[arg(allow_hyphen_values = true)]
    pub pattern: String,
    /// It is a regular expression
    #[arg(short = 'E', long)]
    pub regex: bool,
    /// Upper and lower case are different
    #[arg(short = 's', long)]
    pub case_sensitive: bool,
    /// So many results at most
    #[arg(short, long, value_name = "COUNT")]
    pub max_count: Option<u32>,
}

/// Attaching.
#[derive(Clone, Debug, ClapArgs)]
pub struct TerminalAttach {
    /// Its name or id
    pub terminal: String,
    /// Only look on: nothing is typed, and the terminal keeps its size
    #[arg(short, long)]
    pub read_only: bool,
    /// How it is shown
    #[command(flatten)]
    pub viewing: Viewing,
}

/// How a terminal is shown in another.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct Viewing {
    /// What detaches: `ctrl-\`, `'ctrl-b d'` for one key after the other, or `none`; by default $ICPY_DETACH_KEY, or else 'ctrl-] ctrl-]'
    #[arg(long, value_name = "KEYS")]
    pub detach_key: Option<Keys>,
    /// Also inside of a terminal of the daemon
    #[arg(long)]
    pub nested: bool,
}

/// How a terminal is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RecordFormat {
    /// asciicast v2, with times from the beginning
    V2,
    /// asciicast v3, with times between events
    V3,
}

fn factor(text: &str) -> Result<f64, String> {
    let factor: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    (factor.is_finite() && factor > 0.0).then_some(factor).ok_or_else(|| "must be above 0".to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}
