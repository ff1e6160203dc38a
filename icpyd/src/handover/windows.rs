//! Windows cannot become another program in place.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::path::Path;

use super::Estate;
use crate::args::Args;
use crate::keeper::Descriptor;

pub(super) fn execute(_: &Path, _: &Args, _: &Estate) -> io::Result<Infallible> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(super) fn leave(_: &Estate) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[expect(clippy::unnecessary_wraps, reason = "Unix has something to do here")]
pub(super) fn find(_: BTreeMap<String, Descriptor>) -> io::Result<Option<Estate>> {
    Ok(None)
}

pub(super) fn receive(_: i32) -> io::Result<Estate> {
    Err(io::ErrorKind::Unsupported.into())
}
