//! The areas that are measured: each figure beside its floor, and beside a peer where one is installed, in one run.
//!
//! `cargo xtask bench [AREA...]`. Everything runs pinned to one core, with a real-time priority where that is permitted,
//! because the time that a machine needs to wake another core is larger than all that is measured here. Ratios are what to
//! read; times differ from machine to machine.

mod browser;
mod cold;
mod cores;
mod fanout;
mod growth;
mod history;
mod idle;
mod jupyter;
mod load;
mod nats;
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
mod terminal;
mod text;
mod tree;
mod web;
mod wire;

use std::env;
use std::process::ExitCode;

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
    ("text", text::run),
    ("history", history::run),
    ("screen", screen::run),
    ("terminal", terminal::run),
    ("web", web::run),
    ("load", load::run),
    ("idle", idle::run),
    ("size", size::run),
    ("growth", growth::run),
];

pub(crate) fn run() -> ExitCode {
    cores::pin();
    let args: Vec<String> = env::args().collect();
    if let [_, mode, socket] = &args[..]
        && mode == "--echo"
    {
        programs::echo_on_tokio(socket.as_ref());
        return ExitCode::SUCCESS;
    }
    if let [_, mode, address] = &args[..]
        && mode == "--axum"
    {
        browser::serve_axum(address.as_ref());
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
            table.begin(name);
            run(&mut table);
            // What was measured is kept, whatever comes next.
            table.write();
        }
    }
    table.print();
    ExitCode::SUCCESS
}
