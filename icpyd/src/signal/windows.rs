//! The console's events.

use std::io;

use tokio::signal::windows::{CtrlC, ctrl_c};

use super::Asked;

#[derive(Debug)]
pub(super) struct Signals(CtrlC);

impl Signals {
    pub(super) fn take() -> io::Result<Self> {
        ctrl_c().map(Self)
    }

    pub(super) async fn next(&mut self) -> Asked {
        match self.0.recv().await {
            Some(()) => Asked::End("Ctrl-C"),
            None => std::future::pending().await,
        }
    }
}
