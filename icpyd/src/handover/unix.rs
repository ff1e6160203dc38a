//! Becoming another program on Unix.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use icpy_protocol::path::FilePath;
use rustix::io::{FdFlags, fcntl_getfd, fcntl_setfd};
use serde::{Deserialize, Serialize};

use super::{DaemonState, Estate, FORMAT};
use crate::args::Args;
use crate::bus::BusState;
use crate::host::ProgramLimits;
use crate::keeper::Parcel;
use crate::session::SessionsState;
use crate::supervisor;

/// The letter's name, where the service manager keeps it. Descriptors are called by the numbers that the letter calls them.
const LETTER: &str = "letter";

/// The estate on paper, in one line: descriptors by their numbers, and the lengths of the blobs that follow the line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Letter<'a> {
    format: u32,
    daemon_id: String,
    started_at_ms: u64,
    restarts: u32,
    bus: Cow<'a, BusState>,
    sessions: Cow<'a, SessionsState>,
    parcels: BTreeMap<String, WrittenParcel>,
    socket: FilePath,
    is_managed: bool,
    listener: i32,
    lock: i32,
    program_limits: ProgramLimits,
}

#[derive(Debug, Serialize, Deserialize)]
struct WrittenParcel {
    state: serde_json::Value,
    #[serde(default)]
    blobs: Vec<usize>,
    descriptors: Vec<i32>,
}

pub(super) fn execute(program: &Path, args: &Args, estate: &Estate) -> io::Result<Infallible> {
    let letter = letter(estate)?;
    let kept: Vec<&OwnedFd> = descriptors(estate).chain([&letter]).collect();
    let mut command = Command::new(program);
    command.args(args.of_successor(letter.as_raw_fd()));
    let error = match kept.iter().try_for_each(|descriptor| keep_open(descriptor, true)) {
        Ok(()) => command.exec(),
        Err(error) => error,
    };
    // The program goes on, and none of its children is to have them.
    for descriptor in kept {
        let _ = keep_open(descriptor, false);
    }
    Err(error)
}

pub(super) fn leave(estate: &Estate) -> io::Result<()> {
    let letter = letter(estate)?;
    for descriptor in descriptors(estate) {
        supervisor::store(&descriptor.as_raw_fd().to_string(), descriptor)?;
    }
    supervisor::store(LETTER, &letter)
}

pub(super) fn find(mut stored: BTreeMap<String, OwnedFd>) -> io::Result<Option<Estate>> {
    let Some(letter) = stored.remove(LETTER) else { return Ok(None) };
    let missing = |number| io::Error::other(format!("the descriptor {number} was not kept"));
    read(letter, |number| stored.remove(&number.to_string()).ok_or_else(|| missing(number))).map(Some)
}

/// All that stays open.
fn descriptors(estate: &Estate) -> impl Iterator<Item = &OwnedFd> {
    let parcels = estate.daemon.parcels.values().flat_map(|parcel| &parcel.descriptors);
    parcels.chain([&estate.listener, &estate.lock])
}

fn letter(estate: &Estate) -> io::Result<OwnedFd> {
    let mut letter = paper()?;
    let mut line = serde_json::to_vec(&write(estate))?;
    line.push(b'\n');
    letter.write_all(&line)?;
    for blob in estate.daemon.parcels.values().flat_map(|parcel| &parcel.blobs) {
        letter.write_all(blob)?;
    }
    letter.rewind()?;
    Ok(letter.into())
}

/// A file in memory. It is read by one program only, and never reaches a disk.
#[cfg(target_os = "linux")]
fn paper() -> io::Result<File> {
    let descriptor = rustix::fs::memfd_create("icpyd-handover", rustix::fs::MemfdFlags::CLOEXEC)?;
    Ok(File::from(descriptor))
}

/// A file without a name.
#[cfg(not(target_os = "linux"))]
fn paper() -> io::Result<File> {
    tempfile::tempfile()
}

fn keep_open(descriptor: &OwnedFd, is_kept: bool) -> io::Result<()> {
    let mut flags = fcntl_getfd(descriptor)?;
    flags.set(FdFlags::CLOEXEC, !is_kept);
    Ok(fcntl_setfd(descriptor, flags)?)
}

fn write(estate: &Estate) -> Letter<'_> {
    let number = |descriptor: &OwnedFd| descriptor.as_raw_fd();
    let daemon = &estate.daemon;
    let parcels = daemon.parcels.iter().map(|(name, parcel)| {
        let descriptors = parcel.descriptors.iter().map(number).collect();
        let blobs = parcel.blobs.iter().map(Vec::len).collect();
        (name.clone(), WrittenParcel { state: parcel.state.clone(), blobs, descriptors })
    });
    Letter {
        format: FORMAT,
        daemon_id: daemon.daemon_id.clone(),
        started_at_ms: daemon.started_at_ms,
        restarts: daemon.restarts + 1,
        bus: Cow::Borrowed(&daemon.bus),
        sessions: Cow::Borrowed(&daemon.sessions),
        parcels: parcels.collect(),
        socket: FilePath::from(estate.socket.clone()),
        is_managed: estate.is_managed,
        listener: number(&estate.listener),
        lock: number(&estate.lock),
        program_limits: estate.program_limits,
    }
}

pub(super) fn receive(letter: i32) -> io::Result<Estate> {
    read(take(letter)?, take)
}

/// Reads a letter. `take` gives the descriptor that the letter calls by a number.
fn read(letter: OwnedFd, mut take: impl FnMut(i32) -> io::Result<OwnedFd>) -> io::Result<Estate> {
    let mut text = Vec::new();
    File::from(letter).read_to_end(&mut text)?;
    let end = memchr::memchr(b'\n', &text).unwrap_or(text.len());
    let letter: Letter<'_> = serde_json::from_slice(&text[..end])?;
    let mut rest = text.get(end + 1..).unwrap_or_default();
    if letter.format != FORMAT {
        return Err(io::Error::other(format!("the handover has the form {}, and not {FORMAT}", letter.format)));
    }
    let mut daemon = DaemonState {
        daemon_id: letter.daemon_id,
        started_at_ms: letter.started_at_ms,
        restarts: letter.restarts,
        restart_problem: None,
        bus: letter.bus.into_owned(),
        sessions: letter.sessions.into_owned(),
        parcels: BTreeMap::new(),
    };
    for (name, WrittenParcel { state, blobs, descriptors }) in letter.parcels {
        let descriptors = descriptors.into_iter().map(&mut take).collect::<io::Result<_>>()?;
        let cut = |length| {
            let (blob, left) = rest.split_at_checked(length).ok_or(io::ErrorKind::UnexpectedEof)?;
            rest = left;
            Ok(blob.to_vec())
        };
        let blobs = blobs.into_iter().map(cut).collect::<io::Result<_>>()?;
        daemon.parcels.insert(name, Parcel { state, blobs, descriptors });
    }
    Ok(Estate {
        daemon,
        socket: letter.socket.into_path_buf(),
        is_managed: letter.is_managed,
        listener: take(letter.listener)?,
        lock: take(letter.lock)?,
        program_limits: letter.program_limits,
    })
}

/// Takes a descriptor by its number: children of this program do not get it.
fn take(number: i32) -> io::Result<OwnedFd> {
    #[expect(unsafe_code, reason = "the program before names descriptors by their numbers")]
    // SAFETY: that program has left it open for this one, and nothing else here knows of it. A number that is not open
    // fails at the next call.
    let descriptor = unsafe { OwnedFd::from_raw_fd(number) };
    keep_open(&descriptor, false)?;
    Ok(descriptor)
}
