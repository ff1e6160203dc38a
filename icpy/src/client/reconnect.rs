//! Going on after a lost connection: with the same daemon where it goes on, or with any.

use std::sync::Arc;
use std::time::Duration;

use icpy_protocol::error::{Error, Kind, Result};
use icpy_protocol::session::{
    SessionReplay, SessionResumeParams, SessionResumeResult, SessionResumeStatus, SessionSubscribeParams,
    SessionSubscribeResult, method,
};
use interprocess::local_socket::GenericFilePath;
use interprocess::local_socket::tokio::prelude::*;
use tokio::time::{Instant, sleep_until, timeout};

use super::driver::{Driver, Left, Order};
use super::ended;
use super::link::Link;
use super::notifications::LinkState;
use crate::finder::Finder;
use crate::remote;

/// How long a lost daemon is looked for.
const RECONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long one that was found may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// The first and the longest rest between two looks.
const RECONNECT_RESTS: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// The member of an error's details that says that the request may have been done.
pub const MAY_BE_DONE: &str = "mayBeDone";

/// Which daemon a client goes on with when its connection is lost.
#[derive(Clone, Debug)]
pub(super) enum Reconnect {
    /// None.
    Never,
    /// The same one, when that says that it goes on.
    ToSame(Finder),
    /// Any that runs.
    ToRunning(Finder),
    /// Any, which is started where none runs.
    ToAny(Finder),
}

/// Finds the daemon, or starts it where that is wanted, and connects.
pub(super) async fn find(finder: Finder, may_start: bool) -> Result<Link> {
    if finder.is_remote() {
        let connect = move || if may_start { finder.connect_or_start() } else { finder.connect() };
        let stream = tokio::task::spawn_blocking(connect).await.map_err(|_| ended())?;
        let stream = stream.map_err(|error| Error::unavailable(error.to_string()))?;
        let stream = remote::in_runtime(stream).map_err(|error| Error::unavailable(error.to_string()))?;
        return Ok(Link::new(Box::new(stream)));
    }
    let find = move || if may_start { finder.locate_or_start() } else { finder.locate() };
    let found = tokio::task::spawn_blocking(find).await.map_err(|_| ended())?;
    let socket = found.map_err(|error| Error::unavailable(error.to_string()))?;
    let failed = |error: std::io::Error| Error::unavailable(format!("cannot connect to icpyd: {error}"));
    let name = socket.as_path().to_fs_name::<GenericFilePath>().map_err(failed)?;
    Ok(Link::new(Box::new(LocalSocketStream::connect(name).await.map_err(failed)?)))
}

impl Driver {
    /// Finds the daemon again and goes on where the connection was lost.
    pub(super) async fn reconnect(&mut self, left: Left) -> Result<Link> {
        let is_told = matches!(left, Left::Resumable(_));
        let mut link = match (self.reconnect.clone(), left) {
            (Reconnect::ToAny(finder), _) => self.reconnect_to_any(finder, true).await,
            (Reconnect::ToRunning(finder), _) => self.reconnect_to_any(finder, false).await,
            (Reconnect::ToSame(finder), Left::Resumable(_)) => self.reconnect_to_same(finder).await,
            (_, Left::Lost(reason) | Left::Resumable(reason) | Left::Closed(reason)) => Err(Error::unavailable(reason)),
            (_, Left::Dropped) => Err(ended()),
        }?;
        self.tell_link.send_modify(|link| *link = LinkState { number: link.number + 1, is_lost: false });
        self.send_again(&mut link, is_told);
        Ok(link)
    }

    /// The socket of a daemon that goes on is always there.
    async fn reconnect_to_same(&mut self, finder: Finder) -> Result<Link> {
        let mut link = find(finder, false).await?;
        let params = self.resume_params();
        let result: SessionResumeResult = self.ask(&mut link, method::resume, &params).await?;
        self.resumed(result);
        Ok(link)
    }

    async fn reconnect_to_any(&mut self, finder: Finder, may_start: bool) -> Result<Link> {
        let deadline = Instant::now() + RECONNECT_TIMEOUT;
        let (mut rest, rest_max) = RECONNECT_RESTS;
        loop {
            let outcome = match find(finder.clone(), may_start).await {
                Ok(mut link) => match timeout(ANSWER_TIMEOUT, self.take_up(&mut link)).await {
                    Ok(taken_up) => taken_up.map(|()| link),
                    Err(_) => Err(Error::timeout("icpyd does not answer")),
                },
                // The socket of a daemon that goes on is always there.
                Err(error) if !may_start && !finder.is_remote() => return Err(error),
                Err(error) => Err(error),
            };
            match outcome {
                Ok(link) => return Ok(link),
                Err(error) if Instant::now() >= deadline => return Err(error),
                Err(_) => sleep_until(Instant::now() + rest).await,
            }
            rest = (rest * 2).min(rest_max);
        }
    }

    async fn take_up(&mut self, link: &mut Link) -> Result<()> {
        let params = self.resume_params();
        match self.ask::<SessionResumeResult>(link, method::resume, &params).await {
            Ok(result) => {
                self.resumed(result);
                Ok(())
            }
            Err(error) if error.kind() == Kind::Gone => self.begin_anew(link).await,
            Err(error) => Err(error),
        }
    }

    fn resume_params(&self) -> SessionResumeParams {
        SessionResumeParams {
            resume_token: self.resume_token.clone(),
            epoch: self.subscriptions.epoch().to_owned(),
            after: None,
            subscriptions: self.subscriptions.seen(),
            logged: self.subscriptions.logged(),
        }
    }

    fn resumed(&mut self, result: SessionResumeResult) {
        self.resume_token = result.resume_token;
        let snapshot = Arc::new(result.snapshot);
        match result.status {
            SessionResumeStatus::Resumed => {}
            SessionResumeStatus::Replayed => self.subscriptions.tell_lost(&result.position, &snapshot),
            SessionResumeStatus::Gone => self.subscriptions.reset(&result.position, &snapshot),
        }
    }

    /// The daemon is a new one, or has forgotten the session.
    async fn begin_anew(&mut self, link: &mut Link) -> Result<()> {
        self.initialize(link).await?;
        for (old, params) in self.subscriptions.all() {
            let begun: Result<SessionSubscribeResult> = self.ask(link, method::subscribe, &params).await;
            let begun = match begun {
                // The log does not go back so far, or is another one.
                Err(error) if error.kind() == Kind::Gone => {
                    let params = SessionSubscribeParams { replay: Some(SessionReplay::default()), ..params };
                    self.ask(link, method::subscribe, &params).await?
                }
                begun => begun?,
            };
            self.subscriptions.rename(old, &begun);
        }
        Ok(())
    }

    /// Sends again what can be sent twice, and what was not begun: a daemon that says that it goes on has answered all that
    /// it has read. The rest fails: it may have been done.
    fn send_again(&mut self, link: &mut Link, is_told: bool) {
        for (number, pending) in std::mem::take(&mut self.pending) {
            if pending.is_idempotent || is_told {
                self.obey(Order::Request(number, pending), link);
            } else {
                let message =
                    format!("the connection was lost before `{}` was answered: it may be done", pending.method);
                self.answer(pending.answer, Err(Error::connection_lost(message).with(MAY_BE_DONE, true)));
            }
        }
    }
}
