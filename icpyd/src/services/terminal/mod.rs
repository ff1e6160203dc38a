//! `terminal:*`: programs in terminals, which go on when clients come and go, and when the daemon is replaced in place.
//!
//! All state is here and in the terminals' tasks; none of it is stored. Not here: what the output means.

mod integration;
mod keeping;
mod keyboard;
mod news;
mod one;
mod output;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;
pub mod screen;
mod showing;
mod view;
mod viewers;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use icpy_protocol::Empty;
use icpy_protocol::endpoint::{DAEMON_VARIABLE, SOCKET_VARIABLE};
use icpy_protocol::error::{Error, Result};
use icpy_protocol::path::FilePath;
use icpy_protocol::terminal::{
    CLOSED, CREATED, RENAMED, TerminalAckParams, TerminalApi, TerminalAttachParams, TerminalAttachResult,
    TerminalCloseParams, TerminalClosed, TerminalCreateParams, TerminalDataInParams, TerminalDetachParams,
    TerminalEncoding, TerminalInfo, TerminalListResult, TerminalParams, TerminalReadParams, TerminalReadResult,
    TerminalRenameParams, TerminalResizeParams, TerminalSignalParams, TerminalSize, TerminalWaitParams,
    TerminalWaitResult,
};
use tokio::sync::mpsc;

use self::one::Terminal;
use self::view::TerminalView;
use self::viewers::{Given, Viewer, WINDOW_BYTES};
use super::Services;
use crate::caller::{Caller, LONG_RESULT_BYTES};

/// Terminals there may be.
const TERMINALS_MAX: usize = 512;

/// The longest that `terminal:read` waits.
const WAIT_MAX: Duration = Duration::from_mins(1);

/// The longest piece of input.
const DATA_BYTES_MAX: usize = 1 << 20;

/// The variable that tells a program its terminal.
const TERMINAL_VARIABLE: &str = "ICPY_TERMINAL_ID";

/// What of the daemon's own environment describes the user, and so is for programs too.
const USER_VARIABLES: &[&str] = &[
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "XDG_RUNTIME_DIR",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "DBUS_SESSION_BUS_ADDRESS",
    "SSH_AUTH_SOCK",
];

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
    /// By name.
    open: Mutex<BTreeMap<String, Arc<Terminal>>>,
}

/// What is started in a terminal.
#[derive(Debug)]
struct Program<'a> {
    path: &'a str,
    arguments: Vec<OsString>,
    cwd: &'a Path,
    environment: &'a BTreeMap<String, OsString>,
}

impl Terminals {
    pub(super) fn new(services: Services, whereabouts: Whereabouts) -> Self {
        Self { services, whereabouts, open: Mutex::default() }
    }

    fn find(&self, id: &str) -> Result<Arc<Terminal>> {
        let found = self.lock().get(id).cloned();
        found.ok_or_else(|| Error::not_found(format!("there is no terminal `{id}`")))
    }

    /// The terminals, the oldest first.
    fn all(&self) -> Vec<Arc<Terminal>> {
        let mut all: Vec<_> = self.lock().values().cloned().collect();
        all.sort_by(|one, other| one.age().cmp(&other.age()));
        all
    }

    fn insert(&self, terminal: Arc<Terminal>, input: mpsc::Receiver<Bytes>) {
        self.lock().insert(terminal.id().to_owned(), Arc::clone(&terminal));
        let (bus, id) = (self.services.bus.clone(), terminal.id().to_owned());
        let tell = move |news| news::tell(&bus, &id, news);
        self.services.tasks.spawn(terminal.run(input, tell));
    }

    /// Makes room: forgets the oldest terminal whose program has ended.
    async fn forget_one(&self) -> Result<()> {
        let ended = self.all().into_iter().find(|terminal| terminal.has_ended());
        let full = || Error::too_large(format!("programs run in {TERMINALS_MAX} terminals: close one first"));
        let terminal_id = ended.ok_or_else(full)?.id().to_owned();
        self.forget(terminal_id).await
    }

    async fn forget(&self, terminal_id: String) -> Result<()> {
        self.find(&terminal_id)?.close().await;
        if self.lock().remove(&terminal_id).is_some() {
            self.services.bus.publish(&CLOSED, &TerminalClosed { terminal_id });
        }
        Ok(())
    }

    fn environment(&self, id: &str, given: Option<BTreeMap<String, String>>) -> BTreeMap<String, OsString> {
        let mut variables: BTreeMap<String, OsString> = match given {
            Some(given) => given.into_iter().map(|(name, value)| (name, value.into())).collect(),
            None => USER_VARIABLES
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), self.services.host.variable(name)?)))
                .collect(),
        };
        variables.insert("TERM".to_owned(), "xterm-256color".into());
        variables.insert("COLORTERM".to_owned(), "truecolor".into());
        variables.insert(SOCKET_VARIABLE.to_owned(), self.whereabouts.socket.clone().into());
        variables.insert(DAEMON_VARIABLE.to_owned(), self.whereabouts.daemon_id.clone().into());
        variables.insert(TERMINAL_VARIABLE.to_owned(), id.into());
        variables
    }

    fn shell(&self) -> String {
        let named = self.services.host.variable("SHELL").and_then(|shell| shell.into_string().ok());
        named.filter(|shell| Path::new(shell).is_absolute()).unwrap_or_else(|| "/bin/sh".to_owned())
    }

    fn home(&self) -> PathBuf {
        self.services.host.variable("HOME").map(PathBuf::from).filter(|home| home.is_dir()).unwrap_or("/".into())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Terminal>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TerminalApi<Caller> for Terminals {
    async fn create(&self, _: &Caller, params: TerminalCreateParams) -> Result<TerminalInfo> {
        let is_shell = params.command.is_empty();
        let shell = || vec![params.shell.unwrap_or_else(|| self.shell())];
        let command = if is_shell { shell() } else { params.command };
        let size = checked(params.size.unwrap_or_default())?;
        let cwd = params.cwd.map_or_else(|| self.home(), FilePath::into_path_buf);
        if !cwd.is_absolute() {
            return Err(Error::invalid_params(format!("`{}` does not begin at the root", cwd.display())));
        }
        if self.lock().len() >= TERMINALS_MAX {
            self.forget_one().await?;
        }
        let terminal_id = self.services.host.new_id();
        let mut environment = self.environment(&terminal_id, params.env);
        let integration = (is_shell && !params.is_plain).then(|| self.whereabouts.state_folder.join("shell"));
        let (limits, start, folder) = (self.services.program_limits, command.clone(), cwd.clone());
        // Opening files may block.
        let spawned = tokio::task::spawn_blocking(move || {
            let kind =
                folder.metadata().map_err(|error| Error::not_found(format!("`{}`: {error}", folder.display())))?;
            if !kind.is_dir() {
                return Err(Error::unsupported(format!("`{}` is not a folder", folder.display())));
            }
            let mut arguments = start[1..].iter().map(OsString::from).collect();
            if let Some(folder) = integration {
                let prepared = integration::prepare(Path::new(&start[0]), &folder, &mut environment);
                // Without it the shell is as good as anywhere else.
                arguments = prepared.unwrap_or_else(|error| {
                    tracing::warn!(%error, "a shell does not tell where its commands are");
                    Vec::new()
                });
            }
            let program = Program { path: &start[0], arguments, cwd: &folder, environment: &environment };
            platform::spawn(&program, size, limits).map_err(|error| cannot_run(&start[0], &error))
        });
        let (master, child) = spawned.await.map_err(|error| Error::internal(error.to_string()))??;
        let program = Path::new(&command[0]).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let info = TerminalInfo {
            terminal_id,
            name: params.name.unwrap_or(program),
            command,
            cwd: cwd.into(),
            pid: child.pid(),
            size,
            size_policy: params.size_policy.unwrap_or_default(),
            created_at_ms: self.services.host.now_ms(),
            exit: None,
        };
        let (terminal, input) = Terminal::new(info.clone(), master, child, self.services.stop.child_token());
        self.services.bus.publish(&CREATED, &info);
        self.insert(terminal, input);
        Ok(info)
    }

    async fn list(&self, _: &Caller, _: Empty) -> Result<TerminalListResult> {
        Ok(TerminalListResult { terminals: self.all().iter().map(|terminal| terminal.info()).collect() })
    }

    async fn get(&self, _: &Caller, params: TerminalParams) -> Result<TerminalInfo> {
        Ok(self.find(&params.terminal_id)?.info())
    }

    async fn rename(&self, _: &Caller, params: TerminalRenameParams) -> Result<TerminalInfo> {
        let terminal = self.find(&params.terminal_id)?;
        terminal.rename(params.name);
        let info = terminal.info();
        self.services.bus.publish(&RENAMED, &info);
        Ok(info)
    }

    async fn attach(&self, caller: &Caller, params: TerminalAttachParams) -> Result<TerminalAttachResult> {
        let terminal = self.find(&params.terminal_id)?;
        let size = params.size.map(checked).transpose()?;
        let viewer_id = self.services.host.new_id();
        let (begin, end) = terminal.kept();
        let from = params.after.map_or(end, |after| after.clamp(begin, end));
        let viewer = Viewer {
            size,
            is_read_only: params.is_read_only,
            screen: if params.after.is_none_or(|after| after < begin) { Given::Wanted } else { Given::Taken },
            ..Viewer::new(viewer_id.clone(), caller.session().to_owned(), from)
        };
        terminal.attach(viewer)?;
        let view = TerminalView::new(Arc::clone(&terminal), viewer_id.clone());
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
        Ok(TerminalReadResult { data: String::from_utf8_lossy(&part.bytes).into_owned(), from: part.from, to, exit })
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

fn cannot_run(program: &str, error: &std::io::Error) -> Error {
    let message = format!("cannot run `{program}`: {error}");
    match error.kind() {
        std::io::ErrorKind::NotFound => Error::not_found(message),
        std::io::ErrorKind::PermissionDenied => Error::permission_denied(message),
        std::io::ErrorKind::Unsupported | std::io::ErrorKind::InvalidInput => Error::unsupported(message),
        _ => Error::unavailable(message),
    }
}
