//! How often one credential may ask, for each class of methods: a bucket that fills at an even pace (GCRA, by the crate
//! `governor`). A second's worth may come at once.

use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use icpy_protocol::api::Access;
use icpy_protocol::error::{Error, Result};

/// Requests in a second, by class; nothing is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// Of methods that see.
    pub reads: Option<NonZeroU32>,
    /// Of methods that change files and state.
    pub writes: Option<NonZeroU32>,
    /// Of all others: terminals, programs, agents, and the daemon itself.
    pub others: Option<NonZeroU32>,
}

/// What is left of them.
#[derive(Debug)]
pub(super) struct Rate {
    reads: Option<DefaultDirectRateLimiter>,
    writes: Option<DefaultDirectRateLimiter>,
    others: Option<DefaultDirectRateLimiter>,
}

impl Rate {
    pub(super) fn new(rates: &Rates) -> Self {
        let limiter = |rate: Option<NonZeroU32>| rate.map(|rate| RateLimiter::direct(Quota::per_second(rate)));
        Self { reads: limiter(rates.reads), writes: limiter(rates.writes), others: limiter(rates.others) }
    }

    pub(super) fn count(&self, access: Access) -> Result<()> {
        let (limiter, class) = match access {
            Access::Open | Access::Read => (&self.reads, "see"),
            Access::Write => (&self.writes, "change something"),
            Access::Execute | Access::Terminal | Access::Agent | Access::Admin => {
                (&self.others, "run or control something")
            }
        };
        let Some(Err(until)) = limiter.as_ref().map(RateLimiter::check) else { return Ok(()) };
        let wait_ms = until.wait_time_from(DefaultClock::default().now()).as_millis().max(1);
        let message = format!("too many requests that {class} in a second: try again in {wait_ms} ms");
        Err(Error::busy(message).with("retryAfterMs", u64::try_from(wait_ms).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use icpy_protocol::error::Kind;

    use super::*;

    #[test]
    fn each_class_has_its_own_limit() {
        let rates = Rates { reads: None, writes: NonZeroU32::new(2), others: NonZeroU32::new(1) };
        let rate = Rate::new(&rates);
        for _ in 0..1000 {
            rate.count(Access::Read).unwrap();
        }
        rate.count(Access::Write).unwrap();
        rate.count(Access::Write).unwrap();
        let error = rate.count(Access::Write).unwrap_err();
        assert_eq!(error.kind(), Kind::Busy);
        assert!(error.message().contains("change something"), "{error}");
        rate.count(Access::Terminal).unwrap();
        assert!(rate.count(Access::Admin).is_err());
    }
}
