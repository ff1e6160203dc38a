//! A listening socket as a descriptor that can be given away.

use std::io;
use std::os::fd::AsFd as _;

use tokio::net::TcpListener;

use crate::keeper::Descriptor;

pub(super) fn share(listener: &TcpListener) -> io::Result<Option<Descriptor>> {
    listener.as_fd().try_clone_to_owned().map(Some)
}

pub(super) fn adopt(descriptor: Descriptor) -> io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::from(descriptor);
    listener.set_nonblocking(true)?;
    Ok(listener)
}
