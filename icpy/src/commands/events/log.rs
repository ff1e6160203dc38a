//! `icpy log`: who changed what, and when.

use std::io::{self, IsTerminal as _};

use futures_util::StreamExt as _;
use icpy::args::{General, Log};
use icpy::{Event, Update, host};
use icpy_protocol::error::Error;
use icpy_protocol::event::{self, EventListParams, EventListResult, LoggedEvent, names_path};
use icpy_protocol::path::FilePath;
use icpy_protocol::session::{SessionReplay, SessionSubscribeParams};
use icpy_protocol::topic::Pattern;
use serde_json::{Map, Value};

use super::sentence::{Words, is_implied};
use super::{Daemon, absolute, connect, host_of};
use crate::output::{Failure, print, print_json, say};

/// How many entries are shown when nothing says so.
const SHOWN: u32 = 50;

/// The most entries of one answer.
const PAGE: u32 = 1000;

pub(super) fn run(logged: Log, general: &General) -> Result<(), Failure> {
    let path = logged.path.as_deref().map(|path| absolute(path, general)).transpose()?;
    let begin = logged.since.map(|since| since.place(host::now_ms())).unwrap_or_default();
    let params = EventListParams {
        patterns: logged.topics.clone(),
        path: path.clone(),
        after_id: begin.after_log_id,
        since_ms: begin.since_ms,
        ..EventListParams::default()
    };
    let printer = Printer {
        words: Words::new(host_of(general).is_some(), io::stdout().is_terminal()),
        is_json: general.json,
        has_topics: !logged.topics.is_empty(),
    };
    let last_id = printer.list(&logged, params, general)?;
    if !logged.follow {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(printer.follow(logged.topics, path, last_id, general))
}

struct Printer {
    words: Words,
    is_json: bool,
    /// Whether topics were asked for: then all of them are shown.
    has_topics: bool,
}

impl Printer {
    /// Prints what there is. Returns the last entry of the log.
    fn list(&self, logged: &Log, mut params: EventListParams, general: &General) -> Result<u64, Failure> {
        let mut daemon = Daemon::open_or_start(general)?;
        if logged.limit.is_none() && logged.since.is_some() {
            loop {
                let page: EventListResult = daemon.call(event::method::list, &params)?;
                self.print(&page.events, usize::MAX)?;
                match page.next_after_id {
                    Some(id) => params = EventListParams { after_id: Some(id), since_ms: None, ..params },
                    None => return Ok(page.last_id),
                }
            }
        }
        let shown = logged.limit.unwrap_or(SHOWN);
        // Some are implied by others and not shown.
        let limit = if self.shows_all() { shown } else { PAGE };
        let params = EventListParams { newest: true, limit: Some(limit), ..params };
        let page: EventListResult = daemon.call(event::method::list, &params)?;
        self.print(&page.events, shown as usize)?;
        Ok(page.last_id)
    }

    fn shows_all(&self) -> bool {
        self.is_json || self.has_topics
    }

    /// Prints the last of some events.
    fn print(&self, events: &[LoggedEvent], limit: usize) -> io::Result<()> {
        let is_shown = |place: &usize| {
            let event = &events[*place];
            let is_of_it = |other: &LoggedEvent| {
                other.entry.time_ms == event.entry.time_ms && other.entry.by == event.entry.by && !is_implied(other)
            };
            let around = &events[place.saturating_sub(2)..events.len().min(place + 3)];
            self.shows_all() || !is_implied(event) || !around.iter().any(is_of_it)
        };
        let shown: Vec<usize> = (0..events.len()).filter(is_shown).collect();
        for place in &shown[shown.len().saturating_sub(limit)..] {
            self.print_one(&events[*place])?;
        }
        Ok(())
    }

    fn print_one(&self, event: &LoggedEvent) -> io::Result<()> {
        match self.is_json {
            true => print_json(event),
            false => print(format!("{}\n", self.words.line(event)).as_bytes()),
        }
    }

    /// Prints what comes after an entry, until the user has had enough.
    async fn follow(
        &self,
        mut patterns: Vec<Pattern>,
        path: Option<FilePath>,
        last_id: u64,
        general: &General,
    ) -> Result<(), Failure> {
        if patterns.is_empty() {
            patterns.extend(Pattern::parse("**"));
        }
        let client = connect("log", general).await?;
        let replay = Some(SessionReplay { after_log_id: Some(last_id), since_ms: None });
        let params = SessionSubscribeParams { patterns, replay, ..SessionSubscribeParams::default() };
        let mut updates = client.subscribe(params).await?;
        let is_wanted = |event: &LoggedEvent| {
            (self.shows_all() || !is_implied(event))
                && path.as_ref().is_none_or(|path| names_path(&event.payload, path))
        };
        while let Some(update) = updates.next().await {
            match update {
                Update::Event(event) => {
                    if let Some(event) = logged(&event).filter(is_wanted) {
                        self.print_one(&event)?;
                    }
                }
                // Of what is in the log nothing is.
                Update::Gap { .. } => {}
                Update::Reset { .. } => say("connected to icpyd anew"),
            }
        }
        Err(Failure::from(Error::unavailable(client.ended().await)).no_daemon())
    }
}

/// An event as it is in the log, if it is there.
fn logged(event: &Event) -> Option<LoggedEvent> {
    let mut payload: Map<String, Value> = serde_json::from_str(event.params().get()).ok()?;
    payload.retain(|name, _| !["subscription", "prev", "log", "epoch", "seq"].contains(&&**name));
    Some(LoggedEvent { entry: event.log.clone()?, topic: event.topic.clone(), payload })
}
