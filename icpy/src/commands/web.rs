//! `icpy web`: the listener for browsers, and a browser that is logged in there.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use icpy::args::{General, Web};
use icpy::host;
use icpy_protocol::Empty;
use icpy_protocol::auth::{self, AuthCreateLoginLinkParams, AuthLoginLink};
use icpy_protocol::endpoint::{Folders, make_private_folder};
use icpy_protocol::error::{Error, Kind};
use icpy_protocol::web::{self, WebStartParams, WebStatusResult};

use super::Daemon;
use crate::output::{Failure, print_json, print_text, say};

/// What opens a file in the user's browser.
const OPENER: &[&str] = match () {
    () if cfg!(windows) => &["explorer"],
    () if cfg!(target_os = "macos") => &["open"],
    () => &["xdg-open"],
};

pub(super) fn run(web: Web, general: &General) -> Result<(), Failure> {
    if web.stop || web.status {
        return look(&web, general);
    }
    let mut daemon = Daemon::open_or_start(general)?;
    let started = daemon.call(web::method::start, &WebStartParams { address: web.address });
    let _: WebStatusResult = started.map_err(explain)?;
    let link: AuthLoginLink = daemon.call(auth::method::create_login_link, &AuthCreateLoginLinkParams::default())?;
    if general.json {
        print_json(&link)?;
    } else {
        print_text(&format!("{}\n", link.url))?;
    }
    if !web.no_open && has_screen() {
        let opened = page(&link.url).and_then(|page| open(&page));
        if let Err(error) = opened {
            say(&format!("no browser opens: {error}; open the link yourself, within a minute"));
        }
    }
    Ok(())
}

/// Adds what to do about it.
fn explain(error: Error) -> Failure {
    let hint = match error.kind() {
        Kind::Conflict => "`icpy web --stop` stops that",
        Kind::Unavailable if error.message().contains("cannot listen") => {
            "`icpy web --address 127.0.0.1:0` takes a port that is free"
        }
        _ => return error.into(),
    };
    Failure::from(error).with_hint(hint)
}

fn look(web: &Web, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open(general)?;
    if web.stop {
        let Empty {} = daemon.call(web::method::stop, &Empty {})?;
        return Ok(());
    }
    let status: WebStatusResult = daemon.call(web::method::status, &Empty {})?;
    if general.json {
        return Ok(print_json(&status)?);
    }
    let Some(url) = &status.url else { return Ok(print_text("off\n")?) };
    let fingerprint = status.fingerprint.as_ref().map_or(String::new(), |it| format!("certificate  {it}\n"));
    Ok(print_text(&format!("{url}  {} connections\n{fingerprint}", status.connections))?)
}

/// Whether there may be a browser to see.
fn has_screen() -> bool {
    cfg!(windows)
        || cfg!(target_os = "macos")
        || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|it| host::variable(it).is_some())
}

/// A page that leads to the link. The link itself would be there for all to see among the arguments of programs.
fn page(url: &str) -> io::Result<PathBuf> {
    let folders = Folders::find(&host::environment()).map_err(io::Error::other)?;
    make_private_folder(&folders.state).map_err(io::Error::other)?;
    let page = folders.state.join("login.html");
    let text = format!("<!doctype html><meta http-equiv=\"refresh\" content=\"0; url={url}\"><title>icpy</title>\n");
    // In a folder that only its user can enter.
    fs::write(&page, text)?;
    Ok(page)
}

fn open(page: &PathBuf) -> io::Result<()> {
    let (program, args) = OPENER.split_first().expect("there is a program");
    let mut command = Command::new(program);
    command.args(args).arg(page).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let ended = command.status()?;
    // What opens files on Windows says nothing by its status.
    if ended.success() || cfg!(windows) { Ok(()) } else { Err(io::Error::other(format!("`{program}` {ended}"))) }
}
