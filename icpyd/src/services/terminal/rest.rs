//! A terminal at rest: what has scrolled out of it is compressed when nothing was printed or typed for a while.

use std::future::pending;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use super::one::Terminal;
use crate::memory;

/// How long nothing happens until then.
const REST_TIME: Duration = Duration::from_secs(10);

/// The allocator is asked to give back no less than this: it looks through all that it has.
const FREED_BYTES_MIN: usize = 128 << 10;

/// Waits for that. Without output there is nothing to wait for, and no timer runs.
#[derive(Debug)]
pub(super) struct Rest {
    timer: Pin<Box<Sleep>>,
    is_armed: bool,
}

impl Rest {
    pub(super) fn new() -> Self {
        Self { timer: Box::pin(sleep_until(Instant::now())), is_armed: false }
    }

    /// Something was printed.
    pub(super) fn disturb(&mut self) {
        if !self.is_armed {
            self.arm(Instant::now() + REST_TIME);
        }
    }

    /// Returns when the terminal may be at rest.
    pub(super) async fn comes(&mut self) {
        match self.is_armed {
            true => self.timer.as_mut().await,
            false => pending().await,
        }
    }

    /// Compresses what has scrolled out, or waits on.
    pub(super) fn take(&mut self, terminal: &Terminal) {
        let rests_at = terminal.lock().meter.last_used() + REST_TIME;
        if rests_at > Instant::now() {
            return self.arm(rests_at);
        }
        self.is_armed = false;
        let freed = {
            let screen = &mut terminal.model().screen;
            let before = screen.scrollback_bytes();
            screen.compress_idle();
            terminal.share.note(screen);
            before.saturating_sub(screen.scrollback_bytes())
        };
        if freed >= FREED_BYTES_MIN {
            memory::give_back();
        }
    }

    fn arm(&mut self, at: Instant) {
        self.is_armed = true;
        self.timer.as_mut().reset(at);
    }
}
