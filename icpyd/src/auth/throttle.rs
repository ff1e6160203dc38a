//! Slowing down who shows wrong credentials. It keeps nobody out who shows a right one: that is looked at first.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use icpy_protocol::error::{Error, Result};

use crate::host::Host;

/// Wrong credentials from one address that are looked at in a minute.
const FAILURES_MAX: u32 = 5;

/// After so long an address begins anew.
const PERIOD_MS: u64 = 60_000;

/// The first wrong one waits so long for its answer, and each further one twice as long as the one before.
const FIRST_DELAY: Duration = Duration::from_millis(100);

/// Addresses that are remembered; when there are more, those that have failed least lately go.
const ADDRESSES_MAX: usize = 4096;

/// What has failed lately.
#[derive(Debug, Default)]
pub struct Throttle {
    failures: Mutex<HashMap<IpAddr, Failures>>,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    since_ms: u64,
}

impl Throttle {
    /// Takes note of a wrong credential, or of one that is about to be looked at. Returns how long its answer is to wait; after
    /// too many it is refused.
    pub fn count(&self, from: IpAddr, host: &Host) -> Result<Duration> {
        let now_ms = host.now_ms();
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= ADDRESSES_MAX {
            failures.retain(|_, it| it.is_recent(now_ms));
        }
        if failures.len() >= ADDRESSES_MAX {
            failures.clear();
        }
        let failed = failures.entry(network(from)).or_insert(Failures { count: 0, since_ms: now_ms });
        if !failed.is_recent(now_ms) {
            *failed = Failures { count: 0, since_ms: now_ms };
        }
        if failed.count >= FAILURES_MAX {
            let wait_ms = (failed.since_ms + PERIOD_MS).saturating_sub(now_ms);
            let message =
                format!("too many wrong credentials came from {from}: try again in {} s", wait_ms.div_ceil(1000));
            return Err(Error::busy(message).with("retryAfterMs", wait_ms));
        }
        failed.count += 1;
        Ok(FIRST_DELAY * 2_u32.pow(failed.count - 1))
    }

    /// What was counted last was right.
    pub fn forgive(&self, from: IpAddr) {
        if let Some(failed) = self.failures.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&network(from)) {
            failed.count = failed.count.saturating_sub(1);
        }
    }
}

/// What one customer of a provider has: of IPv6 that is a network, in which every request may come from another address.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

impl Failures {
    fn is_recent(self, now_ms: u64) -> bool {
        now_ms < self.since_ms + PERIOD_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_slowed_and_then_refused_for_a_minute() {
        let (host, throttle) = (Host::fake(0), Throttle::default());
        let [here, there] = ["127.0.0.1", "::1"].map(|it| it.parse().unwrap());
        let delays: Vec<u128> = (0..5).map(|_| throttle.count(here, &host).unwrap().as_millis()).collect();
        assert_eq!(delays, [100, 200, 400, 800, 1600]);
        host.advance(10_000);
        let error = throttle.count(here, &host).unwrap_err();
        assert!(error.message().contains("try again in 50 s"), "{error}");
        throttle.count(there, &host).unwrap();
        host.advance(50_000);
        assert_eq!(throttle.count(here, &host).unwrap().as_millis(), 100);
    }

    #[test]
    fn what_was_right_does_not_count() {
        let (host, throttle) = (Host::fake(0), Throttle::default());
        let here = "127.0.0.1".parse().unwrap();
        for _ in 0..20 {
            throttle.count(here, &host).unwrap();
            throttle.forgive(here);
        }
    }

    #[test]
    fn an_address_of_a_network_is_the_network() {
        let check = |address: &str, expect: &str| {
            assert_eq!(network(address.parse().unwrap()).to_string(), expect);
        };
        check("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::");
        check("::ffff:192.0.2.1", "192.0.2.1");
        check("192.0.2.1", "192.0.2.1");
    }
}
