//! The named pipe.

use std::io;
use std::path::Path;
use std::task::{Context, Poll};

use icpy_protocol::endpoint::Endpoint;
use icpy_protocol::user;
use interprocess::local_socket::tokio::prelude::*;
use interprocess::local_socket::{GenericFilePath, ListenerOptions};
use interprocess::os::windows::local_socket::ListenerOptionsExt as _;
use interprocess::os::windows::security_descriptor::SecurityDescriptor;
use widestring::U16CString;

use super::Listening;
use crate::caller::Principal;
use crate::session::Connection;

/// A listening pipe.
#[derive(Debug)]
pub struct LocalListener(LocalSocketListener);

impl LocalListener {
    pub(super) async fn accept(&self) -> io::Result<LocalSocketStream> {
        self.0.accept().await
    }
}

impl LocalListener {
    /// A pipe lives as long as its listener, and has no file that could be removed.
    #[expect(clippy::unused_self, reason = "a socket has one")]
    pub fn is_in_place(&self) -> bool {
        true
    }

    /// A pipe cannot be left to another program.
    pub fn leave(self) -> io::Result<Listening> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

pub(super) fn adopt(_: Listening, _: &Path) -> io::Result<LocalListener> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(super) fn listen(endpoint: &Endpoint) -> io::Result<LocalListener> {
    let name = endpoint.socket.as_path().to_fs_name::<GenericFilePath>()?;
    ListenerOptions::new().name(name).security_descriptor(owner_only()?).create_tokio().map(LocalListener)
}

/// The user owns the pipe, by which clients know it for theirs, and nobody else may use it: by default everybody may read.
fn owner_only() -> io::Result<SecurityDescriptor> {
    let user = user::current()?;
    // Of a protected list (`P`) one entry: allow (`A`) everything (`GA`) to the user.
    let text = U16CString::from_str(format!("O:{user}D:P(A;;GA;;;{user})")).map_err(io::Error::other)?;
    SecurityDescriptor::deserialize(&text)
}

/// The pipe's security descriptor has let the peer in.
pub(super) fn admit(stream: LocalSocketStream) -> io::Result<(LocalConnection, Principal)> {
    let pid = stream.peer_creds()?.pid().and_then(|pid| u32::try_from(pid).ok());
    Ok((LocalConnection(stream), Principal::Peer { uid: None, pid }))
}

/// A client's connection.
#[derive(Debug)]
pub(super) struct LocalConnection(LocalSocketStream);

impl Connection for LocalConnection {
    type Stream = LocalSocketStream;

    fn stream(&mut self) -> &mut LocalSocketStream {
        &mut self.0
    }

    /// A pipe has no half-close: a client that sends no more is gone.
    fn poll_hangup(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use interprocess::os::windows::security_descriptor::AsSecurityDescriptorExt as _;

    use super::*;

    #[test]
    fn a_pipe_is_for_its_user_alone() {
        /// `OWNER_SECURITY_INFORMATION` and `DACL_SECURITY_INFORMATION`.
        const OWNER_AND_LIST: u32 = 1 | 4;
        let text = owner_only().unwrap().serialize(OWNER_AND_LIST, |text| text.to_string_lossy()).unwrap();
        let user = user::current().unwrap();
        assert_eq!(text, format!("O:{user}D:P(A;;GA;;;{user})"));
    }
}
