//! `icpy logs`: what the daemon has written of itself. Works also where no daemon runs, which is when it is needed most.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use icpy::args::{General, Logs};
use icpy::host;
use icpy_protocol::Empty;
use icpy_protocol::daemon::{self, DaemonSetLogLevelParams};
use icpy_protocol::endpoint::Folders;
use icpy_protocol::error::Error;
use jiff::Timestamp;
use notify::{RecursiveMode, Watcher as _};
use serde_json::{Map, Value};

use super::Daemon;
use crate::output::{Failure, date, print};

pub(super) fn run(logs: &Logs, general: &General) -> Result<(), Failure> {
    if let Some(level) = logs.level {
        let _: Empty =
            Daemon::open(general)?.call(daemon::method::set_log_level, &DaemonSetLogLevelParams { level })?;
    }
    let folders = Folders::find(&host::environment()).map_err(|message| Failure::from(Error::unavailable(message)))?;
    let path = folders.log_file();
    let mut log = Follower::open(path.clone())
        .map_err(|error| Failure::from(Error::not_found(format!("there is no log `{}`: {error}", path.display()))))?;
    let mut last = VecDeque::new();
    while let Some(line) = log.next()? {
        last.push_back(line);
        if last.len() > logs.lines {
            last.pop_front();
        }
    }
    for line in &last {
        show(line, general.json)?;
    }
    if logs.follow { follow(log, general) } else { Ok(()) }
}

/// Prints what comes, until the user has had enough.
fn follow(mut log: Follower, general: &General) -> Result<(), Failure> {
    let (tell, changed) = mpsc::sync_channel(1);
    let watched = notify::recommended_watcher(move |_| {
        // One that waits to be looked at is enough.
        let _ = tell.try_send(());
    })
    .and_then(|mut watcher| {
        watcher.watch(log.path.parent().unwrap_or(Path::new("/")), RecursiveMode::NonRecursive)?;
        Ok(watcher)
    });
    let _watcher =
        watched.map_err(|error| Failure::from(Error::unavailable(format!("cannot follow the log: {error}"))))?;
    loop {
        while let Some(line) = log.next()? {
            show(&line, general.json)?;
        }
        if changed.recv().is_err() {
            return Ok(());
        }
    }
}

/// The lines of a log, also over its change to a new file.
struct Follower {
    path: PathBuf,
    reader: BufReader<File>,
    /// A line that is not whole yet.
    line: String,
}

impl Follower {
    fn open(path: PathBuf) -> io::Result<Self> {
        let reader = BufReader::new(File::open(&path)?);
        Ok(Self { path, reader, line: String::new() })
    }

    fn next(&mut self) -> io::Result<Option<String>> {
        loop {
            if self.reader.read_line(&mut self.line)? > 0 {
                if self.line.ends_with('\n') {
                    return Ok(Some(std::mem::take(&mut self.line)));
                }
                continue;
            }
            // The old file is read to its end before the new one.
            match File::open(&self.path) {
                Ok(file) if host::is_other_file(&file, self.reader.get_ref()) => self.reader = BufReader::new(file),
                _ => return Ok(None),
            }
        }
    }
}

fn show(line: &str, is_json: bool) -> io::Result<()> {
    let event: Option<Map<String, Value>> = if is_json { None } else { serde_json::from_str(line).ok() };
    match event {
        Some(event) => print(describe(event).as_bytes()),
        None => print(line.as_bytes()),
    }
}

/// One event as a person reads it: when, how grave, what, and the rest.
fn describe(mut event: Map<String, Value>) -> String {
    let mut take = |name: &str| event.remove(name).map(text).unwrap_or_default();
    let (time, level, message, _) = (take("timestamp"), take("level"), take("message"), take("target"));
    let ms = time.parse().ok().and_then(|time: Timestamp| u64::try_from(time.as_millisecond()).ok());
    let time = ms.map_or(time, date);
    let mut line = format!("{time}  {level:<5}  {message}");
    for (name, value) in event {
        let _ = write!(line, "  {name}={}", text(value));
    }
    line + "\n"
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
