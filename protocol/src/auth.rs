//! `auth:*`: who may use the daemon over HTTP, and how far.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Empty;
use crate::api::Access;

crate::api! {
    /// Who may use the daemon, and how far: tokens, browsers that are logged in, and users with roles. Whoever reaches the
    /// socket is the daemon's own user, who may do everything.
    service AuthApi, AuthClient = "auth" {
        /// Says who asks, and what they may do.
        Open fn whoami(Empty) -> AuthWhoamiResult, idempotent; rest GET "/auth/whoami";
        /// Makes a token: who sends it in `Authorization: Bearer` may do what it says. It is shown this once.
        Admin fn create_token(AuthCreateTokenParams) -> AuthNewToken; rest POST "/auth/tokens" created "/auth/tokens/{tokenId}";
        /// Lists the tokens, without what is secret, the oldest first.
        Admin fn list_tokens(Empty) -> AuthListTokensResult, idempotent;
        /// Ends a token, and at once all that goes on with it.
        Admin fn revoke_token(AuthTokenParams) -> Empty; rest DELETE "/auth/tokens/{tokenId}";
        /// Gives a token another secret. The old one ends at once, with all that goes on with it.
        Admin fn rotate_token(AuthTokenParams) -> AuthNewToken; rest POST "/auth/tokens/{tokenId}/rotate";
        /// Makes a link that logs one browser in, once, within a minute.
        Admin fn create_login_link(AuthCreateLoginLinkParams) -> AuthLoginLink; rest POST "/auth/login-links";
        /// Makes a ticket that opens one WebSocket, once, within 30 seconds, for whoever cannot send a header or a cookie:
        /// `GET /ws?ticket=`. What it opens may do what its maker may.
        Open fn create_ticket(Empty) -> AuthTicket; rest POST "/auth/tickets";
        /// Lists the browsers that are logged in.
        Admin fn list_logins(Empty) -> AuthListLoginsResult, idempotent;
        /// Logs a browser out: by default the one that asks.
        Open fn logout(AuthLogoutParams) -> Empty; rest POST "/auth/logout";
        /// Sets or removes a user's password, with which a browser can log in. All of the user's browsers are logged out.
        Admin fn set_password(AuthSetPasswordParams) -> Empty; rest PUT "/auth/users/{user}/password";
        /// Adds a user, who may do nothing yet.
        Admin fn create_user(AuthUserParams) -> AuthUser; rest POST "/auth/users" created "/auth/users/{user}";
        /// Removes a user, with tokens, logins and roles.
        Admin fn remove_user(AuthUserParams) -> Empty; rest DELETE "/auth/users/{user}";
        /// Lists the users and their roles.
        Admin fn list_users(Empty) -> AuthListUsersResult, idempotent;
        /// Gives a user a role on a workspace, or takes it away. What goes on for that user ends, and may begin again. Needs the
        /// scope `admin`, or the role `owner` on the workspace.
        Write fn set_role(AuthSetRoleParams) -> AuthUser, idempotent;
        rest PUT "/auth/users/{user}/roles/{workspaceId}";
    }
}

/// One thing that a token, or a role, lets somebody do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AuthScope {
    /// See files and state.
    Read,
    /// Change files and state.
    Write,
    /// Run programs.
    Execute,
    /// Use terminals.
    Terminal,
    /// Direct agents.
    Agent,
    /// Control the daemon and who may use it.
    Admin,
}

impl AuthScope {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Read, Self::Write, Self::Execute, Self::Terminal, Self::Agent, Self::Admin];

    /// What a method must be declared with.
    pub const fn access(self) -> Access {
        match self {
            Self::Read => Access::Read,
            Self::Write => Access::Write,
            Self::Execute => Access::Execute,
            Self::Terminal => Access::Terminal,
            Self::Agent => Access::Agent,
            Self::Admin => Access::Admin,
        }
    }
}

/// What a user may do in a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AuthRole {
    /// See its files and state.
    Viewer,
    /// Change them too.
    Editor,
    /// The same, and give others roles on it.
    Owner,
}

/// What shows who somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AuthCredential {
    /// The socket: the system says whose process it is.
    Socket,
    /// A token.
    Token,
    /// A browser that is logged in.
    Login,
}

/// Result of `auth:whoami`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthWhoamiResult {
    /// The user; `owner` is the daemon's own.
    pub user: String,
    /// What has shown that.
    pub credential: AuthCredential,
    /// Names the token or the login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_id: Option<String>,
    /// What the caller may do.
    pub scopes: Vec<AuthScope>,
    /// The workspaces that it is limited to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspaces: Option<Vec<String>>,
    /// Of a login: what a request that changes something carries in `X-Icpy-Csrf`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csrf_token: Option<String>,
    /// When the credential ends, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at_ms: Option<u64>,
}

/// Params of `auth:create_token`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthCreateTokenParams {
    /// What people call it.
    pub name: String,
    /// What it lets its holder do.
    pub scopes: Vec<AuthScope>,
    /// How long it lasts, in seconds; by default until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts_s: Option<u64>,
    /// Whose it is: by default `owner`. A user's token can do no more than the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Limits it to the folders of this workspace. Nothing but files and that workspace can be used with it then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
    /// Limits it to paths that one of these globs matches, below the workspace's folders.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
}

/// A token as it is kept: without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthToken {
    /// Names the token.
    pub token_id: String,
    /// What people call it.
    pub name: String,
    /// Whose it is.
    pub user: String,
    /// What it lets its holder do.
    pub scopes: Vec<AuthScope>,
    /// The workspace that it is limited to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
    /// The globs that it is limited to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// When it was made, in milliseconds since 1970.
    pub created_at_ms: u64,
    /// When it ends, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at_ms: Option<u64>,
}

/// A token that was just made, or made anew.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthNewToken {
    /// The token itself: `icpy_` and 64 hexadecimal digits. It is not kept, and cannot be shown again.
    pub secret: String,
    /// What is kept of it.
    #[serde(flatten)]
    pub token: AuthToken,
}

/// Names a token.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthTokenParams {
    /// The token's id.
    pub token_id: String,
}

/// Result of `auth:list_tokens`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AuthListTokensResult {
    /// The tokens, the oldest first. One that has ended is not among them.
    pub tokens: Vec<AuthToken>,
}

/// Params of `auth:create_login_link`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthCreateLoginLinkParams {
    /// Who is logged in: by default `owner`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

/// Result of `auth:create_login_link`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthLoginLink {
    /// The link, to be opened once. Whoever has it can log in.
    pub url: String,
    /// When it ends, in milliseconds since 1970.
    pub expires_at_ms: u64,
}

/// Result of `auth:create_ticket`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthTicket {
    /// The ticket.
    pub ticket: String,
    /// When it ends, in milliseconds since 1970.
    pub expires_at_ms: u64,
}

/// A browser that is logged in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthLogin {
    /// Names the login.
    pub login_id: String,
    /// Whose it is.
    pub user: String,
    /// When it was made, in milliseconds since 1970.
    pub created_at_ms: u64,
    /// When it ends, in milliseconds since 1970.
    pub expires_at_ms: u64,
}

/// Result of `auth:list_logins`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AuthListLoginsResult {
    /// The logins, the oldest first.
    pub logins: Vec<AuthLogin>,
}

/// Params of `auth:logout`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthLogoutParams {
    /// The login to end; by default the caller's own. Another one needs the scope `admin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_id: Option<String>,
}

/// Params of `auth:set_password`.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthSetPasswordParams {
    /// Whose: by default `owner`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The password, of 8 to 1024 bytes; by default none, so that nobody can log in with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

impl std::fmt::Debug for AuthSetPasswordParams {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("AuthSetPasswordParams").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Names a user.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AuthUserParams {
    /// The name: 1 to 64 letters, digits, `.`, `_` and `-`.
    pub user: String,
}

/// Params of `auth:set_role`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthSetRoleParams {
    /// The user.
    pub user: String,
    /// The workspace.
    pub workspace_id: String,
    /// The role; by default none any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<AuthRole>,
}

/// A user beside the daemon's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthUser {
    /// The name.
    pub user: String,
    /// When it was added, in milliseconds since 1970.
    pub created_at_ms: u64,
    /// Whether it has a password.
    pub has_password: bool,
    /// Its roles.
    pub roles: Vec<AuthMembership>,
}

/// A role on a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthMembership {
    /// The workspace.
    pub workspace_id: String,
    /// The role.
    pub role: AuthRole,
}

/// Result of `auth:list_users`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AuthListUsersResult {
    /// The users, by name. The daemon's own user is not among them.
    pub users: Vec<AuthUser>,
}
