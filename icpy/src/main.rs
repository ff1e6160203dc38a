//! The command-line client: arguments, command, exit status.

mod commands;
mod output;

use std::process::ExitCode;

fn main() -> ExitCode {
    let icpy::args::Args { general, command } = icpy::args::read();
    match commands::run(command, &general) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(general.json),
    }
}
