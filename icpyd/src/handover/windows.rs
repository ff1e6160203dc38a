//! Windows cannot become another program in place.

use std::convert::Infallible;
use std::io;
use std::path::Path;

use super::Estate;
use crate::args::Args;

pub(super) fn execute(_: &Path, _: &Args, _: &Estate) -> io::Result<Infallible> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(super) fn receive(_: i32) -> io::Result<Estate> {
    Err(io::ErrorKind::Unsupported.into())
}
