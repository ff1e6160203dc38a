//! The client's command line.

#![allow(clippy::doc_markdown, reason = "clap prints these texts as they are")]

mod commands;
mod files;
mod grep;
mod keys;
mod manage;
mod since;
mod terminal;
mod text;
mod web;
mod workspace;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::{Args as ClapArgs, FromArgMatches as _, Parser, ValueEnum};

pub use self::commands::*;
pub use self::files::*;
pub use self::grep::Grep;
pub use self::keys::{Key, Keys};
pub use self::manage::*;
pub use self::since::Since;
pub use self::terminal::*;
pub use self::text::*;
pub use self::web::*;
pub use self::workspace::*;

/// The command that is meant when none is named.
const DEFAULT_COMMAND: &str = "open";

/// Commands that are written as an option as well: as the programs did that this one replaces, and as other editors do.
const SPELLINGS: &[(&str, &[&str])] = &[
    ("--diff", &["diff"]),
    ("--merge", &["merge"]),
    ("--list", &["ls"]),
    ("--status", &["status"]),
    ("--workspace", &["workspace"]),
    ("--terminal", &["terminal", "new"]),
    ("--terminal-list", &["terminal", "list"]),
    ("--interactive", &["interactive"]),
];

/// Opens files in every attached editor, through icpyd, the workspace daemon.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "icpy",
    version,
    arg_required_else_help = true,
    args_override_self = true,
    help_template = HELP,
    override_usage = "icpy [OPTIONS] FILE[:LINE[:COLUMN]]...\n       icpy [OPTIONS] COMMAND",
    after_help = "\
Exit status:
  0 done    1 anything else    2 wrong usage    3 not found or not permitted
  4 busy   11 no daemon       12 another protocol          124 timeout

Environment: ICPY_SOCKET (look there first), ICPY_HOST (as --host), ICPY_HOME"
)]
pub struct Args {
    /// What holds for every command.
    #[command(flatten)]
    pub general: General,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// When something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// Where it makes sense.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// All on one screen.
const HELP: &str = "\
{about}

{usage-heading} {usage}

Files (`icpy help open` says more):
  -w, --wait   return when they are closed again: EDITOR=\"icpy --wait\"
  -n, -r, -a   in a workspace of their own, in the active one, or added to it
  -            what comes on standard input
  --diff OLD NEW, --merge LOCAL REMOTE BASE RESULT

Commands (`icpy help COMMAND` says more):
  files      open, close, diff, merge, ls, cat, find, grep, cp, mv, rm, mkdir
  work       workspace, text, preferences, terminal, interactive, log, undo
  daemon     start, restart, stop, status, clients, logs, config, doctor, rage
  programs   call, watch, proxy, web, token, login, user, help

Options:
{options}{after-help}
";

/// Options of every command.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct General {
    /// Print JSON: one object, or one a line
    #[arg(long, global = true)]
    pub json: bool,
    /// Look for the daemon at this socket and nowhere else
    #[arg(long, global = true, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// Another machine's daemon: ssh://[USER@]HOST[:PORT]
    #[arg(long, global = true, value_name = "URL", conflicts_with = "socket")]
    pub host: Option<String>,
    /// Give up after so many seconds without an answer
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<u32>,
    /// Colour: auto, always or never
    #[arg(long, global = true, value_name = "WHEN", hide_possible_values = true)]
    pub color: Option<When>,
    /// Start the daemon as root also by sudo and its like
    #[arg(long, global = true)]
    pub allow_root: bool,
}

impl General {
    /// These options as words of a command line. What follows them there wins.
    pub fn words(&self) -> Vec<OsString> {
        let valued = [
            ("--socket", self.socket.clone().map(PathBuf::into_os_string)),
            ("--host", self.host.clone().map(OsString::from)),
            ("--timeout", self.timeout.map(|seconds| seconds.to_string().into())),
            ("--color", self.color.and_then(|when| Some(when.to_possible_value()?.get_name().to_owned().into()))),
        ];
        let flags = [(self.json, "--json"), (self.allow_root, "--allow-root")];
        let valued = valued.into_iter().filter_map(|(name, value)| Some([name.into(), value?])).flatten();
        valued.chain(flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, name)| name.into())).collect()
    }
}

fn seconds(text: &str) -> Result<u32, &'static str> {
    text.parse().ok().filter(|seconds| *seconds > 0).ok_or("give a whole number of seconds, at least 1")
}

/// Reads the command line of this process. Wrong usage, and a question for help, end it.
pub fn read() -> Args {
    let args: Vec<OsString> = std::env::args_os().collect();
    if let Some(read) = read_plain(&args) {
        return read;
    }
    let (args, place) = with_command(args);
    // To describe every command to clap takes longer than all else that the client does. When the one that is meant is
    // understood by itself the others are not needed; when not, the whole knows how to say so.
    read_one(&args, place).unwrap_or_else(|| Args::parse_from(args))
}

/// Reads the lines that are typed all day, which have no options: to describe even one command to clap takes half of the
/// time that a client lives.
fn read_plain(args: &[OsString]) -> Option<Args> {
    let words = args.get(1..)?;
    if words.iter().any(|word| word.as_encoded_bytes().starts_with(b"-")) {
        return None;
    }
    let command = match words {
        [first, rest @ ..] if first == "call" => {
            let mut rest = rest.iter().map(|word| word.to_str());
            let (method, params) = (rest.next()??.to_owned(), rest.next().map_or(Some("{}"), |word| word)?.to_owned());
            rest.next().is_none().then_some(Command::Call(Call { method, params }))?
        }
        [first, ..] if COMMANDS.iter().any(|command| first == *command) => return None,
        [_, ..] => Command::Open(Open { files: words.to_vec(), ..Open::default() }),
        [] => return None,
    };
    Some(Args { general: General::default(), command })
}

fn read_one(args: &[OsString], place: Option<usize>) -> Option<Args> {
    let place = place?;
    let mut rest = args.to_vec();
    let name = rest.remove(place);
    let (general, command) = read_command(name.to_str()?, rest)?;
    Some(Args { general, command })
}

fn parse<A: ClapArgs>(args: Vec<OsString>, command: fn(A) -> Command) -> Option<(General, Command)> {
    let parser = A::augment_args(General::augment_args(
        clap::Command::new("icpy").disable_help_flag(true).args_override_self(true),
    ));
    let matches = parser.try_get_matches_from(args).ok()?;
    Some((General::from_arg_matches(&matches).ok()?, command(A::from_arg_matches(&matches).ok()?)))
}

/// Puts the default command where none is named: before the first argument that is not an option of every command.
/// Returns where the command stands.
fn with_command(mut args: Vec<OsString>) -> (Vec<OsString>, Option<usize>) {
    let mut place = 1;
    while let Some(arg) = args.get(place).and_then(|arg| arg.to_str()) {
        let (name, value) = arg.split_once('=').map_or((arg, None), |(name, value)| (name, Some(value)));
        place += match (name, value) {
            ("-h" | "--help" | "-V" | "--version", None) => return (args, None),
            ("--json" | "--allow-root", None) | ("--socket" | "--timeout" | "--host" | "--color", Some(_)) => 1,
            ("--socket" | "--timeout" | "--host" | "--color", None) => 2,
            _ => break,
        };
    }
    let Some(arg) = args.get(place) else { return (args, None) };
    // `--wait --diff A B` is as good as `--diff --wait A B`.
    if (arg == "--wait" || arg == "-w") && args.get(place + 1).is_some_and(|next| spelled(next).is_some()) {
        args.swap(place, place + 1);
    }
    if let Some(command) = spelled(&args[place]) {
        args.splice(place..=place, command.iter().map(OsString::from));
        return (args, Some(place));
    }
    let arg = &args[place];
    if arg == "help" && args.get(place + 1).is_some_and(|next| next == "--help" || next == "-h") {
        args.remove(place);
        return (args, None);
    }
    if !COMMANDS.iter().any(|command| arg == *command) {
        args.insert(place, DEFAULT_COMMAND.into());
    }
    (args, Some(place))
}

/// The command that an option spells.
fn spelled(arg: &OsStr) -> Option<&'static [&'static str]> {
    SPELLINGS.iter().find(|(spelling, _)| arg == *spelling).map(|(_, command)| *command)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_default_command_goes_before_the_first_file() {
        let check = |line: &str, expect: &str| {
            let (args, _) = with_command(line.split(' ').map(Into::into).collect());
            assert_eq!(args.join(OsStr::new(" ")), expect);
        };
        check("icpy", "icpy");
        check("icpy a.py b.py", "icpy open a.py b.py");
        check("icpy --json --socket /s a.py", "icpy --json --socket /s open a.py");
        check("icpy --color=never --host=ssh://h --timeout=3 ls", "icpy --color=never --host=ssh://h --timeout=3 ls");
        check("icpy --color never --host ssh://h ls", "icpy --color never --host ssh://h ls");
        check("icpy --socket=/s a=b", "icpy --socket=/s open a=b");
        check("icpy --help=x", "icpy open --help=x");
        check("icpy +3 a.py", "icpy open +3 a.py");
        check("icpy -g a.py:3", "icpy open -g a.py:3");
        check("icpy -- status", "icpy open -- status");
        check("icpy ./status", "icpy open ./status");
        check("icpy --json status", "icpy --json status");
        check("icpy a.py status", "icpy open a.py status");
        check("icpy --help", "icpy --help");
        check("icpy help --help", "icpy --help");
        check("icpy -", "icpy open -");
        check("icpy --json --terminal-list", "icpy --json terminal list");
        check("icpy --terminal", "icpy terminal new");
        check("icpy --workspace create /a", "icpy workspace create /a");
        check("icpy --wait --diff a b", "icpy diff --wait a b");
        check("icpy -w --merge a b c d", "icpy merge -w a b c d");
        check("icpy --list /a", "icpy ls /a");
    }

    #[test]
    fn one_command_is_read_as_the_whole_reads_it() {
        let check = |line: &str| {
            let (args, place) = with_command(line.split(' ').map(Into::into).collect());
            let one = read_one(&args, place).unwrap_or_else(|| panic!("{line}"));
            let whole = Args::try_parse_from(args).unwrap();
            assert_eq!(format!("{one:?}"), format!("{whole:?}"));
        };
        check("icpy a.py b.py");
        check("icpy --json -g a.py:3");
        check("icpy -- -x");
        check("icpy --timeout=3 status");
        check("icpy status --json");
        check("icpy watch file:* --socket /s");
        check("icpy watch --since 7 file:*");
        check("icpy log -n 3 --topic file:* a.py");
        check("icpy call session:ping");
        check("icpy call session:ping {}");
        check("icpy stop");
        check("icpy workspace info w --json");
        check("icpy ls -l");
        check("icpy cp -rv a b");
        check("icpy undo");
        for wrong in
            ["icpy call", "icpy call a b c", "icpy status x", "icpy stop --help", "icpy help", "icpy --timeout 0 stop"]
        {
            let (args, place) = with_command(wrong.split(' ').map(Into::into).collect());
            assert!(read_one(&args, place).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_plain_line_is_read_as_the_whole_reads_it() {
        let words = |line: &str| line.split(' ').map(Into::into).collect::<Vec<OsString>>();
        for line in
            ["icpy a.py", "icpy a.py:3 +4 b.py", "icpy a.py status", "icpy call x", "icpy call x {}", "icpy callx"]
        {
            let plain = read_plain(&words(line)).unwrap_or_else(|| panic!("{line}"));
            let whole = Args::try_parse_from(with_command(words(line)).0).unwrap();
            assert_eq!(format!("{plain:?}"), format!("{whole:?}"));
        }
        for line in [
            "icpy",
            "icpy status",
            "icpy open a",
            "icpy help",
            "icpy -w a",
            "icpy a -w",
            "icpy call",
            "icpy call a b c",
        ] {
            assert!(read_plain(&words(line)).is_none(), "{line}");
        }
    }

    #[test]
    fn the_command_line_is_well_formed() {
        let mut command = Args::command();
        command.build();
        let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        assert_eq!(names, COMMANDS);
        command.debug_assert();
    }
}
