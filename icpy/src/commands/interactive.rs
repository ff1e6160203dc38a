//! `icpy interactive`: the same commands, line by line, with history and completion where there is a terminal.
//!
//! Each line is a program of its own, this one: ^C ends what runs and not the session, and a command reads a terminal as
//! it always does. Where the lines come from a pipe, commands get nothing of it.

mod completion;

use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use icpy::args::General;
use icpy::host;
use icpy_protocol::endpoint::{Folders, make_private_folder};
use icpy_protocol::error::Error;
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{CompletionType, Config, Editor};

use self::completion::Completion;
use super::{finder, host_of};
use crate::output::Failure;

const PROMPT: &str = "icpy> ";

/// Lines that are remembered.
const HISTORY_MAX: usize = 1000;

/// What ends a session, as in a shell; ^D does too.
const ENDS: [&str; 2] = ["exit", "quit"];

pub(super) fn run(general: &General) -> Result<(), Failure> {
    if io::stdin().is_terminal() { edit(general) } else { read(general) }
}

/// Commands from a pipe or a file. Ends as the last one that failed.
fn read(general: &General) -> Result<(), Failure> {
    let mut status = 0;
    for line in io::stdin().lock().lines() {
        let line = line.map_err(|error| Failure::usage(format!("standard input is no text: {error}")))?;
        match do_line(&line, Stdio::null(), general)? {
            None => break,
            Some(0) => {}
            Some(failed) => status = failed,
        }
    }
    if status == 0 { Ok(()) } else { Err(Failure::reported(status)) }
}

/// Commands from a person.
fn edit(general: &General) -> Result<(), Failure> {
    let failed = |error: ReadlineError| Failure::from(Error::unavailable(format!("cannot read commands: {error}")));
    survive_interrupts()?;
    let config = Config::builder().max_history_size(HISTORY_MAX).map_err(failed)?;
    let config = config.auto_add_history(true).completion_type(CompletionType::List).build();
    let mut editor: Editor<Completion, DefaultHistory> = Editor::with_config(config).map_err(failed)?;
    // To ask another machine takes too long.
    let known = if host_of(general).is_none() { Some(finder(general)?) } else { None };
    editor.set_helper(Some(Completion::new(known)));
    let history = history();
    if let Some(path) = &history {
        // The first time there is none.
        let _ = editor.load_history(path);
    }
    loop {
        match editor.readline(PROMPT) {
            Ok(line) => {
                if do_line(&line, Stdio::inherit(), general)?.is_none() {
                    return Ok(());
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(failed(error)),
        }
        if let Some(path) = &history {
            // Without it the next time begins with nothing, and this time goes on.
            let _ = editor.save_history(path);
        }
    }
}

/// Lets ^C end what runs and not this program. What it runs has the default again.
fn survive_interrupts() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Once it was asked for, a signal no longer ends the process.
    runtime.block_on(async {
        tokio::select! {
            biased;
            asked = tokio::signal::ctrl_c() => asked,
            () = std::future::ready(()) => Ok(()),
        }
    })
}

/// Does what a line says, which says itself what fails. Returns its exit status, or `None` when it ends the session.
fn do_line(line: &str, input: Stdio, general: &General) -> Result<Option<u8>, Failure> {
    let Some(mut words) = shlex::split(line) else {
        let failure = Failure::usage("a quotation mark is not closed".to_owned());
        return Ok(Some(failure.report(general.json)));
    };
    // Who is used to it may write the whole command.
    if words.first().is_some_and(|first| first == "icpy") {
        words.remove(0);
    }
    match &words[..] {
        // An empty line, or a comment.
        [] => return Ok(Some(0)),
        [word] if ENDS.contains(&word.as_str()) => return Ok(None),
        _ => {}
    }
    let cannot_run = |error: io::Error| Failure::from(Error::unavailable(format!("cannot run icpy itself: {error}")));
    let program = host::program().map_err(cannot_run)?;
    let status = Command::new(program).args(general.words()).args(words).stdin(input).status().map_err(cannot_run)?;
    Ok(Some(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}

fn history() -> Option<PathBuf> {
    let folders = Folders::find(&host::environment()).ok()?;
    make_private_folder(&folders.state).ok()?;
    Some(folders.state.join("history"))
}
