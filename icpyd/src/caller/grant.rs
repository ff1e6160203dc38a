//! What a credential that came over HTTP lets its holder do.

use std::sync::Arc;

use icpy_protocol::api::Access;
use icpy_protocol::error::{Error, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::rate::{Rate, Rates};
use super::{Principal, Scopes};
use crate::confinement::Confinement;

/// What somebody may do who has shown a credential.
#[derive(Debug)]
pub struct Grant {
    /// Who it is.
    pub principal: Principal,
    /// What it may do.
    pub scopes: Scopes,
    /// What of the disk it may use; everything when there is none.
    pub confinement: Option<Arc<Confinement>>,
    /// Of a login: what a request that changes something must carry.
    pub csrf_token: Option<String>,
    /// When the credential ends, in milliseconds since 1970.
    pub expires_at_ms: Option<u64>,
    /// Cancelled when the credential is no longer good.
    pub ended: CancellationToken,
    rate: Rate,
    streams: Arc<Semaphore>,
}

/// Streams of events of one credential at one time.
const STREAMS_MAX: usize = 64;

impl Grant {
    /// A grant of everything, to be narrowed.
    pub fn new(principal: Principal, ended: CancellationToken, rates: &Rates) -> Self {
        Self {
            principal,
            scopes: Scopes::ALL,
            confinement: None,
            csrf_token: None,
            expires_at_ms: None,
            ended,
            rate: Rate::new(rates),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
        }
    }

    /// Room for one more stream of events, for as long as it is held.
    pub fn stream(&self) -> Result<OwnedSemaphorePermit> {
        let full = |_| Error::busy(format!("{STREAMS_MAX} streams of events of this credential are open"));
        Arc::clone(&self.streams).try_acquire_owned().map_err(full)
    }

    /// Takes note of one more request. Refused with `busy` when there were too many lately.
    pub fn count(&self, access: Access) -> Result<()> {
        self.rate.count(access)
    }
}
