//! Answering a search: at once, or as a stream.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use icpy_protocol::error::Result;
use icpy_protocol::fs::{FsGrepParams, FsGrepResult};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::super::blocking;
use super::scope::Scope;
use crate::caller::{Caller, LONG_RESULT_BYTES};

/// The most lines in one answer.
const LINES_MAX: usize = 10_000;

/// The most of lines in one answer, in about so many bytes.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// Parts that wait to be sent. Each has at most about 64 KiB.
const WAITING_MAX: usize = 16;

/// The size at which a piece of a stream is sent though more is there, in bytes.
const PIECE_BYTES: usize = 32 << 10;

/// Finds lines, and returns or streams them.
pub(super) async fn grep(caller: &Caller, scope: Scope, params: FsGrepParams) -> Result<FsGrepResult> {
    let stop = CancellationToken::new();
    let _until_nobody_waits = stop.clone().drop_guard();
    if params.stream {
        return stream(caller, scope, params, stop).await;
    }
    let _room = caller.reserve(LONG_RESULT_BYTES).await;
    blocking(move || {
        let limit = params.limit.map_or(LINES_MAX, |limit| (limit as usize).clamp(1, LINES_MAX));
        let (mut matches, mut bytes) = (Vec::new(), 0);
        let outcome = scope.search(&params, limit, &stop, |found| {
            if bytes >= ANSWER_BYTES_MAX {
                return ControlFlow::Break(());
            }
            bytes += found.bytes;
            matches.extend(found.matches);
            ControlFlow::Continue(())
        })?;
        Ok(outcome.into_result(matches))
    })
    .await
}

async fn stream(caller: &Caller, scope: Scope, params: FsGrepParams, stop: CancellationToken) -> Result<FsGrepResult> {
    let mut stream = caller.open_stream()?;
    let (tx, mut rx) = mpsc::channel(WAITING_MAX);
    let searching = blocking(move || {
        let limit = params.limit.map_or(usize::MAX, |limit| (limit as usize).max(1));
        scope.search(&params, limit, &stop, |found| {
            // Nobody receives when the request was cancelled.
            tx.blocking_send(found).map_or(ControlFlow::Break(()), ControlFlow::Continue)
        })
    });
    let sending = async {
        let mut piece = String::new();
        while let Some(found) = rx.recv().await {
            let mut next = Some(found);
            // What has come meanwhile goes with it.
            while let Some(found) = next {
                for line in &found.matches {
                    write_line(&mut piece, line);
                    if piece.len() >= PIECE_BYTES {
                        stream.send(&std::mem::take(&mut piece)).await?;
                    }
                }
                next = rx.try_recv().ok();
            }
            if !piece.is_empty() {
                stream.send(&std::mem::take(&mut piece)).await?;
            }
        }
        Ok(())
    };
    let (outcome, ()) = tokio::try_join!(searching, sending)?;
    Ok(outcome.into_result(Vec::new()))
}

fn write_line(piece: &mut String, line: &impl serde::Serialize) {
    let line = serde_json::to_string(line).expect("wire types have string keys");
    // Writing to a string does not fail.
    let _ = writeln!(piece, "{line}");
}
