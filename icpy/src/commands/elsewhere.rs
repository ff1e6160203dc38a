//! Commands that look at the files of the daemon's machine by themselves, and not through the daemon: with `--host` they
//! run there, by ssh, on the streams of this one.

use std::ffi::OsString;
use std::path::Path;

use icpy::args::{Command, ConfigAction, General, Logs, Open};
use icpy::remote::Remote;

use super::{host_of, stdin};
use crate::output::Failure;

/// The words of such a command. `None` when it is another, or when the daemon is on this machine.
pub(super) fn find(command: &Command, general: &General) -> Result<Option<(Remote, Vec<String>)>, Failure> {
    let words = match command {
        Command::Logs(logs) => logs_words(logs),
        Command::Config(config) => match &config.action {
            ConfigAction::Check { file } => {
                ["config", "check"].into_iter().map(OsString::from).chain(file_word(file.as_deref())).collect()
            }
            ConfigAction::Path => vec!["config".into(), "path".into()],
            ConfigAction::Show | ConfigAction::Reload => return Ok(None),
        },
        Command::Doctor(_) => vec!["doctor".into()],
        Command::Rage(_) => vec!["rage".into()],
        Command::Open(open) if open.files.iter().any(|file| file == stdin::NAME) => open_words(open),
        _ => return Ok(None),
    };
    let Some(url) = host_of(general) else { return Ok(None) };
    let remote = Remote::parse(&url).map_err(Failure::usage)?;
    let text =
        |word: OsString| word.into_string().map_err(|word| Failure::usage(format!("`{}` is no text", word.display())));
    let json = general.json.then(|| OsString::from("--json"));
    let words = json.into_iter().chain(words).map(text).collect::<Result<_, _>>()?;
    Ok(Some((remote, words)))
}

/// Runs it there. Ends as it did.
pub(super) fn run(remote: &Remote, words: &[String]) -> Result<(), Failure> {
    match remote.run(words)? {
        0 => Ok(()),
        status => Err(Failure::reported(status)),
    }
}

fn file_word(file: Option<&Path>) -> Option<OsString> {
    file.map(|file| file.as_os_str().to_owned())
}

fn logs_words(logs: &Logs) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec!["logs".into(), "--lines".into(), logs.lines.to_string().into()];
    words.extend(logs.follow.then(|| "--follow".into()));
    // A level has the name that it has on the wire.
    let level = logs.level.and_then(|level| serde_json::to_value(level).ok()?.as_str().map(str::to_owned));
    words.extend(level.map(|level| format!("--level={level}").into()));
    words
}

fn open_words(open: &Open) -> Vec<OsString> {
    let flags = [(open.wait, "--wait"), (open.new, "--new"), (open.reuse, "--reuse"), (open.add, "--add")];
    let given = flags.into_iter().filter(|(is_given, _)| *is_given).map(|(_, flag)| flag.into());
    let command = std::iter::once("open".into());
    command.chain(given).chain(["--".into()]).chain(open.files.iter().cloned()).collect()
}
