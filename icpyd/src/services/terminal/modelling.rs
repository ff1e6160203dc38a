//! Modelling output on a thread of its own, where it comes faster than it is modelled. A little is modelled at once where it
//! was read: that is sooner done than a thread is woken.

use std::future::pending;
use std::sync::Arc;

use tokio::task::{JoinHandle, spawn_blocking};

use super::one::{News, Terminal};

/// Less than this is a little.
const LITTLE: usize = 4 << 10;

/// The most that the model may be behind. Then whoever reads waits for it, and the program with him.
const BEHIND_BYTES_MAX: usize = 128 << 10;

/// What models the output of one terminal.
#[derive(Debug)]
pub(super) struct Modelling<T> {
    terminal: Arc<Terminal>,
    tell: T,
    running: Option<JoinHandle<()>>,
}

impl<T: Fn(News) + Clone + Send + 'static> Modelling<T> {
    pub(super) fn new(terminal: Arc<Terminal>, tell: T) -> Self {
        Self { terminal, tell, running: None }
    }

    /// More was read; the model is so many bytes behind.
    pub(super) async fn note(&mut self, behind: usize) {
        if behind >= BEHIND_BYTES_MAX {
            self.terminal.tell_news(&self.tell);
        } else if self.running.is_none() && behind >= LITTLE {
            self.start();
        }
        // Sessions send it meanwhile.
        tokio::task::yield_now().await;
        if self.running.is_none() && behind < LITTLE {
            self.terminal.tell_news(&self.tell);
        }
    }

    /// Goes on with what has come since it began, for as long as anything has.
    pub(super) async fn go_on(&mut self) {
        let Some(running) = &mut self.running else { return pending().await };
        // One that panics has said so.
        let _ = running.await;
        self.running = None;
        if self.terminal.is_behind() {
            self.start();
        }
    }

    fn start(&mut self) {
        let (terminal, tell) = (Arc::clone(&self.terminal), self.tell.clone());
        self.running = Some(spawn_blocking(move || terminal.tell_news(&tell)));
    }
}
