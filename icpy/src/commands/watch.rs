//! `icpy watch`: prints events as they happen.

use futures_util::StreamExt as _;
use icpy::args::General;
use icpy::{Client, Update};
use icpy_protocol::error::Error;
use icpy_protocol::session::{ClientInfo, SessionSubscribeParams};
use icpy_protocol::topic::Pattern;
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::finder;
use crate::output::{Failure, print_json, say};

/// One printed event.
#[derive(Serialize)]
struct Line<'a> {
    topic: &'a str,
    params: &'a RawValue,
}

pub(super) fn run(patterns: Vec<Pattern>, general: &General) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(watch(patterns, general))
}

async fn watch(mut patterns: Vec<Pattern>, general: &General) -> Result<(), Failure> {
    if patterns.is_empty() {
        patterns.extend(Pattern::parse("**"));
    }
    let client_info = ClientInfo { name: "icpy watch".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
    let connected = Client::connect(finder(general)?, client_info).await;
    let client = connected.map_err(|error| Failure::from(error).no_daemon())?;
    let params = SessionSubscribeParams { patterns, ..SessionSubscribeParams::default() };
    let mut updates = client.subscribe(params).await?;
    while let Some(update) = updates.next().await {
        match update {
            Update::Event(event) => print_json(&Line { topic: &event.topic, params: event.params() })?,
            Update::Gap { from, to } => note(general, &format!("events {from} to {to} were lost"), "gap")?,
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
