//! The daemon's command line.

use std::path::PathBuf;

use clap::Parser;

/// The icpy workspace daemon: the one place that knows a developer's open files and state, for every editor, terminal
/// and agent.
///
/// It is started by `icpy` when it is needed, and runs until `icpy stop`. Started by hand, or by a service manager, it stays
/// in the foreground until it gets SIGTERM or SIGINT. It takes a socket that the manager hands over, tells it when it is
/// ready, and feeds its watchdog (`sd_listen_fds`, `sd_notify`).
#[derive(Clone, Debug, Parser)]
#[command(
    name = "icpyd",
    version,
    after_help = "\
Files:
  $XDG_RUNTIME_DIR/icpy/icpyd.sock      the socket; else /tmp/icpy-UID/icpyd.sock
  $XDG_STATE_HOME/icpy/icpy.db          workspaces, open files, the event log
  $XDG_STATE_HOME/icpy/log/icpyd.log    the log, JSON lines

Environment:
  ICPY_HOME   one folder for socket, state and log together
  ICPY_LOG    how much to log: error, warn, info (the default), debug, trace"
)]
pub struct Args {
    /// Listen at this socket and nowhere else; its folder must be yours alone
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,

    /// Go on in the background; return when the daemon is ready, or say why it is not
    #[arg(long, conflicts_with = "started_by_client")]
    pub daemonize: bool,

    /// A client starts this daemon: standard input is its start lock, standard output wants the report
    #[arg(long, hide = true)]
    pub started_by_client: bool,
}
