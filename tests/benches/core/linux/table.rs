//! Figures beside each other.

use std::time::Duration;
use std::{env, fs};

use serde::Serialize;

/// The rows so far.
#[derive(Debug, Default)]
pub(crate) struct Table {
    area: &'static str,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    area: &'static str,
    measure: String,
    floor: String,
    #[serde(rename = "icpy")]
    ours: String,
    ratio: String,
    target: String,
    peer: String,
}

impl Table {
    /// Goes on with another area.
    pub(crate) fn begin(&mut self, area: &'static str) {
        self.area = area;
    }

    /// A time: the less, the better.
    pub(crate) fn time(
        &mut self,
        measure: &str,
        floor: Duration,
        ours: Duration,
        target: &str,
        peers: Vec<(&str, Duration)>,
    ) {
        let ratio = ours.as_secs_f64() / floor.as_secs_f64();
        let show_peer = |(name, time): (&str, Duration)| {
            format!("{name} {} ({:.2}x)", show(time), time.as_secs_f64() / floor.as_secs_f64())
        };
        let peers: Vec<String> = peers.into_iter().map(show_peer).collect();
        self.push(measure, show(floor), show(ours), format!("{ratio:.2}x"), target, peers.join(", "));
    }

    /// A rate by the second: the more, the better.
    pub(crate) fn rate(&mut self, measure: &str, floor: f64, ours: f64, target: &str, peers: Vec<(&str, f64)>) {
        let shown =
            |rate: f64| if rate < 1e6 { format!("{:.0} k/s", rate / 1e3) } else { format!("{:.2} M/s", rate / 1e6) };
        let peers: Vec<String> = peers.into_iter().map(|(name, rate)| format!("{name} {}", shown(rate))).collect();
        self.push(measure, shown(floor), shown(ours), format!("{:.2}x", ours / floor), target, peers.join(", "));
    }

    /// A figure of its own.
    pub(crate) fn figure(&mut self, measure: &str, floor: &str, ours: String, target: &str) {
        self.push(measure, floor.to_owned(), ours, String::new(), target, String::new());
    }

    /// A figure of its own, beside those of others.
    pub(crate) fn compare(&mut self, measure: &str, floor: &str, ours: String, target: &str, peers: &[String]) {
        self.push(measure, floor.to_owned(), ours, String::new(), target, peers.join(", "));
    }

    fn push(&mut self, measure: &str, floor: String, ours: String, ratio: String, target: &str, peer: String) {
        let (measure, target) = (measure.to_owned(), target.to_owned());
        self.rows.push(Row { area: self.area, measure, floor, ours, ratio, target, peer });
    }

    /// Writes the rows to the file that `ICPY_BENCH_JSON` names.
    pub(crate) fn write(&self) {
        if let Some(file) = env::var_os("ICPY_BENCH_JSON") {
            fs::write(file, serde_json::to_vec(&self.rows).unwrap()).unwrap();
        }
    }

    /// Prints the table in Markdown.
    pub(crate) fn print(&self) {
        let head = ["measure", "floor", "icpy", "ratio", "target", "peer"].map(str::to_owned);
        let cells =
            |row: &Row| [&row.measure, &row.floor, &row.ours, &row.ratio, &row.target, &row.peer].map(Clone::clone);
        let rows: Vec<[String; 6]> = std::iter::once(head).chain(self.rows.iter().map(cells)).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..6).map(width).collect();
        for (place, row) in rows.iter().enumerate() {
            let line: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            println!("| {} |", line.join(" | "));
            if place == 0 {
                let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
                println!("| {} |", rules.join(" | "));
            }
        }
    }
}

/// A time with its unit.
pub(crate) fn show(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds < 1e-3 => format!("{:.2} us", seconds * 1e6),
        seconds if seconds < 1.0 => format!("{:.2} ms", seconds * 1e3),
        seconds => format!("{seconds:.2} s"),
    }
}

/// The value below which this share of the samples lies.
pub(crate) fn percentile(samples: &mut [Duration], share: f64) -> Duration {
    samples.sort_unstable();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the list")]
    let place = (samples.len() as f64 * share) as usize;
    samples[place.min(samples.len() - 1)]
}

pub(crate) fn median(samples: &mut [Duration]) -> Duration {
    percentile(samples, 0.5)
}
