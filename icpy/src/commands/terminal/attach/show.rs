//! What a terminal prints, on its way to the user's screen.

use std::cell::Cell;
use std::future::pending;
use std::io::{self, Write as _};
use std::rc::Rc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::platform::Screen;
use crate::commands::terminal::follow::{Follow, FollowEnd, Followed};

/// How long the daemon may be away before the user is told.
const AWAY_UNTOLD: Duration = Duration::from_secs(1);

/// Why a terminal is shown no longer.
pub(super) enum ShowEnd {
    /// Nothing more comes.
    Followed(FollowEnd),
    /// The user's terminal takes nothing any more.
    Gone(io::Error),
}

/// A terminal that is shown.
pub(super) struct Show<'a> {
    follow: Follow,
    screen: &'a mut Screen,
    /// Whether the program has pastes marked.
    are_pastes_marked: Rc<Cell<bool>>,
    /// What is to be written.
    output: Vec<u8>,
    /// Up to where the output was given to the screen.
    given: u64,
    /// The connection is lost since then.
    lost_since: Option<Instant>,
    /// The user was told so.
    is_told: bool,
}

impl<'a> Show<'a> {
    pub(super) fn new(follow: Follow, screen: &'a mut Screen, are_pastes_marked: Rc<Cell<bool>>) -> Self {
        Self { follow, screen, are_pastes_marked, output: Vec::new(), given: 0, lost_since: None, is_told: false }
    }

    /// Shows all that comes, to the end.
    pub(super) async fn run(mut self) -> ShowEnd {
        let shown = async {
            loop {
                if let Some(end) = self.step().await? {
                    self.drain().await?;
                    return Ok(end);
                }
            }
        };
        shown.await.map_or_else(ShowEnd::Gone, ShowEnd::Followed)
    }

    async fn step(&mut self) -> io::Result<Option<FollowEnd>> {
        self.write();
        tokio::select! {
            written = self.screen.written(), if self.screen.is_writing() => {
                written?;
                self.follow.acknowledge(self.given).await;
            }
            notice = self.follow.notice() => match self.follow.take(notice).await {
                Followed::Output(bytes) => {
                    self.be_back();
                    self.output.extend(bytes);
                }
                Followed::Reconnected => self.be_back(),
                Followed::Lost => self.lost_since = Some(Instant::now()),
                Followed::Nothing => {}
                Followed::End(end) => return Ok(Some(end)),
            },
            () = away(self.lost_since), if self.lost_since.is_some() && !self.is_told => {
                self.is_told = true;
                tell("\r\nicpy: the connection to icpyd is lost; waiting for it");
            }
        }
        Ok(None)
    }

    /// The daemon is there, whatever was before.
    fn be_back(&mut self) {
        self.lost_since = None;
        if std::mem::take(&mut self.is_told) {
            tell("icpy: connected again");
        }
    }

    /// Gives the screen what there is, when it has written what it was given.
    fn write(&mut self) {
        if !self.output.is_empty() && !self.screen.is_writing() {
            self.given = self.follow.received();
            self.screen.begin_write(std::mem::take(&mut self.output));
            self.are_pastes_marked.set(self.screen.are_pastes_marked());
        }
    }

    /// Has all written.
    async fn drain(&mut self) -> io::Result<()> {
        self.write();
        while self.screen.is_writing() {
            self.screen.written().await?;
            self.write();
        }
        Ok(())
    }
}

async fn away(since: Option<Instant>) {
    match since {
        Some(since) => sleep_until(since + AWAY_UNTOLD).await,
        None => pending().await,
    }
}

/// Says something in a raw terminal.
fn tell(sentence: &str) {
    // Nobody reads it, so nobody misses it.
    let _ = io::stderr().write_all(format!("{sentence}\r\n").as_bytes());
}
