//! Which cores the benchmarks run on.

use std::env;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

/// Set in the process that is pinned.
const PINNED: &str = "ICPY_BENCH_PINNED";

const FIFO: [&str; 3] = ["chrt", "-f", "10"];

/// Runs this program again on one core, unless it is there; what it starts stays there.
pub(crate) fn pin() {
    if env::var_os(PINNED).is_some() {
        return;
    }
    let program = env::current_exe().unwrap();
    let can_fifo = can_fifo();
    let priority: &[&str] = if can_fifo { &FIFO } else { &[] };
    if !can_fifo {
        eprintln!("without a real-time priority: expect noise");
    }
    let core = core();
    let line = [priority, &["taskset", "-c", &core]].concat();
    let error = Command::new(line[0]).args(&line[1..]).arg(program).args(env::args().skip(1)).env(PINNED, "1").exec();
    eprintln!("cannot pin to one core: {error}: expect noise");
}

fn core() -> String {
    env::var("ICPY_BENCH_CORE").unwrap_or_else(|_| "0".to_owned())
}

fn can_fifo() -> bool {
    Command::new(FIFO[0]).args(&FIFO[1..]).arg("true").output().is_ok_and(|it| it.status.success())
}

/// While this lives, this program and what it starts run on every core and at the usual priority: where a program prints
/// while others read, they do so at the same time.
#[derive(Debug)]
pub(crate) struct AllCores(());

impl AllCores {
    pub(crate) fn use_them() -> Self {
        let online = fs::read_to_string("/sys/devices/system/cpu/online").unwrap();
        change("chrt", &["-a", "-o", "-p", "0"]);
        change("taskset", &["-a", "-p", "-c", online.trim()]);
        Self(())
    }
}

impl Drop for AllCores {
    fn drop(&mut self) {
        change("taskset", &["-a", "-p", "-c", &core()]);
        if can_fifo() {
            change("chrt", &["-a", "-f", "-p", FIFO[2]]);
        }
    }
}

/// Changes how this process is scheduled; without a right to, it stays as it is.
fn change(program: &str, args: &[&str]) {
    let mut command = Command::new(program);
    let _ = command.args(args).arg(std::process::id().to_string()).stdout(Stdio::null()).status();
}
