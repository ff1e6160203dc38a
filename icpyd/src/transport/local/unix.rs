//! The Unix socket.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use icpy_protocol::endpoint::Endpoint;
use icpy_protocol::error::Error;
use icpy_protocol::message::write_error;
use interprocess::local_socket::tokio::prelude::*;
use interprocess::local_socket::{GenericFilePath, ListenerOptions};
use interprocess::os::unix::local_socket::ListenerOptionsExt as _;
use interprocess::os::unix::uds_local_socket::tokio::Listener as UdSocketListener;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::io::Interest;
use tokio::net::UnixStream;

use super::Listening;
use crate::caller::Principal;
use crate::session::Connection;

/// A listening socket. Dropping it removes the socket's file, unless another has taken its place.
#[derive(Debug)]
pub struct LocalListener {
    listener: LocalSocketListener,
    path: PathBuf,
    /// Device and inode of the socket's file; none when it is a service manager's.
    identity: Option<(u64, u64)>,
    /// A descriptor to spare: with it a client can be told that there is no other.
    reserve: Mutex<Option<File>>,
}

impl LocalListener {
    pub(super) async fn accept(&self) -> io::Result<LocalSocketStream> {
        loop {
            match self.listener.accept().await {
                Err(error) if is_out_of_descriptors(&error) && self.refuse() => {}
                outcome => return outcome,
            }
        }
    }

    /// Tells the next client that there is no room. Returns whether it could.
    fn refuse(&self) -> bool {
        let mut reserve = self.reserve.lock().unwrap_or_else(PoisonError::into_inner);
        if reserve.take().is_none() {
            *reserve = spare_descriptor();
            return false;
        }
        if let Some(Ok(LocalSocketStream::UdSocket(stream))) = self.listener.accept().now_or_never() {
            let error = Error::busy("the daemon has no room for more connections");
            let mut line = Vec::new();
            write_error(&mut line, "null", &error);
            line.push(b'\n');
            // A new connection has room for a line.
            let _ = UnixStream::from(stream).try_write(&line);
            tracing::warn!("a connection was refused: the daemon has no more descriptors");
        }
        *reserve = spare_descriptor();
        true
    }
}

fn spare_descriptor() -> Option<File> {
    File::open("/dev/null").ok()
}

fn is_out_of_descriptors(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}

impl LocalListener {
    /// Whether who looks for the socket finds this one. A service manager looks after its own.
    pub fn is_in_place(&self) -> bool {
        self.identity.is_none_or(|identity| self.has_identity(identity))
    }

    /// The socket, to go on listening when this is dropped, and whether it is a service manager's. The file stays.
    pub fn leave(mut self) -> io::Result<Listening> {
        let is_managed = self.identity.take().is_none();
        let LocalSocketListener::UdSocket(listener) = &self.listener;
        Ok(Listening { descriptor: listener.as_fd().try_clone_to_owned()?, is_managed })
    }

    fn has_identity(&self, identity: (u64, u64)) -> bool {
        fs::symlink_metadata(&self.path).is_ok_and(|it| (it.dev(), it.ino()) == identity)
    }
}

impl Drop for LocalListener {
    fn drop(&mut self) {
        if self.identity.is_some_and(|identity| self.has_identity(identity)) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

pub(super) fn adopt(listening: Listening, path: &Path) -> io::Result<LocalListener> {
    let listener = UdSocketListener::try_from(listening.descriptor)?.into();
    let identity = match listening.is_managed {
        true => None,
        false => fs::symlink_metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino())),
    };
    Ok(LocalListener { listener, path: path.to_owned(), identity, reserve: Mutex::new(spare_descriptor()) })
}

/// The socket is made under another name and renamed, so that whoever finds the name finds a socket that listens.
pub(super) fn listen(endpoint: &Endpoint) -> io::Result<LocalListener> {
    let new = endpoint.folder.join(".new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = ListenerOptions::new()
        .name(new.as_path().to_fs_name::<GenericFilePath>()?)
        .reclaim_name(false)
        .try_overwrite(false);
    // Elsewhere the mode cannot be set before the socket is there; the private folder is what guards it.
    if cfg!(target_os = "linux") {
        options = options.mode(0o600);
    }
    let listener = options.create_tokio()?;
    let metadata = fs::symlink_metadata(&new)?;
    // Our lock is held, so that it is none of ours.
    if std::os::unix::net::UnixStream::connect(&endpoint.socket).is_ok() {
        fs::remove_file(&new)?;
        return Err(io::Error::new(io::ErrorKind::AddrInUse, "another program listens there"));
    }
    fs::rename(&new, &endpoint.socket)?;
    let (path, identity) = (endpoint.socket.clone(), Some((metadata.dev(), metadata.ino())));
    Ok(LocalListener { listener, path, identity, reserve: Mutex::new(spare_descriptor()) })
}

/// Looks who is there before a byte is read: only the daemon's user, and root.
pub(super) fn admit(stream: LocalSocketStream) -> io::Result<(LocalConnection, Principal)> {
    let credentials = stream.peer_creds()?;
    let (uid, ours) = (credentials.euid(), rustix::process::geteuid().as_raw());
    if uid != Some(ours) && uid != Some(0) {
        let message = format!("the peer's user is {uid:?}, and ours is {ours}");
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
    }
    let pid = credentials.pid().and_then(|pid| u32::try_from(pid).ok());
    let LocalSocketStream::UdSocket(stream) = stream;
    let connection = LocalConnection { stream: stream.into(), second: None };
    Ok((connection, Principal::Peer { uid, pid }))
}

/// A client's connection.
#[derive(Debug)]
pub(super) struct LocalConnection {
    stream: UnixStream,
    /// A second descriptor of the connection, made when the client has said that it sends no more: to see it leave.
    second: Option<UnixStream>,
}

impl Connection for LocalConnection {
    type Stream = UnixStream;

    fn stream(&mut self) -> &mut UnixStream {
        &mut self.stream
    }

    /// On a hangup the system reports that the connection is closed for writing. What it reports to `stream` must not
    /// be consumed here, so that a second descriptor is asked.
    fn poll_hangup(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.second.is_none() {
            self.second = self.stream.as_fd().try_clone_to_owned().and_then(watch).ok();
        }
        let Some(second) = &self.second else {
            return Poll::Pending;
        };
        loop {
            let Poll::Ready(ready) = second.poll_write_ready(cx) else {
                return Poll::Pending;
            };
            let seen = ready.and_then(|()| second.try_io(Interest::WRITABLE, || has_hung_up(second)));
            match seen {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                _ => return Poll::Ready(()),
            }
        }
    }
}

fn watch(descriptor: OwnedFd) -> io::Result<UnixStream> {
    UnixStream::from_std(std::os::unix::net::UnixStream::from(descriptor))
}

fn has_hung_up(stream: &UnixStream) -> io::Result<()> {
    let mut descriptors = [PollFd::new(stream, PollFlags::empty())];
    poll(&mut descriptors, Some(&Timespec::default()))?;
    match descriptors[0].revents().intersects(PollFlags::HUP | PollFlags::ERR) {
        true => Ok(()),
        false => Err(io::ErrorKind::WouldBlock.into()),
    }
}
