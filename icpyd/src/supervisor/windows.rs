//! Windows has no manager that speaks this way.

use std::io;
use std::os::windows::io::OwnedHandle;
use std::time::Duration;

use super::Inherited;

#[expect(clippy::unnecessary_wraps, reason = "Unix has something to do here")]
pub(super) fn inherited() -> Result<Inherited, String> {
    Ok(Inherited::default())
}

pub(super) fn store(_: &str, _: &OwnedHandle) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(super) fn forget(_: &str) {}

pub(super) fn tell(_: &str) {}

pub(super) fn watchdog_period() -> Option<Duration> {
    None
}
