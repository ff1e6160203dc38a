//! Secrets that are used once and soon: links and tickets. They end with the daemon.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use icpy_protocol::error::{Error, Result};

use super::secret::hash;
use crate::host::Host;
use crate::store::accounts::Hash;

/// What each secret stands for.
#[derive(Debug)]
pub(super) struct Fleeting<T> {
    all: Mutex<HashMap<Hash, (u64, T)>>,
    max: usize,
}

impl<T> Fleeting<T> {
    pub(super) fn new(max: usize) -> Self {
        Self { all: Mutex::default(), max }
    }

    /// Makes a secret that lasts so long. Returns it, and when it ends.
    pub(super) fn add(&self, host: &Host, value: T, lasts: Duration) -> Result<(String, u64)> {
        let (secret, now_ms) = (host.new_secret(), host.now_ms());
        let expires_at_ms = now_ms.saturating_add(u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX));
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (end, _)| *end > now_ms);
        if all.len() >= self.max {
            return Err(Error::busy(format!("{} links or tickets wait to be used", self.max)));
        }
        all.insert(hash(&secret), (expires_at_ms, value));
        Ok((secret, expires_at_ms))
    }

    /// Takes what a secret stands for: the next one to ask finds nothing.
    pub(super) fn take(&self, host: &Host, secret: &str) -> Option<T> {
        let found = self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&hash(secret));
        found.filter(|(end, _)| *end > host.now_ms()).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_good_once_and_for_a_while() {
        let (host, fleeting) = (Host::fake(1000), Fleeting::new(2));
        let (first, end) = fleeting.add(&host, "a", Duration::from_secs(30)).unwrap();
        assert_eq!(end, 31_000);
        assert_eq!(fleeting.take(&host, "b"), None);
        assert_eq!(fleeting.take(&host, &first), Some("a"));
        assert_eq!(fleeting.take(&host, &first), None);
        let (late, _) = fleeting.add(&host, "c", Duration::from_secs(30)).unwrap();
        fleeting.add(&host, "d", Duration::from_secs(30)).unwrap();
        assert!(fleeting.add(&host, "e", Duration::from_secs(30)).is_err());
        host.advance(30_000);
        assert_eq!(fleeting.take(&host, &late), None);
        fleeting.add(&host, "f", Duration::from_secs(30)).unwrap();
    }
}
