//! `icpy login` and `icpy user`: browsers that are logged in, and users beside the daemon's own.

use std::io::{self, BufRead as _, IsTerminal as _};

use icpy::args::{General, Login, LoginAction, Role, User, UserAction};
use icpy_protocol::Empty;
use icpy_protocol::auth::{
    self, AuthCreateLoginLinkParams, AuthListLoginsResult, AuthListUsersResult, AuthLoginLink, AuthLogoutParams,
    AuthSetPasswordParams, AuthSetRoleParams, AuthUser, AuthUserParams,
};

use super::{Daemon, workspace};
use crate::output::{Failure, date, print_json, print_text, table};

pub(super) fn run(login: Login, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open_or_start(general)?;
    match login.action {
        LoginAction::Link { user } => {
            let link: AuthLoginLink =
                daemon.call(auth::method::create_login_link, &AuthCreateLoginLinkParams { user })?;
            let printed = if general.json { print_json(&link) } else { print_text(&format!("{}\n", link.url)) };
            Ok(printed?)
        }
        LoginAction::List => {
            let list: AuthListLoginsResult = daemon.call(auth::method::list_logins, &Empty {})?;
            if general.json {
                return Ok(print_json(&list)?);
            }
            let head = ["ID", "USER", "SINCE", "ENDS"].map(str::to_owned);
            let rows = list
                .logins
                .into_iter()
                .map(|it| [it.login_id, it.user, date(it.created_at_ms), date(it.expires_at_ms)]);
            Ok(print_text(&table(std::iter::once(head).chain(rows)))?)
        }
        LoginAction::End { login } => {
            let Empty {} = daemon.call(auth::method::logout, &AuthLogoutParams { login_id: Some(login) })?;
            Ok(())
        }
        LoginAction::Password { user, remove } => {
            let password = if remove { None } else { Some(ask()?) };
            let Empty {} = daemon.call(auth::method::set_password, &AuthSetPasswordParams { user, password })?;
            Ok(())
        }
    }
}

/// A password that nobody sees being typed, or the first line of what comes on standard input.
fn ask() -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        return Ok(line.trim_end_matches(['\n', '\r']).to_owned());
    }
    let password = rpassword::prompt_password("Password: ")?;
    match rpassword::prompt_password("Once more: ")? == password {
        true => Ok(password),
        false => Err(Failure::usage("the two passwords are not the same".to_owned())),
    }
}

pub(super) fn users(user: User, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open_or_start(general)?;
    let changed: AuthUser = match user.action {
        UserAction::Add { user } => daemon.call(auth::method::create_user, &AuthUserParams { user })?,
        UserAction::Remove { user } => {
            let Empty {} = daemon.call(auth::method::remove_user, &AuthUserParams { user })?;
            return Ok(());
        }
        UserAction::List => return list(&mut daemon, general),
        UserAction::Role { user, workspace, role: Role(role) } => {
            let workspace_id = workspace::find(&mut daemon, &workspace, general)?;
            daemon.call(auth::method::set_role, &AuthSetRoleParams { user, workspace_id, role })?
        }
    };
    match general.json {
        true => Ok(print_json(&changed)?),
        false => Ok(()),
    }
}

fn list(daemon: &mut Daemon, general: &General) -> Result<(), Failure> {
    let list: AuthListUsersResult = daemon.call(auth::method::list_users, &Empty {})?;
    if general.json {
        return Ok(print_json(&list)?);
    }
    let workspaces = workspace::listed(daemon, true)?.workspaces;
    // By name, as a role is given, where that names one alone.
    let name = |id: &str| {
        let name = workspaces.iter().find(|it| it.workspace_id == id).map(|it| &*it.name)?;
        (workspaces.iter().filter(|it| it.name == name).count() == 1).then_some(name)
    };
    let head = ["USER", "SINCE", "PASSWORD", "ROLES"].map(str::to_owned);
    let rows = list.users.iter().map(|user| row(user, |id| name(id).unwrap_or(id).to_owned()));
    Ok(print_text(&table(std::iter::once(head).chain(rows)))?)
}

fn row(user: &AuthUser, workspace: impl Fn(&str) -> String) -> [String; 4] {
    let role = |it: &auth::AuthMembership| {
        format!("{}:{}", workspace(&it.workspace_id), format!("{:?}", it.role).to_lowercase())
    };
    let roles: Vec<String> = user.roles.iter().map(role).collect();
    let has_password = if user.has_password { "yes" } else { "no" };
    let roles = if roles.is_empty() { "-".to_owned() } else { roles.join(" ") };
    [user.user.clone(), date(user.created_at_ms), has_password.to_owned(), roles]
}
