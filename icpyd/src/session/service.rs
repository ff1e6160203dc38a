//! `session:*`: what a client asks of its own session.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use icpy_protocol::error::{Error, Result};
use icpy_protocol::session::{
    ClientInfo, Position, ProtocolRange, SessionApi, SessionInitializeParams, SessionInitializeResult,
    SessionListResult, SessionReplay, SessionResumeParams, SessionResumeResult, SessionResumeStatus,
    SessionSubscribeParams, SessionSubscribeResult, SessionUnsubscribeParams,
};
use icpy_protocol::topic::Pattern;
use icpy_protocol::{API, Empty, PROTOCOL, PROTOCOL_MIN};
use serde_json::{Map, Value};

use super::feeds::Feed;
use super::registry::{Command, Facts, Sessions};
use crate::bus::{Bus, Gone, Interest, LogPlace, Pace, Release, Subscriber};
use crate::caller::Caller;
use crate::config::Limits;
use crate::host::Host;

/// The service.
#[derive(Debug)]
pub struct SessionService {
    /// All sessions.
    pub sessions: Arc<Sessions>,
    /// Events.
    pub bus: Bus,
    /// The outside world.
    pub host: Host,
    /// What one session may have.
    pub limits: Limits,
    /// Names the daemon.
    pub daemon_id: String,
}

impl SessionApi<Caller> for SessionService {
    async fn initialize(&self, caller: &Caller, params: SessionInitializeParams) -> Result<SessionInitializeResult> {
        let protocol = negotiate(params.protocol)?;
        let handle = self.sessions.get(caller.session())?;
        let resume_token = self.host.new_secret();
        let mut capabilities = Map::new();
        if caller.has_frames() {
            capabilities.insert("binaryFrames".to_owned(), Value::Bool(true));
        }
        let mut facts = handle.facts();
        if facts.client_info.is_some() {
            return Err(Error::conflict("the session is initialized already"));
        }
        let _ = caller.identity().client.set(params.client_info.name.clone());
        facts.client_info = Some(params.client_info);
        facts.resume_token = Some(resume_token.clone());
        Ok(SessionInitializeResult {
            server_info: ClientInfo { name: "icpyd".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            protocol,
            capabilities,
            daemon_id: self.daemon_id.clone(),
            session_id: facts.session.clone(),
            resume_token,
            position: self.bus.position(),
        })
    }

    async fn subscribe(&self, caller: &Caller, params: SessionSubscribeParams) -> Result<SessionSubscribeResult> {
        let handle = self.sessions.get(caller.session())?;
        let pace = pace(&params)?;
        if params.patterns.is_empty() {
            return Err(Error::invalid_params("a subscription has at least one pattern"));
        }
        if pace.is_some() && params.replay.is_some() {
            return Err(Error::invalid_params("what `replay` reads from the event log is not paced"));
        }
        let subscriber = match params.replay {
            None => self.begin(&params, caller)?,
            Some(replay) => {
                self.bus.replay(interest(&params, caller), params.after.as_ref(), log_place(replay)?).await?
            }
        };
        let (seq, log_id) = (subscriber.begins_after(), subscriber.log_id());
        let mut facts = handle.facts();
        if facts.subscriptions.len() >= self.limits.subscriptions_max {
            let message = format!("a session has at most {} subscriptions", self.limits.subscriptions_max);
            return Err(Error::too_large(message));
        }
        facts.last_subscription += 1;
        let subscription = facts.last_subscription;
        facts.subscriptions.insert(subscription, SessionSubscribeParams { after: None, ..params });
        drop(facts);
        handle.command(Command::Subscribe(Feed::new(subscription, subscriber, pace)));
        let position = Position { seq, ..self.bus.position() };
        Ok(SessionSubscribeResult { subscription, position, log_id })
    }

    async fn unsubscribe(&self, caller: &Caller, params: SessionUnsubscribeParams) -> Result<Empty> {
        let handle = self.sessions.get(caller.session())?;
        if handle.facts().subscriptions.remove(&params.subscription).is_none() {
            return Err(Error::not_found(format!("this session has no subscription `{}`", params.subscription)));
        }
        handle.command(Command::Unsubscribe(params.subscription));
        Ok(Empty {})
    }

    async fn resume(&self, caller: &Caller, params: SessionResumeParams) -> Result<SessionResumeResult> {
        let handle = self.sessions.get(caller.session())?;
        if handle.facts().client_info.is_some() {
            return Err(Error::conflict("the session is initialized already: resume on a new connection"));
        }
        // At once and before anything is waited for: when this connection is lost too, the session is kept with it.
        let facts = self
            .sessions
            .take_over(&params.resume_token, &handle)
            .ok_or_else(|| Error::gone("no session is kept for this resume token: initialize a new one"))?;
        let (status, feeds, position) = self.take_up(&facts, &params, caller).await;
        let result = SessionResumeResult {
            status,
            session_id: facts.session.clone(),
            resume_token: params.resume_token,
            position,
            subscriptions: facts.subscriptions.keys().copied().collect(),
            snapshot: Map::new(),
            closed_because: facts.closed_because.clone(),
        };
        let snapshot = match status {
            SessionResumeStatus::Resumed => Map::new(),
            SessionResumeStatus::Gone | SessionResumeStatus::Replayed => self.snapshot(caller, &patterns(&facts)).await,
        };
        let client = facts.client_info.map(|client| client.name);
        handle.command(Command::Become(Arc::new(caller.identity().under(facts.session, client))));
        for feed in feeds {
            handle.command(Command::Subscribe(feed));
        }
        Ok(SessionResumeResult { snapshot, ..result })
    }

    async fn list(&self, caller: &Caller, _: Empty) -> Result<SessionListResult> {
        Ok(SessionListResult { sessions: self.sessions.list(caller.session()) })
    }

    async fn ping(&self, _: &Caller, _: Empty) -> Result<Position> {
        Ok(self.bus.position())
    }
}

impl SessionService {
    fn begin(&self, params: &SessionSubscribeParams, caller: &Caller) -> Result<Subscriber> {
        let interest = interest(params, caller);
        let Some(after) = &params.after else {
            return Ok(self.bus.subscribe(interest));
        };
        let position = self.bus.position();
        let gone = |_: Gone| {
            let message = format!("the events after {} of the epoch `{}` are no longer kept", after.seq, after.epoch);
            Error::gone(message).with("epoch", position.epoch.clone()).with("seq", position.seq)
        };
        if after.epoch != position.epoch {
            return Err(gone(Gone));
        }
        self.bus.subscribe_after(interest, after.seq).map_err(gone)
    }

    /// Begins the subscriptions of a lost session again: all after what the client has seen, in memory or in the log, or all
    /// from now on.
    async fn take_up(
        &self,
        facts: &Facts,
        params: &SessionResumeParams,
        caller: &Caller,
    ) -> (SessionResumeStatus, Vec<Feed>, Position) {
        let position = self.bus.position();
        let is_same = params.epoch == position.epoch;
        let mut status = if is_same { SessionResumeStatus::Resumed } else { SessionResumeStatus::Gone };
        let mut feeds = Vec::new();
        for (id, subscription) in &facts.subscriptions {
            let Some((subscriber, is_here)) = self.take_up_one(*id, subscription, params, caller).await else {
                let restart = |(id, subscription): (&u64, &SessionSubscribeParams)| {
                    let subscriber = self.bus.subscribe(interest(subscription, caller));
                    Feed::new(*id, subscriber, pace(subscription).ok().flatten())
                };
                return (SessionResumeStatus::Gone, facts.subscriptions.iter().map(restart).collect(), position);
            };
            if !is_here {
                status = SessionResumeStatus::Replayed;
            }
            feeds.push(Feed::new(*id, subscriber, pace(subscription).ok().flatten()));
        }
        (status, feeds, position)
    }

    /// Begins one of them again, and says whether all events that followed are still in memory.
    async fn take_up_one(
        &self,
        id: u64,
        subscription: &SessionSubscribeParams,
        params: &SessionResumeParams,
        caller: &Caller,
    ) -> Option<(Subscriber, bool)> {
        let seq = params.subscriptions.get(&id).copied().or(params.after);
        let after = seq.map(|seq| Position { epoch: params.epoch.clone(), seq });
        let logged = params.logged.get(&id).map(|id| LogPlace::After(*id));
        let interest = interest(subscription, caller);
        let subscriber = match (&after, logged) {
            (None, None) => return None,
            (_, logged) if subscription.replay.is_some() => {
                self.bus.replay(interest, after.as_ref(), logged.unwrap_or(LogPlace::End)).await.ok()?
            }
            (Some(after), _) if after.epoch == self.bus.position().epoch => {
                self.bus.subscribe_after(interest, after.seq).ok()?
            }
            _ => return None,
        };
        let is_here = params.epoch == self.bus.position().epoch && seq == Some(subscriber.begins_after());
        Some((subscriber, is_here))
    }

    /// The answers of the methods that know the state behind the subscribed topics.
    async fn snapshot(&self, caller: &Caller, patterns: &[Pattern]) -> Map<String, Value> {
        let events = API.iter().flat_map(|namespace| namespace.events);
        let subscribed = events.filter(|event| patterns.iter().any(|pattern| pattern.matches(event.topic)));
        let methods: BTreeSet<&str> = subscribed.filter_map(|event| event.state).collect();
        let requester = self.bus.requester(caller.clone(), self.limits.request_timeout);
        let mut snapshot = Map::new();
        for method in methods {
            let answer = requester.request(method, "{}").await;
            let state = answer
                .and_then(|result| serde_json::from_slice(&result).map_err(|error| Error::internal(error.to_string())));
            match state {
                Ok(state) => drop(snapshot.insert(method.to_owned(), state)),
                Err(error) => tracing::warn!(method, %error, "a state is missing from a snapshot"),
            }
        }
        snapshot
    }
}

fn patterns(facts: &Facts) -> Vec<Pattern> {
    facts.subscriptions.values().flat_map(|subscription| subscription.patterns.clone()).collect()
}

fn log_place(replay: SessionReplay) -> Result<LogPlace> {
    match (replay.after_log_id, replay.since_ms) {
        (None, None) => Ok(LogPlace::End),
        (Some(id), None) => Ok(LogPlace::After(id)),
        (None, Some(time_ms)) => Ok(LogPlace::Since(time_ms)),
        (Some(_), Some(_)) => {
            Err(Error::invalid_params("`replay` begins at `afterLogId` or at `sinceMs`, and not at both"))
        }
    }
}

fn interest(params: &SessionSubscribeParams, caller: &Caller) -> Interest {
    let (patterns, filter) = (params.patterns.clone(), params.filter.clone());
    Interest { patterns, filter, scopes: caller.scopes(), receiver: Some(Arc::clone(caller.identity())) }
}

/// The version of the protocol that both sides speak: the newest.
fn negotiate(theirs: Option<ProtocolRange>) -> Result<u32> {
    let ProtocolRange { min, max } = theirs.unwrap_or(ProtocolRange { min: PROTOCOL_MIN, max: PROTOCOL });
    if min > max {
        return Err(Error::invalid_params(format!("the protocol range {min} to {max} is empty")));
    }
    if max < PROTOCOL_MIN || min > PROTOCOL {
        let message = format!(
            "the client speaks protocol {min} to {max}, and icpyd {} speaks {PROTOCOL_MIN} to {PROTOCOL}",
            env!("CARGO_PKG_VERSION")
        );
        return Err(Error::unsupported(message).with("min", PROTOCOL_MIN).with("max", PROTOCOL));
    }
    Ok(max.min(PROTOCOL))
}

/// How a subscription is paced, if it asks for that.
fn pace(params: &SessionSubscribeParams) -> Result<Option<Pace>> {
    let window = |ms: Option<u32>| ms.map(|ms| Duration::from_millis(u64::from(ms)));
    let key = params.coalesce_by.clone();
    let release = match (window(params.debounce_ms), window(params.throttle_ms), window(params.buffer_ms)) {
        (None, None, None) if key.is_none() => return Ok(None),
        (None, None, None) => Release::Ready,
        (Some(window), None, None) => Release::Debounce(window),
        (None, Some(window), None) => Release::Throttle(window),
        (None, None, Some(window)) => Release::Buffer(window),
        _ => {
            let message = "a subscription has one of `debounceMs`, `throttleMs` and `bufferMs`";
            return Err(Error::invalid_params(message));
        }
    };
    Ok(Some(Pace { release, key }))
}
