//! `icpy proxy`: connects standard input and output with the daemon's socket, so that a client on another machine can
//! speak to it through `ssh HOST icpy proxy`.

#[cfg_attr(unix, path = "proxy/unix.rs")]
#[cfg_attr(windows, path = "proxy/windows.rs")]
mod platform;

use std::io;

use icpy::args::{General, Proxy};
use icpy::finder::NoDaemon;
use icpy_protocol::error::Error;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};

use super::finder;
use crate::output::{Failure, NO_DAEMON};

pub(super) fn run(proxy: &Proxy, general: &General) -> Result<(), Failure> {
    let finder = finder(general)?;
    if finder.is_remote() {
        return Err(Failure::usage("`icpy proxy` is what `--host` runs on the other machine".to_owned()));
    }
    let socket = match proxy.no_start {
        true => finder.locate(),
        false => finder.locate_or_start(),
    };
    let socket = match socket {
        // Who asks for it knows what the status means.
        Err(NoDaemon::NotRunning) => return Err(Failure::reported(NO_DAEMON)),
        socket => socket?,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(async { bridge(platform::connect(&socket).await?, proxy.end_with_input).await });
    // Reading standard input goes on in a thread, which ends with the process.
    runtime.shutdown_background();
    outcome.map_err(|error| Failure::from(Error::unavailable(format!("the connection to icpyd: {error}"))).no_daemon())
}

/// Copies both ways until the daemon has closed the connection. The end of the input is passed on: what was asked before
/// it is still answered, and what was subscribed to still comes.
async fn bridge(stream: impl AsyncRead + AsyncWrite, ends_with_input: bool) -> io::Result<()> {
    let (mut from_daemon, mut to_daemon) = tokio::io::split(stream);
    let asking = async {
        tokio::io::copy(&mut tokio::io::stdin(), &mut to_daemon).await?;
        if ends_with_input {
            return Ok(());
        }
        to_daemon.shutdown().await?;
        std::future::pending().await
    };
    let answering = async {
        let mut stdout = tokio::io::stdout();
        tokio::io::copy(&mut from_daemon, &mut stdout).await?;
        stdout.flush().await
    };
    tokio::select! {
        failed = asking => failed,
        ended = answering => ended,
    }
}
