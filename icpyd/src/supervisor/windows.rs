//! Windows has no manager that speaks this way.

use std::time::Duration;

use super::InheritedSocket;

#[expect(clippy::unnecessary_wraps, reason = "Unix has something to do here")]
pub(super) fn inherited_socket() -> Result<Option<InheritedSocket>, String> {
    Ok(None)
}

pub(super) fn tell(_: &str) {}

pub(super) fn watchdog_period() -> Option<Duration> {
    None
}
