//! Counting requests: how many, how many failed, and how long they took, by method; and how the cache of files does.
//!
//! Each method has its own counters, so that requests do not wait for each other. Not here: what is counted elsewhere
//! (the bus, the sessions), and how the numbers are shown.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use icpy_protocol::api::MethodInfo;
use icpy_protocol::daemon::{CacheStatistics, LATENCY_BUCKETS_US, MethodMetrics};
use tokio::time::Instant;

/// Counters of all methods.
#[derive(Clone, Debug, Default)]
pub struct Metrics(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    methods: Mutex<BTreeMap<&'static str, Arc<Counters>>>,
    refused: AtomicU64,
    file_cache: CacheCounters,
}

/// Counters of a cache.
#[derive(Debug, Default)]
pub struct CacheCounters {
    /// Times something was there.
    pub hits: AtomicU64,
    /// Times something was not.
    pub misses: AtomicU64,
    /// Entries that had to go for others.
    pub evictions: AtomicU64,
    /// Entries now.
    pub entries: AtomicU64,
    /// Bytes of the entries now.
    pub bytes: AtomicU64,
}

/// Counters of one method.
#[derive(Debug, Default)]
pub struct Counters {
    requests: AtomicU64,
    errors: AtomicU64,
    cancelled: AtomicU64,
    total_us: AtomicU64,
    /// Requests that took at most so long, by the bound; the last has no bound.
    buckets: [AtomicU64; LATENCY_BUCKETS_US.len() + 1],
}

/// One request under way. Dropped without an end, it counts as cancelled.
#[derive(Debug)]
pub struct Measured {
    counters: Arc<Counters>,
    began: Instant,
    has_ended: bool,
}

impl Metrics {
    /// The counters of a method.
    pub fn counters(&self, info: &'static MethodInfo) -> Arc<Counters> {
        let mut all = self.0.methods.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(info.name).or_default())
    }

    /// Counts a request that was not started: its method is not known, its params are wrong, or its caller may not.
    pub fn count_refused(&self) {
        self.0.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// How many requests were not started.
    pub fn refused(&self) -> u64 {
        self.0.refused.load(Ordering::Relaxed)
    }

    /// The counters of the cache of files.
    pub fn file_cache(&self) -> &CacheCounters {
        &self.0.file_cache
    }

    /// The methods that were called, by name.
    pub fn methods(&self) -> BTreeMap<String, MethodMetrics> {
        let all = self.0.methods.lock().unwrap_or_else(PoisonError::into_inner);
        let called = all.iter().filter(|(_, counters)| counters.requests.load(Ordering::Relaxed) > 0);
        called.map(|(name, counters)| ((*name).to_owned(), counters.read())).collect()
    }
}

impl CacheCounters {
    /// What they have counted.
    pub fn read(&self) -> CacheStatistics {
        let number = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CacheStatistics {
            hits: number(&self.hits),
            misses: number(&self.misses),
            evictions: number(&self.evictions),
            entries: number(&self.entries),
            bytes: number(&self.bytes),
        }
    }
}

impl Counters {
    fn read(&self) -> MethodMetrics {
        let number = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        MethodMetrics {
            requests: number(&self.requests),
            errors: number(&self.errors),
            cancelled: number(&self.cancelled),
            total_us: number(&self.total_us),
            buckets: self.buckets.iter().map(number).collect(),
        }
    }
}

impl Measured {
    /// A request that begins now.
    pub fn begin(counters: &Arc<Counters>) -> Self {
        counters.requests.fetch_add(1, Ordering::Relaxed);
        Self { counters: Arc::clone(counters), began: Instant::now(), has_ended: false }
    }

    /// It has ended.
    pub fn end(mut self, is_error: bool) {
        self.has_ended = true;
        let took_us = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let bucket = LATENCY_BUCKETS_US.partition_point(|bound| *bound < took_us);
        self.counters.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.counters.total_us.fetch_add(took_us, Ordering::Relaxed);
        if is_error {
            self.counters.errors.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        if !self.has_ended {
            self.counters.cancelled.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use icpy_protocol::session::method;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn every_request_is_counted_once_and_in_its_bucket() {
        let metrics = Metrics::default();
        assert!(metrics.methods().is_empty());
        let counters = metrics.counters(method::ping);
        for (took_us, is_error) in [(0, false), (4, true), (5, false), (3_000_000_000, false)] {
            let measured = Measured::begin(&counters);
            tokio::time::advance(Duration::from_micros(took_us)).await;
            measured.end(is_error);
        }
        drop(Measured::begin(&counters));
        let ping = &metrics.methods()["session:ping"];
        assert_eq!((ping.requests, ping.errors, ping.cancelled, ping.total_us), (5, 1, 1, 3_000_000_009));
        assert_eq!((ping.buckets[0], ping.buckets[1], ping.buckets[2], ping.buckets.last()), (1, 1, 1, Some(&1)));
        assert_eq!(ping.buckets.iter().sum::<u64>(), 4);
    }
}
