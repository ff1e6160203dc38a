//! Starting a program in a new terminal: which one, where, and what it is given of the world.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use icpy_protocol::endpoint::{DAEMON_VARIABLE, SOCKET_VARIABLE};
use icpy_protocol::error::{Error, Result};
use icpy_protocol::path::FilePath;
use icpy_protocol::terminal::TerminalInfo;
use tokio::sync::mpsc;

use super::one::{Origin, Terminal};
use super::owner::Owner;
use super::profile::Wanted;
use super::{Terminals, checked, integration, platform};

/// The variable that tells a program its terminal.
const TERMINAL_VARIABLE: &str = "ICPY_TERMINAL_ID";

/// What is started in a terminal.
#[derive(Debug)]
pub(super) struct Program<'a> {
    pub(super) path: &'a str,
    pub(super) arguments: Vec<OsString>,
    pub(super) cwd: &'a Path,
    pub(super) environment: &'a BTreeMap<String, OsString>,
}

/// A program that was just started. It is ended when whoever asked for it has gone meanwhile.
struct Started(Option<(platform::Master, platform::Child)>);

impl Drop for Started {
    fn drop(&mut self) {
        if let Some((master, child)) = &self.0 {
            child.abandon(master);
        }
    }
}

impl Terminals {
    /// Starts what is asked for.
    pub(super) async fn start(&self, owner: Owner, wanted: Wanted) -> Result<(Arc<Terminal>, mpsc::Receiver<Bytes>)> {
        let Wanted { params, workspace_id, variables } = wanted;
        let is_shell = params.command.is_empty();
        let shell = || vec![params.shell.unwrap_or_else(|| self.shell())];
        let command = if is_shell { shell() } else { params.command };
        let size = checked(params.size.unwrap_or_default())?;
        let cwd = params.cwd.map_or_else(|| self.home(), FilePath::into_path_buf);
        if !cwd.is_absolute() {
            return Err(Error::invalid_params(format!("`{}` does not begin at the root", cwd.display())));
        }
        let terminal_id = self.services.host.new_id();
        let mut environment = self.environment(&terminal_id, params.env, variables);
        let integration = (is_shell && !params.is_plain).then(|| self.whereabouts.state_folder.join("shell"));
        let nonce = self.services.host.new_secret();
        let (limits, start, folder) = (self.services.program_limits, command.clone(), cwd.clone());
        // Opening files may block.
        let spawned = tokio::task::spawn_blocking(move || {
            let kind =
                folder.metadata().map_err(|error| Error::not_found(format!("`{}`: {error}", folder.display())))?;
            if !kind.is_dir() {
                return Err(Error::unsupported(format!("`{}` is not a folder", folder.display())));
            }
            if let Err(error) = folder.join(".").metadata() {
                let message = format!("`{}` cannot be entered: {error}", folder.display());
                return Err(Error::permission_denied(message));
            }
            let mut arguments = start[1..].iter().map(OsString::from).collect();
            if let Some(folder) = integration {
                let prepared = integration::prepare(Path::new(&start[0]), &folder, nonce, &mut environment);
                // Without it the shell is as good as anywhere else.
                arguments = prepared.unwrap_or_else(|error| {
                    tracing::warn!(%error, "a shell does not tell where its commands are");
                    Vec::new()
                });
            }
            let program = Program { path: &start[0], arguments, cwd: &folder, environment: &environment };
            let spawned = platform::spawn(&program, size, limits).map_err(|error| cannot_run(&start[0], &error));
            spawned.map(|started| (Started(Some(started)), integration::nonce(&environment)))
        });
        let (mut started, nonce) = spawned.await.map_err(|error| Error::internal(error.to_string()))??;
        let (master, child) = started.0.take().ok_or_else(|| Error::internal("nothing was started"))?;
        let program = Path::new(&command[0]).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let info = TerminalInfo {
            terminal_id,
            name: params.name.unwrap_or(program),
            command,
            cwd: cwd.into(),
            workspace_id,
            profile: params.profile,
            pid: child.pid(),
            size,
            size_policy: params.size_policy.unwrap_or_default(),
            created_at_ms: self.services.host.now_ms(),
            exit: None,
            statistics: None,
        };
        Ok(Terminal::new(info, Origin { owner, nonce }, master, child, self.bounds()))
    }

    fn environment(
        &self,
        id: &str,
        given: Option<BTreeMap<String, String>>,
        also: BTreeMap<String, String>,
    ) -> BTreeMap<String, OsString> {
        let mut variables: BTreeMap<String, OsString> = match given {
            Some(given) => given.into_iter().map(|(name, value)| (name, value.into())).collect(),
            None => platform::USER_VARIABLES
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), self.services.host.variable(name)?)))
                .collect(),
        };
        variables.extend(also.into_iter().map(|(name, value)| (name, value.into())));
        platform::describe_terminal(&mut variables);
        variables.insert(SOCKET_VARIABLE.to_owned(), self.whereabouts.socket.clone().into());
        variables.insert(DAEMON_VARIABLE.to_owned(), self.whereabouts.daemon_id.clone().into());
        variables.insert(TERMINAL_VARIABLE.to_owned(), id.into());
        variables
    }

    fn shell(&self) -> String {
        let named = self.services.host.variable(platform::SHELL_VARIABLE).and_then(|shell| shell.into_string().ok());
        named.filter(|shell| Path::new(shell).is_absolute()).unwrap_or_else(|| platform::DEFAULT_SHELL.to_owned())
    }

    pub(super) fn home(&self) -> PathBuf {
        let named = self.services.host.variable(platform::HOME_VARIABLE).map(PathBuf::from);
        named.filter(|home| home.is_dir()).unwrap_or_else(|| platform::DEFAULT_HOME.into())
    }
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
