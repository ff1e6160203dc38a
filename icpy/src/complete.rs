//! Completion for shells, by this program itself: `COMPLETE=bash icpy` prints what a shell sources, and the shell asks back.
//!
//! What only the daemon knows is asked of one that runs; none is started, and a slow one is not waited for.

use std::io::{self, Write as _};
use std::time::Duration;

use clap::{Args as _, CommandFactory as _};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use clap_complete::env::{CompleteEnv, Shells};
use icpy::args::{Args, Open};
use icpy::{Connection, Finder, host};
use icpy_protocol::terminal::TerminalListResult;
use icpy_protocol::workspace::WorkspaceListResult;
use icpy_protocol::{API, terminal, workspace};
use serde::de::DeserializeOwned;

/// The variable that asks for completion.
const VARIABLE: &str = "COMPLETE";

/// How long a daemon may take: the user has pressed a key.
const TIMEOUT: Duration = Duration::from_millis(200);

/// Whether a shell asks.
pub(crate) fn is_asked() -> bool {
    host::variable(VARIABLE).is_some()
}

/// Answers the shell.
pub(crate) fn run() -> u8 {
    let args = std::env::args_os();
    let folder = host::current_folder().ok();
    let answered = CompleteEnv::with_factory(command)
        .var(VARIABLE)
        .bin("icpy")
        .shells(Shells::builtins())
        .try_complete(args, folder.as_deref());
    match answered {
        Ok(_) => 0,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            1
        }
    }
}

/// The command line, as it is completed: where no command is named, files are meant.
fn command() -> clap::Command {
    let command = Open::augment_args(Args::command()).mut_arg("files", |files| files.required(false));
    let command = command.subcommand_negates_reqs(true).args_conflicts_with_subcommands(true);
    let of = |name: &'static str, arg: &'static str, candidates: fn() -> Vec<CompletionCandidate>| {
        move |command: clap::Command| {
            command.mut_subcommand(name, |it| it.mut_arg(arg, |arg| arg.add(ArgValueCandidates::new(candidates))))
        }
    };
    let command = of("call", "method", methods)(command);
    let command = command.mut_subcommand("workspace", |it| {
        of("info", "workspace", workspaces)(of("activate", "workspace", workspaces)(it))
    });
    command.mut_subcommand("terminal", |it| {
        ["send", "show", "close"].into_iter().fold(it, |it, name| of(name, "terminal", terminals)(it))
    })
}

fn methods() -> Vec<CompletionCandidate> {
    let declared = API.iter().flat_map(|namespace| namespace.methods);
    declared.map(|method| CompletionCandidate::new(method.name).help(first_sentence(method.doc))).collect()
}

fn first_sentence(doc: &'static str) -> Option<clap::builder::StyledStr> {
    doc.split(". ").next().map(|sentence| sentence.trim().replace('\n', " ").into())
}

fn workspaces() -> Vec<CompletionCandidate> {
    let list: Option<WorkspaceListResult> = ask(workspace::method::list.name);
    let named = |it: icpy_protocol::workspace::WorkspaceInfo| {
        CompletionCandidate::new(it.name).help(Some(it.root.to_string().into()))
    };
    list.into_iter().flat_map(|list| list.workspaces).map(named).collect()
}

fn terminals() -> Vec<CompletionCandidate> {
    let list: Option<TerminalListResult> = ask(terminal::method::list.name);
    let named = |it: icpy_protocol::terminal::TerminalInfo| {
        CompletionCandidate::new(it.name).help(Some(it.command.join(" ").into()))
    };
    list.into_iter().flat_map(|list| list.terminals).map(named).collect()
}

fn ask<R: DeserializeOwned>(method: &str) -> Option<R> {
    let daemon = Connection::open(&Finder::default()).ok()?;
    daemon.set_timeout(Some(TIMEOUT)).ok()?;
    serde_json::from_str(&daemon.request(method, "{}", |_, _| ()).ok()?).ok()
}
