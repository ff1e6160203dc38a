//! The client's command line.

#![allow(clippy::doc_markdown, reason = "clap prints these texts as they are")]

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::{Args as ClapArgs, CommandFactory as _, Parser, Subcommand};
use icpy_protocol::topic::Pattern;

/// The command that is meant when none is named.
const DEFAULT_COMMAND: &str = "open";

/// Opens files and folders in every attached editor, and speaks to icpyd, the workspace daemon, which is started when it
/// is needed.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "icpy",
    version,
    arg_required_else_help = true,
    override_usage = "icpy [OPTIONS] FILE[:LINE[:COLUMN]]...\n       icpy [OPTIONS] COMMAND",
    after_help = "\
Exit status:
  0 done            2 wrong usage      3 not found, not permitted, or not that kind of thing
  4 daemon busy     11 no daemon       12 the daemon speaks another protocol
  1 anything else   124 timeout

Environment:
  ICPY_SOCKET   look for the daemon here first
  ICPY_HOME     one folder for the daemon's socket, state and log together"
)]
pub struct Args {
    /// What holds for every command.
    #[command(flatten)]
    pub general: General,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, ClapArgs)]
pub struct General {
    /// Print JSON: one object, or one a line
    #[arg(long, global = true)]
    pub json: bool,
    /// Look for the daemon at this socket and nowhere else
    #[arg(long, global = true, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// Give up after so many seconds without an answer; by default 30, and never for call and watch
    #[arg(long, global = true, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub timeout: Option<u32>,
}

/// What the client can do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Open files and folders: what is meant without a command
    Open(Open),
    /// Show what the daemon is and how it does
    Status,
    /// Print events as they happen, one JSON object a line
    Watch {
        /// Topics to print: `*` is one segment, `**` the rest; by default all
        #[arg(value_name = "PATTERN", value_parser = Pattern::parse)]
        patterns: Vec<Pattern>,
    },
    /// Call any method of the daemon and print its result
    Call {
        /// The method, as in icpy-protocol(7)
        method: String,
        /// Its params as a JSON object; `-` reads them from standard input
        #[arg(value_name = "JSON", default_value = "{}")]
        params: String,
    },
    /// End the daemon in good order
    Stop,
}

/// Opening files.
#[derive(Clone, Debug, ClapArgs)]
pub struct Open {
    /// Read FILE:LINE:COLUMN as a place, as is done anyway; for scripts written for other editors
    #[arg(short, long)]
    pub goto: bool,
    /// Files and folders. FILE:LINE[:COLUMN] is a place in a file, unless a file has that very name; so is +LINE[:COLUMN]
    /// before a FILE
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<OsString>,
}

/// Reads the command line of this process. Wrong usage ends it.
pub fn read() -> Args {
    Args::parse_from(with_command(std::env::args_os().collect()))
}

/// Puts the default command where none is named: before the first argument that is not an option of every command.
fn with_command(mut args: Vec<OsString>) -> Vec<OsString> {
    let mut place = 1;
    while let Some(arg) = args.get(place).and_then(|arg| arg.to_str()) {
        place += match arg {
            "--socket" | "--timeout" => 2,
            "-h" | "--help" | "-V" | "--version" => return args,
            _ if arg == "--json" || arg.starts_with("--socket=") || arg.starts_with("--timeout=") => 1,
            _ => break,
        };
    }
    if args.get(place).is_some_and(|arg| !is_command(arg)) {
        args.insert(place, DEFAULT_COMMAND.into());
    }
    args
}

fn is_command(arg: &OsStr) -> bool {
    arg == "help" || Args::command().get_subcommands().any(|command| arg == command.get_name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_command_goes_before_the_first_file() {
        let check = |line: &str, expect: &str| {
            let args = with_command(line.split(' ').map(Into::into).collect());
            assert_eq!(args.join(OsStr::new(" ")), expect);
        };
        check("icpy", "icpy");
        check("icpy a.py b.py", "icpy open a.py b.py");
        check("icpy --json --socket /s a.py", "icpy --json --socket /s open a.py");
        check("icpy +3 a.py", "icpy open +3 a.py");
        check("icpy -g a.py:3", "icpy open -g a.py:3");
        check("icpy -- status", "icpy open -- status");
        check("icpy ./status", "icpy open ./status");
        check("icpy --json status", "icpy --json status");
        check("icpy a.py status", "icpy open a.py status");
        check("icpy --help", "icpy --help");
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Args::command().debug_assert();
    }
}
