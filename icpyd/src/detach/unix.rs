//! Leaving the client on Unix.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};

use daemonix::{Daemonize, Outcome};
use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::Forked;
use crate::host::ProgramLimits;

/// The first descriptor that is not a standard stream.
const FIRST_DESCRIPTOR: libc::c_int = 3;

pub(super) fn daemonize() -> Result<Forked, String> {
    close_strange_descriptors();
    let failed = |error: &dyn std::fmt::Display| format!("cannot go into the background: {error}");
    let (report, writer) = io::pipe().map_err(|error| failed(&error))?;
    // Files that are written for the user get the mode that the user wants.
    let mask = rustix::process::umask(Mode::empty());
    #[allow(clippy::useless_conversion, reason = "it has 16 bits on macOS")]
    let mask = u32::from(mask.bits());
    match Daemonize::new().umask(mask).execute() {
        Outcome::Parent(Ok(_)) => {
            drop(writer);
            let mut line = String::new();
            let read = BufReader::new(report).read_line(&mut line);
            Ok(Forked::Parent(read.ok().and_then(|_| serde_json::from_str(&line).ok())))
        }
        Outcome::Child(Ok(_)) => {
            rustix::stdio::dup2_stdout(&writer).map_err(|error| failed(&error))?;
            Ok(Forked::Child)
        }
        Outcome::Parent(Err(error)) | Outcome::Child(Err(error)) => Err(failed(&error)),
    }
}

pub(super) fn leave_client() {
    // Fails only for the leader of a process group, which has a session of its own already.
    let _ = rustix::process::setsid();
    close_strange_descriptors();
}

fn close_strange_descriptors() {
    if !close_range() {
        close_one_by_one();
    }
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no safe call closes descriptors by number")]
fn close_range() -> bool {
    // SAFETY: nothing in this process owns a descriptor beyond the standard streams yet.
    unsafe { libc::syscall(libc::SYS_close_range, FIRST_DESCRIPTOR, libc::c_uint::MAX, 0) == 0 }
}

#[cfg(not(target_os = "linux"))]
fn close_range() -> bool {
    false
}

#[expect(unsafe_code, reason = "no safe call closes descriptors by number")]
fn close_one_by_one() {
    let Ok(entries) = fs::read_dir("/dev/fd") else { return };
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let numbers: Vec<libc::c_int> = numbers.collect();
    for number in numbers.into_iter().filter(|number| *number >= FIRST_DESCRIPTOR) {
        // SAFETY: nothing in this process owns a descriptor beyond the standard streams: the folder's is closed.
        unsafe { libc::close(number) };
    }
}

pub(super) fn leave_streams(log: &File) -> io::Result<()> {
    let nothing = File::options().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&nothing)?;
    rustix::stdio::dup2_stdout(&nothing)?;
    rustix::stdio::dup2_stderr(log)?;
    Ok(())
}

pub(super) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(target_os = "linux")]
pub(super) fn hide_memory() -> io::Result<()> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

/// Elsewhere no core is written unless somebody asks the system for that.
#[cfg(not(target_os = "linux"))]
pub(super) fn hide_memory() -> io::Result<()> {
    Ok(())
}

pub(super) fn raise_limits() -> ProgramLimits {
    let limit = getrlimit(Resource::Nofile);
    // Where it is not permitted the limit stays, and clients are told when it is reached.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    ProgramLimits { descriptors: limit.current }
}
