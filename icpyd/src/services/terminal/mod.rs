//! `terminal:*`: programs in terminals, which go on when clients come and go, and when the daemon is replaced in place.
//!
//! All state is here and in the terminals' tasks; none of it is stored. Not here: what the output means.

#[cfg(any(windows, test))]
mod bridge;
mod commands;
mod creating;
mod cutter;
mod idle;
mod intake;
mod integration;
mod keeping;
mod keyboard;
mod modelling;
mod news;
mod one;
mod output;
mod owner;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;
mod profile;
mod rest;
mod run;
pub mod screen;
mod scrollback;
mod showing;
mod statistics;
mod task;
mod text;
mod view;
mod viewers;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use icpy_protocol::Empty;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::terminal::{
    CLOSED, CREATED, RENAMED, TerminalAckParams, TerminalApi, TerminalAttachParams, TerminalAttachResult,
    TerminalCloseParams, TerminalClosed, TerminalCommand, TerminalCreateParams, TerminalDataInParams,
    TerminalDetachParams, TerminalEncoding, TerminalInfo, TerminalLastCommandParams, TerminalListParams,
    TerminalListResult, TerminalParams, TerminalReadParams, TerminalReadResult, TerminalRenameParams,
    TerminalResizeParams, TerminalRunParams, TerminalSearchParams, TerminalSearchResult, TerminalSignalParams,
    TerminalSize, TerminalSnapshotParams, TerminalSnapshotResult, TerminalWaitParams, TerminalWaitResult,
};
use tokio::sync::{mpsc, watch};

use self::creating::Program;
use self::one::{Bounds, Terminal};
use self::owner::Owner;
use self::scrollback::Scrollback;
use self::view::TerminalView;
use self::viewers::{Given, Viewer, WINDOW_BYTES};
use super::Services;
use crate::caller::{Caller, LONG_RESULT_BYTES};
use crate::config::Loaded;
use crate::json_string::escaped;

/// The longest that `terminal:read` waits.
const WAIT_MAX: Duration = Duration::from_mins(1);

/// The longest piece of input.
const DATA_BYTES_MAX: usize = 1 << 20;

/// What programs must know of the daemon to find it again.
#[derive(Clone, Debug)]
pub struct Whereabouts {
    /// Its socket.
    pub socket: PathBuf,
    /// Names the daemon.
    pub daemon_id: String,
    /// Where it keeps its own things.
    pub state_folder: PathBuf,
}

/// The service.
#[derive(Debug)]
pub struct Terminals {
    services: Services,
    whereabouts: Whereabouts,
    settings: watch::Receiver<Loaded>,
    /// Of one owner, at most.
    owned_max: usize,
    scrollback: Arc<Scrollback>,
    open: Mutex<Open>,
}

/// The terminals there are, and will be.
#[derive(Debug, Default)]
struct Open {
    by_id: BTreeMap<String, Arc<Terminal>>,
    /// Of each that is being started, whose it will be.
    starting: Vec<Owner>,
}

impl Open {
    fn insert(&mut self, terminal: Arc<Terminal>) {
        self.by_id.insert(terminal.id().to_owned(), terminal);
    }
}

impl Terminals {
    pub(super) fn new(services: Services, whereabouts: Whereabouts, settings: watch::Receiver<Loaded>) -> Self {
        let limits = settings.borrow().config.limits.clone();
        let (owned_max, scrollback) = (limits.terminals_max, Scrollback::new(limits.scrollback_bytes_max));
        Self { services, whereabouts, settings, owned_max, scrollback, open: Mutex::default() }
    }

    /// What a new terminal has of the service's.
    fn bounds(&self) -> Bounds {
        Bounds { stop: self.services.stop.child_token(), share: self.scrollback.share() }
    }

    fn find(&self, id: &str) -> Result<Arc<Terminal>> {
        let found = self.lock().by_id.get(id).cloned();
        found.ok_or_else(|| Error::not_found(format!("there is no terminal `{id}`")))
    }

    /// The terminals, the oldest first.
    fn all(&self) -> Vec<Arc<Terminal>> {
        let mut all: Vec<_> = self.lock().by_id.values().cloned().collect();
        all.sort_by(|one, other| one.age().cmp(&other.age()));
        all
    }

    fn run(&self, terminal: Arc<Terminal>, input: mpsc::Receiver<Bytes>) {
        terminal.enter_scrollback();
        let (bus, id) = (self.services.bus.clone(), terminal.id().to_owned());
        let tell = move |news| news::tell(&bus, &id, news);
        self.services.tasks.spawn(terminal.run(input, tell));
    }

    async fn forget(&self, terminal_id: String) -> Result<()> {
        self.find(&terminal_id)?.close().await;
        if self.lock().by_id.remove(&terminal_id).is_some() {
            self.services.bus.publish(&CLOSED, &TerminalClosed { terminal_id });
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TerminalApi<Caller> for Terminals {
    async fn create(&self, caller: &Caller, params: TerminalCreateParams) -> Result<TerminalInfo> {
        let wanted = self.wanted(caller, params).await?;
        let place = self.make_room(Owner::of(caller)).await?;
        let (terminal, input) = self.start(place.owner, wanted).await?;
        let info = terminal.info();
        // Whoever hears of it finds it, and hears of nothing else before.
        place.fill(Arc::clone(&terminal));
        self.services.bus.publish(&CREATED, &info);
        self.run(terminal, input);
        Ok(info)
    }

    async fn list(&self, caller: &Caller, params: TerminalListParams) -> Result<TerminalListResult> {
        let workspace = match params.workspace {
            Some(named) => Some(self.workspace(caller, &named).await?.workspace_id),
            None => None,
        };
        let is_wanted = |it: &TerminalInfo| workspace.is_none() || it.workspace_id == workspace;
        let terminals = self.all().iter().map(|terminal| terminal.info()).filter(is_wanted).collect();
        Ok(TerminalListResult { terminals })
    }

    async fn get(&self, _: &Caller, params: TerminalParams) -> Result<TerminalInfo> {
        Ok(self.find(&params.terminal_id)?.info_with_statistics())
    }

    async fn rename(&self, _: &Caller, params: TerminalRenameParams) -> Result<TerminalInfo> {
        let terminal = self.find(&params.terminal_id)?;
        if params.name.is_empty() {
            return Err(Error::invalid_params("`name` is empty: a terminal is named by it"));
        }
        terminal.rename(params.name);
        let info = terminal.info();
        self.services.bus.publish(&RENAMED, &info);
        Ok(info)
    }

    async fn attach(&self, caller: &Caller, params: TerminalAttachParams) -> Result<TerminalAttachResult> {
        let terminal = self.find(&params.terminal_id)?;
        if params.is_binary && !caller.has_frames() {
            return Err(Error::unsupported("binary frames need a connection that has them: a WebSocket"));
        }
        let size = params.size.map(checked).transpose()?;
        let viewer_id = self.services.host.new_id();
        let (begin, end) = terminal.kept();
        let from = params.after.map_or(end, |after| after.clamp(begin, end));
        let viewer = Viewer {
            size,
            is_read_only: params.is_read_only,
            screen: if params.after.is_none_or(|after| after < begin) { Given::Wanted } else { Given::Taken },
            history: params.history_lines.map_or(usize::MAX, |lines| lines as usize),
            ..Viewer::new(viewer_id.clone(), caller.session().to_owned(), from)
        };
        terminal.attach(viewer)?;
        let view = TerminalView::new(Arc::clone(&terminal), viewer_id.clone(), params.is_binary);
        caller.open_view(Box::new(view))?;
        Ok(TerminalAttachResult { viewer_id, terminal: terminal.info(), from, window_bytes: WINDOW_BYTES })
    }

    async fn detach(&self, caller: &Caller, params: TerminalDetachParams) -> Result<Empty> {
        let terminal = self.find(&params.terminal_id)?;
        let is_there = terminal.with_viewers(|viewers| viewers.detach(&params.viewer_id, caller.session()));
        is_there.then_some(Empty {}).ok_or_else(|| no_viewer(&params.viewer_id))
    }

    async fn ack(&self, caller: &Caller, params: TerminalAckParams) -> Result<Empty> {
        let terminal = self.find(&params.terminal_id)?;
        let (id, session) = (&params.viewer_id, caller.session());
        let is_there = terminal.with_viewers(|viewers| viewers.acknowledge(id, session, params.to));
        is_there.then_some(Empty {}).ok_or_else(|| no_viewer(id))
    }

    async fn signal(&self, _: &Caller, params: TerminalSignalParams) -> Result<Empty> {
        self.find(&params.terminal_id)?.signal(&params.signal)?;
        Ok(Empty {})
    }

    async fn wait(&self, _: &Caller, params: TerminalWaitParams) -> Result<TerminalWaitResult> {
        let terminal = self.find(&params.terminal_id)?;
        let timeout = params.timeout_ms.map_or(Duration::MAX, Duration::from_millis);
        let ended = tokio::time::timeout(timeout, terminal.ended()).await;
        Ok(TerminalWaitResult { exit: ended.unwrap_or(None) })
    }

    async fn data_in(&self, caller: &Caller, params: TerminalDataInParams) -> Result<Empty> {
        if params.data.len() > DATA_BYTES_MAX {
            let message = format!("a piece of input has at most {DATA_BYTES_MAX} bytes");
            return Err(Error::too_large(message).with("limit", DATA_BYTES_MAX));
        }
        let data = match params.encoding {
            TerminalEncoding::Utf8 => params.data.into(),
            TerminalEncoding::Base64 => base64_simd::STANDARD
                .decode_to_vec(&params.data)
                .map_err(|error| Error::invalid_params(format!("the data is not valid base64: {error}")))?
                .into(),
        };
        let terminal = self.find(&params.terminal_id)?;
        if let Some(viewer) = &params.viewer_id {
            terminal.activate(viewer, caller.session(), None)?;
        }
        terminal.type_in(params.viewer_id.as_deref().unwrap_or(caller.session()), data).await?;
        Ok(Empty {})
    }

    async fn read(&self, caller: &Caller, params: TerminalReadParams) -> Result<TerminalReadResult> {
        let terminal = self.find(&params.terminal_id)?;
        let wait = Duration::from_millis(params.wait_ms.into()).min(WAIT_MAX);
        let progress = terminal.wait_for_output(params.after, wait).await;
        let _room = caller.reserve(LONG_RESULT_BYTES).await;
        let part = terminal.output_after(params.after);
        let to = part.from + part.bytes.len() as u64;
        let exit = progress.exit.filter(|_| to >= progress.end);
        Ok(TerminalReadResult { data: escaped(&String::from_utf8_lossy(&part.bytes)), from: part.from, to, exit })
    }

    async fn snapshot(&self, caller: &Caller, params: TerminalSnapshotParams) -> Result<TerminalSnapshotResult> {
        let terminal = self.find(&params.terminal_id)?;
        let _room = caller.reserve(LONG_RESULT_BYTES).await;
        Ok(terminal.text(&params))
    }

    async fn search(&self, caller: &Caller, params: TerminalSearchParams) -> Result<TerminalSearchResult> {
        let terminal = self.find(&params.terminal_id)?;
        let _room = caller.reserve(LONG_RESULT_BYTES).await;
        terminal.search(&params)
    }

    async fn clear(&self, _: &Caller, params: TerminalParams) -> Result<Empty> {
        self.find(&params.terminal_id)?.clear();
        Ok(Empty {})
    }

    async fn run(&self, caller: &Caller, params: TerminalRunParams) -> Result<TerminalCommand> {
        let command = self.find(&params.terminal_id)?.run_line(&params).await?;
        let _room = caller.reserve(LONG_RESULT_BYTES).await;
        Ok(command)
    }

    async fn last_command(&self, caller: &Caller, params: TerminalLastCommandParams) -> Result<TerminalCommand> {
        let terminal = self.find(&params.terminal_id)?;
        let _room = caller.reserve(LONG_RESULT_BYTES).await;
        terminal.last_command(params.is_raw)
    }

    async fn resize(&self, caller: &Caller, params: TerminalResizeParams) -> Result<Empty> {
        let (terminal, size) = (self.find(&params.terminal_id)?, checked(params.size)?);
        match params.viewer_id {
            Some(viewer) => terminal.activate(&viewer, caller.session(), Some(size))?,
            None => terminal.resize(size)?,
        }
        Ok(Empty {})
    }

    async fn close(&self, _: &Caller, params: TerminalCloseParams) -> Result<Empty> {
        self.forget(params.terminal_id).await?;
        Ok(Empty {})
    }
}

fn checked(size: TerminalSize) -> Result<TerminalSize> {
    match size.columns > 0 && size.rows > 0 {
        true => Ok(size),
        false => Err(Error::invalid_params(format!("a terminal of {} by {} has no room", size.columns, size.rows))),
    }
}

fn no_viewer(id: &str) -> Error {
    Error::not_found(format!("this session has no viewer `{id}` of the terminal"))
}
