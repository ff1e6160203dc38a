//! A process that is stopped for a while.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

use crate::until_now;

/// A process that does nothing until this is dropped.
#[derive(Debug)]
pub struct Stopped(Pid);

impl Stopped {
    /// Stops a process, and waits until it is: a thread goes on until it gets to see the signal.
    pub fn new(pid: u32) -> Self {
        let stopped = Self(Pid::from_raw(pid.cast_signed()).unwrap());
        kill_process(stopped.0, Signal::STOP).unwrap();
        if cfg!(target_os = "linux") {
            until_now("the stop of a process", || stopped.is_still());
        }
        stopped
    }

    /// Whether each of its threads has stopped.
    fn is_still(&self) -> bool {
        let threads = fs::read_dir(format!("/proc/{}/task", self.0)).unwrap();
        let mut stats = threads.filter_map(|thread| fs::read_to_string(thread.unwrap().path().join("stat")).ok());
        stats.all(|stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T')))
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = kill_process(self.0, Signal::CONT);
    }
}
