//! One writer at a time for each path.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The paths that someone holds or waits for.
#[derive(Debug, Default)]
pub(super) struct Locks(Arc<Mutex<HashMap<PathBuf, Arc<tokio::sync::Mutex<()>>>>>);

/// A held path. Dropping it lets the next one in.
#[derive(Debug)]
pub(super) struct Held {
    locks: Locks,
    path: PathBuf,
    guard: Option<tokio::sync::OwnedMutexGuard<()>>,
}

impl Locks {
    pub(super) async fn lock(&self, path: &Path) -> Held {
        let mut held = Held { locks: Self(Arc::clone(&self.0)), path: path.to_owned(), guard: None };
        let lock = Arc::clone(self.map().entry(path.to_owned()).or_default());
        held.guard = Some(lock.lock_owned().await);
        held
    }

    fn map(&self) -> MutexGuard<'_, HashMap<PathBuf, Arc<tokio::sync::Mutex<()>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.guard = None;
        let mut map = self.locks.map();
        // The map alone knows the lock: nobody holds it or waits for it.
        if map.get(&self.path).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            map.remove(&self.path);
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
        let held = locks.lock(Path::new("/a")).await;
        assert!(locks.lock(Path::new("/b")).now_or_never().is_some());
        let mut second = Box::pin(locks.lock(Path::new("/a")));
        assert!(second.as_mut().now_or_never().is_none());
        drop(held);
        drop(second.await);
        assert!(locks.map().is_empty());
    }
}
