//! Leaving the client on Unix.

use std::fs::{self, File};
use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The first descriptor that is not a standard stream.
const FIRST_DESCRIPTOR: libc::c_int = 3;

pub(super) fn leave_client() {
    // Fails only for the leader of a process group, which has a session of its own already.
    let _ = rustix::process::setsid();
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

pub(super) fn raise_limits() {
    let limit = getrlimit(Resource::Nofile);
    // Where it is not permitted the limit stays, and clients are told when it is reached.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}
