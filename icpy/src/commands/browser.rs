//! Windows of the web UI: whether one is there, and waiting for one.

use std::time::Duration;

use futures_util::StreamExt as _;
use icpy::args::{General, Web};
use icpy::{Client, Update};
use icpy_protocol::error::Error;
use icpy_protocol::presence::{self, CHANGED, PresenceClient, PresenceInfo, PresenceListParams, PresenceListResult};
use icpy_protocol::session::{ClientInfo, SessionSubscribeParams};
use icpy_protocol::topic::Pattern;

use super::{Daemon, finder, web};
use crate::output::{Failure, say};

/// What the web UI calls itself.
const CLIENT: &str = "icpy-web";

/// How long a link logs in.
const LINK_LASTS: Duration = Duration::from_mins(1);

/// Whether there is a window that shows a workspace.
pub(super) fn is_there(daemon: &mut Daemon) -> Result<bool, Error> {
    let listed: PresenceListResult = daemon.call(presence::method::list, &PresenceListParams::default())?;
    Ok(listed.present.iter().any(is_window))
}

/// Opens a browser, or prints the link for one, and waits for its window.
pub(super) fn open(general: &General) -> Result<(), Failure> {
    let finder = finder(general)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let client_info = ClientInfo { name: "icpy --web".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
    let is_there = runtime.block_on(async {
        let client = Client::connect_to_one(finder, client_info).await?;
        let patterns = Pattern::parse(CHANGED.info.topic).into_iter().collect();
        // Before the link is there, so that no window is missed.
        let mut changed = client.subscribe(SessionSubscribeParams { patterns, ..Default::default() }).await?;
        web::run(Web::default(), general)?;
        say("waiting for a window at that link, at most a minute");
        let window = async {
            while let Some(update) = changed.next().await {
                let is_window = match update {
                    Update::Event(event) => event.payload(&CHANGED).is_some_and(|info| is_window(&info)),
                    Update::Gap { .. } | Update::Reset { .. } => {
                        let listed = PresenceClient::new(client.clone()).list(&PresenceListParams::default()).await;
                        listed.is_ok_and(|listed| listed.present.iter().any(is_window))
                    }
                };
                if is_window {
                    return;
                }
            }
        };
        Ok::<_, Failure>(tokio::time::timeout(LINK_LASTS, window).await.is_ok())
    })?;
    if !is_there {
        say("no browser has come to the link: `icpy web` gives another one");
    }
    Ok(())
}

fn is_window(info: &PresenceInfo) -> bool {
    info.client == CLIENT
}
