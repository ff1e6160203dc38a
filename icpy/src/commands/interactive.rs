//! `icpy interactive`: the same commands, line by line, with history and completion where there is a terminal.

use std::borrow::Cow;
use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::PathBuf;

use icpy::args::{self, Args, COMMANDS, General};
use icpy::host;
use icpy_protocol::endpoint::{Folders, make_private_folder};
use icpy_protocol::error::Error;
use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::Validator;
use rustyline::{Config, Context, Editor, Helper};

use crate::output::Failure;

const PROMPT: &str = "icpy> ";

/// Lines that are remembered.
const HISTORY_MAX: usize = 1000;

pub(super) fn run(general: &General) -> Result<(), Failure> {
    if io::stdin().is_terminal() { edit(general) } else { read(general) }
}

/// Commands from a pipe or a file. Ends as the last one that failed.
fn read(general: &General) -> Result<(), Failure> {
    let mut status = 0;
    for line in io::stdin().lock().lines() {
        let line = line.map_err(|error| Failure::usage(format!("standard input is no text: {error}")))?;
        status = do_line(&line, general).unwrap_or(status);
    }
    if status == 0 { Ok(()) } else { Err(Failure::reported(status)) }
}

/// Commands from a person.
fn edit(general: &General) -> Result<(), Failure> {
    let failed = |error: ReadlineError| Failure::from(Error::unavailable(format!("cannot read commands: {error}")));
    let config = Config::builder().max_history_size(HISTORY_MAX).map_err(failed)?.auto_add_history(true).build();
    let mut editor: Editor<Completion, DefaultHistory> = Editor::with_config(config).map_err(failed)?;
    editor.set_helper(Some(Completion(FilenameCompleter::new())));
    let history = history();
    if let Some(path) = &history {
        // The first time there is none.
        let _ = editor.load_history(path);
    }
    loop {
        match editor.readline(PROMPT) {
            Ok(line) => drop(do_line(&line, general)),
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(failed(error)),
        }
        if let Some(path) = &history {
            // Without it the next time begins with nothing, and this time goes on.
            let _ = editor.save_history(path);
        }
    }
    Ok(())
}

/// Does what a line says. What fails says so, and the next line goes on. Returns the exit status of a line that failed.
fn do_line(line: &str, general: &General) -> Option<u8> {
    if line.trim().is_empty() || line.trim_start().starts_with('#') {
        return None;
    }
    let outcome = words(line).and_then(|words| args::read_words(words).map_err(|error| Failure::from_usage(&error)));
    let status = match outcome {
        Ok(Args { general: own, command }) => match super::run(command, &general.with(own)) {
            Ok(()) => 0,
            Err(failure) => failure.report(general.json),
        },
        Err(failure) => failure.report(general.json),
    };
    (status != 0).then_some(status)
}

fn words(line: &str) -> Result<Vec<String>, Failure> {
    let words = shlex::split(line).ok_or_else(|| Failure::usage("a quotation mark is not closed".to_owned()))?;
    // Who is used to it may write the whole command.
    let skipped = usize::from(words.first().is_some_and(|first| first == "icpy"));
    Ok(words.into_iter().skip(skipped).collect())
}

fn history() -> Option<PathBuf> {
    let folders = Folders::find(&host::environment()).ok()?;
    make_private_folder(&folders.state).ok()?;
    Some(folders.state.join("history"))
}

/// Completes the first word as a command, and others as paths.
struct Completion(FilenameCompleter);

impl Completer for Completion {
    type Candidate = Pair;

    fn complete(&self, line: &str, place: usize, cx: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let typed = &line[..place];
        if typed.contains(' ') {
            return self.0.complete(line, place, cx);
        }
        let commands = COMMANDS.iter().filter(|command| command.starts_with(typed));
        let pair = |command: &&str| Pair { display: (*command).to_owned(), replacement: format!("{command} ") };
        let found: Vec<Pair> = commands.map(pair).collect();
        if found.is_empty() { self.0.complete(line, place, cx) } else { Ok((0, found)) }
    }
}

impl Hinter for Completion {
    type Hint = String;
}

impl Highlighter for Completion {
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        Cow::Borrowed(prompt)
    }
}

impl Validator for Completion {}

impl Helper for Completion {}
