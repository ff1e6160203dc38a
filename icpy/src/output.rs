//! What the client prints and how it ends: data on standard output, sentences on standard error.

pub(crate) mod color;
pub(crate) mod progress;

use std::io::{self, IsTerminal as _, Write as _};

use icpy::finder::NoDaemon;
use icpy_protocol::error::{Error, Kind};
use icpy_protocol::path::FilePath;
use icpy_protocol::path::names::is_unseen;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

/// Why a command failed, with the exit status that says so.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) hint: Option<String>,
    pub(crate) status: u8,
    is_reported: bool,
}

/// The daemon cannot be reached or started.
pub(crate) const NO_DAEMON: u8 = 11;

/// The daemon speaks no version of the protocol that this client speaks.
const OTHER_PROTOCOL: u8 = 12;

/// The reader of standard output has gone: 128 and the number of SIGPIPE.
pub(crate) const NO_READER: u8 = 141;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = match error.kind() {
            Kind::InvalidParams | Kind::MethodNotFound => 2,
            Kind::Unsupported if error.detail("min").is_some() => OTHER_PROTOCOL,
            Kind::NotFound | Kind::PermissionDenied | Kind::Unsupported => 3,
            Kind::Busy => 4,
            Kind::Timeout => 124,
            _ if error.is_connection_lost() => NO_DAEMON,
            _ => 1,
        };
        Self { error, hint: None, status, is_reported: false }
    }
}

impl From<NoDaemon> for Failure {
    fn from(why: NoDaemon) -> Self {
        let hint = match &why {
            NoDaemon::NotStarted { log: Some(log), .. } => Some(format!("its log is `{}`", log.display())),
            NoDaemon::NotStarted { log: None, .. } | NoDaemon::NotReached { .. } => None,
            NoDaemon::NotRunning => Some("`icpy start` starts it, and so does opening a file".to_owned()),
        };
        Self { error: Error::unavailable(why.to_string()), hint, status: NO_DAEMON, is_reported: false }
    }
}

impl From<io::Error> for Failure {
    /// Of writing to standard output: nothing else fails in this way.
    fn from(error: io::Error) -> Self {
        let status = if error.kind() == io::ErrorKind::BrokenPipe { NO_READER } else { 1 };
        Self {
            error: Error::internal(format!("cannot write the output: {error}")),
            hint: None,
            status,
            is_reported: false,
        }
    }
}

impl Failure {
    pub(crate) fn usage(message: String) -> Self {
        Self { error: Error::invalid_params(message), hint: None, status: 2, is_reported: false }
    }

    /// A failure of which the user has been told.
    pub(crate) fn reported(status: u8) -> Self {
        Self { error: Error::internal(""), hint: None, status, is_reported: true }
    }

    /// The same failure, because there is no daemon any more.
    #[must_use]
    pub(crate) fn no_daemon(self) -> Self {
        self.with_status(NO_DAEMON)
    }

    #[must_use]
    pub(crate) fn with_status(mut self, status: u8) -> Self {
        self.status = status;
        self
    }

    #[must_use]
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says what failed, to a person or to a program. Returns the exit status.
    pub(crate) fn report(&self, is_json: bool) -> u8 {
        if self.status != NO_READER && !self.is_reported {
            // When the failure cannot be printed the exit status still says it.
            let _ = if is_json { print_json(&serde_json::json!({ "error": self.error })) } else { self.print() };
        }
        self.status
    }

    fn print(&self) -> io::Result<()> {
        let mut stderr = io::stderr().lock();
        let is_colored = color::is_wanted(&stderr);
        writeln!(stderr, "{} {}", color::paint("error:", color::RED, is_colored), harmless(self.error.message()))?;
        match &self.hint {
            Some(hint) => writeln!(stderr, "{} {}", color::paint("hint:", color::CYAN, is_colored), harmless(hint)),
            None => Ok(()),
        }
    }
}

/// Prints one object on one line of standard output.
pub(crate) fn print_json(value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    print(&line)
}

/// Prints text on standard output, at once.
pub(crate) fn print(text: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text)?;
    stdout.flush()
}

/// Prints text on standard output: for a person without the characters of names in it that would command the terminal.
pub(crate) fn print_text(text: &str) -> io::Result<()> {
    if io::stdout().is_terminal() { print(harmless(text).as_bytes()) } else { print(text.as_bytes()) }
}

/// Says something to a person, on standard error.
pub(crate) fn say(sentence: &str) {
    // Nobody reads it, so nobody misses it.
    let _ = io::stderr().write_all(format!("icpy: {}\n", harmless(sentence)).as_bytes());
}

/// A sentence without the characters of names in it that would command the terminal. It may have several lines.
fn harmless(sentence: &str) -> String {
    let is_harmful = |char: char| (char.is_control() && !matches!(char, '\n' | '\t')) || is_unseen(char);
    sentence.chars().map(|char| if is_harmful(char) { '?' } else { char }).collect()
}

/// Does something with each of several things. What fails is told and the rest done; the first failure is the result.
pub(crate) fn first_failure<T>(
    is_json: bool,
    things: &[T],
    mut act: impl FnMut(&T) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut first = Ok(());
    for thing in things {
        if let Err(failure) = act(thing) {
            failure.report(is_json);
            first = first.and(Err(Failure::reported(failure.status)));
        }
    }
    first
}

/// A name as it is printed: for a person without the characters that would command the terminal, or make it seem another one.
pub(crate) fn shown(name: &FilePath, is_for_person: bool) -> Vec<u8> {
    let bytes = name.as_path().as_os_str().as_encoded_bytes();
    if !is_for_person {
        return bytes.to_vec();
    }
    let text = String::from_utf8_lossy(bytes);
    text.chars()
        .map(|char| if char.is_control() || is_unseen(char) { '?' } else { char })
        .collect::<String>()
        .into_bytes()
}

/// Rows with their columns below each other.
pub(crate) fn table<const N: usize>(rows: impl IntoIterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = rows.into_iter().collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// A time, in milliseconds since 1970, as the user's clocks show it.
pub(crate) fn date(ms: u64) -> String {
    date_in(&TimeZone::system(), ms)
}

/// The same in a time zone.
pub(crate) fn date_in(zone: &TimeZone, ms: u64) -> String {
    let time = i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let zoned = time.map(|time| time.to_zoned(zone.clone()));
    zoned.map_or_else(|| ms.to_string(), |time| time.strftime("%Y-%m-%d %H:%M:%S").to_string())
}
