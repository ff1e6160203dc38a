//! Commands in the shell of a terminal: `run` one, and what became of the `last` one.

use icpy::args::{General, TerminalLast, TerminalRun};
use icpy::host;
use icpy_protocol::error::Error;
use icpy_protocol::terminal::{
    TerminalCommand, TerminalLastCommandParams, TerminalListParams, TerminalListResult, TerminalRunParams, method,
};

use super::{TERMINAL_VARIABLE, connect, end_as, found};
use crate::commands::{Daemon, timeout};
use crate::output::{Failure, print, print_json, say};

pub(super) fn run(run: &TerminalRun, general: &General) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let command = runtime.block_on(async {
        let (_client, terminals) = connect(general).await?;
        let terminal = named(&terminals.list(&TerminalListParams::default()).await?, run.terminal.as_deref())?;
        let params = TerminalRunParams {
            terminal_id: terminal,
            command_line: command_line(&run.command),
            timeout_ms: timeout(general).and_then(|timeout| u64::try_from(timeout.as_millis()).ok()),
            is_raw: run.raw,
        };
        Ok::<_, Failure>(terminals.run(&params).await?)
    })?;
    if general.json {
        print_json(&command)?;
    } else {
        if command.is_cut {
            say("the beginning of the output is no longer kept");
        }
        print(command.output.as_bytes())?;
    }
    if command.is_running {
        return Err(Error::timeout("the command goes on").into());
    }
    end_with(&command)
}

/// Ends as the command did.
fn end_with(command: &TerminalCommand) -> Result<(), Failure> {
    if let Some(exit) = command.exit {
        return end_as(exit);
    }
    match command.exit_code.map_or(0, |code| u8::try_from(code).unwrap_or(1)) {
        0 => Ok(()),
        status => Err(Failure::reported(status)),
    }
}

pub(super) fn last(last: &TerminalLast, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open(general)?;
    let listed: TerminalListResult = daemon.call(method::list, &TerminalListParams::default())?;
    let terminal_id = named(&listed, last.terminal.as_deref())?;
    let params = TerminalLastCommandParams { terminal_id, is_raw: last.raw };
    let command: TerminalCommand = daemon.call(method::last_command, &params)?;
    let line = command.command_line.as_deref().unwrap_or_default();
    let code = command.exit_code.map_or_else(|| "?".to_owned(), |code| code.to_string());
    if general.json {
        return Ok(print_json(&command)?);
    }
    if last.command {
        return Ok(print(format!("{line}\n").as_bytes())?);
    }
    if last.exit_code {
        return Ok(print(format!("{code}\n").as_bytes())?);
    }
    if command.is_cut {
        say("the beginning of the output is no longer kept");
    }
    if !last.output {
        print(format!("$ {line}\n").as_bytes())?;
    }
    print(command.output.as_bytes())?;
    if !last.output {
        let end = if command.output.is_empty() || command.output.ends_with('\n') { "" } else { "\n" };
        print(format!("{end}[{code}]\n").as_bytes())?;
    }
    Ok(())
}

/// The terminal that is named, or else the one that this runs in, or else the youngest.
fn named(listed: &TerminalListResult, name: Option<&str>) -> Result<String, Failure> {
    let own =
        || host::variable(TERMINAL_VARIABLE).filter(|own| listed.terminals.iter().any(|it| it.terminal_id == *own));
    match name.map(str::to_owned).or_else(own) {
        Some(name) => Ok(found(listed, &name)?.terminal_id),
        None => match listed.terminals.iter().rev().find(|terminal| terminal.exit.is_none()) {
            Some(terminal) => Ok(terminal.terminal_id.clone()),
            None => Err(Error::not_found("there is no terminal in which anything runs").into()),
        },
    }
}

/// Words as a shell reads them; one word is a whole line.
fn command_line(words: &[String]) -> String {
    match words {
        [line] => line.clone(),
        words => words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "),
    }
}

fn quoted(word: &str) -> String {
    let is_plain = |it: char| it.is_alphanumeric() || "_-./,:@%+=".contains(it);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        // To some shells a backslash means something within quotes.
        false => word.split('\\').map(in_quotes).collect::<Vec<_>>().join(r"\\"),
    }
}

fn in_quotes(part: &str) -> String {
    format!("'{}'", part.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn words_become_a_line() {
        let check = |words: &[&str], line: &str| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(super::command_line(&words), line);
        };
        check(&["ls | wc"], "ls | wc");
        check(&["ls", "a b", "", "it's", "--x=1"], r"ls 'a b' '' 'it'\''s' --x=1");
        check(&["echo", r"a\b"], r"echo 'a'\\'b'");
    }
}
