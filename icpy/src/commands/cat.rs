//! `icpy cat FILE...`: prints files as the daemon reads them, of any size.

use std::io::{self, IsTerminal as _};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use icpy::args::{Cat, General};
use icpy_protocol::error::Error;
use icpy_protocol::fs::{self, FsReadFileParams, FsReadFileResult};
use icpy_protocol::signal::{PROGRESS, ProgressParams, STREAM, StreamParams};

use super::{Daemon, absolute};
use crate::output::progress::Progress;
use crate::output::{Failure, first_failure, print, print_json};

pub(super) fn run(cat: &Cat, general: &General) -> Result<(), Failure> {
    let mut daemon = Daemon::open_or_start(general)?;
    first_failure(general.json, &cat.files, |path| {
        let params = FsReadFileParams {
            offset: cat.offset,
            length: cat.length,
            ..FsReadFileParams::of(absolute(path, general)?)
        };
        if general.json {
            let file: FsReadFileResult = daemon.call(fs::method::read_file, &params)?;
            return Ok(print_json(&file)?);
        }
        stream(&daemon, &FsReadFileParams { stream: true, ..params })
    })
}

fn stream(daemon: &Daemon, params: &FsReadFileParams) -> Result<(), Failure> {
    let params = serde_json::to_string(params).expect("wire types have string keys");
    let mut printed = Ok(());
    // On a terminal the text itself shows how far it is.
    let mut progress = (!io::stdout().is_terminal()).then(|| Progress::new("read", None));
    daemon.connection.request(fs::method::read_file.name, &params, |topic, params| match topic {
        STREAM if printed.is_ok() => {
            printed = print_piece(params).map(|count| progress.iter_mut().for_each(|it| it.advance(count)));
        }
        PROGRESS => {
            let total = serde_json::from_str::<ProgressParams<'_>>(params).ok().and_then(|params| params.total);
            if let Some(progress) = &mut progress {
                progress.set_total(total);
            }
        }
        _ => {}
    })?;
    printed
}

/// Prints a piece, and returns how many bytes it had.
fn print_piece(params: &str) -> Result<u64, Failure> {
    let garbled =
        |why: String| Failure::from(Error::internal(format!("icpyd sent a piece that cannot be read: {why}")));
    let piece: StreamParams<'_> = serde_json::from_str(params).map_err(|error| garbled(error.to_string()))?;
    let bytes = BASE64_STANDARD.decode(&*piece.data).map_err(|error| garbled(error.to_string()))?;
    print(&bytes)?;
    Ok(bytes.len() as u64)
}
