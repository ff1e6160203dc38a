//! `icpy token`: what programs show to come in over HTTP.

use icpy::args::{General, Token, TokenAction, TokenCreate};
use icpy_protocol::Empty;
use icpy_protocol::auth::{
    self, AuthCreateTokenParams, AuthListTokensResult, AuthNewToken, AuthToken, AuthTokenParams,
};
use icpy_protocol::error::Error;

use super::{Daemon, workspace};
use crate::output::{Failure, date, print_json, print_text, table};

pub(super) fn run(token: Token, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open_or_start(general)?;
    match token.action {
        TokenAction::Create(create) => make(&mut daemon, create, general),
        TokenAction::List => list(&mut daemon, general),
        TokenAction::Revoke { token } => {
            let params = find(&mut daemon, &token)?;
            let Empty {} = daemon.call(auth::method::revoke_token, &params)?;
            Ok(())
        }
        TokenAction::Rotate { token } => {
            let params = find(&mut daemon, &token)?;
            let made: AuthNewToken = daemon.call(auth::method::rotate_token, &params)?;
            show(&made, general)
        }
    }
}

fn make(daemon: &mut Daemon, create: TokenCreate, general: &General) -> Result<(), Failure> {
    let TokenCreate { name, scope, lasts, user, workspace, path } = create;
    let workspace_id = workspace::find_if(daemon, workspace, general)?;
    let lasts_s = lasts.map(|lasts| lasts.as_secs());
    let params = AuthCreateTokenParams { name, scopes: scope, lasts_s, user, workspace_id, paths: path };
    let made: AuthNewToken = daemon.call(auth::method::create_token, &params)?;
    show(&made, general)
}

fn show(made: &AuthNewToken, general: &General) -> Result<(), Failure> {
    let printed = if general.json { print_json(made) } else { print_text(&format!("{}\n", made.secret)) };
    Ok(printed?)
}

fn list(daemon: &mut Daemon, general: &General) -> Result<(), Failure> {
    let list: AuthListTokensResult = daemon.call(auth::method::list_tokens, &Empty {})?;
    if general.json {
        return Ok(print_json(&list)?);
    }
    let head = ["ID", "NAME", "USER", "SCOPES", "LIMITED TO", "MADE", "ENDS"].map(str::to_owned);
    Ok(print_text(&table(std::iter::once(head).chain(list.tokens.iter().map(row))))?)
}

fn row(token: &AuthToken) -> [String; 7] {
    let scopes = serde_json::to_value(&token.scopes).unwrap_or_default();
    let scopes: Vec<&str> = scopes.as_array().into_iter().flatten().filter_map(|scope| scope.as_str()).collect();
    let limit = token.workspace_id.iter().chain(&token.paths).cloned().collect::<Vec<_>>().join(" ");
    [
        token.token_id.clone(),
        token.name.clone(),
        token.user.clone(),
        scopes.join(","),
        if limit.is_empty() { "-".to_owned() } else { limit },
        date(token.created_at_ms),
        token.expires_at_ms.map_or("-".to_owned(), date),
    ]
}

/// The token that is meant by an id or a name.
fn find(daemon: &mut Daemon, meant: &str) -> Result<AuthTokenParams, Failure> {
    let list: AuthListTokensResult = daemon.call(auth::method::list_tokens, &Empty {})?;
    let mut found = list.tokens.into_iter().filter(|token| token.token_id == meant || token.name == meant);
    match (found.next(), found.next()) {
        (Some(token), None) => Ok(AuthTokenParams { token_id: token.token_id }),
        (None, _) => Err(Error::not_found(format!("no token has the id or the name `{meant}`")).into()),
        (Some(_), Some(_)) => {
            Err(Failure::usage(format!("`{meant}` means more than one token")).with_hint("name it by its id"))
        }
    }
}
