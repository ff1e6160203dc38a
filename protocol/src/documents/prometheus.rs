//! What the daemon has counted, as Prometheus reads it: its text format, version 0.0.4.

use std::fmt::{Display, Write as _};

use crate::daemon::{DaemonMetricsResult, LATENCY_BUCKETS_US, MethodMetrics};

/// The counters as text.
pub fn prometheus(metrics: &DaemonMetricsResult) -> String {
    let mut text = String::new();
    let by_method = |count: fn(&MethodMetrics) -> u64| {
        let line = move |(method, of): (&String, &MethodMetrics)| (format!("{{method=\"{method}\"}}"), count(of));
        metrics.methods.iter().map(line).collect::<Vec<_>>()
    };
    family(&mut text, "requests_total", "counter", "Requests that were started.", by_method(|of| of.requests));
    family(&mut text, "request_errors_total", "counter", "Requests that failed.", by_method(|of| of.errors));
    let cancelled = "Requests whose caller did not wait for the end.";
    family(&mut text, "requests_cancelled_total", "counter", cancelled, by_method(|of| of.cancelled));
    histogram(&mut text, metrics);
    let (bus, cache) = (&metrics.bus, &metrics.file_cache);
    for (name, kind, help, value) in [
        ("requests_refused_total", "counter", "Requests that were not started.", metrics.refused),
        ("sessions", "gauge", "Connected sessions.", metrics.sessions),
        ("queued_bytes", "gauge", "Bytes that wait to be read by clients.", metrics.queued_bytes),
        ("terminals", "gauge", "Terminals.", metrics.terminals),
        ("events_published_total", "counter", "Events published.", bus.published),
        ("events_delivered_total", "counter", "Events that went to a subscription.", bus.delivered),
        ("events_conflated_total", "counter", "Waiting events that a newer one replaced.", bus.conflated),
        ("event_gaps_total", "counter", "Times a subscriber was told of a gap.", bus.gaps),
        ("subscriptions", "gauge", "Subscriptions.", bus.subscriptions),
        ("file_cache_hits_total", "counter", "Files whose content was in the cache.", cache.hits),
        ("file_cache_misses_total", "counter", "Files whose content was not in the cache.", cache.misses),
        ("file_cache_evictions_total", "counter", "Files that left the cache for others.", cache.evictions),
        ("file_cache_entries", "gauge", "Files in the cache.", cache.entries),
        ("file_cache_bytes", "gauge", "Bytes of the files in the cache.", cache.bytes),
        ("kept_event_bytes", "gauge", "Bytes of the events kept for replay.", bus.kept_bytes),
    ] {
        family(&mut text, name, kind, help, [(String::new(), value)]);
    }
    let uptime = [(String::new(), Seconds(metrics.uptime_ms * 1000))];
    family(&mut text, "uptime_seconds", "gauge", "How long the daemon has been running.", uptime);
    // The names that Prometheus has for these of every process.
    for (name, help, value) in [
        ("process_resident_memory_bytes", "Memory in use.", metrics.resident_bytes),
        ("process_open_fds", "Open descriptors.", metrics.open_descriptors),
    ] {
        if let Some(value) = value {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
        }
    }
    text
}

/// Writes one family of numbers, each with its labels.
fn family<T: Display>(
    text: &mut String,
    name: &str,
    kind: &str,
    help: &str,
    values: impl IntoIterator<Item = (String, T)>,
) {
    let _ = writeln!(text, "# HELP icpyd_{name} {help}\n# TYPE icpyd_{name} {kind}");
    for (labels, value) in values {
        let _ = writeln!(text, "icpyd_{name}{labels} {value}");
    }
}

fn histogram(text: &mut String, metrics: &DaemonMetricsResult) {
    let name = "icpyd_request_duration_seconds";
    let _ = writeln!(text, "# HELP {name} How long requests took.\n# TYPE {name} histogram");
    for (method, of) in &metrics.methods {
        let mut within = 0;
        for (bound, count) in LATENCY_BUCKETS_US.iter().zip(&of.buckets) {
            within += count;
            let _ = writeln!(text, "{name}_bucket{{method=\"{method}\",le=\"{}\"}} {within}", Seconds(*bound));
        }
        let all: u64 = of.buckets.iter().sum();
        let _ = writeln!(text, "{name}_bucket{{method=\"{method}\",le=\"+Inf\"}} {all}");
        let _ = writeln!(text, "{name}_sum{{method=\"{method}\"}} {}", Seconds(of.total_us));
        let _ = writeln!(text, "{name}_count{{method=\"{method}\"}} {all}");
    }
}

/// Microseconds, shown as seconds.
struct Seconds(u64);

impl Display for Seconds {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}
