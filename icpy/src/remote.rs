//! The daemon of another machine, through `ssh HOST icpy proxy`: who may log in there may use it, and nothing else listens.

#[cfg_attr(unix, path = "remote/unix.rs")]
#[cfg_attr(windows, path = "remote/windows.rs")]
mod platform;

use std::fmt;
use std::io;
use std::process::Command;
use std::thread;

use interprocess::local_socket::Stream;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::host;

/// What a URL of a machine begins with.
const SCHEME: &str = "ssh://";

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

    /// Connects to the daemon there, which is started where none runs. What `ssh` has to say goes to standard error.
    pub(crate) fn connect(&self) -> Result<Stream, String> {
        let program = host::variable("ICPY_SSH").unwrap_or_else(|| "ssh".to_owned());
        let mut command = Command::new(&program);
        command.arg("-T");
        if let Some(port) = self.port {
            command.arg("-p").arg(port.to_string());
        }
        command.arg("--").arg(&self.destination).args(["icpy", "proxy"]);
        let (stream, mut child) =
            platform::connect(&mut command).map_err(|error| format!("cannot run `{program}`: {error}"))?;
        // Nobody waits for it: it ends with the connection.
        thread::spawn(move || child.wait());
        Ok(stream)
    }
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
