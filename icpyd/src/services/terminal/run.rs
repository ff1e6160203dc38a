//! Running a command in the shell of a terminal, as if somebody had typed it, and what became of it and of the last one.

use std::time::Duration;

use bytes::Bytes;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::terminal::{TerminalCommand, TerminalRunParams};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::commands::{Command, Stage};
use super::intake::Model;
use super::one::{Progress, State, Terminal};
use super::screen::plain_text;

/// The longest command line.
const LINE_BYTES_MAX: usize = 64 << 10;

/// How long a shell may take to show its prompt, and to begin what was typed.
const SHELL_TIMEOUT: Duration = Duration::from_secs(20);

/// How long the prompt is waited for behind a command.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(1);

/// ^C: takes back what was typed.
const INTERRUPT: &[u8] = b"\x03";

/// Where a command is.
enum Place {
    NotBegun,
    Running,
    /// It has ended, and the shell is not at its prompt again.
    Ended,
    /// That too, or the shell has ended.
    Over,
}

impl Terminal {
    /// Runs a command line in the terminal's shell. It goes on when nobody waits any more.
    pub(super) async fn run_line(&self, params: &TerminalRunParams) -> Result<TerminalCommand> {
        checked(&params.command_line)?;
        let _turn = self.running.try_lock().map_err(|_| self.busy())?;
        // What never ends is waited for as long.
        let until = params.timeout_ms.and_then(|ms| Instant::now().checked_add(Duration::from_millis(ms)));
        let mut progress = self.progress.subscribe();
        let typed = self.wait_for_prompt(&mut progress).await?;
        let number = typed + 1;
        let input = self.input_of(&params.command_line);
        self.type_in("terminal:run", input).await?;
        let begins = self.wait_until(&mut progress, number, |place| !matches!(place, Place::NotBegun));
        if timeout_at(Instant::now() + SHELL_TIMEOUT, begins).await.is_err() {
            self.type_in("terminal:run", Bytes::from_static(INTERRUPT)).await?;
            let message = "the shell does not begin the command: is the line not complete? it was taken back by ^C";
            return Err(Error::timeout(message));
        }
        let ends = self.wait_until(&mut progress, number, |place| matches!(place, Place::Ended | Place::Over));
        match until {
            // What is still running is told as such.
            Some(until) => drop(timeout_at(until, ends).await),
            None => ends.await,
        }
        // The shell shows its prompt again, unless it ends with the command.
        let settles = self.wait_until(&mut progress, number, |place| !matches!(place, Place::Ended));
        let _ = timeout_at(Instant::now() + SETTLE_TIMEOUT, settles).await;
        self.told(number, Some(&params.command_line), params.is_raw)
    }

    /// The last command that has ended.
    pub(super) fn last_command(&self, is_raw: bool) -> Result<TerminalCommand> {
        let number = {
            let commands = &self.model().commands;
            if !commands.are_told() {
                return Err(self.tells_nothing());
            }
            commands.ended.as_ref().map(|command| command.number)
        };
        let number = number
            .ok_or_else(|| Error::not_found(format!("no command has ended in the terminal `{}` yet", self.name())))?;
        self.told(number, None, is_raw)
    }

    /// Waits until the shell waits for a command. Returns how many it has begun.
    async fn wait_for_prompt(&self, progress: &mut watch::Receiver<Progress>) -> Result<u64> {
        let until = Instant::now() + SHELL_TIMEOUT;
        loop {
            progress.mark_unchanged();
            {
                let Model { commands, screen, .. } = &*self.model();
                if !commands.are_told() {
                    return Err(self.tells_nothing());
                }
                if progress.borrow().exit.is_some() {
                    return Err(Error::unavailable(format!("the shell of the terminal `{}` has ended", self.name())));
                }
                match commands.stage {
                    Stage::Running => return Err(self.busy()),
                    Stage::Prompt if screen.is_prompt_empty() => return Ok(commands.count),
                    Stage::Prompt | Stage::Between => {}
                }
            }
            if timeout_at(until, progress.changed()).await.is_err() {
                let message = format!("the shell of the terminal `{}` shows no empty prompt", self.name());
                return Err(Error::busy(message));
            }
        }
    }

    async fn wait_until(&self, progress: &mut watch::Receiver<Progress>, number: u64, is_reached: fn(&Place) -> bool) {
        loop {
            progress.mark_unchanged();
            let has_exited = progress.borrow().exit.is_some();
            let place = {
                let commands = &self.model().commands;
                let has_ended = commands.ended.as_ref().is_some_and(|it| it.number >= number);
                match commands.stage {
                    _ if has_exited => Place::Over,
                    Stage::Between if has_ended => Place::Ended,
                    _ if has_ended => Place::Over,
                    _ if commands.count >= number => Place::Running,
                    _ => Place::NotBegun,
                }
            };
            // The sender lives as long as the terminal.
            if is_reached(&place) || progress.changed().await.is_err() {
                return;
            }
        }
    }

    /// What is typed to run a line: pasted where the shell knows what that is, so that nothing in it is taken for a key.
    fn input_of(&self, line: &str) -> Bytes {
        let line = one_command(line);
        match self.model().screen.is_paste_bracketed() {
            true => format!("\x1b[200~{line}\x1b[201~\r").into(),
            false => format!("{line}\r").into(),
        }
    }

    fn told(&self, number: u64, line: Option<&str>, is_raw: bool) -> Result<TerminalCommand> {
        let exit = self.progress.borrow().exit;
        let (model, state) = (self.model(), self.lock());
        let gone = || Error::gone(format!("what the command wrote in the terminal `{}` is no longer kept", state.name));
        let command = model.commands.numbered(number).ok_or_else(gone)?;
        let (output, is_cut) = output_of(&state, command, is_raw);
        Ok(TerminalCommand {
            command_line: line.map(str::to_owned).or_else(|| command.line.clone()),
            output,
            is_cut,
            exit_code: command.exit_code,
            is_running: command.to.is_none() && exit.is_none(),
            exit: exit.filter(|_| number == model.commands.count),
            duration_ms: command.duration_ms,
        })
    }

    fn busy(&self) -> Error {
        Error::busy(format!("the shell of the terminal `{}` runs a command", self.name()))
    }

    fn tells_nothing(&self) -> Error {
        let message = format!("the program in the terminal `{}` does not tell of commands", self.name());
        Error::unsupported(message)
    }
}

/// What a command has written, as far as it is kept, and whether that is not all.
fn output_of(state: &State, command: &Command, is_raw: bool) -> (String, bool) {
    let to = command.to.unwrap_or_else(|| state.output.end());
    let from = command.from.max(state.output.begin()).min(to);
    let length = usize::try_from(to - from).unwrap_or(usize::MAX);
    let bytes = state.output.part(from, length).bytes;
    let is_cut = from > command.from;
    // The beginning of the first line is lost with those before.
    let whole = match memchr::memchr(b'\n', &bytes) {
        Some(end) if is_cut => &bytes[end + 1..],
        _ => without_shells_own(&bytes),
    };
    (if is_raw { String::from_utf8_lossy(whole).into_owned() } else { plain_text(whole) }, is_cut)
}

/// Without what fish writes before the output of each command: a title, and a carriage return.
fn without_shells_own(bytes: &[u8]) -> &[u8] {
    match memchr::memchr2(b'\r', b'\n', bytes).map(|end| bytes.split_at(end + 1)) {
        Some((own, output)) if plain_text(own) == "\r" => output,
        _ => bytes,
    }
}

fn checked(line: &str) -> Result<()> {
    if line.len() > LINE_BYTES_MAX {
        let message = format!("a command line has at most {LINE_BYTES_MAX} bytes");
        return Err(Error::too_large(message).with("limit", LINE_BYTES_MAX));
    }
    if line.trim().is_empty() {
        return Err(Error::invalid_params("there is no command to run"));
    }
    if line.chars().any(|it| it.is_control() && !matches!(it, '\n' | '\t')) {
        return Err(Error::invalid_params("a command line has no control characters but tabs and line feeds"));
    }
    Ok(())
}

/// Lines as one command, which every shell takes whole: it would begin each by itself, and history is not to be looked for in it.
fn one_command(line: &str) -> String {
    let line = line.trim_end_matches('\n');
    match line.contains(['\n', '!']) {
        // So every shell reads it: to some a backslash means something within quotes.
        true => format!("eval '{}'", line.replace('\\', "\0").replace('\'', r"'\''").replace('\0', r"'\\'")),
        false => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_one_command() {
        assert_eq!(one_command("ls -l\n"), "ls -l");
        assert_eq!(
            one_command("a 'b'\nc"),
            r"eval 'a '\''b'\''
c'"
        );
        assert_eq!(one_command(r"echo a!\b"), r"eval 'echo a!'\\'b'");
    }

    #[test]
    fn what_is_no_command_line_is_refused() {
        assert!(checked("ls\n\tls").is_ok());
        for line in ["", " \n", "a\u{3}", "a\u{1b}[201~", &"a".repeat(LINE_BYTES_MAX + 1)] {
            assert!(checked(line).is_err(), "{line:?}");
        }
    }
}
