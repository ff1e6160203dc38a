//! Being told of changes where the system watches a folder with all below it: through the crate `notify`.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use notify::event::Flag;
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use super::{Mounts, Notice, Seen, Where};

/// Whether several trees can share a source.
pub(super) const CAN_SHARE: bool = false;

/// What the system tells one thread: of one folder with all below it.
#[derive(Debug)]
pub(super) struct Source {
    _watcher: RecommendedWatcher,
    told: Mutex<Inbox>,
    waker: Waker,
}

#[derive(Debug)]
struct Inbox {
    told: Receiver<Told>,
    /// What came while it was waited for.
    next: Option<Told>,
}

#[derive(Debug)]
enum Told {
    /// These may have changed.
    Paths(Vec<PathBuf>),
    /// Something was lost.
    Overflow,
    /// Somebody wants to be heard.
    Wake,
}

/// Ends the wait of a watcher.
#[derive(Clone, Debug)]
pub(super) struct Waker(Sender<Told>);

impl Waker {
    pub(super) fn wake(&self) {
        let _ = self.0.send(Told::Wake);
    }
}

impl Source {
    pub(super) fn new(root: &Path, _: bool) -> io::Result<Self> {
        let (tell, told) = channel();
        let waker = Waker(tell.clone());
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let message = match event {
                Ok(event) if event.attrs.flag() == Some(Flag::Rescan) => Told::Overflow,
                Ok(event) if event.kind.is_access() => return,
                Ok(event) => Told::Paths(event.paths),
                Err(_) => Told::Overflow,
            };
            let _ = tell.send(message);
        })
        .map_err(io::Error::other)?;
        watcher.watch(root, RecursiveMode::Recursive).map_err(io::Error::other)?;
        Ok(Self { _watcher: watcher, told: Mutex::new(Inbox { told, next: None }), waker })
    }

    pub(super) fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Whether it is told of nothing at all.
    #[expect(clippy::unused_self, reason = "Linux has limits")]
    pub(super) fn is_blind(&self) -> bool {
        false
    }

    /// The trees that a notice is for, or none where it is for all.
    #[expect(clippy::unused_self, reason = "Linux has something to do here")]
    pub(super) fn watchers_of(&self, _: &Notice<'_>) -> Option<BTreeSet<u32>> {
        None
    }

    /// Waits until there is something to read, or somebody wakes it.
    pub(super) fn wait(&self, timeout: Option<Duration>) {
        let mut inbox = self.inbox();
        inbox.next = match timeout {
            Some(timeout) => match inbox.told.recv_timeout(timeout) {
                Ok(told) => Some(told),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
            },
            None => inbox.told.recv().ok(),
        };
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what there is to tell, until there is nothing more.
    pub(super) fn read(&self, tell: &mut dyn FnMut(Notice<'_>)) {
        loop {
            let mut inbox = self.inbox();
            let told = inbox.next.take().map_or_else(|| inbox.told.try_recv(), Ok);
            drop(inbox);
            let told = match told {
                Ok(told) => told,
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return,
            };
            match told {
                Told::Paths(paths) => paths.iter().for_each(|path| {
                    tell(Notice { place: Where::Path(path), seen: Seen::Touched, cookie: 0 });
                }),
                Told::Overflow => tell(Notice { place: Where::Everywhere, seen: Seen::Overflow, cookie: 0 }),
                Told::Wake => {}
            }
        }
    }
}

/// Watches the folders of one tree: the source does.
#[derive(Debug)]
pub(super) struct Watcher;

impl Watcher {
    pub(super) fn new(_: Arc<Source>, _: u32) -> Self {
        Self
    }

    /// Nothing is to be done for one folder.
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "Linux has something to do here")]
    pub(super) fn watch(&self, _: &Path) -> io::Result<Option<i32>> {
        Ok(None)
    }

    #[expect(clippy::unused_self, reason = "Linux has something to do here")]
    pub(super) fn watch_above(&self, _: &Path, _: bool) -> Option<i32> {
        None
    }

    /// Whether it is told of nothing at all.
    #[expect(clippy::unused_self, reason = "Linux has limits")]
    pub(super) fn is_blind(&self) -> bool {
        false
    }

    /// Which limit of the system has been reached, as a sentence.
    #[expect(clippy::unused_self, reason = "Linux has limits")]
    pub(super) fn limit(&self) -> String {
        "the system tells of no more changes".to_owned()
    }

    /// Whether roots that have gone are waited for.
    #[expect(clippy::unused_self, reason = "Linux has something to do here")]
    pub(super) fn can_watch_above(&self) -> bool {
        false
    }

    #[expect(clippy::unused_self, reason = "Linux has something to do here")]
    pub(super) fn unwatch(&self, _: i32) {}
}

/// Whether there are no more watches to be had.
pub(super) fn is_limit(_: &io::Error) -> bool {
    false
}

/// The filesystems that are not like others: none is known.
pub(super) fn mounts() -> Mounts {
    Mounts::default()
}
