//! The areas that are measured: each figure beside its floor, and beside a peer where one is installed, in one run.
//!
//! `cargo xtask bench [AREA...]`. Everything runs pinned to one core, with a real-time priority where that is permitted,
//! because the time that a machine needs to wake another core is larger than all that is measured here. Ratios are what to
//! read; times differ from machine to machine.

mod cold;
mod fanout;
mod idle;
mod peers;
mod process;
mod programs;
mod restart;
mod save;
mod screen;
mod search;
mod size;
mod slow;
mod table;
mod tree;
mod wire;

use std::env;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use table::Table;

type Area = (&'static str, fn(&mut Table));

const AREAS: &[Area] = &[
    ("process", process::run),
    ("wire", wire::run),
    ("cold", cold::run),
    ("restart", restart::run),
    ("bus", fanout::in_process),
    ("fanout", fanout::connected),
    ("slow", slow::run),
    ("tree", tree::run),
    ("save", save::run),
    ("search", search::run),
    ("screen", screen::run),
    ("idle", idle::run),
    ("size", size::run),
];

/// Set in the process that is pinned.
const PINNED: &str = "ICPY_BENCH_PINNED";

pub(crate) fn run() -> ExitCode {
    if env::var_os(PINNED).is_none() {
        pin();
    }
    let args: Vec<String> = env::args().collect();
    if let [_, mode, socket] = &args[..]
        && mode == "--echo"
    {
        programs::echo_on_tokio(socket.as_ref());
        return ExitCode::SUCCESS;
    }
    // cargo adds `--bench`.
    let names: Vec<String> = env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    if let Some(unknown) = names.iter().find(|name| AREAS.iter().all(|(area, _)| area != name)) {
        let areas: Vec<&str> = AREAS.iter().map(|(name, _)| *name).collect();
        eprintln!("no area is named `{unknown}`: there are {}", areas.join(", "));
        return ExitCode::from(2);
    }
    let mut table = Table::default();
    for (name, run) in AREAS {
        if names.is_empty() || names.iter().any(|it| it == name) {
            eprintln!("measuring: {name}");
            run(&mut table);
        }
    }
    table.print();
    ExitCode::SUCCESS
}

/// Runs this program again on one core; what it starts stays there.
fn pin() {
    let core = env::var("ICPY_BENCH_CORE").unwrap_or_else(|_| "0".to_owned());
    let program = env::current_exe().unwrap();
    let can_fifo = Command::new("chrt").args(["-f", "10", "true"]).output().is_ok_and(|it| it.status.success());
    let priority: &[&str] = if can_fifo { &["chrt", "-f", "10"] } else { &[] };
    if !can_fifo {
        eprintln!("without a real-time priority: expect noise");
    }
    let line = [priority, &["taskset", "-c", &core]].concat();
    let error = Command::new(line[0]).args(&line[1..]).arg(program).args(env::args().skip(1)).env(PINNED, "1").exec();
    eprintln!("cannot pin to one core: {error}: expect noise");
}
