//! The harness of the integration tests: a real daemon on a folder of its own, in this process or as one, and clients
//! for it. What a test leaves over fails it.

#![expect(clippy::disallowed_methods, reason = "tests look at the machine they run on")]
#![allow(clippy::print_stderr, clippy::unwrap_used, reason = "a test that cannot go on has failed and says so")]

pub mod daemon;
pub mod disk;
pub mod events;
pub mod folder;
pub mod http;
pub mod line;
#[cfg(target_os = "linux")]
pub mod package;
#[cfg(unix)]
pub mod peer;
pub mod process;
pub mod program;
pub mod random;
pub mod raw;
#[cfg(unix)]
pub mod ssh;
#[cfg(unix)]
pub mod stopped;
#[cfg(unix)]
pub mod terminal;
#[cfg(unix)]
pub mod texts;
pub mod yjs;

use std::time::{Duration, Instant};

use icpy_protocol::error::{Error, Kind};

pub use daemon::Daemon;
pub use disk::{Disk, DiskKind, SmallDisk};
pub use events::Events;
pub use folder::Folder;
pub use http::Web;
pub use line::{LineClient, Transport};
#[cfg(unix)]
pub use peer::Peer;
pub use process::{Output, Process};
pub use program::Program;
pub use random::Random;
pub use raw::{RawHttp, RawReply};
#[cfg(unix)]
pub use ssh::ssh;
#[cfg(unix)]
pub use stopped::Stopped;
#[cfg(unix)]
pub use terminal::Terminal;
#[cfg(unix)]
pub use texts::{Typist, Writing};
pub use yjs::YjsPeer;

/// How long anything that must happen may take: much longer than it does on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Waits for something that must happen.
pub async fn within<T>(what: &str, happens: impl Future<Output = T>) -> T {
    let happened = tokio::time::timeout(DEADLINE, happens).await;
    happened.unwrap_or_else(|_| panic!("{what} did not happen within {DEADLINE:?}"))
}

/// Waits until a condition holds, by looking again and again.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    within(what, async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

/// Waits until a condition holds, where there is no runtime.
pub fn until_now(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what} did not happen within {DEADLINE:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// An error must be of its kind and name the thing.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(outcome: Result<T, Error>, kind: Kind, expect: impl AsRef<str>) {
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.message().contains(expect.as_ref()), "{error}");
}

/// Says why a test cannot run here. Where everything must be there, in CI, that is a failure.
pub fn cannot_run(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "this test cannot run: {why}");
    eprintln!("not run: {why}");
}
