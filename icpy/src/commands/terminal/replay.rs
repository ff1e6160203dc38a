//! `icpy terminal replay`: shows a recording, as fast as it was.

use std::fs::File;
use std::io::{self, BufReader, IsTerminal as _};
use std::path::Path;
use std::time::Duration;

use icpy_protocol::error::Error;
use tokio::time::{Instant, sleep_until};

use super::asciicast::{Event, Recording, read};
use super::attach;
use super::modes::Modes;
use crate::output::{Failure, print, say};

/// The exit status of what ^C has ended.
const INTERRUPTED: u8 = 130;

pub(super) fn run(path: &Path, speed: f64, idle_limit: Option<Duration>) -> Result<(), Failure> {
    let file =
        File::open(path).map_err(|error| Error::not_found(format!("cannot read `{}`: {error}", path.display())))?;
    let recording = read(BufReader::new(file))
        .map_err(|why| Failure::usage(format!("`{}` is not a recording: {why}", path.display())))?;
    let size = recording.size;
    if io::stdout().is_terminal()
        && attach::size().is_some_and(|own| own.columns < size.columns || own.rows < size.rows)
    {
        say(&format!("this was {} by {}: in so small a terminal it may look odd", size.columns, size.rows));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut modes = Modes::default();
    let is_whole = runtime.block_on(async {
        tokio::select! {
            shown = show(recording, speed, idle_limit, &mut modes) => shown.map(|()| true),
            _ = tokio::signal::ctrl_c() => Ok(false),
        }
    })?;
    if io::stdout().is_terminal() {
        print(&modes.leave())?;
    }
    if is_whole { Ok(()) } else { Err(Failure::reported(INTERRUPTED)) }
}

async fn show(recording: Recording, speed: f64, idle_limit: Option<Duration>, modes: &mut Modes) -> io::Result<()> {
    // Each moment is counted from the beginning: to write takes time too.
    let mut moment = Instant::now();
    for (rest, event) in recording.events {
        let rest = idle_limit.map_or(rest, |limit| rest.min(limit));
        let rest = Duration::try_from_secs_f64(rest.as_secs_f64() / speed).unwrap_or(Duration::MAX);
        let Some(next) = moment.checked_add(rest) else { std::future::pending().await };
        moment = next;
        sleep_until(moment).await;
        if let Event::Output(text) = event {
            modes.note(text.as_bytes());
            print(text.as_bytes())?;
        }
    }
    Ok(())
}
