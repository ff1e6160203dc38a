//! Whose a terminal is, and how many one may have.

use icpy_protocol::error::{Error, Result};
use serde::{Deserialize, Serialize};

use super::Terminals;
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
            Principal::Daemon => Self::Daemon,
        }
    }
}

impl Terminals {
    /// Makes room for one more of an owner's: forgets the oldest whose program has ended.
    pub(super) async fn make_room(&self, owner: Owner) -> Result<()> {
        let own: Vec<_> = self.all().into_iter().filter(|terminal| terminal.origin.owner == owner).collect();
        let max = self.owned_max;
        if own.len() < max {
            return Ok(());
        }
        let ended = own.into_iter().find(|terminal| terminal.has_ended());
        let full = || {
            let message = format!("programs run in {max} terminals, which is `limits.terminals_max`: close one first");
            Error::too_large(message).with("limit", max)
        };
        let terminal_id = ended.ok_or_else(full)?.id().to_owned();
        self.forget(terminal_id).await
    }
}
