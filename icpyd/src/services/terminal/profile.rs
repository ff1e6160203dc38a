//! What a new terminal is given by the workspace that it belongs to and the profile that it names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use icpy_protocol::error::{Error, Result};
use icpy_protocol::terminal::TerminalCreateParams;
use icpy_protocol::workspace::{WorkspaceClient, WorkspaceInfo, WorkspaceListParams};

use super::Terminals;
use crate::caller::Caller;
use crate::config::TerminalProfile;

/// What is asked for, with what the workspace and the profile say.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) params: TerminalCreateParams,
    pub(super) workspace_id: Option<String>,
    /// The profile's variables.
    pub(super) variables: BTreeMap<String, String>,
}

impl Terminals {
    /// Adds what is not said in `params` and known from elsewhere.
    pub(super) async fn wanted(&self, caller: &Caller, mut params: TerminalCreateParams) -> Result<Wanted> {
        let workspace = match &params.workspace {
            Some(named) => Some(self.workspace(caller, named).await?),
            None => None,
        };
        let profile = params.profile.as_deref().map(|name| self.profile(name)).transpose()?.unwrap_or_default();
        let folder = workspace.as_ref().map(|workspace| workspace.root.as_path());
        if params.command.is_empty() && params.shell.is_none() {
            params.command = profile.command;
            params.shell = profile.shell;
        }
        if params.cwd.is_none() {
            let named = profile.cwd.map(|cwd| self.resolved(&cwd, folder));
            params.cwd = named.or(folder.map(Path::to_owned)).map(Into::into);
        }
        let workspace_id = workspace.map(|workspace| workspace.workspace_id);
        Ok(Wanted { params, workspace_id, variables: profile.env })
    }

    /// The workspace with this id or folder, which may be closed: its terminals go on.
    pub(super) async fn workspace(&self, caller: &Caller, named: &str) -> Result<WorkspaceInfo> {
        let listing = WorkspaceListParams { include_closed: true };
        let listed = WorkspaceClient::new(self.services.requester(caller)).list(&listing).await?;
        let is_meant = |it: &WorkspaceInfo| it.workspace_id == named || it.root.as_path() == Path::new(named);
        let found = listed.workspaces.into_iter().find(is_meant);
        found.ok_or_else(|| Error::not_found(format!("no workspace has the id or the folder `{named}`")))
    }

    fn profile(&self, name: &str) -> Result<TerminalProfile> {
        let profiles = &self.settings.borrow().config.terminal.profiles;
        profiles.get(name).cloned().ok_or_else(|| {
            let known: Vec<String> = profiles.keys().cloned().collect();
            let there = match known.is_empty() {
                true => "the settings have none".to_owned(),
                false => format!("there are `{}`", known.join("`, `")),
            };
            Error::not_found(format!("no profile of terminals is named `{name}`: {there}")).with("profiles", known)
        })
    }

    /// A folder as the settings name it.
    fn resolved(&self, cwd: &Path, folder: Option<&Path>) -> PathBuf {
        match cwd.strip_prefix("~") {
            Ok(rest) => self.home().join(rest),
            Err(_) => folder.map_or_else(|| self.home(), Path::to_owned).join(cwd),
        }
    }
}
