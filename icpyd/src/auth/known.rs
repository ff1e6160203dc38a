//! Everybody who may come in, as the store said last, and the grants that were made of that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use subtle::ConstantTimeEq as _;

use crate::caller::Grant;
use crate::store::accounts::{Account, Credential, Everybody, Hash};

/// How long a grant with limits is given out: folders may have come to its workspaces since.
const LIMITED_LASTS_MS: u64 = 5_000;

#[derive(Debug, Default)]
pub(super) struct Known {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    everybody: Option<Arc<Everybody>>,
    by_hash: HashMap<Hash, usize>,
    /// By the credential's name: the newest last. Older ones may still be in use.
    held: HashMap<String, Vec<Held>>,
}

#[derive(Debug)]
struct Held {
    grant: Arc<Grant>,
    made_at_ms: u64,
}

impl Known {
    pub(super) fn everybody(&self) -> Option<Arc<Everybody>> {
        self.lock().everybody.clone()
    }

    /// Takes what the store says now. Grants of what has changed or gone are no longer good.
    pub(super) fn replace(&self, now: &Arc<Everybody>) {
        let mut state = self.lock();
        let before = state.everybody.replace(Arc::clone(now));
        state.by_hash = now.credentials.iter().enumerate().map(|(place, it)| (it.hash, place)).collect();
        let Some(before) = before else { return };
        state.held.retain(|id, held| {
            let is_same = standing(&before, id) == standing(now, id);
            if !is_same {
                for held in held.iter() {
                    held.grant.ended.cancel();
                }
            }
            is_same
        });
    }

    /// Ends the grants that have to do with a workspace.
    pub(super) fn end_in(&self, workspace_id: &str) {
        let is_of = |held: &Held| {
            let roles = held.grant.confinement.as_ref().and_then(|confinement| confinement.workspaces());
            roles.is_some_and(|roles| roles.contains_key(workspace_id))
        };
        for held in self.lock().held.values_mut() {
            held.retain(|held| {
                let is_of = is_of(held);
                if is_of {
                    held.grant.ended.cancel();
                }
                !is_of
            });
        }
    }

    /// The credential whose secret has this hash.
    pub(super) fn find(&self, hash: &Hash) -> Option<Arc<Credential>> {
        let state = self.lock();
        let credential = state.everybody.as_ref()?.credentials.get(*state.by_hash.get(hash)?)?;
        bool::from(credential.hash.ct_eq(hash)).then(|| Arc::clone(credential))
    }

    /// The grant that was made of a credential.
    pub(super) fn grant(&self, id: &str, now_ms: u64) -> Option<Arc<Grant>> {
        let state = self.lock();
        let held = state.held.get(id)?.last()?;
        let is_fresh = held.grant.confinement.is_none() || held.made_at_ms + LIMITED_LASTS_MS > now_ms;
        is_fresh.then(|| Arc::clone(&held.grant))
    }

    /// Keeps a grant that was made of a credential, for the next time and to end it. It has ended already when the credential is
    /// another one by now.
    pub(super) fn hold(&self, credential: &Arc<Credential>, grant: Grant, made_at_ms: u64) -> Arc<Grant> {
        let grant = Arc::new(grant);
        let mut state = self.lock();
        let is_there = state.everybody.as_ref().is_some_and(|it| it.credentials.contains(credential));
        if !is_there {
            grant.ended.cancel();
            return grant;
        }
        let held = state.held.entry(credential.id.clone()).or_default();
        // Of those before only what is in use is to be ended some time.
        held.retain(|held| Arc::strong_count(&held.grant) > 1);
        held.push(Held { grant: Arc::clone(&grant), made_at_ms });
        grant
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a grant depends on. A password is no part of it: who changes one logs out by removing logins.
fn standing<'a>(everybody: &'a Everybody, id: &str) -> Option<(&'a Credential, Option<impl PartialEq + use<'a>>)> {
    let credential = everybody.credentials.iter().find(|it| it.id == id)?;
    let roles = everybody.accounts.get(&credential.user).map(|Account { roles, .. }| roles);
    Some((&**credential, roles))
}
