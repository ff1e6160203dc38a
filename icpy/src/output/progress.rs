//! How far something is that takes long: one line on the terminal, after a second, gone at the end. Nothing where standard error
//! is no terminal.

use std::io::{self, IsTerminal as _, Write};
use std::time::Duration;

use icpy::host;

/// What ends sooner shows nothing.
const DELAY: Duration = Duration::from_secs(1);

/// How often the line changes.
const PERIOD: Duration = Duration::from_millis(100);

/// Characters of a whole bar.
const BAR_WIDTH: usize = 30;

/// A line of progress.
#[derive(Debug)]
pub(crate) struct Progress {
    verb: &'static str,
    done: u64,
    total: Option<u64>,
    is_wanted: bool,
    next: Duration,
    began: host::Moment,
    is_shown: bool,
}

impl Progress {
    /// Nothing is done yet, of so many bytes where that is known.
    pub(crate) fn new(verb: &'static str, total: Option<u64>) -> Self {
        let is_wanted = io::stderr().is_terminal();
        Self { verb, done: 0, total, is_wanted, next: DELAY, began: host::Moment::now(), is_shown: false }
    }

    /// It is known how much there is.
    pub(crate) fn set_total(&mut self, total: Option<u64>) {
        self.total = total;
    }

    /// So many bytes more are done.
    pub(crate) fn advance(&mut self, bytes: u64) {
        self.done += bytes;
        if self.is_wanted && self.began.elapsed() >= self.next {
            self.next = self.began.elapsed() + PERIOD;
            self.is_shown = true;
            let line = line(self.verb, self.done, self.total);
            // Nobody misses it.
            let _ = write!(io::stderr(), "\r\x1b[K{line}");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

fn line(verb: &str, done: u64, total: Option<u64>) -> String {
    let mib = |bytes: u64| format!("{}.{} MiB", bytes >> 20, ((bytes % (1 << 20)) * 10) >> 20);
    match total.filter(|total| *total > 0) {
        None => format!("{} {verb}", mib(done)),
        Some(total) => {
            let is_filled = |place: &usize| (*place as u64 + 1) * total <= done * BAR_WIDTH as u64;
            let bar: String = (0..BAR_WIDTH).map(|place| if is_filled(&place) { '#' } else { '-' }).collect();
            format!("[{bar}] {} of {} {verb}", mib(done), mib(total))
        }
    }
}

/// Writes, and shows how far that is.
#[derive(Debug)]
pub(crate) struct Writer<W> {
    inner: W,
    progress: Progress,
}

impl<W: Write> Writer<W> {
    /// Over a writer, with what is done in the past tense.
    pub(crate) fn new(inner: W, verb: &'static str, total: Option<u64>) -> Self {
        Self { inner, progress: Progress::new(verb, total) }
    }
}

impl<W: Write> Write for Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.progress.advance(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn a_bar_fills_from_the_left() {
        assert_eq!(line("read", 1_572_864, None), "1.5 MiB read");
        assert_eq!(line("read", 0, Some(2 << 20)), format!("[{}] 0.0 MiB of 2.0 MiB read", "-".repeat(30)));
        let half = format!("[{}{}] 1.0 MiB of 2.0 MiB read", "#".repeat(15), "-".repeat(15));
        assert_eq!(line("read", 1 << 20, Some(2 << 20)), half);
        assert!(line("read", 9 << 20, Some(2 << 20)).starts_with(&format!("[{}]", "#".repeat(30))));
    }
}
