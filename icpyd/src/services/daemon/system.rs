//! What the process uses of the system, as Linux tells in `/proc`; other systems have no file to ask.

use std::fs;

/// What the process uses.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    pub(super) resident_bytes: Option<u64>,
    pub(super) open_descriptors: Option<u64>,
}

/// Looks now.
pub(super) fn read() -> Usage {
    Usage { resident_bytes: resident_bytes(), open_descriptors: open_descriptors() }
}

/// `VmRSS` of proc(5), which is in KiB.
fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib << 10)
}

fn open_descriptors() -> Option<u64> {
    let entries = fs::read_dir("/proc/self/fd").ok()?;
    // One of them is the folder's own.
    Some((entries.count() as u64).saturating_sub(1))
}
