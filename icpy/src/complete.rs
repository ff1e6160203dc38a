//! Completion for shells, by this program itself: `COMPLETE=bash icpy` prints what a shell sources, and the shell asks back.
//!
//! What only the daemon knows is asked of one that runs; none is started, and a slow one is not waited for.

mod bash;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use clap::{Args as _, CommandFactory as _};
use clap_complete::engine::{self, ArgValueCandidates, CompletionCandidate};
use clap_complete::env::{CompleteEnv, Elvish, Fish, Powershell, Shells, Zsh};
use icpy::args::{Args, Open};
use icpy::{Connection, Finder, host};
use icpy_protocol::api::MethodInfo;
use icpy_protocol::terminal::TerminalListResult;
use icpy_protocol::workspace::WorkspaceListResult;
use icpy_protocol::{API, rpc, terminal, workspace};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The variable that asks for completion.
const VARIABLE: &str = "COMPLETE";

/// How long a daemon may take: the user has pressed a key.
const TIMEOUT: Duration = Duration::from_millis(200);

/// The commands of `icpy workspace` that are about one workspace.
const OF_A_WORKSPACE: &[&str] = &["info", "activate", "rename", "close", "delete", "add", "remove", "export"];

/// The commands of `icpy terminal` that are about one terminal.
const OF_A_TERMINAL: &[&str] =
    &["attach", "send", "show", "search", "run", "last", "clear", "wait", "rename", "signal", "kill", "record"];

/// Whether a shell asks.
pub(crate) fn is_asked() -> bool {
    host::variable(VARIABLE).is_some_and(|shell| shell != "0")
}

/// Answers the shell.
pub(crate) fn run() -> u8 {
    let args = std::env::args_os();
    let folder = host::current_folder().ok();
    let answered = CompleteEnv::with_factory(|| command(finder(std::env::args_os()).as_ref()))
        .var(VARIABLE)
        .bin("icpy")
        .shells(Shells(&[&bash::Bash, &Elvish, &Fish, &Powershell, &Zsh]))
        .try_complete(args, folder.as_deref());
    // Nobody else does when this program ends.
    match answered.and_then(|_| Ok(io::stdout().flush()?)) {
        Ok(()) => 0,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            1
        }
    }
}

/// What could be meant by the last of some words, the first of which is the program's name.
pub(crate) fn candidates(words: Vec<OsString>, finder: Option<&Finder>) -> Vec<CompletionCandidate> {
    let folder = host::current_folder().ok();
    let last = words.len().saturating_sub(1);
    // Where nothing is known nothing is offered.
    engine::complete(&mut command(finder), words, last, folder.as_deref()).unwrap_or_default()
}

/// The command line, as it is completed: where no command is named, files are meant. `finder` leads to the daemon that is
/// asked, if any.
fn command(finder: Option<&Finder>) -> clap::Command {
    let asking = |find: fn(Option<&Finder>) -> Vec<CompletionCandidate>| {
        let finder = finder.cloned();
        ArgValueCandidates::new(move || find(finder.as_ref()))
    };
    let (methods, workspaces, terminals) = (asking(methods), asking(workspaces), asking(terminals));
    let command = Open::augment_args(Args::command()).mut_args(|it| it.required(false));
    let command = command.subcommand_negates_reqs(true).args_conflicts_with_subcommands(true);
    let command = with(command, "call", "method", &methods);
    let each = |command, names: &[&'static str], arg, candidates: &ArgValueCandidates| {
        names.iter().fold(command, |command, name| with(command, name, arg, candidates))
    };
    let command = command.mut_subcommand("workspace", |it| each(it, OF_A_WORKSPACE, "workspace", &workspaces));
    let command = with(command, "preferences", "workspace", &workspaces);
    command.mut_subcommand("terminal", |it| each(it, OF_A_TERMINAL, "terminal", &terminals))
}

/// A command with candidates for an argument of one of its own. In the argument's place: one that is added again would be
/// the last one.
fn with(command: clap::Command, name: &'static str, arg: &str, candidates: &ArgValueCandidates) -> clap::Command {
    let add = |it: clap::Arg| if it.get_id() == arg { it.add(candidates.clone()) } else { it };
    command.mut_subcommand(name, |it| it.mut_args(add))
}

/// The methods of the running daemon, which may be of another version; without one those that this program knows.
fn methods(finder: Option<&Finder>) -> Vec<CompletionCandidate> {
    let served: Option<Document> = ask(finder, rpc::method::discover);
    if let Some(Document { methods }) = served {
        return methods.into_iter().map(|it| candidate(&it.name, &it.summary)).collect();
    }
    let declared = API.iter().flat_map(|namespace| namespace.methods);
    declared.map(|method| candidate(method.name, method.doc)).collect()
}

/// What is needed of an OpenRPC document.
#[derive(Deserialize)]
struct Document {
    methods: Vec<Method>,
}

#[derive(Deserialize)]
struct Method {
    name: String,
    #[serde(default)]
    summary: String,
}

fn candidate(name: &str, doc: &str) -> CompletionCandidate {
    let sentence = doc.split(". ").next().unwrap_or_default().trim().replace('\n', " ");
    CompletionCandidate::new(name).help(Some(sentence.into()))
}

fn workspaces(finder: Option<&Finder>) -> Vec<CompletionCandidate> {
    let list: Option<WorkspaceListResult> = ask(finder, workspace::method::list);
    let named = |it: icpy_protocol::workspace::WorkspaceInfo| {
        CompletionCandidate::new(it.name).help(Some(it.root.to_string().into()))
    };
    list.into_iter().flat_map(|list| list.workspaces).map(named).collect()
}

fn terminals(finder: Option<&Finder>) -> Vec<CompletionCandidate> {
    let list: Option<TerminalListResult> = ask(finder, terminal::method::list);
    let named = |it: icpy_protocol::terminal::TerminalInfo| {
        CompletionCandidate::new(it.name).help(Some(it.command.join(" ").into()))
    };
    list.into_iter().flat_map(|list| list.terminals).map(named).collect()
}

/// Asks the daemon. The thread that is left when it does not answer ends with the process.
fn ask<R: DeserializeOwned + Send + 'static>(finder: Option<&Finder>, method: &'static MethodInfo) -> Option<R> {
    let finder = finder?.clone();
    let (tell, told) = mpsc::sync_channel(1);
    thread::spawn(move || {
        let daemon = Connection::open(&finder).ok()?;
        let result = daemon.request(method.name, "{}", |_, _| ()).ok()?;
        tell.send(serde_json::from_str(&result).ok()?).ok()
    });
    told.recv_timeout(TIMEOUT).ok()
}

/// Where the daemon is that a line means; `None` when it is on another machine, which takes too long to ask.
fn finder(line: impl Iterator<Item = OsString>) -> Option<Finder> {
    let mut words = line.skip_while(|word| word != "--").skip(1);
    let mut socket = None;
    while let Some(word) = words.next() {
        let word = word.to_string_lossy();
        if word == "--host" || word.starts_with("--host=") {
            return None;
        } else if word == "--socket" {
            socket = words.next().map(PathBuf::from);
        } else if let Some(path) = word.strip_prefix("--socket=") {
            socket = Some(path.into());
        }
    }
    let is_remote = socket.is_none() && host::variable("ICPY_HOST").is_some();
    (!is_remote).then(|| Finder::default().at(socket))
}
