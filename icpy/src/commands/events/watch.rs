//! `icpy watch`: prints events as they happen.

use futures_util::StreamExt as _;
use icpy::args::{General, Watch};
use icpy::{Update, host};
use icpy_protocol::error::Error;
use icpy_protocol::session::SessionSubscribeParams;
use icpy_protocol::topic::Pattern;
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::connect;
use crate::output::{Failure, print_json, say};

/// One printed event.
#[derive(Serialize)]
struct Line<'a> {
    topic: &'a str,
    params: &'a RawValue,
}

pub(super) fn run(watched: Watch, general: &General) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(watch(watched, general))
}

async fn watch(Watch { since, mut patterns }: Watch, general: &General) -> Result<(), Failure> {
    if patterns.is_empty() {
        patterns.extend(Pattern::parse("**"));
    }
    let client = connect("watch", general).await?;
    let replay = since.map(|since| since.place(host::now_ms()));
    let params = SessionSubscribeParams { patterns, replay, ..SessionSubscribeParams::default() };
    let mut updates = client.subscribe(params).await?;
    while let Some(update) = updates.next().await {
        match update {
            Update::Event(event) => print_json(&Line { topic: &event.topic, params: event.params() })?,
            Update::Gap { from, to } => note(general, &format!("events {from} to {to} were lost"), "gap")?,
            Update::Reset { .. } if since.is_some() => {
                note(general, "connected to icpyd anew; events that the log does not have are lost", "reset")?;
            }
            Update::Reset { .. } => note(general, "connected to icpyd anew; earlier events are lost", "reset")?,
        }
    }
    Err(Failure::from(Error::unavailable(client.ended().await)).no_daemon())
}

/// What is no event goes to the person, or with `--json` to the program.
fn note(general: &General, sentence: &str, name: &str) -> std::io::Result<()> {
    if general.json {
        return print_json(&json!({ "notice": name, "message": sentence }));
    }
    say(sentence);
    Ok(())
}
