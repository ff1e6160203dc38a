//! `auth:*` and `web:*`: who may come in over HTTP, and the listener for them.

mod users;

use std::sync::Arc;

use icpy_protocol::Empty;
use icpy_protocol::auth::{
    AuthApi, AuthCreateLoginLinkParams, AuthCreateTokenParams, AuthCredential, AuthListLoginsResult,
    AuthListTokensResult, AuthListUsersResult, AuthLogin, AuthLoginLink, AuthLogoutParams, AuthNewToken, AuthScope,
    AuthSetPasswordParams, AuthSetRoleParams, AuthTicket, AuthToken, AuthTokenParams, AuthUser, AuthUserParams,
    AuthWhoamiResult,
};
use icpy_protocol::error::{Error, Result};
use icpy_protocol::web::{WebApi, WebStartParams, WebStatusResult};

use super::Services;
use crate::auth::{Auth, TOKEN_PREFIX, check_globs, hash};
use crate::caller::{Caller, Credential as Shown, Principal};
use crate::front::Front;
use crate::store::accounts::{self, Credential, Described, Everybody, OWNER};
use crate::store::workspaces;

/// The most bytes of a token's name.
const NAME_BYTES_MAX: usize = 200;

/// The service.
#[derive(Debug)]
pub struct Access {
    services: Services,
    auth: Arc<Auth>,
    front: Arc<dyn Front>,
}

impl Access {
    pub(super) fn new(services: Services, auth: Arc<Auth>, front: Arc<dyn Front>) -> Self {
        Self { services, auth, front }
    }

    /// The credentials that have not expired.
    fn good<'a>(&self, everybody: &'a Everybody) -> impl Iterator<Item = &'a Credential> {
        let now_ms = self.services.host.now_ms();
        everybody.credentials.iter().map(|it| &**it).filter(move |it| it.expires_at_ms.is_none_or(|end| end > now_ms))
    }

    async fn check_token(&self, params: &AuthCreateTokenParams) -> Result<()> {
        if params.name.trim().is_empty() || params.name.len() > NAME_BYTES_MAX {
            return Err(Error::invalid_params(format!("a token's name has 1 to {NAME_BYTES_MAX} bytes")));
        }
        if params.scopes.is_empty() {
            return Err(Error::invalid_params("a token has at least one scope"));
        }
        if params.lasts_s == Some(0) {
            return Err(Error::invalid_params("a token that lasts 0 seconds is good for nothing"));
        }
        if !params.paths.is_empty() && params.workspace_id.is_none() {
            return Err(Error::invalid_params(
                "`paths` are below the folders of a workspace: name it in `workspaceId`",
            ));
        }
        check_globs(&params.paths, self.auth.state_folder())?;
        if let Some(id) = params.workspace_id.clone() {
            self.services.journal.commit(move |connection, _| workspaces::get(connection, &id)).await?;
        }
        Ok(())
    }
}

impl AuthApi<Caller> for Access {
    async fn whoami(&self, caller: &Caller, _: Empty) -> Result<AuthWhoamiResult> {
        let grant = caller.identity().grant.as_deref();
        let (user, credential, credential_id) = match caller.principal() {
            Principal::Remote { user, credential } => {
                let kind = match credential {
                    Shown::Token(_) => AuthCredential::Token,
                    Shown::Login(_) => AuthCredential::Login,
                };
                (user.clone(), kind, Some(credential.id().to_owned()))
            }
            Principal::Peer { .. } | Principal::Daemon => (OWNER.to_owned(), AuthCredential::Socket, None),
        };
        let scopes = AuthScope::ALL.iter().copied().filter(|scope| caller.scopes().contains(scope.access())).collect();
        let roles = caller.confinement().and_then(|confinement| confinement.workspaces());
        Ok(AuthWhoamiResult {
            user,
            credential,
            credential_id,
            scopes,
            workspaces: roles.map(|roles| roles.keys().cloned().collect()),
            csrf_token: grant.and_then(|grant| grant.csrf_token.clone()),
            expires_at_ms: grant.and_then(|grant| grant.expires_at_ms),
        })
    }

    async fn create_token(&self, _: &Caller, params: AuthCreateTokenParams) -> Result<AuthNewToken> {
        self.check_token(&params).await?;
        let AuthCreateTokenParams { name, mut scopes, lasts_s, user, workspace_id, paths } = params;
        scopes.sort_unstable();
        scopes.dedup();
        let user = user.unwrap_or_else(|| OWNER.to_owned());
        let secret = format!("{TOKEN_PREFIX}{}", self.services.host.new_secret());
        let (id, hash) = (self.services.host.new_id(), hash(&secret));
        let add = move |connection: &rusqlite::Connection, now_ms: u64| {
            accounts::account(connection, &user)?.ok_or_else(|| accounts::no_user(&user))?;
            let expires_at_ms = lasts_s.map(|lasts_s| now_ms.saturating_add(lasts_s.saturating_mul(1000)));
            let kind = Described::Token { name, scopes, workspace_id, paths };
            let credential = Credential { id, hash, user, kind, created_at_ms: now_ms, expires_at_ms };
            accounts::add_credential(connection, &credential)?;
            Ok(credential)
        };
        let (credential, _) = self.auth.change(add).await?;
        let token = token(&credential).ok_or_else(|| Error::internal("a token is no token"))?;
        Ok(AuthNewToken { secret, token })
    }

    async fn list_tokens(&self, _: &Caller, _: Empty) -> Result<AuthListTokensResult> {
        let everybody = self.auth.everybody().await?;
        Ok(AuthListTokensResult { tokens: self.good(&everybody).filter_map(token).collect() })
    }

    async fn revoke_token(&self, _: &Caller, params: AuthTokenParams) -> Result<Empty> {
        self.auth.change(move |connection, _| accounts::remove_credential(connection, &params.token_id)).await?;
        Ok(Empty {})
    }

    async fn rotate_token(&self, _: &Caller, params: AuthTokenParams) -> Result<AuthNewToken> {
        let secret = format!("{TOKEN_PREFIX}{}", self.services.host.new_secret());
        let (id, hash) = (params.token_id.clone(), hash(&secret));
        let everybody = self.auth.everybody().await?;
        let known = everybody.credentials.iter().find(|it| it.id == id).and_then(|it| token(it));
        let token = known.ok_or_else(|| accounts::no_credential(&id))?;
        self.auth.change(move |connection, _| accounts::set_hash(connection, &id, &hash)).await?;
        Ok(AuthNewToken { secret, token })
    }

    async fn create_login_link(&self, _: &Caller, params: AuthCreateLoginLinkParams) -> Result<AuthLoginLink> {
        let Some(url) = self.front.status().url else {
            let message = "the listener for HTTP is off: start it with `icpy web`, or set `http.listen`";
            return Err(Error::unavailable(message));
        };
        let (secret, expires_at_ms) = self.auth.create_link(params.user.as_deref().unwrap_or(OWNER)).await?;
        Ok(AuthLoginLink { url: format!("{url}/login?token={secret}"), expires_at_ms })
    }

    async fn create_ticket(&self, caller: &Caller, _: Empty) -> Result<AuthTicket> {
        let (ticket, expires_at_ms) = self.auth.create_ticket(caller)?;
        Ok(AuthTicket { ticket, expires_at_ms })
    }

    async fn list_logins(&self, _: &Caller, _: Empty) -> Result<AuthListLoginsResult> {
        let everybody = self.auth.everybody().await?;
        let login = |it: &Credential| match &it.kind {
            Described::Login => Some(AuthLogin {
                login_id: it.id.clone(),
                user: it.user.clone(),
                created_at_ms: it.created_at_ms,
                expires_at_ms: it.expires_at_ms.unwrap_or(u64::MAX),
            }),
            Described::Token { .. } => None,
        };
        Ok(AuthListLoginsResult { logins: self.good(&everybody).filter_map(login).collect() })
    }

    async fn logout(&self, caller: &Caller, params: AuthLogoutParams) -> Result<Empty> {
        let own = match caller.principal() {
            Principal::Remote { credential: Shown::Login(id), .. } => Some(id.clone()),
            _ => None,
        };
        let id = match (params.login_id, own) {
            (Some(id), own) if own.as_ref() == Some(&id) || caller.scopes().contains(AuthScope::Admin.access()) => id,
            (Some(_), _) => {
                return Err(Error::permission_denied("another login is ended by who has the scope `admin`"));
            }
            (None, Some(own)) => own,
            (None, None) => return Err(Error::unsupported("the caller has no login: name one in `loginId`")),
        };
        self.auth.change(move |connection, _| accounts::remove_credential(connection, &id)).await?;
        Ok(Empty {})
    }

    async fn set_password(&self, _: &Caller, params: AuthSetPasswordParams) -> Result<Empty> {
        self.change_password(params).await
    }

    async fn create_user(&self, _: &Caller, params: AuthUserParams) -> Result<AuthUser> {
        self.add_user(params.user).await
    }

    async fn remove_user(&self, _: &Caller, params: AuthUserParams) -> Result<Empty> {
        self.forget_user(params.user).await
    }

    async fn list_users(&self, _: &Caller, _: Empty) -> Result<AuthListUsersResult> {
        Ok(AuthListUsersResult { users: users::described(&*self.auth.everybody().await?) })
    }

    async fn set_role(&self, caller: &Caller, params: AuthSetRoleParams) -> Result<AuthUser> {
        self.change_role(caller, params).await
    }
}

impl WebApi<Caller> for Access {
    async fn start(&self, _: &Caller, params: WebStartParams) -> Result<WebStatusResult> {
        self.front.open(params.address).await?;
        Ok(self.front.status())
    }

    async fn stop(&self, _: &Caller, _: Empty) -> Result<Empty> {
        self.front.close().await;
        Ok(Empty {})
    }

    async fn status(&self, _: &Caller, _: Empty) -> Result<WebStatusResult> {
        Ok(self.front.status())
    }
}

/// What is told of a token.
fn token(credential: &Credential) -> Option<AuthToken> {
    let Described::Token { name, scopes, workspace_id, paths } = credential.kind.clone() else { return None };
    Some(AuthToken {
        token_id: credential.id.clone(),
        name,
        user: credential.user.clone(),
        scopes,
        workspace_id,
        paths,
        created_at_ms: credential.created_at_ms,
        expires_at_ms: credential.expires_at_ms,
    })
}
