//! One showing of a terminal, from the first look for it to the line that says how it ended.

use std::convert::Infallible;
use std::io::{self, Write as _};
use std::rc::Rc;
use std::time::Duration;

use icpy::Client;
use icpy::args::{General, Keys, TerminalAttach};
use icpy::host;
use icpy_protocol::Empty;
use icpy_protocol::api::Call as _;
use icpy_protocol::error::Error;
use icpy_protocol::terminal::{TerminalAttachParams, TerminalListParams, TerminalResizeParams, method};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::keys::Detector;
use super::paste::Pastes;
use super::platform::{Raw, Screen, Signals, Told, keyboard, size};
use super::refuse_nested;
use super::show::{Show, ShowEnd};
use super::typing::{Typing, TypingEnd};
use crate::commands::finder;
use crate::commands::terminal::follow::{Follow, FollowEnd};
use crate::commands::terminal::{connect, describe, end_as, found, gone};
use crate::output::Failure;

/// The keys that detach when none are named: nothing that is used for anything is lost, as a key by itself is passed on.
const DETACH_KEYS: &str = "ctrl-] ctrl-]";

/// The variable that names others.
const DETACH_VARIABLE: &str = "ICPY_DETACH_KEY";

/// How long the screen may take for what it was given, when the user wants to leave.
const LEAVE_TIMEOUT: Duration = Duration::from_millis(500);

/// SIGHUP: the user's terminal is gone.
const HANGUP: u8 = 1;

/// Why the showing has ended.
enum End {
    Show(ShowEnd),
    Typing(TypingEnd),
    Signal(u8),
}

pub(super) fn run(attach: &TerminalAttach, general: &General) -> Result<(), Failure> {
    let keys = detach_keys(attach)?;
    let finder = finder(general)?;
    if !finder.is_remote() {
        // Without a daemon there is no terminal.
        finder.locate()?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (end, name) = runtime.block_on(async {
        let (client, terminals) = connect(general).await?;
        let terminal = found(&terminals.list(&TerminalListParams::default()).await?, &attach.terminal)?;
        refuse_nested(Some(&terminal.terminal_id), &attach.viewing)?;
        Ok::<_, Failure>((view(client, terminal.terminal_id, attach.read_only, &keys).await?, terminal.name))
    })?;
    finish(end, &name)
}

fn detach_keys(attach: &TerminalAttach) -> Result<Keys, Failure> {
    let named = |text: String| text.parse().map_err(|error| Failure::usage(format!("{DETACH_VARIABLE}: {error}")));
    match &attach.viewing.detach_key {
        Some(keys) => Ok(keys.clone()),
        None => named(host::variable(DETACH_VARIABLE).unwrap_or_else(|| DETACH_KEYS.to_owned())),
    }
}

async fn view(client: Client, terminal_id: String, is_read_only: bool, keys: &Keys) -> Result<End, Failure> {
    let params = TerminalAttachParams { terminal_id, is_read_only, ..Default::default() };
    // What fails is told before the user's terminal is touched.
    let follow = Follow::begin(client.clone(), params.clone(), size).await?;
    let viewer = follow.viewer();
    let signals = Signals::new().map_err(no_screen)?;
    let mut screen = Screen::open().map_err(no_screen)?;
    let raw = screen.raw();
    let are_pastes_marked = Rc::default();
    let typing = Typing {
        client: client.clone(),
        terminal_id: params.terminal_id.clone(),
        viewer: viewer.clone(),
        keys: keyboard().map_err(no_screen)?,
        detector: Detector::new(keys, Pastes::new(Rc::clone(&are_pastes_marked))),
        is_read_only,
    };
    let resized = Notify::new();
    let end = tokio::select! {
        end = Show::new(follow, &mut screen, are_pastes_marked).run() => End::Show(end),
        end = typing.run() => End::Typing(end),
        signal = signalled(signals, &raw, &resized) => End::Signal(signal),
        never = resize(&client, params, viewer, &resized) => match never {},
    };
    if screen.is_writing() {
        // A screen that takes nothing does not keep the user.
        let _ = timeout(LEAVE_TIMEOUT, screen.written()).await;
    }
    Ok(end)
}

/// Waits for a signal that ends this program.
async fn signalled(mut signals: Signals, raw: &Raw, resized: &Notify) -> u8 {
    loop {
        match signals.next().await {
            Told::End(signal) => return signal,
            Told::Resized => resized.notify_one(),
            Told::Continued => {
                // A terminal that is gone tells so otherwise.
                let _ = raw.set();
                resized.notify_one();
            }
        }
    }
}

/// Tells the daemon the size of the user's terminal each time it has changed.
async fn resize(
    client: &Client,
    params: TerminalAttachParams,
    mut viewer: watch::Receiver<Option<String>>,
    resized: &Notify,
) -> Infallible {
    loop {
        resized.notified().await;
        // Until then it is not shown; what is shown then may still have the size of before.
        let viewer_id = viewer.wait_for(Option::is_some).await.ok().and_then(|viewer| viewer.clone());
        let (Some(viewer_id), Some(size), false) = (viewer_id, size(), params.is_read_only) else { continue };
        let terminal_id = params.terminal_id.clone();
        let params = TerminalResizeParams { terminal_id, size, viewer_id: Some(viewer_id) };
        // Where it cannot be told, the terminal is shown no longer, or anew with its size.
        let _: Result<Empty, _> = client.call(method::resize, &params).await;
    }
}

/// Says how it ended, and ends so.
fn finish(end: End, name: &str) -> Result<(), Failure> {
    match end {
        End::Show(ShowEnd::Followed(FollowEnd::Exited(exit))) => {
            note(&format!("{name}: {}", describe(exit)));
            end_as(exit)
        }
        End::Show(ShowEnd::Followed(FollowEnd::Closed)) => {
            note(&format!("{name}: closed"));
            Err(Failure::reported(1))
        }
        End::Show(ShowEnd::Followed(FollowEnd::Lost(error))) => Err(gone(name, &error)),
        End::Show(ShowEnd::Gone(error)) => Err(no_screen(error)),
        End::Typing(TypingEnd::Detached) => {
            note("detached");
            Ok(())
        }
        End::Typing(TypingEnd::Gone) => Err(Failure::reported(128 + HANGUP)),
        End::Signal(signal) => Err(Failure::reported(128 + signal)),
    }
}

fn note(text: &str) {
    // Nobody reads it, so nobody misses it.
    let _ = writeln!(io::stderr(), "[{text}]");
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn no_screen(error: io::Error) -> Failure {
    Error::unavailable(format!("a terminal cannot be shown here: {error}")).into()
}
