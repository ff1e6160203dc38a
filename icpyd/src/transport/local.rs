//! The Unix socket, or the named pipe: for the user's own processes, who may do everything.

#[cfg_attr(unix, path = "local/unix.rs")]
#[cfg_attr(windows, path = "local/windows.rs")]
mod platform;
mod presence;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use icpy_protocol::endpoint::Endpoint;
use interprocess::local_socket::tokio::prelude::*;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::platform::LocalListener;
pub use self::presence::Presence;
use crate::caller::Scopes;
use crate::keeper::Descriptor;
use crate::session::{Session, Shared};

/// How long accepting rests when the system has no more descriptors.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// How long a socket that was taken away is still looked after.
const REST_TIMEOUT: Duration = Duration::from_secs(1);

/// Listens at `endpoint`. Only for who holds the endpoint's lock: a socket that lies there is taken for a dead one's.
pub fn listen(endpoint: &Endpoint) -> io::Result<LocalListener> {
    platform::listen(endpoint)
}

/// A socket that listens already.
#[derive(Debug)]
pub struct Listening {
    /// The socket.
    pub descriptor: Descriptor,
    /// Whether it is a service manager's, who made it and removes it.
    pub is_managed: bool,
}

/// Goes on with a socket that listens already, at this path.
pub fn adopt(listening: Listening, path: &Path) -> io::Result<LocalListener> {
    platform::adopt(listening, path)
}

/// Accepts clients until `stop`, on another listener when the first can no longer be found. Each is served by a task of
/// `tasks`. Returns what makes the daemon be found: the socket goes before the lock, which is kept until the daemon has ended.
pub async fn serve(
    mut listener: LocalListener,
    mut presence: Presence,
    shared: Arc<Shared>,
    tasks: TaskTracker,
    stop: CancellationToken,
) -> (LocalListener, Presence) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return (listener, presence),
            again = presence.restore(&listener) => {
                let old = std::mem::replace(&mut listener, again);
                tasks.spawn(serve_rest(old, Arc::clone(&shared), tasks.clone(), stop.clone()));
            }
            accepted = listener.accept() => admit(accepted, &shared, &tasks).await,
        }
    }
}

/// Serves the clients that came to a socket before it was taken away, and still wait there.
async fn serve_rest(listener: LocalListener, shared: Arc<Shared>, tasks: TaskTracker, stop: CancellationToken) {
    let rest = async {
        loop {
            admit(listener.accept().await, &shared, &tasks).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        _ = timeout(REST_TIMEOUT, rest) => {}
    }
}

/// Begins a session with a client that may have one.
async fn admit(accepted: io::Result<LocalSocketStream>, shared: &Arc<Shared>, tasks: &TaskTracker) {
    match accepted.and_then(platform::admit) {
        Ok((connection, principal)) => {
            let session = Session::new(shared, connection, principal, Scopes::ALL);
            tasks.spawn(session.run());
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            tracing::warn!(%error, "a connection was refused");
        }
        Err(error) => {
            tracing::error!(%error, "cannot accept a connection");
            sleep_until(Instant::now() + ACCEPT_REST).await;
        }
    }
}
