//! Whose a terminal is, how many one may have, and places for those that are about to be.

use std::sync::Arc;

use icpy_protocol::error::{Error, Result};
use serde::{Deserialize, Serialize};

use super::one::Terminal;
use super::{Open, Terminals};
use crate::caller::{Caller, Principal};

/// Who has made a terminal. Sessions of one user are the same to this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Owner {
    /// The daemon.
    #[default]
    Daemon,
    /// A user, where the system tells which.
    User(Option<u32>),
}

impl Owner {
    pub(super) fn of(caller: &Caller) -> Self {
        match caller.principal() {
            Principal::Peer { uid, .. } => Self::User(*uid),
            // Who is confined to some folders makes none: it is the daemon's own user, from elsewhere.
            Principal::Remote { .. } => Self::User(None),
            Principal::Daemon => Self::Daemon,
        }
    }
}

/// A place for a terminal that is being started. It is given back when nothing comes of that.
#[derive(Debug)]
pub(super) struct Place<'a> {
    terminals: &'a Terminals,
    pub(super) owner: Owner,
}

impl Place<'_> {
    /// Puts the terminal there. In one step: in between there would be one too many, or room for one more.
    pub(super) fn fill(self, terminal: Arc<Terminal>) {
        let mut open = self.terminals.lock();
        open.insert(terminal);
        open.leave(self.owner);
        drop(open);
        std::mem::forget(self);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.terminals.lock().leave(self.owner);
    }
}

impl Open {
    /// Takes a place for one more of an owner's, if there is one.
    fn enter(&mut self, owner: Owner, max: usize) -> bool {
        let of_owner = |it: &&Owner| **it == owner;
        let open = self.by_id.values().map(|terminal| &terminal.origin.owner).filter(of_owner).count();
        let has_room = open + self.starting.iter().filter(of_owner).count() < max;
        if has_room {
            self.starting.push(owner);
        }
        has_room
    }

    fn leave(&mut self, owner: Owner) {
        if let Some(place) = self.starting.iter().position(|it| *it == owner) {
            self.starting.swap_remove(place);
        }
    }
}

impl Terminals {
    /// Makes room for one more of an owner's, and keeps it: forgets the oldest whose program has ended.
    pub(super) async fn make_room(&self, owner: Owner) -> Result<Place<'_>> {
        let max = self.owned_max;
        loop {
            if self.lock().enter(owner, max) {
                return Ok(Place { terminals: self, owner });
            }
            let is_ended = |terminal: &Arc<Terminal>| terminal.origin.owner == owner && terminal.has_ended();
            let ended = self.all().into_iter().find(is_ended);
            let full = || {
                let message =
                    format!("programs run in {max} terminals, which is `limits.terminals_max`: close one first");
                Error::too_large(message).with("limit", max)
            };
            let terminal_id = ended.ok_or_else(full)?.id().to_owned();
            // Somebody else may have forgotten it meanwhile, and taken its place.
            let _ = self.forget(terminal_id).await;
        }
    }
}
