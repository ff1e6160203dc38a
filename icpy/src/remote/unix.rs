//! A program's standard streams as one end of a connection.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command};

use interprocess::local_socket::Stream;
use interprocess::os::unix::uds_local_socket::Stream as UdSocketStream;

pub(super) fn connect(command: &mut Command) -> io::Result<(Stream, Child)> {
    let (ours, theirs) = UnixStream::pair()?;
    command.stdin(OwnedFd::from(theirs.try_clone()?)).stdout(OwnedFd::from(theirs));
    let child = command.spawn()?;
    Ok((UdSocketStream::from(ours).into(), child))
}

pub(super) fn in_runtime(stream: Stream) -> io::Result<tokio::net::UnixStream> {
    let Stream::UdSocket(stream) = stream;
    let stream = UnixStream::from(OwnedFd::from(stream));
    stream.set_nonblocking(true)?;
    tokio::net::UnixStream::from_std(stream)
}
