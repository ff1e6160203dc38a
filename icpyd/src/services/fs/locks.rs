//! One writer at a time for each file, under each of its names.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What someone holds or waits for.
#[derive(Clone, Debug, Default)]
pub(super) struct Locks(Arc<Mutex<HashMap<Key, Arc<tokio::sync::Mutex<()>>>>>);

/// What is held. Who holds more than one has taken them in this order, and those of one kind sorted: so nobody waits in a
/// circle.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Key {
    /// A path as it was asked for: requests for it take turns in the order in which they came.
    Asked(PathBuf),
    /// A path as it really is.
    Path(PathBuf),
    /// A file that may have several paths, by its device and number.
    File(u64, u64),
}

/// Something held. Dropping it lets the next one in.
#[derive(Debug)]
pub(super) struct Held {
    locks: Locks,
    key: Key,
    guard: Option<tokio::sync::OwnedMutexGuard<()>>,
}

impl Locks {
    pub(super) async fn lock(&self, key: Key) -> Held {
        let (mut held, lock) = self.wait_for(key);
        held.guard = Some(lock.lock_owned().await);
        held
    }

    /// The same on a thread that may wait.
    pub(super) fn lock_blocking(&self, key: Key) -> Held {
        let (mut held, lock) = self.wait_for(key);
        held.guard = Some(lock.blocking_lock_owned());
        held
    }

    fn wait_for(&self, key: Key) -> (Held, Arc<tokio::sync::Mutex<()>>) {
        let lock = Arc::clone(self.map().entry(key.clone()).or_default());
        (Held { locks: self.clone(), key, guard: None }, lock)
    }

    fn map(&self) -> MutexGuard<'_, HashMap<Key, Arc<tokio::sync::Mutex<()>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.guard = None;
        let mut map = self.locks.map();
        // The map alone knows the lock: nobody holds it or waits for it.
        if map.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            map.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[tokio::test]
    async fn one_path_is_held_once_and_forgotten_after() {
        let locks = Locks::default();
        let held = locks.lock(Key::Path("/a".into())).await;
        assert!(locks.lock(Key::Path("/b".into())).now_or_never().is_some());
        assert!(locks.lock(Key::Asked("/a".into())).now_or_never().is_some());
        let mut second = Box::pin(locks.lock(Key::Path("/a".into())));
        assert!(second.as_mut().now_or_never().is_none());
        drop(held);
        drop(second.await);
        assert!(locks.map().is_empty());
    }
}
