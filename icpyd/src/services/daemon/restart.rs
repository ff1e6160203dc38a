//! Whether a program can go on with this daemon: it is asked before anything is given up.

use std::io::{self, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use icpy_protocol::error::{Error, Result};
use tokio::task::spawn_blocking;

use crate::config::flag_args;
use crate::handover::{Credentials, FORMAT};

/// How long a program may take to say what it is.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Asks a program for its credentials. It also checks the settings, as it reads them, with those of the command line.
pub(super) async fn check(program: &Path, settings: &[String]) -> Result<Credentials> {
    let named = program.display();
    if !cfg!(unix) {
        return Err(Error::unsupported("this system cannot replace a running program: stop the daemon and start it"));
    }
    if !program.is_absolute() {
        return Err(Error::invalid_params(format!("`{named}` does not begin at the root")));
    }
    let cannot = |error: io::Error| {
        let message = format!("cannot run `{named}`: {error}");
        if error.kind() == io::ErrorKind::NotFound { Error::not_found(message) } else { Error::unsupported(message) }
    };
    let mut child = Command::new(program)
        .arg("--credentials")
        .args(flag_args(settings))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(cannot)?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let said = tokio::time::timeout(TIMEOUT, spawn_blocking(move || Ok((read(stdout)?, read(stderr)?)))).await;
    if said.is_err() {
        let _ = child.kill();
    }
    let ended = spawn_blocking(move || child.wait()).await;
    let failed = |error: &dyn std::fmt::Display| Error::internal(format!("`{named}` cannot be asked: {error}"));
    ended.map_err(|error| failed(&error))?.map_err(|error| failed(&error))?;
    let said = said.map_err(|_| Error::timeout(format!("`{named}` did not say what it is within {TIMEOUT:?}")))?;
    let (stdout, stderr) = said.map_err(|error| failed(&error))?.map_err(|error: io::Error| failed(&error))?;
    let credentials: Credentials = serde_json::from_str(&stdout).map_err(|_| {
        let why = if stderr.trim().is_empty() { "it does not say what it is" } else { stderr.trim() };
        Error::unsupported(format!("`{named}` cannot go on with this daemon: {why}"))
    })?;
    if !credentials.formats.contains(&FORMAT) {
        let message = format!("`{named}` is icpyd {}, which cannot go on with this one", credentials.version);
        return Err(Error::unsupported(message));
    }
    Ok(credentials)
}

/// What a program says, as far as it makes sense.
fn read(stream: Option<impl io::Read>) -> io::Result<String> {
    let mut said = Vec::new();
    if let Some(stream) = stream {
        stream.take(64 << 10).read_to_end(&mut said)?;
    }
    Ok(String::from_utf8_lossy(&said).into_owned())
}
