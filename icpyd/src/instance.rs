//! One daemon for each endpoint: the lock that a daemon holds for life, and the lock of those who start one.
//!
//! The lock decides, not the socket and not a process number: it ends with the process that holds it, however that ends.

#[cfg(unix)]
use std::fs::Metadata;
use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use icpy_protocol::endpoint::{Endpoint, Holder, open_lock};

/// The lock of a living daemon. The one who holds it may bind and unlink the socket.
#[derive(Debug)]
pub struct LifeLock {
    endpoint: Endpoint,
    file: File,
}

/// Why a life lock is not to be had.
#[derive(Debug)]
pub enum NoLock {
    /// Another daemon lives; who that is, as a sentence fragment.
    Held(String),
    /// The file cannot be used; why, as a sentence.
    Failed(String),
}

impl LifeLock {
    /// Takes the lock, or says who has it.
    pub fn take(endpoint: &Endpoint) -> Result<Self, NoLock> {
        let path = endpoint.life_lock();
        let failed = |error: io::Error| NoLock::Failed(format!("cannot use the lock `{}`: {error}", path.display()));
        let mut file = open_lock(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(NoLock::Held(describe(&mut file))),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        write(&mut file).map_err(failed)?;
        Ok(Self { endpoint: endpoint.clone(), file })
    }

    /// The lock that the program before has held in this process, and that was never released.
    pub fn adopt(endpoint: &Endpoint, mut file: File) -> Self {
        if let Err(error) = write(&mut file) {
            tracing::warn!(%error, "the lock does not say who holds it");
        }
        Self { endpoint: endpoint.clone(), file }
    }

    /// Another descriptor of the lock, which stays held as long as one of them is open.
    pub fn share(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Whether the file under the lock's name is still the locked one. Where it is not, another daemon could start.
    pub fn is_in_place(&self) -> bool {
        is_same_file(&self.file, &self.endpoint.life_lock())
    }
}

impl Drop for LifeLock {
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
    }
}

#[cfg(unix)]
fn is_same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let identity = |metadata: Metadata| (metadata.dev(), metadata.ino());
    let (ours, named) = (file.metadata().map(identity), path.metadata().map(identity));
    ours.is_ok_and(|ours| named.is_ok_and(|named| ours == named))
}

/// An open file cannot be removed here.
#[cfg(not(unix))]
fn is_same_file(_: &File, path: &Path) -> bool {
    path.exists()
}

/// Waits until nobody else starts a daemon here, and keeps others from it while the file is open.
pub fn take_start_lock(endpoint: &Endpoint) -> Result<File, String> {
    let path = endpoint.start_lock();
    open_lock(&path)
        .and_then(|file| file.lock().map(|()| file))
        .map_err(|error| format!("cannot use the lock `{}`: {error}", path.display()))
}

/// Says in the locked file who holds the lock.
fn write(file: &mut File) -> io::Result<()> {
    let holder = Holder { pid: std::process::id(), version: env!("CARGO_PKG_VERSION").to_owned() };
    file.set_len(0)?;
    file.rewind()?;
    serde_json::to_writer(&mut *file, &holder)?;
    file.write_all(b"\n")
}

fn describe(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_string(&mut text));
    match read.ok().and_then(|_| serde_json::from_str::<Holder>(&text).ok()) {
        Some(Holder { pid, version }) => format!("icpyd {version} (process {pid})"),
        None => "another icpyd".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_lock_is_held_once_and_names_its_holder() {
        let folder = tempfile::tempdir().unwrap();
        let endpoint = Endpoint::named(&folder.path().join("icpyd.sock"));
        let lock = LifeLock::take(&endpoint).unwrap();
        match LifeLock::take(&endpoint) {
            Err(NoLock::Held(who)) => assert!(who.contains(&format!("process {}", std::process::id())), "{who}"),
            other => panic!("{other:?}"),
        }
        drop(lock);
        LifeLock::take(&endpoint).unwrap();
    }

    #[test]
    fn a_lock_in_a_missing_folder_is_named() {
        let endpoint = Endpoint::named(Path::new("/nowhere/at/all/icpyd.sock"));
        match LifeLock::take(&endpoint) {
            Err(NoLock::Failed(message)) => assert!(message.contains("/nowhere/at/all/icpyd.lock"), "{message}"),
            other => panic!("{other:?}"),
        }
    }
}
