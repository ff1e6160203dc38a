//! Connecting on Windows, where a pipe cannot be closed in one direction.

use std::io;
use std::path::Path;

use interprocess::local_socket::GenericFilePath;
use interprocess::local_socket::tokio::prelude::*;

pub(super) async fn connect(socket: &Path) -> io::Result<LocalSocketStream> {
    LocalSocketStream::connect(socket.to_fs_name::<GenericFilePath>()?).await
}
