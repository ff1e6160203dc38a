//! What goes through a terminal, and what it takes.

use std::time::Duration;

use icpy_protocol::terminal::{TerminalInfo, TerminalStatistics};
use tokio::time::Instant;

use super::one::Terminal;

/// Over so long the rate of the output is measured.
const RATE_TIME: Duration = Duration::from_secs(1);

/// What is counted.
#[derive(Debug)]
pub(super) struct Meter {
    typed: u64,
    /// How often a viewer was too slow for what is kept.
    screens: u64,
    last_used: Instant,
    last_printed: Instant,
    /// Where the measuring began.
    begun: Instant,
    begun_at: u64,
    /// Bytes in a second, when that was measured last.
    rate: u64,
}

impl Meter {
    pub(super) fn new(printed: u64) -> Self {
        let now = Instant::now();
        Self { typed: 0, screens: 0, last_used: now, last_printed: now, begun: now, begun_at: printed, rate: 0 }
    }

    /// Output has come, and so much there is now.
    pub(super) fn note_output(&mut self, end: u64) {
        self.last_used = Instant::now();
        self.last_printed = self.last_used;
        if let Some(rate) = self.measured(end) {
            (self.rate, self.begun, self.begun_at) = (rate, self.last_used, end);
        }
    }

    pub(super) fn note_input(&mut self, length: usize) {
        self.last_used = Instant::now();
        self.typed += length as u64;
    }

    pub(super) fn note_screen(&mut self) {
        self.screens += 1;
    }

    pub(super) fn last_used(&self) -> Instant {
        self.last_used
    }

    pub(super) fn last_printed(&self) -> Instant {
        self.last_printed
    }

    /// Bytes in a second since the measuring began, when that is long enough ago.
    fn measured(&self, end: u64) -> Option<u64> {
        let time = self.begun.elapsed();
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        (time >= RATE_TIME).then(|| (end - self.begun_at).saturating_mul(1000) / ms)
    }
}

impl Terminal {
    /// The terminal as clients see it, with what is counted.
    pub(super) fn info_with_statistics(&self) -> TerminalInfo {
        let info = self.info();
        let (screen_bytes, scrollback_bytes) = {
            let screen = &self.model().screen;
            (screen.memory_bytes() as u64, screen.scrollback_bytes() as u64)
        };
        let state = self.lock();
        let bytes_out = state.output.end();
        let statistics = TerminalStatistics {
            bytes_out,
            bytes_in: state.meter.typed,
            bytes_out_per_second: state.meter.measured(bytes_out).unwrap_or(state.meter.rate),
            screen_bytes,
            scrollback_bytes,
            viewers: u32::try_from(state.viewers.len()).unwrap_or(u32::MAX),
            slow_screens: state.meter.screens,
        };
        TerminalInfo { statistics: Some(statistics), ..info }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_rate_is_that_of_the_last_second() {
        let mut meter = Meter::new(100);
        meter.note_output(600);
        assert_eq!(meter.measured(600), None);
        advance(Duration::from_secs(2)).await;
        meter.note_output(2100);
        assert_eq!(meter.rate, 1000);
        advance(Duration::from_secs(4)).await;
        assert_eq!(meter.measured(2100), Some(0));
    }
}
