//! `fs:watch` and its like: what is watched for which session, and for how long.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use icpy_protocol::Empty;
use icpy_protocol::error::{Error, Result};
use icpy_protocol::fs::{FsSyncParams, FsUnwatchParams, FsWatchParams, FsWatchResult};

use super::place::{Place, Use};
use super::trees::Watch;
use super::{Fs, blocking, failed};
use crate::caller::{Caller, Principal};

impl Fs {
    pub(super) async fn begin_watch(&self, caller: &Caller, params: FsWatchParams) -> Result<FsWatchResult> {
        if caller.identity().outlet.is_none() && *caller.principal() != Principal::Daemon {
            // Nothing would ever end it.
            let message = "a watch lasts as long as a session: ask for it on the socket or a WebSocket";
            return Err(Error::unsupported(message));
        }
        let (asking, is_shallow) = (caller.clone(), params.is_shallow);
        let path = blocking(move || {
            let place = Place::led_to(&asking, &params.path, Use::Look)?;
            let refused = |error| failed("watch", place.asked(), &error);
            if place.path().symlink_metadata().map_err(refused)?.is_dir() {
                place.path().read_dir().map_err(refused)?;
            }
            Ok(place.real().to_owned())
        })
        .await?;
        let id = self.services.host.new_id();
        let session = caller.session().to_owned();
        let watch = Watch { id: id.clone(), session, path: path.clone(), is_shallow };
        self.trees.add_new(watch.clone())?;
        self.wait_for_sessions();
        let live = self.trees.follow(&watch).await?;
        let files = live.tree().files() as u64;
        Ok(FsWatchResult { watch_id: id, path: path.into(), files, is_polled: live.is_polled() })
    }

    pub(super) fn end_watch(&self, caller: &Caller, params: &FsUnwatchParams) -> Result<Empty> {
        match self.trees.unwatch(&params.watch_id, Some(caller.session())) {
            true => {
                self.trees.forget_later();
                Ok(Empty {})
            }
            false => Err(Error::not_found(format!("this session has no watch `{}`", params.watch_id))),
        }
    }

    pub(super) async fn take_in_changes(&self, caller: &Caller, params: FsSyncParams) -> Result<Empty> {
        let asking = caller.clone();
        let folder = match params.path {
            None => None,
            Some(path) => {
                Some(blocking(move || Ok(Place::led_to(&asking, &path, Use::Look)?.real().to_owned())).await?)
            }
        };
        self.trees.sync(folder.as_deref()).await;
        Ok(Empty {})
    }

    /// Ends watches with their sessions, for as long as there are any.
    pub(super) fn wait_for_sessions(&self) {
        if self.is_waiting.swap(true, Ordering::AcqRel) {
            return;
        }
        let (trees, sessions) = (Arc::clone(&self.trees), self.services.sessions.clone());
        let (is_waiting, stop) = (Arc::clone(&self.is_waiting), self.services.stop.clone());
        self.services.tasks.spawn(async move {
            let mut count = sessions.count.clone();
            loop {
                // Who watches from now on has another task wait when this one ends.
                is_waiting.store(false, Ordering::Release);
                let is_any_left = trees.forget_sessions(&*sessions.is_known);
                trees.forget_later();
                if !is_any_left || is_waiting.swap(true, Ordering::AcqRel) {
                    return;
                }
                tokio::select! {
                    () = stop.cancelled() => return,
                    changed = count.changed() => if changed.is_err() { return },
                }
            }
        });
    }
}
