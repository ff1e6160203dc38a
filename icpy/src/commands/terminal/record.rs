//! `icpy terminal record`: writes what a terminal shows to a file, with the times.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::path::Path;

use futures_util::{Stream, StreamExt as _};
use icpy::Update;
use icpy::args::{General, RecordFormat};
use icpy::host::{self, Moment};
use icpy_protocol::error::Error;
use icpy_protocol::session::SessionSubscribeParams;
use icpy_protocol::terminal::{RESIZED, TerminalAttachParams, TerminalListParams, TerminalResized, TerminalSize};
use icpy_protocol::topic::Pattern;

use super::asciicast::{Event, Writer, exit_event};
use super::follow::{Follow, FollowEnd, Followed};
use super::{connect, found, gone};
use crate::commands::finder;
use crate::output::{Failure, say};

pub(super) fn run(name: &str, path: &Path, format: RecordFormat, general: &General) -> Result<(), Failure> {
    let finder = finder(general)?;
    if !finder.is_remote() {
        // Without a daemon there is no terminal.
        finder.locate()?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (client, terminals) = connect(general).await?;
        let terminal = found(&terminals.list(&TerminalListParams::default()).await?, name)?;
        let begun = Moment::now();
        let file = OpenOptions::new().write(true).create_new(true).open(path);
        let file = file.map_err(|error| not_written(path, &error))?;
        let writer = Writer::begin(BufWriter::new(file), format, &terminal, host::now_ms());
        let mut writer = writer.map_err(|error| not_written(path, &error))?;
        // What was printed, as it was, and not the screen that came of it.
        let params = TerminalAttachParams {
            terminal_id: terminal.terminal_id,
            after: Some(0),
            is_read_only: true,
            ..Default::default()
        };
        let patterns = Pattern::parse(RESIZED.info.topic).into_iter().collect();
        let sizes = client.subscribe(SessionSubscribeParams { patterns, ..Default::default() }).await?;
        let own = params.terminal_id.clone();
        let sizes = sizes.filter_map(move |update| std::future::ready(size_of(&own, update)));
        let follow = Follow::begin(client, params, || None).await?;
        let end = write(follow, sizes, &mut writer, begun).await.map_err(|error| not_written(path, &error))?;
        match end {
            Some(FollowEnd::Lost(error)) => Err(gone(name, &error)),
            _ => {
                say(&format!("recorded to `{}`", path.display()));
                Ok(())
            }
        }
    })
}

/// Writes all that comes, to the end or until ^C.
async fn write(
    mut follow: Follow,
    mut sizes: impl Stream<Item = TerminalSize> + Unpin,
    writer: &mut Writer<impl Write>,
    begun: Moment,
) -> std::io::Result<Option<FollowEnd>> {
    let mut interrupted = std::pin::pin!(interrupted());
    // The beginning of a character whose end has not come.
    let mut rest = Vec::new();
    let end = loop {
        let notice = tokio::select! {
            biased;
            // Looked at before anything is written: from then on no signal ends it at once.
            () = &mut interrupted => break None,
            // Where both have come, what is printed may be of the new size.
            Some(size) = sizes.next() => {
                writer.add(begun.elapsed(), &Event::Resize(size))?;
                writer.flush()?;
                continue;
            }
            notice = follow.notice() => notice,
        };
        match follow.take(notice).await {
            Followed::Output(bytes) => {
                rest.extend(bytes);
                let text = take_text(&mut rest);
                writer.add(begun.elapsed(), &Event::Output(text))?;
                // What is recorded is there, whatever happens.
                writer.flush()?;
                follow.acknowledge(follow.received()).await;
            }
            Followed::Lost | Followed::Reconnected | Followed::Nothing => {}
            Followed::End(end) => break Some(end),
        }
    };
    if let Some(FollowEnd::Exited(exit)) = &end {
        writer.add(begun.elapsed(), &exit_event(*exit))?;
    }
    writer.flush()?;
    Ok(end)
}

/// The terminal's new size, when that is what an update is about.
fn size_of(terminal_id: &str, update: Update) -> Option<TerminalSize> {
    let Update::Event(event) = update else { return None };
    let resized: TerminalResized = event.payload(&RESIZED)?;
    (resized.terminal_id == terminal_id).then_some(resized.size)
}

/// Takes all but the beginning of a character at the end. What is no text is replaced.
fn take_text(bytes: &mut Vec<u8>) -> String {
    let begins = (1..=3.min(bytes.len())).rev().find(|length| {
        let tail = &bytes[bytes.len() - length..];
        std::str::from_utf8(tail).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    });
    let rest = bytes.split_off(bytes.len() - begins.unwrap_or(0));
    String::from_utf8_lossy(&std::mem::replace(bytes, rest)).into_owned()
}

/// Waits for ^C, or for being asked to end.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        if let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = kinds.map(signal) {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
            return;
        }
    }
    // Where it cannot be waited for, the system ends this program.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn not_written(path: &Path, error: &std::io::Error) -> Failure {
    Error::unavailable(format!("cannot write `{}`: {error}", path.display())).into()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_character_is_not_cut() {
        let check = |bytes: &[u8], text: &str, rest: &[u8]| {
            let mut bytes = bytes.to_vec();
            assert_eq!(super::take_text(&mut bytes), text);
            assert_eq!(bytes, rest);
        };
        check(b"abc", "abc", b"");
        check(b"a\xc3", "a", b"\xc3");
        check(b"\xf0\x9f\x98", "", b"\xf0\x9f\x98");
        check(b"\xff\xfea", "\u{fffd}\u{fffd}a", b"");
        check("é".as_bytes(), "é", b"");
        check(b"", "", b"");
    }
}
