//! A listening socket cannot be given to another program here, nor is it asked for: programs are not replaced in place.

use std::io;

use tokio::net::TcpListener;

use crate::keeper::Descriptor;

pub(super) fn share(_: &TcpListener) -> io::Result<Option<Descriptor>> {
    Ok(None)
}

pub(super) fn adopt(_: Descriptor) -> io::Result<std::net::TcpListener> {
    Err(io::ErrorKind::Unsupported.into())
}
