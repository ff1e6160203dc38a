//! Who may come in over HTTP: tokens, logins, tickets and links; what each of them allows; and the end of that.
//!
//! ```text
//!   Authorization: Bearer ─┐
//!   cookie ────────────────┼─▶ hash ─▶ Known ─▶ Grant (what the router checks; cancelled when it is no longer good)
//!   ticket ────────────────┘
//! ```
//!
//! All of it is in the store; what is known here is read from there after each change, and whatever has changed or gone is
//! ended at once. Not here: the headers and cookies that secrets come in, and the answers to who has none.

mod fleeting;
mod known;
mod limits;
mod password;
mod secret;
mod throttle;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use icpy_protocol::error::{Error, Result};
use rusqlite::Connection;
use tokio_util::sync::CancellationToken;

use self::fleeting::Fleeting;
use self::known::Known;
pub use self::limits::check_globs;
use self::password::Passwords;
pub use self::secret::{TOKEN_PREFIX, csrf_token, hash, is_same};
pub use self::throttle::Throttle;
use crate::caller::{Caller, Credential as Shown, Grant, Principal, Rates};
use crate::host::Host;
use crate::store::Store;
pub use crate::store::accounts::OWNER;
use crate::store::accounts::{self, Account, Credential, Described, Everybody};

/// How long a link that logs a browser in can be used.
const LINK_LASTS: Duration = Duration::from_mins(1);

/// How long a ticket can be used.
const TICKET_LASTS: Duration = Duration::from_secs(30);

/// Bytes of a password's salt, in hexadecimal.
const SALT_BYTES: usize = 32;

/// Links and tickets that can be used at one time.
const FLEETING_MAX: usize = 1024;

/// What it needs to know beside its store.
#[derive(Debug)]
pub struct Setting {
    /// The outside world.
    pub host: Host,
    /// The daemon's own folder, which is nobody's.
    pub state_folder: PathBuf,
    /// How often one credential may ask.
    pub rates: Rates,
    /// How long a browser stays logged in.
    pub login_lasts: Duration,
}

/// Who may come in.
#[derive(Debug)]
pub struct Auth {
    store: Arc<Store>,
    setting: Setting,
    known: Arc<Known>,
    links: Fleeting<String>,
    tickets: Fleeting<Arc<Grant>>,
    passwords: Passwords,
    /// Ends with the daemon.
    stop: CancellationToken,
}

/// A browser that was just logged in.
#[derive(Debug)]
pub struct NewLogin {
    /// What it is to show from now on.
    pub secret: String,
    /// What that allows.
    pub grant: Arc<Grant>,
}

impl Auth {
    /// Nobody is known yet: the store is asked when somebody comes.
    pub fn new(store: Arc<Store>, setting: Setting, stop: CancellationToken) -> Self {
        Self {
            store,
            setting,
            known: Arc::default(),
            links: Fleeting::new(FLEETING_MAX),
            tickets: Fleeting::new(FLEETING_MAX),
            passwords: Passwords::default(),
            stop,
        }
    }

    /// The daemon's own folder.
    pub fn state_folder(&self) -> &Path {
        &self.setting.state_folder
    }

    /// Changes who may come in, and returns everybody as they are then. What no longer holds has ended by then.
    pub async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection, u64) -> Result<T> + Send + 'static,
    ) -> Result<(T, Arc<Everybody>)> {
        let (known, now_ms) = (Arc::clone(&self.known), self.setting.host.now_ms());
        let work = move |connection: &Connection| {
            accounts::add_account(connection, OWNER, now_ms)?;
            let value = change(connection, now_ms)?;
            Ok((value, Arc::new(accounts::everybody(connection, now_ms)?)))
        };
        let take_in = move |(value, everybody): (T, Arc<Everybody>)| {
            known.replace(&everybody);
            (value, everybody)
        };
        self.store.transact(work, take_in).await
    }

    /// Ends the access of all who are limited to some workspaces with this one among them. Who comes again is given what it may
    /// use now.
    pub fn end_access(&self, workspace_id: &str) {
        self.known.end_in(workspace_id);
    }

    /// Everybody who may come in.
    pub async fn everybody(&self) -> Result<Arc<Everybody>> {
        match self.known.everybody() {
            Some(everybody) => Ok(everybody),
            None => Ok(self.change(|_, _| Ok(())).await?.1),
        }
    }

    /// What a token allows.
    pub async fn grant_of_token(&self, secret: &str) -> Result<Arc<Grant>> {
        let wrong = || Error::unauthenticated("the token is wrong, or no longer good");
        if !secret.starts_with(TOKEN_PREFIX) {
            return Err(wrong());
        }
        self.grant(secret, |kind| matches!(kind, Described::Token { .. })).await?.ok_or_else(wrong)
    }

    /// What a browser's login allows.
    pub async fn grant_of_login(&self, secret: &str) -> Result<Arc<Grant>> {
        let grant = self.grant(secret, |kind| *kind == Described::Login).await?;
        grant.ok_or_else(|| Error::unauthenticated("the login has ended: log in again"))
    }

    async fn grant(&self, secret: &str, is_meant: impl Fn(&Described) -> bool) -> Result<Option<Arc<Grant>>> {
        self.everybody().await?;
        let now_ms = self.setting.host.now_ms();
        let Some(credential) = self.known.find(&hash(secret)) else { return Ok(None) };
        if !is_meant(&credential.kind) || credential.expires_at_ms.is_some_and(|end| end <= now_ms) {
            return Ok(None);
        }
        if let Some(grant) = self.known.grant(&credential.id, now_ms) {
            return Ok(Some(grant));
        }
        let (account, folders) = limits::read(&self.store, &credential).await?;
        let Some(account) = account else { return Ok(None) };
        let grant = self.make_grant(&credential, secret, &account, folders)?;
        Ok(Some(self.known.hold(&credential, grant, now_ms)))
    }

    fn make_grant(
        &self,
        credential: &Credential,
        secret: &str,
        account: &Account,
        folders: limits::Folders,
    ) -> Result<Grant> {
        let id = credential.id.clone();
        let shown = match credential.kind {
            Described::Token { .. } => Shown::Token(id),
            Described::Login => Shown::Login(id),
        };
        let principal = Principal::Remote { user: credential.user.clone(), credential: shown };
        let mut grant = Grant::new(principal, self.stop.child_token(), &self.setting.rates);
        grant.csrf_token = (credential.kind == Described::Login).then(|| csrf_token(secret));
        grant.expires_at_ms = credential.expires_at_ms;
        limits::narrow(grant, credential, account, folders, &self.setting.state_folder)
    }

    /// A link's secret that logs one browser in as this user, and when it ends.
    pub async fn create_link(&self, user: &str) -> Result<(String, u64)> {
        if !self.everybody().await?.accounts.contains_key(user) {
            return Err(accounts::no_user(user));
        }
        self.links.add(&self.setting.host, user.to_owned(), LINK_LASTS)
    }

    /// Logs a browser in by a link.
    pub async fn use_link(&self, secret: &str) -> Result<NewLogin> {
        let wrong = || Error::unauthenticated("the link was used already, or is older than a minute: make another one");
        let user = self.links.take(&self.setting.host, secret).ok_or_else(wrong)?;
        self.log_in(&user).await
    }

    /// Logs a browser in by a password. Takes as long for a user that there is not.
    pub async fn use_password(&self, user: &str, password: String) -> Result<NewLogin> {
        let kept = self.everybody().await?.accounts.get(user).and_then(|account| account.password.clone());
        if !self.passwords.check(password, kept).await? {
            return Err(Error::unauthenticated("the user or the password is wrong"));
        }
        self.log_in(user).await
    }

    async fn log_in(&self, user: &str) -> Result<NewLogin> {
        let secret = self.setting.host.new_secret();
        let (id, hash, user) = (self.setting.host.new_id(), hash(&secret), user.to_owned());
        let lasts_ms = u64::try_from(self.setting.login_lasts.as_millis()).unwrap_or(u64::MAX);
        let add = move |connection: &Connection, now_ms: u64| {
            let expires_at_ms = Some(now_ms.saturating_add(lasts_ms));
            let login = Credential { id, hash, user, kind: Described::Login, created_at_ms: now_ms, expires_at_ms };
            accounts::add_credential(connection, &login)
        };
        self.change(add).await?;
        let grant = self.grant_of_login(&secret).await?;
        Ok(NewLogin { secret, grant })
    }

    /// The hash of a password, to be kept.
    pub async fn hash_password(&self, password: String) -> Result<String> {
        let salt = self.setting.host.new_secret()[..SALT_BYTES].to_owned();
        self.passwords.hash(password, salt).await
    }

    /// A ticket that opens one connection on behalf of a caller, and when it ends.
    pub fn create_ticket(&self, caller: &Caller) -> Result<(String, u64)> {
        let identity = caller.identity();
        let grant = match &identity.grant {
            Some(grant) => Arc::clone(grant),
            None if caller.confinement().is_some() => {
                return Err(Error::permission_denied("a session that is confined makes no tickets"));
            }
            None => {
                let stop = self.stop.child_token();
                let mut grant = Grant::new(identity.principal.clone(), stop, &Rates::default());
                grant.scopes = identity.scopes;
                Arc::new(grant)
            }
        };
        self.tickets.add(&self.setting.host, grant, TICKET_LASTS)
    }

    /// What a ticket allows, once.
    pub fn use_ticket(&self, secret: &str) -> Result<Arc<Grant>> {
        let grant = self.tickets.take(&self.setting.host, secret).filter(|grant| !grant.ended.is_cancelled());
        grant.ok_or_else(|| Error::unauthenticated("the ticket was used already, or is older than 30 seconds"))
    }
}
