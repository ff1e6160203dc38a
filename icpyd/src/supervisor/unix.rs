//! systemd's protocols: `sd_listen_fds`(3), `sd_notify`(3) and `sd_watchdog_enabled`(3); and on macOS launchd's socket.

#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod macos;

use std::io;
use std::os::fd::{AsFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::net::UnixListener;
use std::time::Duration;

use sd_notify::NotifyState;

use super::InheritedSocket;

pub(super) fn inherited_socket() -> Result<Option<InheritedSocket>, String> {
    let wrong = |why: &str| format!("the service manager's socket cannot be used: {why}");
    let mut descriptors = descriptors().map_err(|error| wrong(&error.to_string()))?.into_iter();
    let Some(descriptor) = descriptors.next() else { return Ok(None) };
    if descriptors.next().is_some() {
        return Err(wrong("it hands over more than one"));
    }
    let listener = descriptor.as_fd().try_clone_to_owned().map(UnixListener::from);
    let address = listener.and_then(|listener| listener.local_addr()).map_err(|error| wrong(&error.to_string()))?;
    let path = address.as_pathname().ok_or_else(|| wrong("it is not in the file system"))?.to_owned();
    Ok(Some(InheritedSocket { descriptor, path }))
}

/// What the manager hands over, whichever it is.
fn descriptors() -> io::Result<Vec<OwnedFd>> {
    #[expect(unsafe_code, reason = "the manager names descriptors by their numbers")]
    // SAFETY: the manager has opened it for this process, and nothing else here knows of it.
    let own = |number| unsafe { OwnedFd::from_raw_fd(number) };
    let descriptors: Vec<OwnedFd> = sd_notify::listen_fds()?.map(own).collect();
    #[cfg(target_os = "macos")]
    if descriptors.is_empty() {
        return macos::sockets();
    }
    Ok(descriptors)
}

pub(super) fn tell(what: &str) {
    if let Err(error) = sd_notify::notify(&[NotifyState::Custom(what)]) {
        tracing::warn!(what, %error, "the service manager cannot be told");
    }
}

pub(super) fn watchdog_period() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}
