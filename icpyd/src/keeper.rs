//! What a process does not survive, and how it does all the same: a service that holds such things gives them to the next
//! program when the daemon is replaced in place, says what would be lost when it just ends, and ends it in good order.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use icpy_protocol::daemon::DaemonLoss;

/// What stays open from one program to the next.
#[cfg(unix)]
pub type Descriptor = std::os::fd::OwnedFd;
/// What stays open from one program to the next.
#[cfg(windows)]
pub type Descriptor = std::os::windows::io::OwnedHandle;

/// What a service gives to the next program, which may be of another version: members are added, and not changed.
#[derive(Debug, Default)]
pub struct Parcel {
    /// What it must know.
    pub state: serde_json::Value,
    /// What is long and no text, in an order that `state` knows.
    pub blobs: Vec<Vec<u8>>,
    /// What stays open, in an order that `state` knows.
    pub descriptors: Vec<Descriptor>,
}

/// Work that a keeper does for a while.
pub type Ending<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// A service that holds what ends with the process.
pub trait Keeper: fmt::Debug + Send + Sync {
    /// Names the service, in this version and in all others.
    fn name(&self) -> &'static str;

    /// What would be lost if the daemon ended now.
    fn losses(&self) -> Vec<DaemonLoss>;

    /// Ends what would be lost. No task of the service runs any more.
    fn end(&self) -> Ending<'_>;

    /// Gives everything away. No task of the service runs any more, and nothing is asked of it again.
    fn give(&self) -> Parcel;

    /// Takes what the program before has given, and goes on with it. The error is a sentence.
    fn take(&self, parcel: Parcel) -> Result<(), String>;
}

/// All keepers of a daemon.
pub type Keepers = Vec<Arc<dyn Keeper>>;
