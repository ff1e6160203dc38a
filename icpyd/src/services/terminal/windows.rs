//! Windows has pseudo-consoles, which nothing here speaks to yet: making a terminal fails and says so.

use std::io;
use std::os::windows::io::OwnedHandle;
use std::task::{Context, Poll};

use icpy_protocol::terminal::{TerminalExit, TerminalSize};

use super::Program;
use crate::host::ProgramLimits;

/// There is none.
#[derive(Debug)]
pub(super) enum Master {}

/// There is none.
#[derive(Clone, Copy, Debug)]
pub(super) enum Child {}

/// Nothing ends.
#[derive(Debug)]
pub(super) struct Children;

pub(super) fn spawn(_: &Program<'_>, _: TerminalSize, _: ProgramLimits) -> io::Result<(Master, Child)> {
    Err(io::ErrorKind::Unsupported.into())
}

impl Master {
    pub(super) fn adopt(_: OwnedHandle) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn share(&self) -> io::Result<OwnedHandle> {
        match *self {}
    }

    pub(super) fn resize(&self, _: TerminalSize) -> io::Result<()> {
        match *self {}
    }

    pub(super) fn signal(&self, _: &str) -> io::Result<()> {
        match *self {}
    }

    pub(super) fn poll_read(&self, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
        match *self {}
    }

    pub(super) fn read_now(&self, _: &mut [u8]) -> usize {
        match *self {}
    }

    pub(super) fn poll_write(&self, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        match *self {}
    }
}

impl Child {
    pub(super) fn pid(self) -> u32 {
        match self {}
    }

    pub(super) fn adopt(_: u32) -> Option<Self> {
        None
    }

    pub(super) fn try_wait(self) -> io::Result<Option<TerminalExit>> {
        match self {}
    }

    pub(super) fn hang_up(self, _: &Master, _: bool) {
        match self {}
    }

    pub(super) fn kill(self, _: &Master, _: bool) {
        match self {}
    }
}

impl Children {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self)
    }

    pub(super) async fn changed(&mut self) {
        std::future::pending().await
    }
}
