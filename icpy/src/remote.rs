//! The daemon of another machine, through `ssh HOST icpy proxy`: who may log in there may use it, and nothing else listens.

#[cfg_attr(unix, path = "remote/unix.rs")]
#[cfg_attr(windows, path = "remote/windows.rs")]
mod platform;

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::process::{Command, ExitStatus};
use std::thread;

use icpy_protocol::message::write_request;
use icpy_protocol::session::method;
use interprocess::local_socket::Stream;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::finder::NoDaemon;
use crate::host;

/// Has ssh end after 20 s when the network has forgotten the connection, or the computer has slept: without, it waits for ever.
const ALIVE: [&str; 4] = ["-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"];

/// What a URL of a machine begins with.
const SCHEME: &str = "ssh://";

/// How `icpy proxy` ends where no daemon runs.
const NO_DAEMON: i32 = 11;

/// How ssh ends when it fails itself.
const SSH_FAILED: u8 = 255;

/// How a shell ends that finds no such program.
const NOT_FOUND: i32 = 127;

/// Another machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// `[USER@]HOST`.
    destination: String,
    port: Option<u16>,
}

impl Remote {
    /// Reads `ssh://[USER@]HOST[:PORT]`. The error is a sentence.
    pub fn parse(url: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("the host `{url}` {why}: it looks like ssh://[USER@]HOST[:PORT]");
        let rest = url.strip_prefix(SCHEME).ok_or_else(|| wrong("does not begin with ssh://"))?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        // An address of IPv6 has colons of its own, and brackets around them.
        let (destination, port) = match rest.rsplit_once(':') {
            Some((destination, port)) if !port.contains(']') => {
                let port = port.parse().map_err(|_| wrong("has a port that is no number up to 65535"))?;
                (destination, Some(port))
            }
            _ => (rest, None),
        };
        let destination = destination.replace(['[', ']'], "");
        let is_wrong = |part: &str| part.is_empty() || part.starts_with('-');
        // What begins with a hyphen would be an option of ssh.
        if destination.split('@').any(is_wrong) || destination.contains(|c: char| c.is_whitespace() || c == '/') {
            return Err(wrong("names no machine"));
        }
        Ok(Self { destination, port })
    }

    /// Connects to the daemon there, which is started where none runs and that is wanted. What `ssh` has to say goes to
    /// standard error.
    pub(crate) fn connect(&self, may_start: bool) -> Result<Stream, NoDaemon> {
        let not_reached = |message: String| NoDaemon::NotReached { host: self.to_string(), message };
        let program = ssh();
        let (stream, mut child) = platform::connect(&mut self.proxy(&program, may_start))
            .map_err(|error| not_reached(format!("cannot run `{program}`: {error}")))?;
        if greet(&stream).is_err() {
            let status = child.wait().map_err(|error| not_reached(error.to_string()))?;
            return Err(match status.code() {
                Some(NO_DAEMON) if !may_start => NoDaemon::NotRunning,
                _ => not_reached(why(&program, status)),
            });
        }
        // Nobody waits for it: it ends with the connection.
        thread::spawn(move || child.wait());
        Ok(stream)
    }

    /// Runs a command of the client there, on the streams of this process. Returns its exit status.
    pub fn run(&self, words: &[String]) -> Result<u8, NoDaemon> {
        let not_reached = |message: String| NoDaemon::NotReached { host: self.to_string(), message };
        // What ssh is given is read by a shell.
        let words = std::iter::once("icpy").chain(words.iter().map(String::as_str));
        let line = shlex::try_join(words).map_err(|error| not_reached(error.to_string()))?;
        let program = ssh();
        let status = self.ssh(&program).arg(line).status();
        let status = status.map_err(|error| not_reached(format!("cannot run `{program}`: {error}")))?;
        match status.code().map(u8::try_from) {
            Some(Ok(code)) if code != SSH_FAILED && i32::from(code) != NOT_FOUND => Ok(code),
            _ => Err(not_reached(why(&program, status))),
        }
    }

    fn proxy(&self, program: &str, may_start: bool) -> Command {
        let mut command = self.ssh(program);
        command.args(["icpy", "proxy", "--end-with-input"]).args((!may_start).then_some("--no-start"));
        command
    }

    /// Up to what is to be run.
    fn ssh(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.arg("-T").args(ALIVE);
        if let Some(port) = self.port {
            command.arg("-p").arg(port.to_string());
        }
        command.arg("--").arg(&self.destination);
        command
    }
}

/// The program that leads there.
fn ssh() -> String {
    host::variable("ICPY_SSH").unwrap_or_else(|| "ssh".to_owned())
}

/// What a failure means.
fn why(program: &str, status: ExitStatus) -> String {
    match status.code() {
        Some(NOT_FOUND) => "`icpy` is not in the PATH there".to_owned(),
        _ => format!("`{program}` ended: {status}"),
    }
}

/// Waits until the daemon answers: only then it is known that there is a way to it.
fn greet(mut stream: &Stream) -> io::Result<()> {
    let mut line = Vec::new();
    write_request(&mut line, "0", method::ping.name, "{}");
    stream.write_all(&line)?;
    // Byte by byte, because what follows the answer is for others.
    let mut byte = [0];
    while byte != *b"\n" {
        stream.read_exact(&mut byte)?;
    }
    Ok(())
}

/// The connection for a program with a runtime.
pub(crate) fn in_runtime(stream: Stream) -> io::Result<impl AsyncRead + AsyncWrite + Send + Unpin> {
    platform::in_runtime(stream)
}

impl fmt::Display for Remote {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{SCHEME}{}", self.destination)?;
        self.port.map_or(Ok(()), |port| write!(formatter, ":{port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_machine() {
        let check = |url: &str, destination: &str, port: Option<u16>| {
            let expect = Remote { destination: destination.to_owned(), port };
            assert_eq!(Remote::parse(url).unwrap(), expect, "{url}");
        };
        check("ssh://host", "host", None);
        check("ssh://me@host.example:2222/", "me@host.example", Some(2222));
        check("ssh://me@[::1]:22", "me@::1", Some(22));
        check("ssh://[fe80::1]", "fe80::1", None);
        for wrong in [
            "host",
            "http://host",
            "ssh://",
            "ssh://-oProxyCommand=x",
            "ssh://me@-x",
            "ssh://me@",
            "ssh://h:99999",
            "ssh://h:",
            "ssh://a b",
            "ssh://h/path",
        ] {
            assert!(Remote::parse(wrong).unwrap_err().contains(wrong), "{wrong}");
        }
    }
}
