//! `icpy --wait FILE...`: opens files and returns when all of them are closed again, for programs that want an editor
//! and what it leaves, such as `git commit`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use futures_util::StreamExt as _;
use icpy::args::General;
use icpy::{Client, Update};
use icpy_protocol::error::Error;
use icpy_protocol::file::{CLOSED, FileClient, FileListParams, FileOpenParams};
use icpy_protocol::presence::{PresenceClient, PresenceUpdateParams, PresenceView};
use icpy_protocol::session::{ClientInfo, SessionSubscribeParams};
use icpy_protocol::topic::Pattern;

use super::finder;
use super::open::explain;
use crate::output::{Failure, print_json, say};

/// Exit status when what was changed in a file was thrown away.
const DISCARDED: u8 = 1;

/// Opens files, each under the name that the user knows, and waits.
pub(super) fn run(files: Vec<(PathBuf, FileOpenParams)>, general: &General) -> Result<(), Failure> {
    for (name, params) in &files {
        if params.path.as_path().is_dir() {
            return Err(Failure::usage(format!("`{}` is a folder: only files can be waited for", name.display())));
        }
    }
    let finder = finder(general)?;
    if !finder.is_remote() {
        // One that cannot be started is told as by every command.
        finder.locate_or_start()?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client_info = ClientInfo { name: "icpy --wait".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
        // With this daemon and no other: when it dies, who waits must not go on as if the file were done with.
        let client = Client::connect_to_one(finder, client_info).await;
        wait(client.map_err(|error| Failure::from(error).no_daemon())?, files, general).await
    })
}

async fn wait(client: Client, targets: Vec<(PathBuf, FileOpenParams)>, general: &General) -> Result<(), Failure> {
    let patterns = Pattern::parse(CLOSED.info.topic).into_iter().collect();
    // Before anything is opened, so that no end is missed.
    let mut closed = client.subscribe(SessionSubscribeParams { patterns, ..Default::default() }).await?;
    let files = FileClient::new(client.clone());
    let presence = PresenceClient::new(client.clone());
    let mut open = BTreeMap::new();
    let (mut is_seen, mut is_discarded) = (true, false);
    for (name, params) in targets {
        let opened = files.open(&params).await.map_err(|error| explain(error, &name))?;
        is_seen &= opened.receivers > 0;
        open.insert(opened.file.file_id.clone(), opened.file.clone());
        if general.json {
            print_json(&opened)?;
        }
    }
    if !is_seen && !general.json {
        say("waiting, but no editor is attached that would show it: `icpy close FILE` says that it is done");
    }
    while let Some(file) = open.values().next() {
        let waits_for = open.values().map(|file| file.path.clone()).collect();
        let view = PresenceView { waits_for, ..Default::default() };
        // So that editors show that somebody waits. Where it is refused the wait is the same.
        let _ = presence.update(&PresenceUpdateParams { workspace_id: Some(file.workspace_id.clone()), view }).await;
        match closed.next().await {
            Some(Update::Event(event)) => {
                if let Some(event) = event.payload(&CLOSED)
                    && open.remove(&event.file.file_id).is_some()
                {
                    is_discarded |= event.is_discarded;
                }
            }
            // What was missed is asked for.
            Some(Update::Gap { .. } | Update::Reset { .. }) => {
                let still_open = files.list(&FileListParams::default()).await?.files;
                open.retain(|id, _| still_open.iter().any(|file| file.file_id == *id));
            }
            None => return Err(Failure::from(Error::unavailable(client.ended().await)).no_daemon()),
        }
    }
    if is_discarded { Err(Failure::reported(DISCARDED)) } else { Ok(()) }
}
