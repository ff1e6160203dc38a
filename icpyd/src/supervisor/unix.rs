//! systemd's protocols: `sd_listen_fds`(3), `sd_notify`(3) and `sd_watchdog_enabled`(3); and on macOS launchd's socket.

#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod macos;

use std::io;
use std::os::fd::{AsFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::net::UnixListener;
use std::time::Duration;

use sd_notify::NotifyState;

use super::{Inherited, InheritedSocket};

/// How the names of stored descriptors begin: those of sockets are their units'.
const STORED: &str = "icpyd-";

pub(super) fn inherited() -> Result<Inherited, String> {
    let wrong = |why: &str| format!("the service manager's socket cannot be used: {why}");
    let mut inherited = Inherited::default();
    for (name, descriptor) in descriptors().map_err(|error| wrong(&error.to_string()))? {
        if let Some(name) = name.strip_prefix(STORED) {
            inherited.stored.insert(name.to_owned(), descriptor);
        } else if inherited.socket.is_none() {
            inherited.socket = Some(socket(descriptor).map_err(|why| wrong(&why))?);
        } else {
            return Err(wrong("it hands over more than one"));
        }
    }
    Ok(inherited)
}

fn socket(descriptor: OwnedFd) -> Result<InheritedSocket, String> {
    let listener = descriptor.as_fd().try_clone_to_owned().map(UnixListener::from);
    let address = listener.and_then(|listener| listener.local_addr()).map_err(|error| error.to_string())?;
    let path = address.as_pathname().ok_or("it is not in the file system")?.to_owned();
    Ok(InheritedSocket { descriptor, path })
}

/// What the manager hands over, whichever it is, by name.
fn descriptors() -> io::Result<Vec<(String, OwnedFd)>> {
    #[expect(unsafe_code, reason = "the manager names descriptors by their numbers")]
    // SAFETY: the manager has opened it for this process, and nothing else here knows of it.
    let own = |number| unsafe { OwnedFd::from_raw_fd(number) };
    let named = sd_notify::listen_fds_with_names()?;
    let descriptors: Vec<_> = named.map(|(number, name)| (name, own(number))).collect();
    #[cfg(target_os = "macos")]
    if descriptors.is_empty() {
        return Ok(macos::sockets()?.into_iter().map(|socket| (String::new(), socket)).collect());
    }
    Ok(descriptors)
}

pub(super) fn tell(what: &str) {
    if let Err(error) = sd_notify::notify(&[NotifyState::Custom(what)]) {
        tracing::warn!(what, %error, "the service manager cannot be told");
    }
}

pub(super) fn store(name: &str, descriptor: &OwnedFd) -> io::Result<()> {
    let name = format!("{STORED}{name}");
    // Without the last one it is closed when the other end of a terminal is.
    let state = [NotifyState::FdStore, NotifyState::FdName(&name), NotifyState::Custom("FDPOLL=0")];
    sd_notify::notify_with_fds(&state, &[descriptor.as_fd()])
}

pub(super) fn forget(name: &str) {
    tell(&format!("FDSTOREREMOVE=1\nFDNAME={STORED}{name}"));
}

pub(super) fn watchdog_period() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}
