//! Listing the event log: for each caller what it could have heard.

use icpy_protocol::error::Result;
use icpy_protocol::event::{EventEntry, EventListParams, EventListResult, LoggedEvent, names_path};
use serde_json::{Map, Value};

use crate::caller::{Caller, LONG_RESULT_BYTES};
use crate::journal::Journal;
use crate::store::events::{self, Kept};

/// The most events in one answer.
const EVENTS_MAX: usize = 1000;

/// About the most bytes of payloads in one answer.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// The most events that are read at once, and about the most bytes: others may want the store.
const PAGE_MAX: (usize, usize) = (1024, 1 << 20);

/// What was found so far.
struct Found<'a> {
    caller: &'a Caller,
    params: &'a EventListParams,
    events: Vec<LoggedEvent>,
    bytes: usize,
}

pub(super) async fn list(journal: &Journal, caller: &Caller, params: &EventListParams) -> Result<EventListResult> {
    let _room = caller.reserve(LONG_RESULT_BYTES).await;
    let since_ms = params.since_ms;
    let place = journal.commit(move |connection, _| {
        let before = since_ms.map_or(Ok(0), |time_ms| events::before(connection, time_ms))?;
        Ok((before, events::extent(connection)?.newest))
    });
    let (before, last_id) = place.await?.value;
    let after_id = params.after_id.unwrap_or(0).max(before);
    let found = Found { caller, params, events: Vec::new(), bytes: 0 };
    match params.newest {
        true => found.read_back(journal, after_id, last_id).await,
        false => found.read_on(journal, after_id, last_id).await,
    }
}

impl Found<'_> {
    async fn read_on(mut self, journal: &Journal, after_id: u64, last_id: u64) -> Result<EventListResult> {
        let (mut read, mut has_more) = (after_id, true);
        while has_more {
            let page = journal.commit(move |connection, _| events::after(connection, read, PAGE_MAX, events::owned));
            let (events, has_others) = page.await?.value;
            has_more = has_others;
            for event in events {
                if self.is_full() {
                    let next_after_id = Some(read);
                    return Ok(EventListResult { events: self.events, next_after_id, last_id: last_id.max(read) });
                }
                read = event.id;
                self.take(event);
            }
        }
        Ok(EventListResult { events: self.events, next_after_id: None, last_id: last_id.max(read) })
    }

    async fn read_back(mut self, journal: &Journal, after_id: u64, last_id: u64) -> Result<EventListResult> {
        let (mut next, mut has_more) = (last_id, true);
        while has_more && next > after_id && !self.is_full() {
            let page = journal.commit(move |connection, _| events::up_to(connection, next, PAGE_MAX, events::owned));
            let (events, has_others) = page.await?.value;
            has_more = has_others;
            for event in events.into_iter().take_while(|event| event.id > after_id) {
                next = event.id - 1;
                if !self.is_full() {
                    self.take(event);
                }
            }
        }
        self.events.reverse();
        Ok(EventListResult { events: self.events, next_after_id: None, last_id })
    }

    fn is_full(&self) -> bool {
        let limit = self.params.limit.map_or(EVENTS_MAX, |limit| (limit as usize).clamp(1, EVENTS_MAX));
        self.events.len() >= limit || self.bytes >= ANSWER_BYTES_MAX
    }

    /// Takes an event, if it is asked for and the caller could have heard of it. What has another topic than any that is known
    /// was written by another version.
    fn take(&mut self, event: Kept) {
        let Self { caller, params, .. } = self;
        let Kept { id, time_ms, topic, payload, caused_by } = event;
        let is_asked = params.patterns.is_empty() || params.patterns.iter().any(|pattern| pattern.matches(&topic));
        let may_hear = || icpy_protocol::event_info(&topic).is_some_and(|it| caller.scopes().contains(it.access));
        if !is_asked || !may_hear() {
            return;
        }
        let bytes = payload.len();
        let Ok(payload) = serde_json::from_str::<Map<String, Value>>(&payload) else { return };
        if !caller.identity().may_hear(&topic, || &payload)
            || !params.path.as_ref().is_none_or(|it| names_path(&payload, it))
        {
            return;
        }
        let by = caused_by.and_then(|by| serde_json::from_str(&by).ok());
        self.bytes += bytes;
        self.events.push(LoggedEvent { entry: EventEntry { id, time_ms, by }, topic, payload });
    }
}
