//! Connecting on Unix, so that the end of the input can be passed on: a connection is closed in each direction by itself.

use std::io;
use std::path::Path;

use tokio::net::UnixStream;

pub(super) async fn connect(socket: &Path) -> io::Result<UnixStream> {
    UnixStream::connect(socket).await
}
