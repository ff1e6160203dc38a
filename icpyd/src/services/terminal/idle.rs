//! Closing terminals that nobody uses, where the settings want that.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::Terminals;
use super::commands::Stage;
use super::one::Terminal;

impl Terminals {
    /// Closes each terminal that was idle for so long. Ends with the daemon.
    pub(crate) async fn close_idle(self: Arc<Self>, timeout: Duration) {
        loop {
            let next = self.all().iter().map(|terminal| terminal.idle_until(timeout)).min();
            let next = next.unwrap_or_else(|| Instant::now() + timeout);
            tokio::select! {
                () = sleep_until(next) => {}
                () = self.services.stop.cancelled() => return,
            }
            for terminal in self.all().iter().filter(|terminal| terminal.idle_until(timeout) <= Instant::now()) {
                tracing::info!(terminal = terminal.id(), "closing a terminal that nobody uses");
                // It may be closed by somebody else meanwhile.
                let _ = self.forget(terminal.id().to_owned()).await;
            }
        }
    }
}

impl Terminal {
    /// Until when it is kept without being used. What runs a program, is shown, or does not tell whether it runs one is used.
    fn idle_until(&self, timeout: Duration) -> Instant {
        let has_ended = self.has_ended();
        let is_at_prompt = self.model().commands.stage == Stage::Prompt;
        let state = self.lock();
        let is_idle = state.viewers.len() == 0 && (has_ended || is_at_prompt);
        let since = if is_idle { state.meter.last_used() } else { Instant::now() };
        since + timeout
    }
}
