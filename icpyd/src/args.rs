//! The daemon's command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;

use crate::config::flag_args;

/// The icpy workspace daemon: the one place that knows a developer's open files and state, for every editor, terminal
/// and agent.
///
/// It is started by `icpy` when it is needed, and runs until `icpy stop`. Started by hand, or by a service manager, it stays
/// in the foreground until it gets SIGTERM or SIGINT. It takes a socket that the manager hands over, tells it when it is
/// ready, and feeds its watchdog (`sd_listen_fds`, `sd_notify`).
#[derive(Clone, Debug, Parser)]
#[expect(clippy::struct_excessive_bools, reason = "flags are what they are")]
#[command(
    name = "icpyd",
    version,
    after_help = "\
Files:
  $XDG_CONFIG_HOME/icpy/config.toml     settings: `icpy config show` lists them
  $XDG_RUNTIME_DIR/icpy/icpyd.sock      the socket; else /tmp/icpy-UID/icpyd.sock
  $XDG_STATE_HOME/icpy/icpy.db          workspaces, open files, the event log
  $XDG_STATE_HOME/icpy/log/icpyd.log    the log, JSON lines
  $XDG_STATE_HOME/icpy/log/audit.log    who was let in over HTTP and asked for what, JSON lines

Settings, as `[section] key` in the file; `icpy config show` has what they are:
  log.level = \"info\"                error, warn, info, debug or trace; a reload changes it
  daemon.idle_exit = \"never\"        end after so long without a client, when nothing is lost: \"30min\"
  daemon.audit_socket = false       whether the audit log has what comes over the socket too
  limits.line_bytes_max             the longest line that a client may send
  limits.requests_max               requests of one session that may be under way
  limits.subscriptions_max          subscriptions of one session
  limits.outbox_bytes_max           bytes that may wait for a client before nothing more is made for it
  limits.stall_timeout              how long a client may read nothing while something waits for it
  limits.queue_bytes_max            bytes of events that may wait in one subscription
  limits.ring_bytes_max             bytes of events that are kept for clients who come back
  limits.history_age_max            how long events stay in the event log, which survives the daemon: \"90d\"
  limits.history_bytes_max          bytes of the event log: the oldest events go
  limits.cache_bytes_max            bytes of files' contents that are kept to be read again
  limits.tree_timeout               how long a folder's tree is kept that nobody watches or looks into
  limits.terminals_max              terminals of one user
  limits.scrollback_bytes_max       bytes of what was scrolled out of terminals, of all together
  limits.terminal_idle_timeout      \"never\", or how long a terminal is kept that nobody uses
  limits.upload_timeout             how long a write in parts waits for the next part
  limits.request_timeout            how long one service waits for another
  limits.drain_timeout              how long requests may take to end when the daemon stops
  terminal.profiles.NAME.KEY        what `icpy terminal new --profile NAME` starts: command = [\"make\"] or shell,
                                    cwd, and env = { NAME = \"value\" }; a reload changes it
  http.listen = \"off\"               an address and a port for browsers and HTTP, as \"127.0.0.1:7070\"
  http.allow_remote                 whether that may be one that others can reach; it takes encryption
  http.tls = \"off\"                  \"self-signed\", or \"files\"
  http.certificate                  with \"files\": the certificate in PEM, and those above it
  http.key                          with \"files\": its private key in PEM
  http.behind_proxy                 whether a reverse proxy stands before it, which encrypts
  http.hosts                        names, with ports, that browsers come by, beside its own
  http.connections_max              connections at one time
  http.connections_per_address_max  connections from one address at one time
  http.body_bytes_max               bytes of a request's body
  http.header_bytes_max             bytes of a request's head
  http.headers_max                  headers of a request
  http.header_timeout               how long a request's head may take to come
  http.body_timeout                 how long the next part of a request's body may take to come
  http.ping_interval                how often a WebSocket is asked whether it is still there
  http.login_lasts                  how long a browser stays logged in
  http.reads_per_second             requests of one credential that see something; 0 is no limit
  http.writes_per_second            requests of one credential that change files or state
  http.others_per_second            requests of one credential that run or control something
  http.web_folder                   a folder to serve the web UI from, instead of the program's own

Signals:
  SIGTERM, SIGINT   end in good order; a second one at once
  SIGHUP            read the settings again

Environment:
  ICPY_HOME   one folder for socket, state, settings and log together
  ICPY_SECTION_KEY
              a setting, as ICPY_LOG_LEVEL=debug for `log.level`"
)]
pub struct Args {
    /// Listen at this socket and nowhere else; its folder must be yours alone
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,

    /// Go on in the background; return when the daemon is ready, or say why it is not
    #[arg(long, conflicts_with = "started_by_client")]
    pub daemonize: bool,

    /// Listen for browsers and HTTP too, as `--http 127.0.0.1:7070`: short for `--set http.listen=ADDRESS`
    #[arg(long, value_name = "ADDRESS")]
    pub http: Option<String>,

    /// Set one thing, as `log.level=debug`; over what the configuration file and the environment say
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,

    /// Start as root also by `sudo` and its like
    #[arg(long)]
    pub allow_root: bool,

    /// Read the settings, say what is wrong with them, and end
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    pub check_config: Option<Option<PathBuf>>,

    /// A client starts this daemon: standard input is its start lock, standard output wants the report
    #[arg(long, hide = true)]
    pub started_by_client: bool,

    /// Say which handovers this program understands, check the settings, and end
    #[arg(long, hide = true)]
    pub credentials: bool,

    /// Go on with the daemon that the program before has left; its letter has this descriptor
    #[arg(long, hide = true, value_name = "NUMBER")]
    pub take_over: Option<i32>,
}

impl Args {
    /// The arguments of the program that goes on with this daemon.
    pub fn of_successor(&self, letter: i32) -> Vec<OsString> {
        let mut args = vec!["--take-over".into(), letter.to_string().into()];
        args.extend(flag_args(&self.set).map(OsString::from));
        args
    }
}
